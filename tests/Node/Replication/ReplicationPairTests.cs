using System.Globalization;
using Starling.Tests.Support;

namespace Starling.Node.Tests.Replication;

/// <summary>
/// Masters and replicas of both kinds, Starling and redis-server, in every pairing that has a Starling in it.
/// </summary>
public sealed class ReplicationPairTests
{
    /// <summary>Is the master a redis-server, is the replica one.</summary>
    public static TheoryData<bool, bool> Pairs => new() { { false, false }, { true, false }, { false, true } };

    [Theory]
    [MemberData(nameof(Pairs))]
    public void A_replica_has_the_masters_keys_after_a_synchronisation_under_writes(bool masterIsRedis, bool replicaIsRedis)
    {
        using var master = TestNode.Start(masterIsRedis);
        using var replica = TestNode.Start(replicaIsRedis);
        for (var i = 0; i < 2000; i++) master.Client.Command("SET", "before:" + i, "value " + i);
        replica.Text("SET", "of its own", "goes");
        using (var writer = new BackgroundWriter(master.Port))
        {
            replica.ReplicaOf(master);
            replica.WaitForLink();
            writer.WaitForMore(500);
        }

        AssertSame(master, replica);
        Assert.Null(replica.Text("GET", "of its own"));
        Assert.Equal("slave", replica.Client.Info("replication")["role"]);
        Assert.Contains("state=online", master.Client.Info("replication")["slave0"], StringComparison.Ordinal);
        Assert.StartsWith("READONLY", replica.Text("SET", "a", "b"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void A_snapshot_through_a_file_serves_as_well(bool masterIsRedis, bool replicaIsRedis)
    {
        using var master = TestNode.Start(masterIsRedis, "--repl-diskless-sync", "no");
        using var replica = TestNode.Start(replicaIsRedis);
        for (var i = 0; i < 500; i++) master.Client.Command("SET", "k:" + i, new string('x', i));
        replica.ReplicaOf(master);
        replica.WaitForLink();
        for (var i = 0; i < 100; i++) master.Client.Command("APPEND", "k:" + i, "y");
        AssertSame(master, replica);
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void An_empty_replica_may_load_from_the_socket(bool masterIsRedis, bool replicaIsRedis)
    {
        using var master = TestNode.Start(masterIsRedis);
        using var replica = TestNode.Start(replicaIsRedis, "--repl-diskless-load", "on-empty-db");
        for (var i = 0; i < 500; i++) master.Client.Command("SET", "k:" + i, new string('x', i));
        replica.ReplicaOf(master);
        replica.WaitForLink();
        master.Client.Command("SET", "after", "it");
        AssertSame(master, replica);
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void A_cut_link_goes_on_where_it_was(bool masterIsRedis, bool replicaIsRedis)
    {
        using var master = TestNode.Start(masterIsRedis);
        using var replica = TestNode.Start(replicaIsRedis);
        master.Client.Command("SET", "a", "1");
        replica.ReplicaOf(master);
        replica.WaitForLink();
        using (var writer = new BackgroundWriter(master.Port))
        {
            for (var round = 0; round < 5; round++)
            {
                writer.WaitForMore(200);
                var address = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{master.Port}");
                var killed = round switch
                {
                    1 => replica.Text("CLIENT", "KILL", "TYPE", "master"),
                    2 => replica.Text("CLIENT", "KILL", address),
                    3 => replica.Text("CLIENT", "KILL", "ADDR", address),
                    _ => master.Text("CLIENT", "KILL", "TYPE", "replica"),
                };
                Assert.Equal(round == 2 ? "OK" : "1", killed);
                var rounds = (round + 1).ToString(CultureInfo.InvariantCulture);
                SyncClient.WaitFor(
                    () => master.Client.Info("stats")["sync_partial_ok"] == rounds,
                    () => "round " + rounds + master.Log + replica.Log);
            }
        }

        AssertSame(master, replica);
        Assert.Equal("1", master.Client.Info("stats")["sync_full"]);
        replica.WaitForLog("Successful partial resynchronization with master");
    }

    [Theory]
    [InlineData(false, false, false)]
    [InlineData(true, false, false)]
    [InlineData(false, true, false)]
    [InlineData(false, false, true)]
    [InlineData(true, false, true)]
    public void A_chain_has_one_stream_at_one_offset(bool topIsRedis, bool middleIsRedis, bool bottomIsRedis)
    {
        using var top = TestNode.Start(topIsRedis);
        using var middle = TestNode.Start(middleIsRedis);
        using var bottom = TestNode.Start(bottomIsRedis);
        top.Client.Command("SELECT", "3");
        top.Client.Command("SET", "a", "1");
        middle.ReplicaOf(top);
        middle.WaitForLink();
        top.Client.Command("SET", "b", "2");
        bottom.ReplicaOf(middle);
        bottom.WaitForLink();

        // No SELECT comes with this: the one in force has to be known from the snapshot.
        top.Client.Command("SET", "c", "3");
        top.Client.Command("MULTI");
        top.Client.Command("INCR", "c");
        top.Client.Command("SELECT", "4");
        top.Client.Command("INCR", "c");
        top.Client.Command("EXEC");
        AssertSame(top, middle);
        AssertSame(top, bottom);
        middle.Text("CLIENT", "KILL", "TYPE", "master");
        middle.WaitForLink();
        top.Client.Command("SET", "d", "4");
        AssertSame(top, bottom);
        Assert.Equal(
            top.Client.Info("replication")["master_replid"],
            bottom.Client.Info("replication")["master_replid"]);
    }

    [Theory]
    [InlineData(false, false, false)]
    [InlineData(true, false, true)]
    [InlineData(false, true, false)]
    [InlineData(true, false, false)]
    [InlineData(false, false, true)]
    public void After_a_promotion_the_others_go_on_by_the_second_id(bool masterIsRedis, bool nextIsRedis, bool otherIsRedis)
    {
        using var master = TestNode.Start(masterIsRedis);
        using var next = TestNode.Start(nextIsRedis);
        using var other = TestNode.Start(otherIsRedis);
        master.Client.Command("SET", "a", "1");
        next.ReplicaOf(master);
        other.ReplicaOf(master);
        next.WaitForLink();
        other.WaitForLink();
        for (var i = 0; i < 100; i++) master.Client.Command("INCR", "n");
        next.WaitForOffsetOf(master);
        other.WaitForOffsetOf(master);
        var oldId = master.Client.Info("replication")["master_replid"];

        Assert.Equal("OK", next.Text("REPLICAOF", "NO", "ONE"));
        var history = next.Client.Info("replication");
        Assert.Equal("master", history["role"]);
        Assert.Equal(oldId, history["master_replid2"]);
        Assert.NotEqual(oldId, history["master_replid"]);
        next.Client.Command("INCR", "n");
        other.ReplicaOf(next);
        master.ReplicaOf(next);
        other.WaitForLink();
        master.WaitForLink();
        next.Client.Command("INCR", "n");
        AssertSame(next, other);
        AssertSame(next, master);
        Assert.Equal("0", next.Client.Info("stats")["sync_full"]);
        Assert.Equal("2", next.Client.Info("stats")["sync_partial_ok"]);
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Wait_counts_the_replicas_that_have_the_write(bool masterIsRedis, bool replicaIsRedis)
    {
        using var master = TestNode.Start(masterIsRedis);
        using var replica = TestNode.Start(replicaIsRedis);
        Assert.Equal(0, master.Client.Command("WAIT", "1", "10").Integer);
        replica.ReplicaOf(master);
        replica.WaitForLink();
        for (var i = 0; i < 20; i++)
        {
            master.Client.Command("INCR", "n");
            Assert.Equal(1, master.Client.Command("WAIT", "1", "60000").Integer);
        }

        Assert.Equal(1, master.Client.Command("WAIT", "2", "50").Integer);
        Assert.StartsWith("ERR WAIT cannot be used with replica instances", replica.Text("WAIT", "1", "1"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void An_expired_key_goes_from_the_replica_with_the_masters_DEL_only(bool masterIsRedis, bool replicaIsRedis)
    {
        using var master = TestNode.Start(masterIsRedis);
        using var replica = TestNode.Start(replicaIsRedis);
        replica.ReplicaOf(master);
        replica.WaitForLink();
        master.Client.Command("DEBUG", "SET-ACTIVE-EXPIRE", "0");
        master.Client.Command("SET", "short", "lived", "PX", "30");
        replica.WaitForOffsetOf(master);
        Wait.Until("the key has expired", () => replica.Text("GET", "short") is null);
        Assert.Equal(1, replica.Client.Command("DBSIZE").Integer);
        Assert.Null(master.Text("GET", "short"));
        replica.WaitForOffsetOf(master);
        Assert.Equal(0, replica.Client.Command("DBSIZE").Integer);
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Big_values_and_many_databases_arrive(bool masterIsRedis, bool replicaIsRedis)
    {
        using var master = TestNode.Start(masterIsRedis);
        using var replica = TestNode.Start(replicaIsRedis);
        master.Client.Command("SET", "big before", new string('b', 5_000_000));
        replica.ReplicaOf(master);
        replica.WaitForLink();
        master.Client.Command("SET", "big after", new string('a', 9_000_000));
        for (var i = 0; i < 16; i++)
        {
            master.Client.Command("SELECT", i.ToString(CultureInfo.InvariantCulture));
            master.Client.Command("SET", "in", i.ToString(CultureInfo.InvariantCulture));
        }

        master.Client.Command("SWAPDB", "1", "2");
        master.Client.Command("FLUSHDB");
        AssertSame(master, replica);
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public void Several_replicas_share_a_master(bool masterIsRedis, bool replicaIsRedis)
    {
        using var master = TestNode.Start(masterIsRedis, "--repl-diskless-sync-delay", "1");
        using var first = TestNode.Start(replicaIsRedis);
        using var second = TestNode.Start(replicaIsRedis);
        for (var i = 0; i < 1000; i++) master.Client.Command("SET", "k:" + i, "v");
        first.ReplicaOf(master);
        second.ReplicaOf(master);
        first.WaitForLink();
        second.WaitForLink();
        master.Client.Command("SET", "last", "one");
        AssertSame(master, first);
        AssertSame(master, second);
        Assert.Equal("2", master.Client.Info("replication")["connected_slaves"]);
        Assert.Equal(3, master.Client.Command("ROLE")[2].Elements[0].Elements.Count);
    }

    private static void AssertSame(TestNode master, TestNode replica)
    {
        replica.WaitForOffsetOf(master);
        Assert.Equal(master.Text("DEBUG", "DIGEST"), replica.Text("DEBUG", "DIGEST"));
    }
}
