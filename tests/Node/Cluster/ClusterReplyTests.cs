using System.Diagnostics;
using System.Text.RegularExpressions;
using Starling.Node.Config;
using Starling.Node.Tests.Commands;
using Starling.Tests.Support;

namespace Starling.Node.Tests.Cluster;

/// <summary>
/// The same commands to this server and to a redis-server 7.0, each a cluster of one node: the replies are the same, to
/// the letter.
/// </summary>
public sealed class ClusterReplyTests
{
    private const string Stranger = "0123456789012345678901234567890123456789";

    private static readonly string[] Script =
    [
        "CLUSTER", "CLUSTER NOSUCH", "CLUSTER INFO", "CLUSTER NODES", "CLUSTER SLOTS", "CLUSTER SHARDS",
        "CLUSTER LINKS", "CLUSTER INFO x", "CLUSTER MYID", "CLUSTER KEYSLOT foo{bar}baz", "CLUSTER KEYSLOT",
        "CLUSTER KEYSLOT a b", "CLUSTER COUNTKEYSINSLOT x", "CLUSTER COUNTKEYSINSLOT -1",
        "CLUSTER COUNTKEYSINSLOT 16384", "CLUSTER COUNTKEYSINSLOT 0", "CLUSTER GETKEYSINSLOT 0 -1",
        "CLUSTER GETKEYSINSLOT a b", "CLUSTER GETKEYSINSLOT 0 b", "CLUSTER GETKEYSINSLOT 16384 1",
        "CLUSTER GETKEYSINSLOT 0 10", "GET foo", "SET foo bar", "MGET a b", "CLUSTER ADDSLOTS",
        "CLUSTER ADDSLOTS 16384", "CLUSTER ADDSLOTS abc", "CLUSTER ADDSLOTS 1 1", "CLUSTER ADDSLOTS 0 1 2",
        "CLUSTER ADDSLOTS 5 2 1 5", "CLUSTER ADDSLOTS 5 5 2", "CLUSTER DELSLOTS 7 6", "CLUSTER DELSLOTS 1 1",
        "CLUSTER DELSLOTS 1 9 1", "CLUSTER DELSLOTS 2", "CLUSTER ADDSLOTS 2", "CLUSTER ADDSLOTSRANGE 10 5",
        "CLUSTER ADDSLOTSRANGE 10", "CLUSTER ADDSLOTSRANGE 10 20 30", "CLUSTER ADDSLOTSRANGE 10 x",
        "CLUSTER ADDSLOTSRANGE 10 20 15 30", "CLUSTER ADDSLOTSRANGE 10 20 1 3", "CLUSTER DELSLOTSRANGE 100 200",
        "CLUSTER DELSLOTSRANGE 0 1 1 2", "CLUSTER SLOTS", "CLUSTER SHARDS", "CLUSTER NODES",
        "CLUSTER ADDSLOTSRANGE 3 16383", "(ok)", "CLUSTER INFO", "CLUSTER NODES", "CLUSTER SLOTS", "CLUSTER SHARDS",
        "SET foo bar", "GET foo", "MGET a b", "MSET {a}1 x {a}2 y", "MSET a 1 b 2", "DEL a b", "MGET {a}1 {a}2",
        "CLUSTER GETKEYSINSLOT 12182 10", "CLUSTER COUNTKEYSINSLOT 12182", "SELECT 0", "SELECT 1", "MOVE foo 1",
        "SWAPDB 0 1", "COPY foo bar DB 1", "REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE", "MULTI", "SET foo 1", "GET a",
        "GET b", "EXEC", "MULTI", "SET foo 2", "CLUSTER KEYSLOT a", "CLUSTER SETSLOT 0 STABLE", "EXEC",
        "CLUSTER SETSLOT 0", "CLUSTER SETSLOT 0 FOO", "CLUSTER SETSLOT 99999 STABLE", "CLUSTER SETSLOT x NODE y",
        "CLUSTER SETSLOT 0 STABLE x", "CLUSTER SETSLOT 0 NODE xxx", $"CLUSTER SETSLOT 0 NODE {Stranger}",
        $"CLUSTER SETSLOT 0 MIGRATING {Stranger}", "CLUSTER SETSLOT 0 IMPORTING (me)",
        $"CLUSTER SETSLOT 0 IMPORTING {Stranger}", "CLUSTER SETSLOT 0 NODE (me)", "CLUSTER SETSLOT 0 stable",
        "CLUSTER REPLICATE x", $"CLUSTER REPLICATE {Stranger}", "CLUSTER REPLICATE (me)",
        $"CLUSTER REPLICAS {Stranger}", "CLUSTER REPLICAS (me)", "CLUSTER SLAVES (me)", "CLUSTER SLAVES x",
        $"CLUSTER FORGET {Stranger}", "CLUSTER FORGET (me)", "CLUSTER FORGET x", "CLUSTER FAILOVER",
        "CLUSTER FAILOVER FORCE", "CLUSTER FAILOVER TAKEOVER", "CLUSTER FAILOVER XX", "CLUSTER FAILOVER FORCE x",
        "CLUSTER RESET XX", "CLUSTER RESET HARD x", "CLUSTER RESET", "CLUSTER RESET HARD", "CLUSTER MEET 127.0.0.1",
        "CLUSTER MEET 127.0.0.1 abc", "CLUSTER MEET nohost 7000", "CLUSTER MEET 127.0.0.1 70000",
        "CLUSTER MEET 127.0.0.1 0", "CLUSTER MEET 127.0.0.1 7000 xyz", "CLUSTER MEET 127.0.0.1 7000 0",
        "CLUSTER MEET 127.0.0.1 7000 1 2", "CLUSTER COUNT-FAILURE-REPORTS x",
        $"CLUSTER COUNT-FAILURE-REPORTS {Stranger}", "CLUSTER COUNT-FAILURE-REPORTS (me)",
        "CLUSTER SET-CONFIG-EPOCH abc", "CLUSTER SET-CONFIG-EPOCH -1", "CLUSTER SET-CONFIG-EPOCH 5",
        "CLUSTER SET-CONFIG-EPOCH 6", "CLUSTER BUMPEPOCH", "CLUSTER SAVECONFIG", "CLUSTER FLUSHSLOTS", "FLUSHALL",
        "CLUSTER INFO", "CLUSTER NODES", "ASKING", "ASKING x", "READONLY", "READWRITE", "GET foo", "CLUSTER FLUSHSLOTS",
        "CLUSTER INFO", "CLUSTER NODES", "CLUSTER SLOTS", "GET foo", "CLUSTER RESET", "CLUSTER NODES",
        "CLUSTER RESET HARD", "CLUSTER INFO", "CLUSTER NODES", "CLUSTER SHARDS",
    ];

    [Fact]
    public async Task Cluster_commands_answer_as_redis_server_does()
    {
        using var theirs = ServerProcess.StartClusterNode(ServerKind.Redis);
        await using var ours = TestServer.Start(ClusterMode);
        using var toTheirs = new RawConnection(theirs.Port);
        using var toOurs = new RawConnection(ours.Port);
        var differences = new List<string>();
        foreach (var line in Script)
        {
            if (line == "(ok)")
            {
                WaitUntilOk(toTheirs);
                WaitUntilOk(toOurs);
                continue;
            }

            var expected = Call(toTheirs, line);
            var actual = Call(toOurs, line);
            if (expected != actual) differences.Add($"{line}\n redis-server: {expected}\n starling:     {actual}");
        }

        Assert.True(differences.Count == 0, string.Join('\n', differences));
    }

    [Fact]
    public async Task Without_cluster_mode_cluster_commands_answer_as_redis_server_does()
    {
        using var theirs = ServerProcess.Start(ServerKind.Redis, "save ");
        await using var ours = TestServer.Start();
        using var toTheirs = new RawConnection(theirs.Port);
        using var toOurs = new RawConnection(ours.Port);
        string[] lines =
        [
            "CLUSTER", "CLUSTER INFO", "CLUSTER ADDSLOTS 1", "CLUSTER KEYSLOT a", "CLUSTER NOSUCH", "ASKING",
            "READONLY", "READWRITE",
        ];
        foreach (var line in lines)
        {
            Assert.Equal(toTheirs.Call(line.Split(' ')).ToString(), toOurs.Call(line.Split(' ')).ToString());
        }
    }

    [Fact]
    public async Task A_node_keeps_its_view_in_its_file()
    {
        var directory = Directory.CreateTempSubdirectory("starling-cluster-").FullName;
        try
        {
            string before;
            var kept = Directory.CreateTempSubdirectory("starling-cluster-").FullName;
            await using (var server = TestServer.Start(config => InDirectory(config, directory)))
            {
                using var client = new RawConnection(server.Port);
                Assert.Equal("OK", client.Call("CLUSTER", "ADDSLOTSRANGE", "0", "16383").Text);
                before = Stable(client.Call("CLUSTER", "NODES").Text!);
                var file = Path.Combine(directory, "nodes.conf");
                var text = await ReadLockedAsync(file);
                Assert.EndsWith(" 0-16383\nvars currentEpoch 0 lastVoteEpoch 0\n", text, StringComparison.Ordinal);
                await File.WriteAllTextAsync(Path.Combine(kept, "nodes.conf"), text);
            }

            await using var again = TestServer.Start(config => InDirectory(config, kept));
            using var second = new RawConnection(again.Port);
            Assert.Equal(before, Stable(second.Call("CLUSTER", "NODES").Text!));
        }
        finally
        {
            if (Directory.Exists(directory)) Directory.Delete(directory, recursive: true);
        }
    }

    [Theory]
    [InlineData("garbage\n")]
    [InlineData("vars currentEpoch\n")]
    [InlineData("0123456789012345678901234567890123456789 127.0.0.1:1@2 myself,master - 0 0 1 connected 99999\n")]
    public void A_corrupt_file_ends_the_start_and_stays_as_it_is(string text)
    {
        var directory = Directory.CreateTempSubdirectory("starling-cluster-").FullName;
        try
        {
            var file = Path.Combine(directory, "nodes.conf");
            File.WriteAllText(file, text);
            var error = Assert.Throws<ClusterBus.Host.ClusterStartException>(
                () => TestServer.Start(config => InDirectory(config, directory)));
            Assert.StartsWith(
                "Unrecoverable error: corrupted cluster config file", error.Message, StringComparison.Ordinal);
            Assert.Equal(text, File.ReadAllText(file));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>Its master decides what has expired, and says so with a DEL.</summary>
    [Theory]
    [InlineData("myself,slave", 1)]
    [InlineData("myself,master", 0)]
    public async Task A_replica_loads_expired_keys_of_its_file_and_a_master_does_not(string flags, long keys)
    {
        var directory = Directory.CreateTempSubdirectory("starling-cluster-").FullName;
        await File.WriteAllBytesAsync(
            Path.Combine(directory, "dump.rdb"),
            Persistence.RdbBytes.Make([new Persistence.RdbEntry("old", "x", 1000)]));
        var (me, other) = (new string('a', 40), new string('b', 40));
        var isReplica = keys == 1;
        await File.WriteAllTextAsync(
            Path.Combine(directory, "nodes.conf"),
            $"{me} 127.0.0.1:1@10001 {flags} {(isReplica ? other : "-")} 0 0 1 connected\n"
            + $"{other} 127.0.0.1:2@10002 master - 0 0 2 connected 0-16383\n"
            + "vars currentEpoch 2 lastVoteEpoch 0\n");
        await using var server = TestServer.Start(config => InDirectory(config, directory));
        Assert.Equal(keys, server.Node.Keyspace[0].Count);
    }

    [Fact]
    public async Task Two_servers_do_not_share_a_file()
    {
        var directory = Directory.CreateTempSubdirectory("starling-cluster-").FullName;
        await using var first = TestServer.Start(config => InDirectory(config, directory));
        var error = Assert.Throws<ClusterBus.Host.ClusterStartException>(
            () => TestServer.Start(config => InDirectory(config, directory), first.Node.Clock));
        Assert.StartsWith("Sorry, the cluster configuration file", error.Message, StringComparison.Ordinal);
    }

    private static void ClusterMode(ServerConfig config)
    {
        config.ClusterEnabled = true;
        config.Databases = 1;
        config.Port = Ports.Take();
        config.ClusterNodeTimeout = 2000;
    }

    private static void InDirectory(ServerConfig config, string directory)
    {
        ClusterMode(config);
        config.Dir = directory;
    }

    private static void WaitUntilOk(RawConnection connection) => Wait.Until(
        "the cluster is ok",
        () => connection.Call("CLUSTER", "INFO").Text!.Contains("cluster_state:ok", StringComparison.Ordinal));

    private static string Call(RawConnection connection, string line)
    {
        if (line.Contains("(me)", StringComparison.Ordinal))
            line = line.Replace("(me)", connection.Call("CLUSTER", "MYID").Text, StringComparison.Ordinal);
        return Masked(Render(connection.Call(line.Split(' '))));
    }

    private static string Render(RawReply reply) =>
        reply.Type == '*' ? "[" + string.Join(' ', reply.Items.Select(Render)) + "]" : $"{reply.Type}{reply.Text}";

    // Names and ports differ from server to server; before it first looked, a redis-server 7.0 says that its size is 1,
    // and it has a word more in two errors.
    private static string Masked(string reply)
    {
        reply = Regex.Replace(reply, "[0-9a-f]{40}", "<id>");
        reply = Regex.Replace(reply, @":\d+@\d+", ":<port>@<port>");
        reply = reply.Replace("Invalid TCP ", "Invalid ", StringComparison.Ordinal);
        reply = Regex.Replace(reply, "cluster_size:[01]", "cluster_size:<n>");
        return Regex.Replace(reply, @"(?<=[$]port |\[[$] ):\d{4,5}", ":<port>");
    }

    // .NET locks what it reads, and the file is locked already.
    private static async Task<string> ReadLockedAsync(string file)
    {
        using var cat = Process.Start(new ProcessStartInfo("cat", [file]) { RedirectStandardOutput = true })!;
        return await cat.StandardOutput.ReadToEndAsync();
    }

    private static string Stable(string nodes) => Regex.Replace(nodes, @":\d+@\d+", "");
}
