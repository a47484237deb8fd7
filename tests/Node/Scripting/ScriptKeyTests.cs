using Starling.Node.Commands;
using Starling.Node.Scripting;

namespace Starling.Node.Tests.Scripting;

/// <summary>Which keys a script touches, and with which stripes held.</summary>
public class ScriptKeyTests
{
    [Theory]
    [InlineData("return 1")]
    [InlineData("return redis.call('get', KEYS[1])")]
    [InlineData("return redis.call(\"SET\", KEYS[1], ARGV[1], 'EX', 10)")]
    [InlineData("if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end")]
    [InlineData("local a, b = KEYS[1], KEYS[2] redis.call('rename', a, b) return redis.call('del', a, b)")]
    [InlineData("for i = 1, #KEYS do redis.call('incr', KEYS[i]) end")]
    [InlineData("redis.call('mset', KEYS[1], 'a', KEYS[2], 'b')")]
    [InlineData("-- KEYS\nlocal v = redis.call('hget', KEYS[1], 'f') --[[ _G ]] return v .. '_G'")]
    [InlineData("return redis.pcall('zadd', KEYS[1], ARGV[1], ARGV[2])")]
    [InlineData("redis.call('publish', 'channel', KEYS[1])")]
    public void A_script_that_calls_with_its_keys_alone_is_confined_to_them(string source) =>
        Assert.True(KeyUse.IsConfinedToDeclared(System.Text.Encoding.UTF8.GetBytes(source), ServerCommands.Table()));

    [Theory]
    [InlineData("return redis.call('get', 'key')")]
    [InlineData("return redis.call('get', ARGV[1])")]
    [InlineData("return redis.call('get', KEYS[1] .. ':x')")]
    [InlineData("local call = redis.call return call('get', 'x')")]
    [InlineData("return redis['call']('get', 'x')")]
    [InlineData("return pcall(redis.call, 'get', 'x')")]
    [InlineData("return redis.call('g' .. 'et', KEYS[1])")]
    [InlineData("return redis.call(ARGV[1], KEYS[1])")]
    [InlineData("return redis.call(unpack(ARGV))")]
    [InlineData("KEYS[1] = 'x' return redis.call('get', KEYS[1])")]
    [InlineData("KEYS[1], KEYS[2] = 'x', 'y' return redis.call('get', KEYS[1])")]
    [InlineData("local t = KEYS t[1] = 'x' return redis.call('get', KEYS[1])")]
    [InlineData("table.insert(KEYS, 1, 'x') return redis.call('get', KEYS[1])")]
    [InlineData("local k = KEYS[1] k = 'x' return redis.call('get', k)")]
    [InlineData("local k = KEYS[1] local k = 'x' return redis.call('get', k)")]
    [InlineData("local k = KEYS[1] .. 'x' return redis.call('get', k)")]
    [InlineData("local k = KEYS[1] for k in ('x'):gmatch('.') do redis.call('get', k) end")]
    [InlineData("local k, l = KEYS[1], 1 k, l = 'x', 2 return redis.call('get', k)")]
    [InlineData("local k = KEYS[1] local f = function(k) return redis.call('get', k) end return f('x')")]
    [InlineData("redis.call('mset', KEYS[1], unpack(ARGV))")]
    [InlineData("redis.call('del', KEYS[1], unpack(ARGV))")]
    [InlineData("redis.call('sort', KEYS[1], 'by', 'w_*')")]
    [InlineData("redis.call('keys', '*')")]
    [InlineData("redis.call('eval', 'return 1', 0)")]
    [InlineData("_G['redis'].call('get', 'x')")]
    [InlineData("loadstring('redis.call(\"get\", \"x\")')()")]
    [InlineData("setmetatable(KEYS, {__index = function() return 'x' end}) redis.call('get', KEYS[9])")]
    public void A_script_that_might_do_otherwise_is_not(string source) =>
        Assert.False(KeyUse.IsConfinedToDeclared(System.Text.Encoding.UTF8.GetBytes(source), ServerCommands.Table()));

    [Fact]
    public async Task Keys_that_are_not_declared_are_touched_all_the_same()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(
                "OK", await client.TextAsync("eval", "redis.call('set', 'a' .. ARGV[1], 1) return redis.call('set', 'b' .. ARGV[1], 2)", "0", $"{i}"));
            Assert.Equal("[1, 2]", await client.TextAsync("eval", "return redis.call('mget', 'a' .. ARGV[1], 'b' .. ARGV[1])", "1", "k", $"{i}"));
        }

        Assert.Equal("(integer) 6", await client.TextAsync("dbsize"));
        Assert.Equal("(integer) 6", await client.TextAsync("eval", "return redis.call('dbsize')", "0"));
        Assert.Equal("OK", await client.TextAsync("eval", "return redis.call('flushall')", "1", "k"));
        Assert.Equal("(integer) 0", await client.TextAsync("dbsize"));
    }

    [Fact]
    public async Task A_script_that_runs_again_has_run_once()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        const string Script = "local before = redis.call('get', KEYS[1]) redis.call('incr', KEYS[1]) return redis.call('incr', KEYS[1] .. 'x')";
        for (var i = 1; i < 4; i++) Assert.Equal($"(integer) {i}", await client.TextAsync("eval", Script, "1", "k"));
        Assert.Equal("3", await client.TextAsync("get", "k"));
        Assert.Contains("cmdstat_eval:calls=3,", await client.TextAsync("info", "commandstats"), StringComparison.Ordinal);
        Assert.Contains("cmdstat_incr:calls=6,", await client.TextAsync("info", "commandstats"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Scripts_of_many_clients_on_the_same_keys_take_turns()
    {
        await using var server = TestServer.Start(config => config.IoThreads = 2);
        const int Clients = 8;
        const int Rounds = 200;
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async number =>
        {
            var client = await server.ConnectAsync();
            for (var i = 0; i < Rounds; i++)
            {
                var source = number % 2 == 0
                    ? "local v = tonumber(redis.call('get', KEYS[1]) or 0) redis.call('set', KEYS[1], v + 1) return v"
                    : "local v = tonumber(redis.call('get', 'counter') or 0) redis.call('set', 'counter', v + 1) return v";
                await client.CallAsync("eval", source, "1", "counter");
            }
        }));
        Assert.Equal($"{Clients * Rounds}", await (await server.ConnectAsync()).TextAsync("get", "counter"));
    }

    [Fact]
    public async Task A_script_in_a_transaction_holds_what_it_needs()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.CallAsync("multi");
        await client.CallAsync("set", "x", "1");
        await client.CallAsync("eval", "redis.call('incr', 'x') return redis.call('incr', 'y')", "0");
        await client.CallAsync("eval", "return redis.call('get', KEYS[1])", "1", "x");
        Assert.Equal("[OK, (integer) 1, 2]", await client.TextAsync("exec"));
    }

    [Fact]
    public async Task In_a_cluster_a_script_that_says_nothing_of_itself_touches_several_slots_of_its_node()
    {
        await using var server = TestServer.Start(
            config => (config.ClusterEnabled, config.Databases, config.Port, config.ClusterNodeTimeout) = (true, 1, Starling.Tests.Support.Ports.Take(), 2000));
        var client = await server.ConnectAsync();
        Assert.Equal("OK", await client.TextAsync("cluster", "addslotsrange", "0", "16383"));
        await Eventually.TrueAsync(async () => (await client.TextAsync("cluster", "info")).Contains("cluster_state:ok", StringComparison.Ordinal));
        const string Script = "redis.call('set', 'a', 1) return redis.call('mget', 'a')[1] .. tostring(redis.call('get', 'b'))";
        const string CrossSlot = "(error) ERR Script attempted to access keys that do not hash to the same slot script: ";
        for (var i = 0; i < 2; i++) Assert.Equal("1false", await client.TextAsync("eval", Script, "1", "k"));
        Assert.StartsWith(CrossSlot, await client.TextAsync("eval", "#!lua\n" + Script, "1", "k"), StringComparison.Ordinal);
        Assert.Equal("1false", await client.TextAsync("eval", "#!lua flags=allow-cross-slot-keys\n" + Script, "1", "k"));
        Assert.StartsWith(
            "(error) ERR Script attempted to access a non local key in a cluster node script: ",
            await client.TextAsync("eval", "#!lua flags=allow-cross-slot-keys\nreturn redis.call('mget', 'a', 'b')", "1", "k"),
            StringComparison.Ordinal);
        Assert.StartsWith("(error) CROSSSLOT", await client.TextAsync("eval", Script, "2", "k", "l"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_script_says_of_its_connection_does_not_open_slots_that_nobody_serves()
    {
        await using var server = TestServer.Start(config =>
        {
            (config.ClusterEnabled, config.Databases, config.Port, config.ClusterNodeTimeout) = (true, 1, Starling.Tests.Support.Ports.Take(), 2000);
            config.ClusterRequireFullCoverage = false;
        });
        var client = await server.ConnectAsync();
        Assert.Equal("OK", await client.TextAsync("cluster", "addslotsrange", "8192", "16383"));
        await Eventually.TrueAsync(async () => (await client.TextAsync("cluster", "info")).Contains("cluster_state:ok", StringComparison.Ordinal));
        const string NotLocal = "(error) ERR Script attempted to access a non local key in a cluster node script: ";
        Assert.StartsWith(NotLocal, await client.TextAsync("eval", "return redis.call('get', 'z')", "1", "a"), StringComparison.Ordinal);
        Assert.Equal("OK", await client.TextAsync("eval", "return redis.call('readonly')", "1", "a"));
        Assert.DoesNotContain("flags=r", await client.TextAsync("client", "info"), StringComparison.Ordinal);
        Assert.Equal("OK", await client.TextAsync("readonly"));
        Assert.StartsWith(NotLocal, await client.TextAsync("eval", "return redis.call('get', 'z')", "1", "a"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Select_in_a_script_does_not_change_its_clients_database()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        Assert.Equal("OK", await client.TextAsync("eval", "redis.call('select', 3) return redis.call('set', 'k', 'three')", "0"));
        Assert.Equal("(nil)", await client.TextAsync("get", "k"));
        await client.CallAsync("select", "3");
        Assert.Equal("three", await client.TextAsync("get", "k"));
    }
}
