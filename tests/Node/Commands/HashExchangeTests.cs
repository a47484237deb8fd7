using System.Text;
using Starling.Tests.Support;

namespace Starling.Node.Tests.Commands;

/// <summary>Hashes go to redis-server and come from it as DUMP payloads.</summary>
public sealed class HashExchangeTests
{
    [Fact]
    public async Task Payloads_go_both_ways_and_keep_their_digest()
    {
        await using var starling = TestServer.Start(config => config.EnableDebugCommand = "yes");
        using var redis = ServerProcess.Start(ServerKind.Redis, "save ");
        using var other = new RawConnection(redis.Port);
        using var own = new RawConnection(starling.Port);
        foreach (var entries in new[] { "512", "0", "4" })
        {
            foreach (var connection in new[] { other, own })
            {
                connection.Call("FLUSHALL");
                connection.Call("CONFIG", "SET", "hash-max-listpack-entries", entries);
                foreach (var (name, fields) in Samples()) connection.Call(["HSET", name, .. fields]);
            }

            foreach (var (name, _) in Samples())
            {
                Send(other, own, name);
                Send(own, other, name);
            }
        }
    }

    [Fact]
    public async Task A_small_hash_has_the_payload_that_redis_server_makes()
    {
        await using var starling = TestServer.Start(config => config.RdbCompression = false);
        using var redis = ServerProcess.Start(ServerKind.Redis, "save ", "rdbcompression no");
        using var other = new RawConnection(redis.Port);
        using var own = new RawConnection(starling.Port);
        foreach (var (name, fields) in Samples().Take(3))
        {
            string[] set = ["HSET", name, .. fields];
            Assert.Equal(other.Call(set).ToString(), own.Call(set).ToString());
            Assert.Equal(other.Call("DUMP", name).ToString(), own.Call("DUMP", name).ToString());
        }
    }

    [Theory]
    [InlineData(false, "512")]
    [InlineData(true, "512")]
    [InlineData(false, "3")]
    [InlineData(true, "3")]
    public async Task A_cut_or_damaged_payload_is_refused_or_makes_a_hash_that_can_be_used(bool expires, string entries)
    {
        const int seed = 22;
        var random = new Random(seed);
        await using var starling = TestServer.Start(config => config.EnableDebugCommand = "yes");
        using var own = new RawConnection(starling.Port);
        own.Call("CONFIG", "SET", "hash-max-listpack-entries", entries);
        own.Call(["HSET", "hash", .. Enumerable.Range(0, 30).Select(i => i % 3 == 0 ? new string('x', i) : $"{i * 7919}")]);
        if (expires) own.Call("HPEXPIREAT", "hash", "20000000000000", "FIELDS", "2", "7919", new string('x', 6));
        var payload = Encoding.Latin1.GetBytes(own.Call("DUMP", "hash").Text!);
        for (var length = 0; length < payload.Length - 10; length++)
            Assert.Equal('-', Restore(own, payload.AsSpan(0, length)).Type);

        var restored = 0;
        for (var round = 0; round < 2000; round++)
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
            if (own.Call("TYPE", "damaged").Text != "hash") continue;
            Assert.Equal('*', own.Call("HGETALL", "damaged").Type);
            own.CallAll([["HSET", "damaged", "a", "b"], ["HDEL", "damaged", "a"], ["HINCRBY", "damaged", "n", "3"], ["HSCAN", "damaged", "0"]]);
            Assert.Equal("3", own.Call("HGET", "damaged", "n").Text);
        }

        Assert.True(restored > 10, $"seed {seed}");
    }

    [Theory]
    [InlineData("512")]
    [InlineData("0")]
    public async Task Hashes_and_their_expiries_survive_a_reload(string entries)
    {
        await using var starling = TestServer.Start(config => config.EnableDebugCommand = "yes");
        using var own = new RawConnection(starling.Port);
        own.Call("CONFIG", "SET", "hash-max-listpack-entries", entries);
        foreach (var (name, fields) in Samples()) own.Call(["HSET", name, .. fields]);
        own.Call("HPEXPIREAT", "many", "20000000000000", "FIELDS", "2", "field 3", "field 70");
        own.Call("HEXPIRE", "thousands", "1000", "FIELDS", "1", "31");
        var digest = own.Call("DEBUG", "DIGEST").Text;
        var encodings = Samples().Select(x => own.Call("OBJECT", "ENCODING", x.Name).Text).ToList();
        Assert.Equal("OK", own.Call("DEBUG", "RELOAD").Text);
        Assert.Equal(digest, own.Call("DEBUG", "DIGEST").Text);
        Assert.Equal(encodings, Samples().Select(x => own.Call("OBJECT", "ENCODING", x.Name).Text));
        Assert.Equal(
            "*3[:20000000000000 :-1 :20000000000000]",
            own.Call("HPEXPIRETIME", "many", "FIELDS", "3", "field 3", "field 4", "field 70").ToString().Replace("\"", "", StringComparison.Ordinal));
        Assert.InRange(own.Call("HTTL", "thousands", "FIELDS", "1", "31").Items[0].Number, 1, 1000);
    }

    [Fact]
    public async Task Only_hashes_with_expiring_fields_need_a_newer_version_of_the_format()
    {
        await using var starling = TestServer.Start();
        using var own = new RawConnection(starling.Port);
        own.Call("HSET", "h", "a", "1", "b", "2");
        Assert.Equal(10, Version());
        own.Call("HEXPIRE", "h", "1000", "FIELDS", "1", "a");
        Assert.Equal(12, Version());
        own.Call("HPERSIST", "h", "FIELDS", "1", "a");
        Assert.Equal(10, Version());

        int Version() => Encoding.Latin1.GetBytes(own.Call("DUMP", "h").Text!)[^10];
    }

    private static void Send(RawConnection from, RawConnection to, string name)
    {
        var payload = from.Call("DUMP", name).Text!;
        Assert.Equal("OK", to.Call("RESTORE", name, "0", payload, "REPLACE").Text);
        var digest = from.Call("DEBUG", "DIGEST-VALUE", name).ToString();
        Assert.Equal(digest, to.Call("DEBUG", "DIGEST-VALUE", name).ToString());
        Assert.Equal(from.Call("HKEYS", name).Sorted().ToString(), to.Call("HKEYS", name).Sorted().ToString());
    }

    /// <summary>RESTORE with the footer that belongs to the content.</summary>
    private static RawReply Restore(RawConnection connection, ReadOnlySpan<byte> content)
    {
        byte[] body = [.. content, 12, 0];
        var payload = Persistence.RdbCodecTests.WithChecksum(body);
        return connection.Call("RESTORE", "damaged", "0", Encoding.Latin1.GetString(payload), "REPLACE");
    }

    private static IEnumerable<(string Name, string[] Fields)> Samples()
    {
        yield return ("one", ["a", "b"]);
        yield return ("numbers", ["0", "127", "128", "-1", "-4096", "4096", "32768", "-8388608", "2147483648", "-9223372036854775808", "9223372036854775808", "01"]);
        yield return ("texts", ["", "x", new string('y', 63), new string('y', 64), "\x00ff\0\r\n", ""]);
        yield return ("many", [.. Enumerable.Range(0, 100).SelectMany(i => new[] { $"field {i}", $"value {i}" })]);
        yield return ("thousands", [.. Enumerable.Range(0, 5000).SelectMany(i => new[] { $"{i * 31}", $"{i}" })]);
        yield return ("large", ["a", new string('b', 9000), new string('d', 70_000), "e", new string('f', 64), new string('g', 65)]);
    }
}
