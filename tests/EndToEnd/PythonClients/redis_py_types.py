"""redis_py_types.py PORT: uses every type by redis-py; exit code 1 and a traceback when anything is not as it should be."""
import sys

import redis

client = redis.Redis(port=int(sys.argv[1]), decode_responses=True)


def expect(actual, expected):
    assert actual == expected, f"{actual!r} instead of {expected!r}"


expect(client.set("py:s", "value", ex=100), True)
expect(client.get("py:s"), "value")
expect(client.mget("py:s", "py:none"), ["value", None])

expect(client.hset("py:h", mapping={"name": "ann", "age": "7"}), 2)
expect(client.hgetall("py:h"), {"name": "ann", "age": "7"})
expect(client.hincrby("py:h", "age", 3), 10)
expect(client.hincrbyfloat("py:h", "age", 0.5), 10.5)
expect(client.hmget("py:h", "name", "none"), ["ann", None])
expect(dict(client.hscan_iter("py:h")), {"name": "ann", "age": "10.5"})

expect(client.rpush("py:l", "a", "b", "c"), 3)
expect(client.lrange("py:l", 0, -1), ["a", "b", "c"])
expect(client.blpop("py:l", timeout=1), ("py:l", "a"))

expect(client.sadd("py:t", "x", "y", "z"), 3)
expect(client.smembers("py:t"), {"x", "y", "z"})
expect(client.sinter("py:t", "py:t"), {"x", "y", "z"})
expect(set(client.sscan_iter("py:t", match="[xy]")), {"x", "y"})
expect(client.smismember("py:t", ["x", "q"]), [1, 0])

expect(client.zadd("py:z", {"one": 1, "two": 2.5}), 2)
expect(client.zrange("py:z", 0, -1, withscores=True), [("one", 1.0), ("two", 2.5)])
expect(client.zincrby("py:z", 2, "one"), 3.0)
expect(client.zrevrank("py:z", "one"), 0)
expect(client.zrangebyscore("py:z", "(2.5", "+inf"), ["one"])
expect(client.bzpopmin("py:z", timeout=1), ("py:z", "two", 2.5))

first = client.xadd("py:x", {"field": "one"})
second = client.xadd("py:x", {"field": "two"}, maxlen=100)
expect(client.xrange("py:x"), [(first, {"field": "one"}), (second, {"field": "two"})])
expect(client.xgroup_create("py:x", "group", id="0"), True)
expect(client.xreadgroup("group", "consumer", {"py:x": ">"}, count=1), [["py:x", [(first, {"field": "one"})]]])
expect(client.xpending("py:x", "group")["pending"], 1)
expect(client.xack("py:x", "group", first), 1)
expect(client.xinfo_stream("py:x")["length"], 2)

expect(client.setbit("py:b", 7, 1), 0)
expect(client.bitcount("py:b"), 1)
expect(client.bitfield("py:b").incrby("u8", 0, 1).execute(), [2])
expect(client.pfadd("py:p", "a", "b", "c"), 1)
expect(client.pfcount("py:p"), 3)

expect(client.geoadd("py:g", (13.361389, 38.115556, "Palermo", 15.087269, 37.502669, "Catania")), 2)
expect(client.geodist("py:g", "Palermo", "Catania", unit="km"), 166.2742)
expect(client.geosearch("py:g", longitude=15, latitude=37, radius=100, unit="km"), ["Catania"])

with client.pipeline(transaction=True) as transaction:
    transaction.incr("py:n")
    transaction.hset("py:h", "more", "1")
    expect(transaction.execute(), [1, 1])

expect(sorted(client.sort("py:l", alpha=True)), ["b", "c"])
names = {key for key in client.scan_iter("py:*", count=3)}
expect(names, {"py:s", "py:h", "py:l", "py:t", "py:z", "py:x", "py:b", "py:p", "py:g", "py:n"})
expect(client.delete(*names), len(names))
