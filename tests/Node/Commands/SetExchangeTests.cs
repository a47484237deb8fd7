using System.Globalization;
using System.Text;
using Starling.Tests.Support;

namespace Starling.Node.Tests.Commands;

/// <summary>Sets go to redis-server and come from it, as DUMP payloads and as a replica's data set.</summary>
public sealed class SetExchangeTests
{
    [Fact]
    public async Task Payloads_go_both_ways_and_keep_their_digest()
    {
        await using var starling = TestServer.Start(config => config.EnableDebugCommand = "yes");
        using var redis = ServerProcess.Start(ServerKind.Redis, "save ");
        using var other = new RawConnection(redis.Port);
        using var own = new RawConnection(starling.Port);
        foreach (var entries in new[] { "512", "3", "0", "100000" })
        {
            foreach (var connection in new[] { other, own })
            {
                connection.Call("FLUSHALL");
                connection.Call("CONFIG", "SET", "set-max-intset-entries", entries);
                foreach (var (name, members) in Samples()) connection.Call(["SADD", name, .. members]);
            }

            own.Call("CONFIG", "SET", "set-max-listpack-entries", entries);
            foreach (var (name, _) in Samples())
            {
                Send(other, own, name);
                Send(own, other, name);
            }
        }
    }

    [Fact]
    public async Task An_intset_has_the_payload_that_redis_server_makes()
    {
        await using var starling = TestServer.Start(config => config.RdbCompression = false);
        using var redis = ServerProcess.Start(ServerKind.Redis, "save ", "rdbcompression no");
        using var other = new RawConnection(redis.Port);
        using var own = new RawConnection(starling.Port);
        string[][] sets = [["1"], ["-1", "127", "128"], ["32768", "5"], ["-8388609", "8388607"], ["1099511627776", "3"], ["-9223372036854775808", "9223372036854775807"]];
        foreach (var members in sets)
        {
            foreach (var connection in new[] { other, own })
            {
                connection.Call("DEL", "i");
                Assert.Equal(members.Length, connection.Call(["SADD", "i", .. members]).Number);
            }

            Assert.Equal(other.Call("DUMP", "i").ToString(), own.Call("DUMP", "i").ToString());
        }
    }

    [Fact]
    public async Task A_payload_of_a_listpack_as_newer_servers_make_it_is_restored()
    {
        await using var starling = TestServer.Start(config => config.EnableDebugCommand = "yes");
        using var own = new RawConnection(starling.Port);

        // Type 20: a text that is the listpack of "a", 5 and "bc".
        byte[] content = [20, 16, 16, 0, 0, 0, 3, 0, 0x81, (byte)'a', 2, 5, 1, 0x82, (byte)'b', (byte)'c', 3, 0xFF];
        Assert.Equal("OK", Restore(own, content).Text);
        Assert.Equal("listpack", own.Call("OBJECT", "ENCODING", "damaged").Text);
        Assert.Equal(["5", "a", "bc"], own.Call("SMEMBERS", "damaged").Sorted().Items.Select(item => item.Text));

        // The same with "a" twice.
        content = [20, 15, 15, 0, 0, 0, 3, 0, 0x81, (byte)'a', 2, 5, 1, 0x81, (byte)'a', 2, 0xFF];
        Assert.Equal('-', Restore(own, content).Type);
    }

    [Fact]
    public async Task A_cut_or_damaged_payload_is_refused_or_makes_a_set_that_can_be_used()
    {
        const int seed = 22;
        var random = new Random(seed);
        await using var starling = TestServer.Start(config => config.EnableDebugCommand = "yes");
        using var own = new RawConnection(starling.Port);
        own.Call(["SADD", "integers", .. Enumerable.Range(0, 30).Select(i => Text(i * 7919))]);
        own.Call(["SADD", "texts", .. Enumerable.Range(0, 23).Select(i => i % 3 == 0 ? new string('x', i * 9) : Text(i * 7919))]);
        var restored = 0;
        foreach (var name in new[] { "integers", "texts" })
        {
            var payload = Encoding.Latin1.GetBytes(own.Call("DUMP", name).Text!);
            for (var length = 0; length < payload.Length - 10; length++)
                Assert.Equal('-', Restore(own, payload.AsSpan(0, length)).Type);
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
                if (own.Call("TYPE", "damaged").Text != "set") continue;
                var members = own.Call("SMEMBERS", "damaged").Items.Select(item => item.Text).ToList();
                Assert.Equal(own.Call("SCARD", "damaged").Number, members.Distinct().Count());
                Assert.All(own.CallAll([.. members.Select(member => new[] { "SISMEMBER", "damaged", member! })]), each => Assert.Equal(1, each.Number));
                own.CallAll([["SADD", "damaged", "new", "-5"], ["SPOP", "damaged"], .. members.Select(member => new[] { "SREM", "damaged", member! }), ["DEL", "damaged"]]);
            }
        }

        Assert.True(restored > 10, $"seed {seed}");
    }

    [Fact]
    public async Task A_set_survives_a_reload_with_its_encoding_and_digest()
    {
        await using var starling = TestServer.Start(config => config.EnableDebugCommand = "yes");
        using var own = new RawConnection(starling.Port);
        foreach (var (name, members) in Samples()) own.Call(["SADD", name, .. members]);
        var digest = own.Call("DEBUG", "DIGEST").Text;
        var encodings = Samples().Select(x => own.Call("OBJECT", "ENCODING", x.Name).Text).ToList();
        foreach (var each in new[] { "intset", "listpack", "hashtable" }) Assert.Contains(each, encodings);
        Assert.Equal("OK", own.Call("DEBUG", "RELOAD").Text);
        Assert.Equal(digest, own.Call("DEBUG", "DIGEST").Text);
        Assert.Equal(encodings, Samples().Select(x => own.Call("OBJECT", "ENCODING", x.Name).Text));
    }

    [Fact]
    public async Task A_redis_server_replica_follows_sets_that_chance_decides_about()
    {
        await using var starling = TestServer.Start(config =>
        {
            config.EnableDebugCommand = "yes";
            config.ReplDisklessSyncDelay = 0;
        });
        using var own = new RawConnection(starling.Port);
        foreach (var (name, members) in Samples()) own.Call(["SADD", name, .. members]);
        using var redis = ServerProcess.Start(ServerKind.Redis, "save ");
        using var other = new RawConnection(redis.Port);
        Assert.Equal("OK", other.Call("REPLICAOF", "127.0.0.1", Text(starling.Port)).Text);
        var deadline = TimeProvider.System.GetUtcNow().AddMinutes(1);
        while (!other.Call("INFO", "replication").Text!.Contains("master_link_status:up", StringComparison.Ordinal))
            Assert.True(TimeProvider.System.GetUtcNow() < deadline);
        foreach (var (name, _) in Samples())
        {
            own.CallAll([["SPOP", name, "2"], ["SPOP", name], ["SADD", name, "x", "1"], ["SMOVE", name, "moved", "1"], ["SUNIONSTORE", "union", name, "union"]]);
            own.CallAll([["SPOP", "union", "10"], ["SDIFFSTORE", "difference", "union", name], ["SINTERSTORE", name, name, "union"]]);
        }

        own.CallAll([["SPOP", "thousands", "1500"], ["SPOP", "texts", "1000000"]]);
        Assert.Equal(1, own.Call("WAIT", "1", "60000").Number);
        Assert.Equal(own.Call("DEBUG", "DIGEST").Text, other.Call("DEBUG", "DIGEST").Text);
    }

    private static void Send(RawConnection from, RawConnection to, string name)
    {
        var payload = from.Call("DUMP", name).Text!;
        Assert.Equal("OK", to.Call("RESTORE", name, "0", payload, "REPLACE").Text);
        Assert.Equal(from.Call("DEBUG", "DIGEST-VALUE", name).ToString(), to.Call("DEBUG", "DIGEST-VALUE", name).ToString());
        Assert.Equal(from.Call("SMEMBERS", name).Sorted().ToString(), to.Call("SMEMBERS", name).Sorted().ToString());
    }

    /// <summary>RESTORE with the footer that belongs to the content.</summary>
    private static RawReply Restore(RawConnection connection, ReadOnlySpan<byte> content)
    {
        byte[] body = [.. content, 10, 0];
        var payload = Persistence.RdbCodecTests.WithChecksum(body);
        return connection.Call("RESTORE", "damaged", "0", Encoding.Latin1.GetString(payload), "REPLACE");
    }

    private static IEnumerable<(string Name, string[] Members)> Samples()
    {
        yield return ("one", ["a"]);
        yield return ("numbers", ["0", "127", "128", "-1", "-4096", "4096", "32768", "-8388608", "2147483648", "-9223372036854775808", "9223372036854775807"]);
        yield return ("mixed", ["0", "127", "9223372036854775808", "01", "-1", "-0"]);
        yield return ("texts", ["", "x", new string('y', 63), new string('y', 64), "\x00ff\0\r\n"]);
        yield return ("many", [.. Enumerable.Range(0, 100).Select(i => $"member {i}")]);
        yield return ("hundreds", [.. Enumerable.Range(0, 400).Select(i => Text(i * 31))]);
        yield return ("thousands", [.. Enumerable.Range(0, 5000).Select(i => Text(i * 31))]);
        yield return ("large", [new string('b', 9000), "c", new string('d', 70_000)]);
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
