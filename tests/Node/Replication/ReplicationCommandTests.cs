using System.Globalization;
using Starling.Node.Replication;

namespace Starling.Node.Tests.Replication;

/// <summary>Commands and INFO of replication beside those of a redis-server.</summary>
public sealed class ReplicationCommandTests
{
    [Fact]
    public void A_temporary_file_holds_nothing_back_that_could_fail_when_it_is_deleted()
    {
        using var node = new StarlingNode();
        var file = TemporaryFile.Create(node.Node.Basics);
        file.Write("abc"u8);
        Assert.Equal(3, new FileInfo(file.Name).Length);
        TemporaryFile.Delete(file, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        Assert.False(File.Exists(file.Name));
    }

    [Fact]
    public void Info_has_the_fields_of_redis_in_its_order()
    {
        using var starlingMaster = new StarlingNode();
        using var redisMaster = new RedisNode();
        using var starlingReplica = new StarlingNode();
        using var redisReplica = new RedisNode();
        AssertSameFields(redisMaster, starlingMaster);
        redisReplica.ReplicaOf(starlingMaster);
        starlingReplica.ReplicaOf(redisMaster);
        redisReplica.WaitForLink();
        starlingReplica.WaitForLink();
        AssertSameFields(redisMaster, starlingMaster);
        AssertSameFields(redisReplica, starlingReplica);
        starlingMaster.Dispose();
        redisMaster.Dispose();
        foreach (var replica in new TestNode[] { redisReplica, starlingReplica })
        {
            SyncClient.WaitFor(
                () => replica.Client.Info("replication")["master_link_status"] == "down",
                () => replica.Text("INFO", "replication")!);
        }

        AssertSameFields(redisReplica, starlingReplica);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void A_replica_authenticates_with_masterauth(bool masterIsRedis, bool replicaIsRedis)
    {
        using var master = TestNode.Start(masterIsRedis);
        using var replica = TestNode.Start(replicaIsRedis);
        master.Text("CONFIG", "SET", "requirepass", "secret");
        replica.Text("CONFIG", "SET", "masterauth", "wrong");
        replica.ReplicaOf(master);
        replica.WaitForLog("Unable to AUTH to MASTER: -WRONGPASS");
        replica.Text("CONFIG", "SET", "masterauth", "secret");
        replica.WaitForLink();
    }

    [Fact]
    public void Writes_are_refused_without_enough_good_replicas()
    {
        using var master = new StarlingNode("--min-replicas-to-write", "1");
        using var replica = new StarlingNode();
        Assert.Equal("NOREPLICAS Not enough good replicas to write.", master.Text("SET", "a", "1"));
        replica.ReplicaOf(master);
        SyncClient.WaitFor(() => master.Text("SET", "a", "1") == "OK", () => master.Text("INFO", "replication")!);
        Assert.Equal("1", master.Client.Info("replication")["min_slaves_good_slaves"]);
        replica.WaitForLink(); // while it still loads, it may not change its role
        Assert.Equal("OK", replica.Text("REPLICAOF", "NO", "ONE"));
        SyncClient.WaitFor(() => master.Text("SET", "a", "1") != "OK", () => master.Text("INFO", "replication")!);
    }

    [Fact]
    public void A_replica_without_its_master_may_refuse_to_answer()
    {
        using var master = new StarlingNode();
        using var replica = new StarlingNode("--replica-serve-stale-data", "no");
        replica.ReplicaOf(master);
        replica.WaitForLink();
        Assert.Null(replica.Text("GET", "a"));
        master.Dispose();
        SyncClient.WaitFor(
            () => replica.Text("GET", "a")?.StartsWith("MASTERDOWN", StringComparison.Ordinal) == true,
            () => replica.Text("INFO", "replication")!);
        Assert.Equal("slave", replica.Client.Command("ROLE")[0].Text);
    }

    [Fact]
    public void A_waiter_is_released_when_its_master_becomes_a_replica()
    {
        using var master = new StarlingNode();
        using var other = new StarlingNode();
        using var waiting = new SyncClient(master.Port);
        waiting.Command("SET", "a", "1");
        waiting.Send("WAIT", "1", "0");
        SyncClient.WaitFor(
            () => master.Text("CLIENT", "LIST")!.Contains("cmd=wait", StringComparison.Ordinal),
            () => master.Text("CLIENT", "LIST")!);
        master.ReplicaOf(other);
        Assert.StartsWith("UNBLOCKED", waiting.Receive().Text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_new_replication_id_ends_partial_synchronisation()
    {
        using var master = new StarlingNode();
        using var replica = new StarlingNode();
        replica.ReplicaOf(master);
        replica.WaitForLink();
        Assert.Equal("OK", master.Text("DEBUG", "CHANGE-REPL-ID"));
        master.Text("CLIENT", "KILL", "TYPE", "replica");
        SyncClient.WaitFor(() => master.Client.Info("stats")["sync_full"] == "2", () => master.Text("INFO", "stats")!);
        Assert.Equal("0", master.Client.Info("stats")["sync_partial_ok"]);
        replica.WaitForLink();
        Assert.Equal(
            master.Client.Info("replication")["master_replid"],
            replica.Client.Info("replication")["master_replid"]);
    }

    [Fact]
    public void Effects_reach_a_redis_replica_as_deterministic_commands()
    {
        using var master = new StarlingNode();
        using var replica = new RedisNode();
        replica.ReplicaOf(master);
        replica.WaitForLink();
        string[][] commands =
        [
            ["SET", "a", "1", "EX", "1000"], ["SETEX", "b", "1000", "2"], ["GETEX", "a", "PERSIST"], ["INCRBYFLOAT", "f", "1.5"],
            ["GETDEL", "b"], ["EXPIRE", "f", "500"], ["MSET", "x", "1", "y", "2"], ["RENAME", "x", "z"], ["COPY", "z", "w"],
            ["SETRANGE", "r", "5", "abc"], ["APPEND", "r", "tail"], ["PEXPIREAT", "y", "99999999999999"], ["MOVE", "w", "3"],
            ["SET", "gone", "1", "PXAT", "1"], ["DECRBY", "n", "3"], ["SETNX", "n", "5"], ["EXPIRE", "z", "-1"],
        ];
        foreach (var command in commands) Assert.False(master.Client.Command(command).IsError, string.Join(' ', command));
        replica.WaitForOffsetOf(master);

        // The DEL of what has expired may still be on its way.
        SyncClient.WaitFor(
            () => master.Text("DEBUG", "DIGEST") == replica.Text("DEBUG", "DIGEST"),
            () => $"{master.Text("KEYS", "*")} and {replica.Text("KEYS", "*")}");
        foreach (var key in new[] { "a", "f", "y" })
        {
            Assert.Equal(
                master.Text("PEXPIRETIME", key),
                replica.Text("PEXPIRETIME", key));
        }
    }

    private static void AssertSameFields(TestNode redis, TestNode starling)
    {
        var expected = redis.Client.Info("replication").Keys.Select(Generic);
        Assert.Equal(expected, starling.Client.Info("replication").Keys.Select(Generic));
    }

    private static string Generic(string field) =>
        field.StartsWith("slave", StringComparison.Ordinal) && char.IsDigit(field[^1])
            ? "slaveN" + field[5..].Length.ToString(CultureInfo.InvariantCulture)
            : field;
}
