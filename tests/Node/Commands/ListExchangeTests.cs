using System.Text;
using Starling.Tests.Support;

namespace Starling.Node.Tests.Commands;

/// <summary>Lists go to redis-server and come from it, byte for byte, as DUMP payloads.</summary>
public sealed class ListExchangeTests
{
    [Fact]
    public async Task Payloads_go_both_ways_and_keep_their_digest()
    {
        await using var starling = TestServer.Start(config => config.EnableDebugCommand = "yes");
        using var redis = ServerProcess.Start(ServerKind.Redis, "save ");
        using var other = new RawConnection(redis.Port);
        using var own = new RawConnection(starling.Port);
        foreach (var size in new[] { "-2", "-1", "1", "7", "-5" })
        {
            foreach (var connection in new[] { other, own })
            {
                connection.Call("FLUSHALL");
                connection.Call("CONFIG", "SET", "list-max-listpack-size", size);
                foreach (var (name, elements) in Samples()) connection.Call(["RPUSH", name, .. elements]);
            }

            foreach (var (name, _) in Samples())
            {
                Send(other, own, name);
                Send(own, other, name);
            }
        }
    }

    [Fact]
    public async Task A_small_list_has_the_payload_that_redis_server_makes()
    {
        await using var starling = TestServer.Start(config => config.RdbCompression = false);
        using var redis = ServerProcess.Start(ServerKind.Redis, "save ", "rdbcompression no");
        using var other = new RawConnection(redis.Port);
        using var own = new RawConnection(starling.Port);
        foreach (var (name, elements) in Samples().Take(4))
        {
            string[] push = ["RPUSH", name, .. elements];
            Assert.Equal(other.Call(push).ToString(), own.Call(push).ToString());
            Assert.Equal(other.Call("DUMP", name).ToString(), own.Call("DUMP", name).ToString());
        }
    }

    [Fact]
    public async Task A_cut_or_damaged_payload_is_refused_or_makes_a_list_that_can_be_used()
    {
        const int seed = 21;
        var random = new Random(seed);
        await using var starling = TestServer.Start(config => config.EnableDebugCommand = "yes");
        using var own = new RawConnection(starling.Port);
        own.Call("CONFIG", "SET", "list-max-listpack-size", "5");
        own.Call(["RPUSH", "list", .. Enumerable.Range(0, 23).Select(i => i % 3 == 0 ? new string('x', i * 9) : $"{i * 7919}")]);
        var payload = Encoding.Latin1.GetBytes(own.Call("DUMP", "list").Text!);
        for (var length = 0; length < payload.Length - 10; length++)
            Assert.Equal('-', Restore(own, payload.AsSpan(0, length)).Type);

        var restored = 0;
        for (var round = 0; round < 3000; round++)
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
            if (own.Call("TYPE", "damaged").Text != "list") continue;
            var count = own.Call("LLEN", "damaged").Number;
            Assert.Equal(count, own.Call("LRANGE", "damaged", "0", "-1").Items.Count);
            Assert.Equal('$', own.Call("LINDEX", "damaged", "-1").Type);
            own.CallAll([["LPUSH", "damaged", "a"], ["LSET", "damaged", "1", "b"], ["LINSERT", "damaged", "after", "a", "c"], ["RPOP", "damaged"]]);
            Assert.Equal(count + 1, own.Call("LLEN", "damaged").Number);
        }

        Assert.True(restored > 10, $"seed {seed}");
    }

    [Fact]
    public async Task A_list_survives_a_reload_with_its_encoding_and_digest()
    {
        await using var starling = TestServer.Start(config => config.EnableDebugCommand = "yes");
        using var own = new RawConnection(starling.Port);
        foreach (var (name, elements) in Samples()) own.Call(["RPUSH", name, .. elements]);
        var digest = own.Call("DEBUG", "DIGEST").Text;
        var encodings = Samples().Select(x => own.Call("OBJECT", "ENCODING", x.Name).Text).ToList();
        Assert.Contains("listpack", encodings);
        Assert.Contains("quicklist", encodings);
        Assert.Equal("OK", own.Call("DEBUG", "RELOAD").Text);
        Assert.Equal(digest, own.Call("DEBUG", "DIGEST").Text);
        Assert.Equal(encodings, Samples().Select(x => own.Call("OBJECT", "ENCODING", x.Name).Text));
    }

    [Fact]
    public async Task Encodings_change_as_in_redis_7_2()
    {
        await using var starling = TestServer.Start();
        using var own = new RawConnection(starling.Port);
        string? Encoding() => own.Call("OBJECT", "ENCODING", "l").Text;
        own.Call("CONFIG", "SET", "list-max-listpack-size", "4");
        own.Call("RPUSH", "l", "a", "b", "c", "d");
        Assert.Equal("listpack", Encoding());
        own.Call("RPUSH", "l", "e");
        Assert.Equal("quicklist", Encoding());
        own.Call("RPOP", "l", "2");
        Assert.Equal("quicklist", Encoding());
        own.Call("RPOP", "l");
        Assert.Equal("listpack", Encoding());
        own.Call("CONFIG", "SET", "list-max-listpack-size", "-1");
        own.Call("LSET", "l", "0", new string('x', 4200));
        Assert.Equal("quicklist", Encoding());
        own.Call("LSET", "l", "0", "x");
        Assert.Equal("listpack", Encoding());
        Assert.Equal("list", own.Call("TYPE", "l").Text);
    }

    private static void Send(RawConnection from, RawConnection to, string name)
    {
        var payload = from.Call("DUMP", name).Text!;
        Assert.Equal("OK", to.Call("RESTORE", name, "0", payload, "REPLACE").Text);
        var digest = from.Call("DEBUG", "DIGEST-VALUE", name).ToString();
        Assert.Equal(digest, to.Call("DEBUG", "DIGEST-VALUE", name).ToString());
        Assert.Equal(from.Call("LRANGE", name, "0", "-1").ToString(), to.Call("LRANGE", name, "0", "-1").ToString());
    }

    /// <summary>RESTORE with the footer that belongs to the content.</summary>
    private static RawReply Restore(RawConnection connection, ReadOnlySpan<byte> content)
    {
        byte[] body = [.. content, 10, 0];
        var payload = Persistence.RdbCodecTests.WithChecksum(body);
        return connection.Call("RESTORE", "damaged", "0", System.Text.Encoding.Latin1.GetString(payload), "REPLACE");
    }

    private static IEnumerable<(string Name, string[] Elements)> Samples()
    {
        yield return ("one", ["a"]);
        yield return ("numbers", ["0", "127", "128", "-1", "-4096", "4096", "32768", "-8388608", "2147483648", "-9223372036854775808", "9223372036854775808", "01"]);
        yield return ("texts", ["", "x", new string('y', 63), new string('y', 64), "\x00ff\0\r\n"]);
        yield return ("many", [.. Enumerable.Range(0, 100).Select(i => $"element {i}")]);
        yield return ("thousands", [.. Enumerable.Range(0, 5000).Select(i => $"{i * 31}")]);
        yield return ("large", ["a", new string('b', 9000), "c", new string('d', 70_000), "e", new string('f', 4000), new string('g', 4095), new string('h', 4096)]);
        yield return ("boundaries", [new string('i', 16_377), new string('j', 16_378), new string('k', 16_379)]);
    }
}
