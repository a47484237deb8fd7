using System.Globalization;
using Starling.Tests.Support;

namespace Starling.Node.Tests.Commands;

/// <summary>Streams go to redis-server and come from it as DUMP payloads, groups and what is pending included.</summary>
public sealed class StreamExchangeTests
{
    private static readonly string[] Keys = ["{x}1", "{x}2", "x3"];

    [Fact]
    public async Task Payloads_go_both_ways_and_keep_digest_and_pending_entries()
    {
        await using var starling = TestServer.Start(config => config.EnableDebugCommand = "yes");
        using var redis = ServerProcess.Start(ServerKind.Redis, "save ", "sanitize-dump-payload yes");
        using var other = new RawConnection(redis.Port);
        using var own = new RawConnection(starling.Port);
        for (var seed = 1; seed <= 6; seed++)
        {
            foreach (var connection in new[] { other, own })
            {
                connection.Call("FLUSHALL");
                Fill(connection, seed);
            }

            foreach (var key in Keys)
            {
                Send(other, own, key);
                Send(own, other, key);
            }
        }
    }

    [Fact]
    public async Task A_stream_has_the_payload_that_redis_server_makes()
    {
        await using var starling = TestServer.Start(config => config.RdbCompression = false);
        using var redis = ServerProcess.Start(ServerKind.Redis, "save ", "rdbcompression no");
        using var other = new RawConnection(redis.Port);
        using var own = new RawConnection(starling.Port);
        for (var seed = 11; seed <= 14; seed++)
        {
            foreach (var connection in new[] { other, own })
            {
                connection.Call("FLUSHALL");
                var generator = new StreamCommandGenerator(seed, withGroups: false);
                connection.CallAll([.. Enumerable.Range(0, 1500).SelectMany(_ => generator.Next())]);
            }

            foreach (var key in Keys) Assert.Equal((seed, other.Call("DUMP", key).ToString()), (seed, own.Call("DUMP", key).ToString()));
        }
    }

    [Fact]
    public async Task A_cut_or_damaged_payload_is_refused_or_makes_a_stream_that_can_be_used()
    {
        const int seed = 22;
        var random = new Random(seed);
        await using var starling = TestServer.Start(config => config.RdbCompression = false);
        using var own = new RawConnection(starling.Port);
        for (var i = 1; i <= 30; i++) own.Call("XADD", "x3", Text(i) + "-0", "field", "value " + Text(i), i % 3 == 0 ? "other" : "n", Text(i * 1000));
        own.CallAll(
        [
            ["XDEL", "x3", "4", "9"], ["XGROUP", "CREATE", "x3", "g1", "0"], ["XREADGROUP", "GROUP", "g1", "alice", "COUNT", "8", "STREAMS", "x3", ">"],
            ["XREADGROUP", "GROUP", "g1", "bob", "COUNT", "5", "STREAMS", "x3", ">"], ["XACK", "x3", "g1", "2"],
        ]);
        var payload = System.Text.Encoding.Latin1.GetBytes(own.Call("DUMP", "x3").Text!);
        for (var length = 1; length < payload.Length - 10; length++)
            Assert.Equal('-', Restore(own, payload.AsSpan(0, length)).Type);

        var restored = 0;
        for (var round = 0; round < 4000; round++)
        {
            var content = payload[..^10];
            for (var changes = random.Next(1, 4); changes > 0; changes--)
                content[random.Next(content.Length)] = (byte)random.Next(256);
            var reply = Restore(own, content);
            if (reply.Type == '-')
            {
                Assert.StartsWith("ERR Bad data format", reply.Text, StringComparison.Ordinal);
                continue;
            }

            restored++;
            if (own.Call("TYPE", "damaged").Text == "stream") Use(own);
        }

        Assert.True(restored > 10, $"seed {seed}");
    }

    [Fact]
    public async Task A_stream_survives_a_reload_with_groups_and_pending_entries()
    {
        await using var starling = TestServer.Start(config => config.EnableDebugCommand = "yes");
        using var own = new RawConnection(starling.Port);
        Fill(own, 3);
        var before = Keys.Select(key => own.Call("DUMP", key).ToString()).ToList();
        Assert.Equal("OK", own.Call("DEBUG", "RELOAD").Text);
        Assert.Equal(before, Keys.Select(key => own.Call("DUMP", key).ToString()));
    }

    private static void Fill(RawConnection connection, int seed)
    {
        var generator = new StreamCommandGenerator(seed);
        foreach (var key in Keys) connection.Call("XGROUP", "CREATE", key, "g1", "0", "MKSTREAM");
        var commands = Enumerable.Range(0, 1500).SelectMany(_ => generator.Next()).ToList();
        commands.RemoveAll(command => command[0].ToUpperInvariant() is "DEL" or "RENAME" or "EXPIRE");
        connection.CallAll(commands);
    }

    private static void Use(RawConnection own)
    {
        var length = own.Call("XLEN", "damaged").Number;
        Assert.Equal(length, own.Call("XRANGE", "damaged", "-", "+").Items.Count);
        Assert.Equal(length, own.Call("XREVRANGE", "damaged", "+", "-").Items.Count);
        own.CallAll(
        [
            ["XINFO", "STREAM", "damaged", "FULL", "COUNT", "0"], ["XPENDING", "damaged", "g1"], ["XPENDING", "damaged", "g1", "-", "+", "100"],
            ["XREADGROUP", "GROUP", "g1", "alice", "STREAMS", "damaged", "0"], ["XREADGROUP", "GROUP", "g1", "alice", "STREAMS", "damaged", ">"],
            ["XAUTOCLAIM", "damaged", "g1", "carol", "0", "-", "COUNT", "50"], ["XACK", "damaged", "g1", "3", "5", "6"], ["XADD", "damaged", "*", "a", "b"],
            ["XDEL", "damaged", "7", "8", "3"], ["XTRIM", "damaged", "MAXLEN", "3"], ["XGROUP", "DELCONSUMER", "damaged", "g1", "bob"],
        ]);
        Assert.True(own.Call("XLEN", "damaged").Number <= 3);
    }

    private static void Send(RawConnection from, RawConnection to, string key)
    {
        var payload = from.Call("DUMP", key).Text!;
        Assert.Equal("OK", to.Call("RESTORE", key, "0", payload, "REPLACE").Text);
        foreach (var command in new string[][]
        {
            ["DEBUG", "DIGEST-VALUE", key], ["XRANGE", key, "-", "+"], ["XPENDING", key, "g1"], ["XPENDING", key, "g2"],
            ["XINFO", "STREAM", key],
        })
        {
            var (wanted, got) = (from.Call(command), to.Call(command));
            if (command[0] == "XINFO") (wanted, got) = (WithoutNodes(wanted), WithoutNodes(got));
            Assert.Equal((key, wanted.ToString()), (key, got.ToString()));
        }

        // What it holds goes on in the same way.
        foreach (var command in new string[][] { ["XADD", key, "99999999-1", "a", "b"], ["XTRIM", key, "MAXLEN", "~", "20"], ["XLEN", key] })
            Assert.Equal((key, from.Call(command).ToString()), (key, to.Call(command).ToString()));
        from.Call("XDEL", key, "99999999-1");
        Assert.Equal("OK", from.Call("RESTORE", key, "0", payload, "REPLACE").Text);
    }

    /// <summary>How many nodes a radix tree has is the other server's own affair.</summary>
    private static RawReply WithoutNodes(RawReply info) => info with { Items = [.. info.Items.Take(5), .. info.Items.Skip(6)] };

    private static RawReply Restore(RawConnection connection, ReadOnlySpan<byte> content)
    {
        byte[] body = [.. content, 10, 0];
        var payload = Persistence.RdbCodecTests.WithChecksum(body);
        return connection.Call("RESTORE", "damaged", "0", System.Text.Encoding.Latin1.GetString(payload), "REPLACE");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
