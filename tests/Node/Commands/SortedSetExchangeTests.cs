using System.Globalization;
using System.Text;
using Starling.Tests.Support;

namespace Starling.Node.Tests.Commands;

/// <summary>Sorted sets go to redis-server and come from it, byte for byte, as DUMP payloads.</summary>
public sealed class SortedSetExchangeTests
{
    [Fact]
    public async Task Payloads_are_those_of_redis_server_and_keep_their_digest_both_ways()
    {
        await using var starling = TestServer.Start(config =>
        {
            config.EnableDebugCommand = "yes";
            config.RdbCompression = false;
        });
        using var redis = ServerProcess.Start(ServerKind.Redis, "save ", "rdbcompression no");
        using var other = new RawConnection(redis.Port);
        using var own = new RawConnection(starling.Port);
        foreach (var (name, elements) in Samples())
        {
            string[] add = ["ZADD", name, .. elements];
            Assert.Equal(other.Call(add).ToString(), own.Call(add).ToString());
            var payload = own.Call("DUMP", name);
            Assert.Equal((name, other.Call("DUMP", name).ToString()), (name, payload.ToString()));
            foreach (var (from, to) in new[] { (own, other), (other, own) })
            {
                Assert.Equal("OK", to.Call("RESTORE", name, "0", payload.Text!, "REPLACE").Text);
                Assert.Equal(from.Call("DEBUG", "DIGEST-VALUE", name).ToString(), to.Call("DEBUG", "DIGEST-VALUE", name).ToString());
                Assert.Equal(from.Call("OBJECT", "ENCODING", name).ToString(), to.Call("OBJECT", "ENCODING", name).ToString());
            }
        }
    }

    [Theory]
    [InlineData("128")]
    [InlineData("5")]
    public async Task A_cut_or_damaged_payload_is_refused_or_makes_a_set_that_can_be_used(string entries)
    {
        const int seed = 21;
        var random = new Random(seed);
        await using var starling = TestServer.Start(config => config.EnableDebugCommand = "yes");
        using var own = new RawConnection(starling.Port);
        own.Call("CONFIG", "SET", "zset-max-listpack-entries", entries);
        own.Call(["ZADD", "zset", .. Enumerable.Range(0, 23).SelectMany(i => new[] { Text(i * 1.5), i % 3 == 0 ? new string('x', i) : Text(i * 7919) })]);
        var payload = Encoding.Latin1.GetBytes(own.Call("DUMP", "zset").Text!);
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
            if (own.Call("TYPE", "damaged").Text != "zset") continue;
            var count = own.Call("ZCARD", "damaged").Number;
            var members = own.Call("ZRANGE", "damaged", "0", "-1").Items;
            Assert.Equal(count, members.Count);
            Assert.Equal(count - 1, own.Call("ZRANK", "damaged", members[^1].Text!).Number);
            own.CallAll([["ZADD", "damaged", "3", "new"], ["ZINCRBY", "damaged", "1", members[0].Text!], ["ZREM", "damaged", "new"], ["ZPOPMAX", "damaged"]]);
            Assert.Equal(count - 1, own.Call("ZCARD", "damaged").Number);
        }

        Assert.True(restored > 10, $"seed {seed}");
    }

    [Fact]
    public async Task A_payload_with_a_score_that_is_none_or_a_member_twice_is_refused()
    {
        await using var starling = TestServer.Start();
        using var own = new RawConnection(starling.Port);
        byte[] one = [.. BitConverter.GetBytes(1.0)];
        Assert.Equal("OK", Restore(own, [5, 2, 1, (byte)'a', .. one, 1, (byte)'b', .. one]).Text);
        Assert.Equal('-', Restore(own, [5, 2, 1, (byte)'a', .. one, 1, (byte)'a', .. one]).Type);
        Assert.Equal('-', Restore(own, [5, 1, 1, (byte)'a', .. BitConverter.GetBytes(double.NaN)]).Type);
        Assert.Equal("OK", Restore(own, [3, 2, 1, (byte)'a', 254, 1, (byte)'b', 3, .. "1.5"u8]).Text);
        Assert.Equal("[b, 1.5, a, inf]", string.Join(", ", own.Call("ZRANGE", "damaged", "0", "-1", "WITHSCORES").Items.Select(x => x.Text)).Insert(0, "[") + "]");
        Assert.Equal('-', Restore(own, [3, 1, 1, (byte)'a', 253]).Type);
        Assert.Equal('-', Restore(own, [5, 0x80, 0xFF, 0xFF, 0xFF, 0xFF, 1, (byte)'a', .. one]).Type);
    }

    [Fact]
    public async Task A_set_survives_a_reload_with_its_encoding_and_digest()
    {
        await using var starling = TestServer.Start(config => config.EnableDebugCommand = "yes");
        using var own = new RawConnection(starling.Port);
        foreach (var (name, elements) in Samples()) own.Call(["ZADD", name, .. elements]);
        var digest = own.Call("DEBUG", "DIGEST").Text;
        var encodings = Samples().Select(x => own.Call("OBJECT", "ENCODING", x.Name).Text).ToList();
        Assert.Contains("listpack", encodings);
        Assert.Contains("skiplist", encodings);
        Assert.Equal("OK", own.Call("DEBUG", "RELOAD").Text);
        Assert.Equal(digest, own.Call("DEBUG", "DIGEST").Text);
        Assert.Equal(encodings, Samples().Select(x => own.Call("OBJECT", "ENCODING", x.Name).Text));
    }

    /// <summary>RESTORE with the footer that belongs to the content.</summary>
    private static RawReply Restore(RawConnection connection, ReadOnlySpan<byte> content)
    {
        byte[] body = [.. content, 10, 0];
        var payload = Persistence.RdbCodecTests.WithChecksum(body);
        return connection.Call("RESTORE", "damaged", "0", Encoding.Latin1.GetString(payload), "REPLACE");
    }

    private static string Text(double number) => number.ToString("R", CultureInfo.InvariantCulture);

    private static IEnumerable<(string Name, string[] Elements)> Samples()
    {
        yield return ("one", ["1", "a"]);
        yield return ("scores", ["0.1", "a", "inf", "b", "-inf", "c", "1e20", "d", "-0", "e", "123456789012345678", "f", "5e-324", "g", "3.5", "7"]);
        yield return ("members", ["1", "", "1", "12", "1", "-70000", "2", "\u00ff\0\r\n", "2", new string('x', 64)]);
        yield return ("long member", ["1", "a", "2", new string('x', 65)]);
        yield return ("full", [.. Enumerable.Range(0, 128).SelectMany(i => new[] { Text(i / 4.0), "m" + i })]);
        yield return ("more", [.. Enumerable.Range(0, 129).SelectMany(i => new[] { Text(i / 4.0), "m" + i })]);
        yield return ("many", [.. Enumerable.Range(0, 5000).SelectMany(i => new[] { Text(i * 7919 % 1000), "member " + i })]);
    }
}
