using Starling.Tests.Support;

namespace Starling.Node.Tests.Commands;

/// <summary>What COMMAND says of the string and generic commands, compared with redis-server 7.0.</summary>
public sealed class CommandRowTests
{
    private static readonly string[] Names =
    [
        "set", "get", "getex", "getdel", "getset", "mget", "mset", "msetnx", "setnx", "setex", "psetex", "incr", "decr", "incrby", "decrby", "incrbyfloat", "append",
        "strlen", "getrange", "setrange", "substr", "lcs", "del", "unlink", "exists", "type", "touch", "expire", "pexpire", "expireat", "pexpireat", "expiretime", "pexpiretime",
        "ttl", "pttl", "persist", "rename", "renamenx", "copy", "move", "randomkey", "keys", "scan", "dbsize", "flushdb", "flushall", "swapdb", "object", "debug",
        "lpush", "rpush", "lpushx", "rpushx", "lpop", "rpop", "llen", "lrange", "lindex", "lset", "linsert", "lrem", "ltrim", "lpos", "lmove", "rpoplpush", "lmpop",
        "sadd", "srem", "sismember", "smismember", "scard", "smembers", "spop", "srandmember", "smove", "sinter", "sintercard", "sinterstore", "sunion", "sunionstore", "sdiff",
        "sdiffstore", "sscan",
        "blpop", "brpop", "blmove", "brpoplpush", "blmpop", "sort", "sort_ro",
        "hset", "hsetnx", "hmset", "hget", "hmget", "hgetall", "hkeys", "hvals", "hlen", "hstrlen", "hexists", "hdel", "hincrby", "hincrbyfloat", "hrandfield", "hscan",
        "setbit", "getbit", "bitcount", "bitpos", "bitop", "bitfield", "bitfield_ro", "pfadd", "pfcount", "pfmerge", "pfdebug", "pfselftest",
        "xadd", "xlen", "xdel", "xtrim", "xsetid", "xrange", "xrevrange", "xread", "xreadgroup", "xack", "xpending", "xclaim", "xautoclaim", "xgroup", "xgroup|create",
        "xgroup|setid", "xgroup|destroy", "xgroup|createconsumer", "xgroup|delconsumer", "xgroup|help", "xinfo", "xinfo|stream", "xinfo|groups", "xinfo|consumers", "xinfo|help",
        "object|encoding", "object|freq", "object|idletime", "object|refcount", "object|help",
    ];

    /// <summary>Redis 7.2 changed their tips.</summary>
    private static readonly string[] OtherTips = ["msetnx", "scan", "randomkey"];

    [Fact]
    public async Task Command_info_equals_that_of_redis_server()
    {
        await using var starling = TestServer.Start();
        using var redis = ServerProcess.Start(ServerKind.Redis, "save ");
        using var expected = new RawConnection(redis.Port);
        using var actual = new RawConnection(starling.Port);
        foreach (var name in Names)
        {
            var wanted = expected.Call("COMMAND", "INFO", name).Items[0];
            var got = actual.Call("COMMAND", "INFO", name).Items[0];
            Assert.Equal(10, wanted.Items.Count);
            Assert.Equal(10, got.Items.Count);
            for (var i = 0; i < 9; i++)
            {
                if (i == 7 && OtherTips.Contains(name)) continue;

                // Flags, categories and tips are sets.
                var isSet = i is 2 or 6 or 7;
                Assert.Equal((name, i, Text(wanted.Items[i], isSet)), (name, i, Text(got.Items[i], isSet)));
            }

            Assert.Equal(wanted.Items[9].Items.Select(i => i.Items[0].Text).Order(), got.Items[9].Items.Select(i => i.Items[0].Text).Order());
        }
    }

    [Fact]
    public async Task Groups_and_first_versions_equal_those_of_redis_server()
    {
        await using var starling = TestServer.Start();
        using var redis = ServerProcess.Start(ServerKind.Redis, "save ");
        using var expected = new RawConnection(redis.Port);
        using var actual = new RawConnection(starling.Port);
        foreach (var name in Names)
        {
            var wanted = expected.Call("COMMAND", "DOCS", name).Items[1];
            var got = actual.Call("COMMAND", "DOCS", name).Items[1];
            foreach (var field in new[] { "since", "group" }) Assert.Equal((name, field, Field(wanted, field)), (name, field, Field(got, field)));
            Assert.NotNull(Field(got, "summary"));
        }
    }

    [Theory]
    [InlineData("rename a b")]
    [InlineData("copy a b")]
    [InlineData("mset a 1 b 2")]
    [InlineData("lcs a b")]
    [InlineData("object encoding a")]
    [InlineData("set a b")]
    [InlineData("lmove a b left right")]
    [InlineData("lmpop 2 a b left")]
    [InlineData("blmpop 0 2 a b left")]
    [InlineData("blpop a b 0")]
    [InlineData("smove a b c")]
    [InlineData("sinter a b c")]
    [InlineData("sinterstore a b c d")]
    [InlineData("sunionstore a b")]
    [InlineData("sintercard 2 a b limit 3")]
    [InlineData("spop a 3")]
    [InlineData("zunionstore a 2 b c weights 1 2")]
    [InlineData("zdiffstore a 1 b")]
    [InlineData("zinter 2 a b")]
    [InlineData("zrangestore a b 0 1")]
    [InlineData("bzmpop 0 2 a b min")]
    [InlineData("georadius a 1 1 1 m")]
    [InlineData("georadius a 1 1 1 m store b")]
    [InlineData("georadiusbymember a b 1 m storedist c")]
    [InlineData("geosearchstore a b frommember c byradius 1 m")]
    [InlineData("xread count 5 streams a b 0 0")]
    [InlineData("xreadgroup group g c streams a >")]
    [InlineData("xgroup create a g 0")]
    [InlineData("sort a")]
    [InlineData("bitop and a b c d")]
    [InlineData("pfmerge a b c")]
    [InlineData("bitfield a get u8 0 overflow sat get u8 1")]
    [InlineData("bitfield a get u8 0 set u8 0 1")]
    [InlineData("bitfield a overflow sat incrby u8 0 1")]
    [InlineData("sort a by w* get o* store b")]
    [InlineData("sort a store b limit store c store d store")]
    [InlineData("sort a by store get store store c")]
    [InlineData("sort a bogus store b")]
    [InlineData("sort_ro a by w* store b")]
    public async Task Keys_and_flags_equal_those_of_redis_server(string command)
    {
        await using var starling = TestServer.Start();
        using var redis = ServerProcess.Start(ServerKind.Redis, "save ");
        using var expected = new RawConnection(redis.Port);
        using var actual = new RawConnection(starling.Port);
        string[] call = ["COMMAND", "GETKEYSANDFLAGS", .. command.Split(' ')];
        Assert.Equal(expected.Call(call).ToString(), actual.Call(call).ToString());
    }

    private static string? Field(RawReply map, string name)
    {
        for (var i = 0; i + 1 < map.Items.Count; i += 2)
            if (map.Items[i].Text == name) return map.Items[i + 1].Text;

        return null;
    }

    private static string Text(RawReply reply, bool isSet) => (isSet ? reply.Sorted() : reply).ToString();
}
