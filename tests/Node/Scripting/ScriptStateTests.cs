namespace Starling.Node.Tests.Scripting;

/// <summary>Scripts where not every command may run: on replicas, with little memory, and what of them goes to replicas.</summary>
public class ScriptStateTests
{
    [Fact]
    public async Task Replicas_get_what_a_script_has_done_and_refuse_what_would_write()
    {
        await using var master = TestServer.Start();
        await using var replica = TestServer.Start(clock: master.Node.Clock);
        var (there, here) = (await master.ConnectAsync(), await replica.ConnectAsync());
        Assert.Equal("OK", await here.TextAsync("replicaof", "127.0.0.1", $"{master.Port}"));
        Assert.Equal(
            "(integer) 2",
            await there.TextAsync("eval", "redis.call('set', KEYS[1], ARGV[1]) redis.call('rpush', 'l', 'a', 'b') return redis.call('llen', 'l')", "1", "k", "v"));
        Assert.Equal("(integer) 1", await there.TextAsync("wait", "1", "60000")); // what is not replicated comes after the snapshot
        await there.CallAsync("eval", "redis.set_repl(redis.REPL_NONE) redis.call('set', 'own', 1) redis.set_repl(redis.REPL_ALL) redis.call('set', 'last', 1)", "0");
        Assert.Equal("(integer) 1", await there.TextAsync("wait", "1", "60000"));
        Assert.Equal("1", await here.TextAsync("get", "last"));
        Assert.Equal("(nil)", await here.TextAsync("get", "own"));
        Assert.Equal("v", await here.TextAsync("get", "k"));
        Assert.Equal("[a, b]", await here.TextAsync("lrange", "l", "0", "-1"));
        Assert.Equal("v", await here.TextAsync("eval", "return redis.call('get', KEYS[1])", "1", "k"));
        Assert.StartsWith(
            "(error) READONLY You can't write against a read only replica. script: ",
            await here.TextAsync("eval", "return redis.call('set', KEYS[1], 1)", "1", "k"),
            StringComparison.Ordinal);
        Assert.Equal(
            "(error) READONLY You can't write against a read only replica.", await here.TextAsync("eval", "#!lua\nreturn 1", "0"));
        Assert.Equal("(error) READONLY You can't write against a read only replica.", await here.TextAsync("eval_ro", "#!lua\nreturn 1", "0"));
    }

    [Fact]
    public async Task Without_memory_a_script_does_not_begin_to_write()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        Assert.Equal("OK", await client.TextAsync("config", "set", "maxmemory", "1"));
        Assert.StartsWith(
            "(error) OOM command not allowed when used memory > 'maxmemory'. script: ",
            await client.TextAsync("eval", "return redis.call('set', 'x', 1)", "0"),
            StringComparison.Ordinal);
        Assert.Equal("(nil)", await client.TextAsync("eval", "return redis.call('get', 'x')", "0"));
        Assert.Equal(
            "(error) OOM command not allowed when used memory > 'maxmemory'.",
            await client.TextAsync("eval", "#!lua\nreturn 1", "0"));
        Assert.Equal("OK", await client.TextAsync("eval", "#!lua flags=allow-oom\nreturn redis.call('set', 'x', 1)", "0"));
        Assert.Equal("(integer) 1", await client.TextAsync("eval", "#!lua flags=no-writes\nreturn 1", "0"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("KEA")]
    public async Task Messages_of_a_script_are_those_that_it_published_whatever_it_calls_behind(string events)
    {
        await using var server = TestServer.Start();
        var (client, subscriber) = (await server.ConnectAsync(), await server.ConnectAsync());
        Assert.Equal("OK", await client.TextAsync("config", "set", "notify-keyspace-events", events));
        await subscriber.CallAsync("subscribe", "c", "d");
        await subscriber.ReadAsync();
        await client.CallAsync(
            "eval", "redis.call('publish', 'c', 'first') redis.call('ping') redis.call('publish', 'd', 'second one') redis.call('get', 'x')", "0");
        Assert.Equal("[message, c, first]", (await subscriber.ReadAsync()).ToString());
        Assert.Equal("[message, d, second one]", (await subscriber.ReadAsync()).ToString());
    }

    [Fact]
    public async Task A_subscriber_gets_what_its_own_script_publishes()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.CallAsync("hello", "3");
        await client.CallAsync("subscribe", "c");
        Assert.Equal("(integer) 1", await client.TextAsync("eval", "return redis.call('publish', 'c', 'm')", "0"));
        Assert.Equal("[message, c, m]", (await client.ReadAsync()).ToString());
    }
}
