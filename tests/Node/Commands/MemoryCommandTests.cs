using System.Globalization;
using Starling.Tests.Support;

namespace Starling.Node.Tests.Commands;

public sealed class MemoryCommandTests
{
    [Fact]
    public async Task Memory_usage_grows_with_what_a_key_takes()
    {
        await using var server = TestServer.Start();
        using var client = new RawConnection(server.Port);
        client.CallAll([["SET", "small", "v"], ["SET", "large", new string('x', 100_000)], ["RPUSH", "list", .. Enumerable.Range(0, 1000).Select(_ => "element")]]);
        Assert.InRange(client.Call("MEMORY", "USAGE", "small").Number, 16, 100);
        Assert.InRange(client.Call("MEMORY", "USAGE", "large").Number, 100_000, 140_000);
        Assert.InRange(client.Call("MEMORY", "USAGE", "list", "SAMPLES", "0").Number, 7_000, 40_000);
        Assert.Null(client.Call("MEMORY", "USAGE", "absent").Text);
    }

    [Theory]
    [InlineData("SAMPLES")]
    [InlineData("SAMPLES -1")]
    [InlineData("SAMPLES x")]
    [InlineData("BOGUS 1")]
    [InlineData("SAMPLES 1 SAMPLES")]
    public async Task Memory_usage_refuses_what_redis_server_refuses(string options)
    {
        await using var starling = TestServer.Start();
        using var redis = ServerProcess.Start(ServerKind.Redis, "save ");
        using var expected = new RawConnection(redis.Port);
        using var actual = new RawConnection(starling.Port);
        string[] call = ["MEMORY", "USAGE", "k", .. options.Split(' ')];
        Assert.Equal(expected.Call(call).ToString(), actual.Call(call).ToString());
    }

    [Fact]
    public async Task Memory_stats_has_the_fields_of_redis_server()
    {
        await using var starling = TestServer.Start();
        using var redis = ServerProcess.Start(ServerKind.Redis, "save ");
        using var expected = new RawConnection(redis.Port);
        using var actual = new RawConnection(starling.Port);
        foreach (var connection in new[] { expected, actual }) connection.CallAll([["SET", "k", "v"], ["SELECT", "2"], ["SET", "k", "v"]]);
        var wanted = expected.Call("MEMORY", "STATS").Items;
        var got = actual.Call("MEMORY", "STATS").Items;
        Assert.Equal(Names(wanted), Names(got));
        Assert.Equal(2, got[IndexOf(got, "keys.count") + 1].Number);
        Assert.True(got[IndexOf(got, "total.allocated") + 1].Number > got[IndexOf(got, "dataset.bytes") + 1].Number);
    }

    [Fact]
    public async Task The_other_subcommands_of_memory_answer()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        Assert.Equal("OK", await client.TextAsync("MEMORY", "PURGE"));
        Assert.Contains("native: used", await client.TextAsync("MEMORY", "MALLOC-STATS"), StringComparison.Ordinal);
        Assert.Contains("instance", await client.TextAsync("MEMORY", "DOCTOR"), StringComparison.Ordinal);
        Assert.Contains("USAGE <key> [SAMPLES <count>]", await client.TextAsync("MEMORY", "HELP"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--bigkeys", "Biggest string found '\"big\"' has 5000 bytes")]
    [InlineData("--memkeys", "Biggest string found '\"big\"'")]
    [InlineData("--hotkeys", "hot key found with counter: 30")]
    public async Task Redis_cli_finds_the_keys_that_stand_out(string mode, string expected)
    {
        await using var server = TestServer.Start(config => (config.MaxMemoryPolicy, config.LfuLogFactor) = ("allkeys-lfu", 0));
        using var client = new RawConnection(server.Port);
        client.CallAll([["SET", "big", new string('x', 5000)], ["SET", "small", "v"], ["RPUSH", "list", "a"]]);
        for (var i = 0; i < 25; i++) client.Call("GET", "small");
        Assert.Contains(expected, ProgramRun.RedisCli("-p", server.Port.ToString(CultureInfo.InvariantCulture), mode), StringComparison.Ordinal);
    }

    private static IEnumerable<string> Names(IReadOnlyList<RawReply> map) => map.Where((_, i) => i % 2 == 0).Select(name => name.Text!);

    private static int IndexOf(IReadOnlyList<RawReply> map, string name) => map.TakeWhile(item => item.Text != name).Count();
}
