namespace Starling.Node.Tests.Scripting;

/// <summary>Functions that run for longer than busy-reply-threshold, beside scripts that do.</summary>
public class BusyFunctionTests
{
    private const string BusyFunction = "(error) BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.";
    private const string BusyScript = "(error) BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.";

    [Theory]
    [InlineData("while true do end")]
    [InlineData("while true do pcall(function() while true do end end) end")]
    [InlineData("while true do redis.pcall('get', keys[1]) end")]
    [InlineData("local co = coroutine.wrap(function() while true do end end) while true do pcall(co) end")]
    public async Task A_function_that_runs_on_is_ended_by_FUNCTION_KILL_and_its_library_goes_on(string body)
    {
        await using var server = TestServer.Start(config => (config.BusyReplyThreshold, config.IoThreads) = (20, 1));
        var (client, other) = (await server.ConnectAsync(), await server.ConnectAsync());
        await client.CallAsync(
            "function", "load",
            $"#!lua name=a\nlocal n = 0\nredis.register_function('f', function(keys) n = n + 1 {body} end)\nredis.register_function('n', function() return n end)");
        var running = client.TextAsync("fcall", "f", "1", "k", "a");
        await UntilAsync(other, BusyFunction);
        var stats = (await other.CallAsync("function", "stats"))[1];
        Assert.Equal("[name, f, command, [fcall, f, 1, k, a], duration_ms]", "[" + string.Join(", ", stats.Elements.Take(5)) + "]");
        Assert.True(stats[5].Integer >= 10);
        Assert.Equal(BusyFunction, await other.TextAsync("script", "kill"));
        Assert.Equal(BusyFunction, await other.TextAsync("fcall", "n", "0"));
        Assert.Equal(BusyFunction, await other.TextAsync("shutdown"));
        Assert.Equal("OK", await other.TextAsync("function", "kill"));
        Assert.StartsWith("(error) ERR Script killed by user with SCRIPT KILL... script: f, on @user_function:3.", await running, StringComparison.Ordinal);
        Assert.Equal("(integer) 1", await other.TextAsync("fcall", "n", "0"));
        Assert.Equal("(error) NOTBUSY No scripts in execution right now.", await other.TextAsync("function", "kill"));
        Assert.Equal("[running_script, (nil)]", "[" + string.Join(", ", (await other.CallAsync("function", "stats")).Elements.Take(2)) + "]");
    }

    [Fact]
    public async Task A_script_is_not_ended_by_FUNCTION_KILL()
    {
        await using var server = TestServer.Start(config => (config.BusyReplyThreshold, config.IoThreads) = (20, 1));
        var (client, other) = (await server.ConnectAsync(), await server.ConnectAsync());
        var running = client.TextAsync("eval", "while true do end", "0");
        await UntilAsync(other, BusyScript);
        Assert.Equal(BusyScript, await other.TextAsync("function", "kill"));
        Assert.Equal(BusyScript, await other.TextAsync("function", "stats"));
        Assert.Equal("OK", await other.TextAsync("script", "kill"));
        Assert.StartsWith("(error) ERR Script killed by user", await running, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_function_that_has_written_is_not_ended()
    {
        await using var server = TestServer.Start(config => (config.BusyReplyThreshold, config.IoThreads) = (20, 1));
        var (client, other) = (await server.ConnectAsync(), await server.ConnectAsync());
        await client.CallAsync(
            "function", "load",
            FunctionTests.Library("a", "f", "redis.call('set', 'k', 1) local n = 0 repeat n = n + 1 until n == 4e7 return n"));
        var running = client.TextAsync("fcall", "f", "0");
        await UntilAsync(other, BusyFunction);
        Assert.StartsWith("(error) UNKILLABLE Sorry the script already executed write commands", await other.TextAsync("function", "kill"), StringComparison.Ordinal);
        Assert.StartsWith("(error) UNKILLABLE Sorry the script already executed write commands", await other.TextAsync("script", "kill"), StringComparison.Ordinal);
        Assert.Equal("(integer) 40000000", await running);
    }

    [Fact]
    public async Task Who_waits_for_the_library_of_a_function_that_runs_on_serves_others_meanwhile()
    {
        await using var server = TestServer.Start(config => (config.BusyReplyThreshold, config.IoThreads) = (1000, 4));
        var clients = new List<TestClient>();
        for (var i = 0; i < 12; i++) clients.Add(await server.ConnectAsync());
        await clients[0].CallAsync(
            "function", "load",
            "#!lua name=a\nredis.register_function{function_name='f', callback=function(keys) while true do end end, flags={'no-writes'}}\n"
            + "redis.register_function{function_name='g', callback=function(keys) return redis.call('get', keys[1]) end, flags={'no-writes'}}");
        var running = clients[0].TextAsync("fcall", "f", "1", "a");
        var waiting = clients[1..5].Select((client, i) => client.TextAsync("fcall", "g", "1", $"k{i}")).ToList();
        for (var i = 5; i < 11; i++) await UntilAsync(clients[i], BusyFunction);
        Assert.Equal("OK", await clients[11].TextAsync("function", "kill"));
        Assert.StartsWith("(error) ERR Script killed by user", await running, StringComparison.Ordinal);
        foreach (var reply in waiting) Assert.Contains(await reply, new[] { "(nil)", BusyFunction });
    }

    private static Task UntilAsync(TestClient client, string reply) =>
        Eventually.TrueAsync(async () => await client.TextAsync("ping") == reply);
}
