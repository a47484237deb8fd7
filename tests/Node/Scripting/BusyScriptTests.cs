using Starling.Resp;

namespace Starling.Node.Tests.Scripting;

/// <summary>Scripts that run for longer than busy-reply-threshold, and what others can do meanwhile, on the same I/O thread too.</summary>
public class BusyScriptTests
{
    private const string Busy = "(error) BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.";
    private const string Killed = "(error) ERR Script killed by user with SCRIPT KILL... script: ";
    private const string Endless = "while true do end";

    // Nothing but SCRIPT KILL can end such a one, and nobody can send that: it ends by itself.
    private const string WritesAndEnds =
        "redis.call('set', 'stop', 0) redis.call('set', KEYS[1], 1) local n = 0 repeat n = n + 1 until n == 4e7 return n";

    [Theory]
    [InlineData("while true do end")]
    [InlineData("while true do pcall(function() while true do end end) end")]
    [InlineData("local function f() while true do end end while true do xpcall(f, f) end")]
    [InlineData("while true do redis.call('get', 'x') end")]
    [InlineData("while true do redis.pcall('get', KEYS[1]) end")]
    [InlineData("local co = coroutine.wrap(function() while true do end end) while true do pcall(co) end")]
    [InlineData("while true do pcall(coroutine.wrap(function() while true do end end)) end")]
    [InlineData("pcall(coroutine.wrap(function() while true do end end)) redis.call('set', 'x', '1')")]
    [InlineData("('x'):gsub('x', function() while true do end end)")]
    [InlineData("table.sort({3, 2, 1}, function() while true do end end)")]
    [InlineData("while true do local s = ('x'):rep(1000) end")]
    public async Task A_script_that_runs_on_is_ended_by_SCRIPT_KILL(string script)
    {
        await using var server = TestServer.Start(config => (config.BusyReplyThreshold, config.IoThreads) = (20, 1));
        var (client, other) = (await server.ConnectAsync(), await server.ConnectAsync());
        var running = client.TextAsync("eval", script, "1", "k");
        await UntilBusyAsync(other);
        Assert.Equal("OK", await other.TextAsync("script", "kill"));
        Assert.StartsWith(Killed, await running, StringComparison.Ordinal);
        Assert.Equal("(nil)", await other.TextAsync("get", "x"));
        Assert.Equal("(error) NOTBUSY No scripts in execution right now.", await client.TextAsync("script", "kill"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task While_a_script_runs_on_others_are_answered_as_Redis_answers_them(int threads)
    {
        await using var server = TestServer.Start(config => (config.BusyReplyThreshold, config.IoThreads) = (20, threads));
        var client = await server.ConnectAsync();
        var inMulti = await server.ConnectAsync();
        var watcher = await server.ConnectAsync();
        Assert.Equal("OK", await inMulti.TextAsync("multi"));
        Assert.Equal("QUEUED", await inMulti.TextAsync("set", "a", "1"));
        Assert.Equal("OK", await watcher.TextAsync("watch", "w"));
        var running = client.TextAsync("eval", Endless, "0");
        var other = await server.ConnectAsync(); // who comes while it runs is served too
        await UntilBusyAsync(other);
        string[] refused = ["get a", "set a 1", "eval return_1 0", "script exists x", "script flush", "info", "subscribe c", "shutdown", "shutdown save"];
        foreach (var command in refused) Assert.Equal(Busy, await other.TextAsync(command.Split(' ')));
        Assert.Equal("(error) ERR unknown command 'foo', with args beginning with: ", await other.TextAsync("foo"));
        Assert.Equal("(error) ERR wrong number of arguments for 'get' command", await other.TextAsync("get"));
        Assert.Equal("(error) ERR No shutdown in progress.", await other.TextAsync("shutdown", "abort"));
        Assert.Equal(Busy, await inMulti.TextAsync("get", "a"));
        Assert.Equal("(error) EXECABORT Transaction discarded because of: " + Busy["(error) ".Length..], await inMulti.TextAsync("exec"));
        Assert.Equal("OK", await inMulti.TextAsync("multi"));
        Assert.Equal("QUEUED", await inMulti.TextAsync("script", "kill"));
        Assert.Equal("OK", await inMulti.TextAsync("discard"));
        Assert.Equal("OK", await watcher.TextAsync("unwatch"));
        Assert.Equal(RespKind.Map, (await other.CallAsync("hello", "3")).Kind);
        Assert.Equal("RESET", await other.TextAsync("reset"));
        Assert.Equal("OK", await other.TextAsync("script", "kill"));
        Assert.StartsWith(Killed, await running, StringComparison.Ordinal);
        Assert.Equal("OK", await other.TextAsync("set", "a", "2"));
    }

    [Fact]
    public async Task What_was_sent_before_a_script_ran_on_is_answered_and_what_needs_keys_waits_for_its_end()
    {
        await using var server = TestServer.Start(config => (config.BusyReplyThreshold, config.IoThreads) = (20, 4));
        var clients = new List<TestClient>();
        for (var i = 0; i < 12; i++) clients.Add(await server.ConnectAsync());
        var running = clients[0].TextAsync("eval", "redis.call('get', 'elsewhere') " + Endless, "0");

        // Those that come before it is slow wait for its stripes, on threads whose other clients are served all the same.
        var waiting = clients[1..5].Select(client => client.TextAsync("incr", "n")).ToList();
        for (var i = 5; i < 9; i++) await UntilBusyAsync(clients[i]);
        var watching = clients[9].TextAsync("watch", "w");
        Assert.Equal("OK", await clients[10].TextAsync("script", "kill"));
        Assert.StartsWith(Killed, await running, StringComparison.Ordinal);
        Assert.Equal("OK", await watching);
        foreach (var reply in waiting) Assert.Contains(await reply, new[] { Busy, "(integer) 1", "(integer) 2", "(integer) 3", "(integer) 4" });
        Assert.Equal("PONG", await clients[11].TextAsync("ping"));
    }

    [Fact]
    public async Task Clients_that_leave_meanwhile_and_the_one_that_waits_for_the_script_do_no_harm()
    {
        await using var server = TestServer.Start(config => (config.BusyReplyThreshold, config.IoThreads) = (20, 1));
        var (client, blocked, other) = (await server.ConnectAsync(), await server.ConnectAsync(), await server.ConnectAsync());
        var popped = blocked.TextAsync("blpop", "l", "0");
        await Eventually.TrueAsync(async () => (await other.TextAsync("info", "clients")).Contains("blocked_clients:1", StringComparison.Ordinal));
        _ = client.TextAsync("eval", Endless, "0").ContinueWith(static gone => gone.Exception, TaskScheduler.Default);
        await UntilBusyAsync(other);
        var leaving = await server.ConnectAsync();
        await UntilBusyAsync(leaving);
        leaving.Dispose();
        blocked.Dispose();
        client.Dispose();
        Assert.NotEqual("", (await popped.ContinueWith(static gone => gone.Exception?.Message ?? "answered", TaskScheduler.Default)));
        await UntilBusyAsync(other);
        Assert.Equal("OK", await other.TextAsync("script", "kill"));
        await Eventually.TrueAsync(async () => await other.TextAsync("ping") == "PONG");
        Assert.Equal("(integer) 1", await other.TextAsync("rpush", "l", "a"));
        await Eventually.TrueAsync(async () => (await other.TextAsync("info", "clients")).Contains("connected_clients:1\r\n", StringComparison.Ordinal));
        Assert.Equal("[a]", await other.TextAsync("lrange", "l", "0", "-1"));
    }

    [Fact]
    public async Task A_script_that_has_written_is_not_killed()
    {
        await using var server = TestServer.Start(config => (config.BusyReplyThreshold, config.IoThreads) = (20, 1));
        var (client, other) = (await server.ConnectAsync(), await server.ConnectAsync());
        var running = client.TextAsync("eval", WritesAndEnds, "1", "k");
        await UntilBusyAsync(other);
        Assert.Equal(
            "(error) UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the script "
            + "termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.",
            await other.TextAsync("script", "kill"));
        Assert.Equal("(integer) 40000000", await running);
        Assert.Equal("1", await other.TextAsync("get", "k"));
    }

    [Fact]
    public async Task Who_may_not_kill_scripts_does_not()
    {
        await using var server = TestServer.Start(config => (config.BusyReplyThreshold, config.IoThreads) = (20, 1));
        var (client, other, guest) = (await server.ConnectAsync(), await server.ConnectAsync(), await server.ConnectAsync());
        Assert.Equal("OK", await other.TextAsync("acl", "setuser", "guest", "on", "nopass", "+get", "~*"));
        Assert.Equal("OK", await guest.TextAsync("auth", "guest", "x"));
        var running = client.TextAsync("eval", Endless, "0");
        await UntilBusyAsync(other);
        Assert.Equal(Busy, await guest.TextAsync("get", "a"));
        Assert.StartsWith("(error) NOPERM", await guest.TextAsync("script", "kill"), StringComparison.Ordinal);
        Assert.StartsWith("(error) NOPERM", await guest.TextAsync("set", "a", "1"), StringComparison.Ordinal);
        Assert.Equal("OK", await other.TextAsync("script", "kill"));
        Assert.StartsWith(Killed, await running, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_threshold_0_others_wait_without_a_word()
    {
        await using var server = TestServer.Start(config => (config.BusyReplyThreshold, config.IoThreads) = (0, 1));
        var (client, other) = (await server.ConnectAsync(), await server.ConnectAsync());
        var running = client.TextAsync("eval", "local n = 0 repeat n = n + 1 until n == 1e8 return n", "0");
        Assert.Equal("PONG", await other.TextAsync("ping"));
        Assert.Equal("(integer) 100000000", await running);
    }

    private static async Task UntilBusyAsync(TestClient client)
    {
        await Eventually.TrueAsync(async () => await client.TextAsync("ping") == Busy);
    }
}
