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
    public async Task What_the_first_line_of_a_script_says_counts_where_its_call_is_queued()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        const string Writing = "#!lua\nreturn 1", Reading = "#!lua flags=no-writes\nreturn 2", Silent = "return 3";
        var hash = await client.TextAsync("script", "load", Writing);
        Assert.Equal("OK", await client.TextAsync("replicaof", "127.0.0.1", "1"));
        const string ReadOnly = "(error) READONLY You can't write against a read only replica.";
        string[][] refused = [["eval", Writing, "0"], ["evalsha", hash, "0"], ["eval_ro", Writing, "0"], ["eval", "#!lua flags=allow-oom\nreturn 1", "0"]];
        foreach (var call in refused)
        {
            Assert.Equal("OK", await client.TextAsync("multi"));
            Assert.Equal(ReadOnly, await client.TextAsync(call));
            Assert.Equal("(error) EXECABORT Transaction discarded because of previous errors.", await client.TextAsync("exec"));
        }

        Assert.Equal("OK", await client.TextAsync("multi"));
        Assert.Equal("QUEUED", await client.TextAsync("eval", Reading, "0"));
        Assert.Equal("QUEUED", await client.TextAsync("eval", Silent, "0"));
        Assert.Equal("QUEUED", await client.TextAsync("eval", "#!lua flags=nothing\nreturn 1", "0")); // what is wrong is said when it runs
        Assert.Equal("[(integer) 2, (integer) 3, (error) ERR Unexpected flag in script shebang: nothing]", await client.TextAsync("exec"));
    }

    [Fact]
    public async Task A_pause_of_writes_holds_scripts_that_may_write_by_their_first_line_and_no_others()
    {
        await using var server = TestServer.Start();
        var (client, other) = (await server.ConnectAsync(), await server.ConnectAsync());
        Assert.Equal("OK", await client.TextAsync("client", "pause", "100000", "write"));
        Assert.Equal("(integer) 2", await client.TextAsync("eval", "#!lua flags=no-writes\nreturn 2", "0"));
        await other.SendAsync(TestClient.Encode("eval", "#!lua\nreturn 3", "0"));
        await Eventually.True(() => server.Node.Clients.Snapshot().Any(connection => connection.IsHeld));
        Assert.Equal("OK", await client.TextAsync("client", "unpause"));
        Assert.Equal("(integer) 3", (await other.ReadAsync()).ToString());
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
