
namespace Starling.Node.Tests.Commands;

/// <summary>What Redis 8.4 added to strings, which redis-server 7.0 cannot be asked about.</summary>
public sealed class ConditionalStringTests
{
    [Theory]
    [InlineData("SET k new IFEQ old", "OK", "new")]
    [InlineData("SET k new IFEQ other", "(nil)", "old")]
    [InlineData("SET k new IFNE other", "OK", "new")]
    [InlineData("SET k new IFNE old", "(nil)", "old")]
    [InlineData("SET k new IFEQ old GET", "old", "new")]
    [InlineData("SET k new GET IFEQ other", "old", "old")]
    [InlineData("SET absent new IFEQ old", "(nil)", "old")]
    [InlineData("SET absent new IFNE old", "OK", "old")]
    [InlineData("SET absent new IFDNE 0123456789abcdef", "OK", "old")]
    [InlineData("SET k new IFDEQ 0123456789abcdef", "(nil)", "old")]
    [InlineData("SET k new IFDNE 0123456789ABCDEF", "OK", "new")]
    [InlineData("SET k new IFDEQ 0123", "(error) ERR must be exactly 16 hexadecimal characters", "old")]
    [InlineData("SET k new GET IFDNE 0123", "(error) ERR must be exactly 16 hexadecimal characters", "old")]
    [InlineData("SET absent new IFDEQ 0123", "(nil)", "old")]
    [InlineData("SET absent new IFDNE 0123", "OK", "old")]
    [InlineData("SET list new IFDEQ 0123", "(error) WRONGTYPE Operation against a key holding the wrong kind of value", "old")]
    [InlineData("SET k new IFDNE zzzzzzzzzzzzzzzz", "OK", "new")]
    [InlineData("SET k new IFEQ other IFEQ old", "OK", "new")]
    [InlineData("SET k new IFEQ old NX", "(error) ERR syntax error", "old")]
    [InlineData("SET k new XX IFEQ old", "(error) ERR syntax error", "old")]
    [InlineData("SET k new IFEQ old IFNE x", "(error) ERR syntax error", "old")]
    [InlineData("SET k new IFEQ", "(error) ERR syntax error", "old")]
    [InlineData("SET list new IFEQ old", "(error) WRONGTYPE Operation against a key holding the wrong kind of value", "old")]
    [InlineData("DELEX k", "(integer) 1", "(nil)")]
    [InlineData("DELEX k IFEQ old", "(integer) 1", "(nil)")]
    [InlineData("DELEX k IFEQ other", "(integer) 0", "old")]
    [InlineData("DELEX k IFNE old", "(integer) 0", "old")]
    [InlineData("DELEX k IFNE other", "(integer) 1", "(nil)")]
    [InlineData("DELEX k IFDNE 0123456789abcdef", "(integer) 1", "(nil)")]
    [InlineData("DELEX absent IFNE x", "(integer) 0", "old")]
    [InlineData("DELEX list", "(integer) 1", "old")]
    [InlineData("DELEX list IFEQ x", "(error) ERR Key should be of string type if conditions are specified", "old")]
    [InlineData("DELEX list BOGUS x", "(error) ERR Key should be of string type if conditions are specified", "old")]
    [InlineData("DELEX k BOGUS x", "(error) ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE", "old")]
    [InlineData("DELEX absent BOGUS x", "(integer) 0", "old")]
    [InlineData("DELEX absent IFDEQ 0123", "(integer) 0", "old")]
    [InlineData("DELEX k IFDEQ 0123", "(error) ERR must be exactly 16 hexadecimal characters", "old")]
    [InlineData("DELEX k IFDEQ zzzzzzzzzzzzzzzz", "(integer) 0", "old")]
    [InlineData("DELEX k IFEQ", "(error) ERR wrong number of arguments for 'delex' command", "old")]
    [InlineData("DELEX absent IFEQ", "(error) ERR wrong number of arguments for 'delex' command", "old")]
    [InlineData("DELEX k IFEQ old extra", "(error) ERR wrong number of arguments for 'delex' command", "old")]
    [InlineData("BITOP DIFF k k", "(error) ERR BITOP DIFF must be called with at least two source keys.", "old")]
    [InlineData("BITOP diff1 k k", "(error) ERR BITOP DIFF1 must be called with at least two source keys.", "old")]
    [InlineData("BITOP AndOr k k", "(error) ERR BITOP ANDOR must be called with at least two source keys.", "old")]
    [InlineData("BITOP ONE k k", "(integer) 3", "old")]
    [InlineData("DIGEST absent", "(nil)", "old")]
    [InlineData("DIGEST list", "(error) WRONGTYPE Operation against a key holding the wrong kind of value", "old")]
    [InlineData("MSETEX 2 k 1 other 2", "(integer) 1", "1")]
    [InlineData("MSETEX 2 k 1 other 2 NX", "(integer) 0", "old")]
    [InlineData("MSETEX 2 k 1 other 2 XX", "(integer) 0", "old")]
    [InlineData("MSETEX 1 k 1 XX EX 100", "(integer) 1", "1")]
    [InlineData("MSETEX 0 k 1", "(error) ERR invalid numkeys value", "old")]
    [InlineData("MSETEX 3 k 1 other 2", "(error) ERR wrong number of key-value pairs", "old")]
    [InlineData("MSETEX 1 k 1 BOGUS", "(error) ERR syntax error", "old")]
    [InlineData("MSETEX 1 k 1 EX 0", "(error) ERR invalid expire time in 'msetex' command", "old")]
    public async Task Conditions_decide_what_happens(string command, string reply, string left)
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.CallAsync("SET", "k", "old");
        await client.CallAsync("RPUSH", "list", "x");
        Assert.Equal(reply, await client.TextAsync(command.Split(' ')));
        Assert.Equal(left, await client.TextAsync("GET", "k"));
    }

    [Fact]
    public async Task The_digest_is_xxh3_and_a_condition_takes_it_in_either_case()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.CallAsync("SET", "k", "");
        Assert.Equal("2d06800538d394c2", await client.TextAsync("DIGEST", "k")); // as published for no bytes
        await client.CallAsync("SET", "k", "some value");
        var digest = await client.TextAsync("DIGEST", "k");
        Assert.Equal(16, digest.Length);
        Assert.Equal("OK", await client.TextAsync("SET", "k", "next", "IFDEQ", digest.ToUpperInvariant()));
        Assert.Equal("(integer) 0", await client.TextAsync("DELEX", "k", "IFDEQ", digest));
    }

    [Fact]
    public async Task Msetex_sets_one_expiry_or_keeps_each_keys_own()
    {
        await using var server = TestServer.Start();
        using var client = new RawConnection(server.Port);
        client.CallAll([["SET", "a", "1", "EX", "1000"], ["SET", "b", "1"], ["MSETEX", "2", "a", "2", "b", "2", "KEEPTTL"]]);
        Assert.InRange(client.Call("TTL", "a").Number, 900, 1000);
        Assert.Equal(-1, client.Call("TTL", "b").Number);
        client.Call("MSETEX", "2", "a", "3", "b", "3", "PX", "50000");
        Assert.InRange(client.Call("PTTL", "a").Number, 10_000, 50_000);
        Assert.InRange(client.Call("PTTL", "b").Number, 10_000, 50_000);
        client.Call("MSETEX", "2", "a", "4", "b", "4");
        Assert.Equal(-1, client.Call("TTL", "a").Number);
    }

    [Fact]
    public async Task Replicas_get_what_a_condition_has_let_through()
    {
        await using var server = TestServer.Start(config => config.ReplDisklessSyncDelay = 0);
        using var client = new RawConnection(server.Port);
        using var stream = new ReplicaStream(server.Port);
        client.CallAll(
        [
            ["SET", "k", "old"], ["SET", "marker", "begin"], ["SET", "k", "1", "IFEQ", "other"], ["SET", "k", "2", "IFEQ", "old", "GET", "KEEPTTL"],
            ["DELEX", "k", "IFNE", "2"], ["DELEX", "k", "IFEQ", "2"], ["MSETEX", "1", "k", "3", "PXAT", "9999999999999"], ["SET", "marker", "end"],
        ]);
        stream.ReadTo("begin");
        var commands = stream.ReadTo("end").Select(command => string.Join(' ', command));
        Assert.Equal(["SET k 2 KEEPTTL", "DEL k", "MSETEX 1 k 3 PXAT 9999999999999"], commands);
        Assert.Equal("k", Assert.Single(client.Call("COMMAND", "GETKEYS", "MSETEX", "1", "k", "v").Items).Text);
    }
}
