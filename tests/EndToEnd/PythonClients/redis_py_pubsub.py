"""redis_py_pubsub.py PORT: subscribes and publishes by redis-py; exit code 1 and a traceback when anything is not as it should be."""
import sys
import threading

import redis

port = int(sys.argv[1])
client = redis.Redis(port=port, decode_responses=True)


def expect(actual, expected):
    assert actual == expected, f"{actual!r} instead of {expected!r}"


def take(subscriber):
    """The next message; gives up after a minute."""
    message = subscriber.get_message(timeout=60)
    assert message is not None, "no message came"
    return message["type"], message["pattern"], message["channel"], message["data"]


subscriber = client.pubsub()
subscriber.subscribe("news", "weather")
expect({take(subscriber), take(subscriber)}, {("subscribe", None, "news", 1), ("subscribe", None, "weather", 2)})
subscriber.psubscribe("new*")
expect(take(subscriber), ("psubscribe", None, "new*", 3))
expect(client.publish("news", "hello"), 2)
expect({take(subscriber), take(subscriber)}, {("message", None, "news", "hello"), ("pmessage", "new*", "news", "hello")})
expect(client.publish("weather", "rain"), 1)
expect(take(subscriber), ("message", None, "weather", "rain"))
expect(sorted(client.pubsub_channels()), ["news", "weather"])
expect(client.pubsub_numsub("news", "none"), [("news", 1), ("none", 0)])
expect(client.pubsub_numpat(), 1)
subscriber.ping("are you there")
expect(take(subscriber)[3], "are you there")
subscriber.unsubscribe("news")
expect(take(subscriber), ("unsubscribe", None, "news", 2))
subscriber.punsubscribe()
expect(take(subscriber), ("punsubscribe", None, "new*", 1))
expect(client.publish("news", "nobody"), 0)

# Another thread publishes while this one listens.
listener = client.pubsub(ignore_subscribe_messages=True)
listener.subscribe("numbers")
while client.pubsub_numsub("numbers") != [("numbers", 1)]:
    listener.get_message(timeout=1)
publishing = threading.Thread(target=lambda: [redis.Redis(port=port).publish("numbers", number) for number in range(1000)])
publishing.start()
expected = 0
for message in listener.listen():
    expect(message["data"], str(expected))
    expected += 1
    if expected == 1000:
        break
publishing.join()

# Handlers, and keyspace events.
seen = []
client.config_set("notify-keyspace-events", "KEA")
expect(client.config_get("notify-keyspace-events"), {"notify-keyspace-events": "AKE"})
handled = client.pubsub(ignore_subscribe_messages=True)
handled.psubscribe(**{"__keyevent@0__:*": lambda message: seen.append((message["channel"], message["data"]))})
while client.pubsub_numpat() != 1:
    handled.get_message(timeout=1)
client.set("key", "value", px=1)
while len(seen) < 3:
    client.get("key")
    handled.get_message(timeout=1)
expect(seen, [("__keyevent@0__:set", "key"), ("__keyevent@0__:expire", "key"), ("__keyevent@0__:expired", "key")])
handled.close()
listener.close()
subscriber.close()
