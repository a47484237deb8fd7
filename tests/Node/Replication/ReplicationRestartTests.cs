using System.Globalization;

namespace Starling.Node.Tests.Replication;

/// <summary>Servers that are stopped with a save and started again go on partially.</summary>
public sealed class ReplicationRestartTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_restarted_replica_asks_for_what_it_missed(bool masterIsRedis)
    {
        using var master = TestNode.Start(masterIsRedis);
        var replica = new StarlingNode();
        replica.ReplicaOf(master);
        replica.WaitForLink();
        master.Client.Command("SELECT", "5");
        master.Client.Command("SET", "a", "1");
        replica.WaitForOffsetOf(master);
        replica = replica.Restart("--replicaof", "127.0.0.1 " + master.Port.ToString(CultureInfo.InvariantCulture));
        using (replica)
        {
            master.Client.Command("SET", "b", "2");
            replica.WaitForLink();
            replica.WaitForOffsetOf(master);
            Assert.Equal(master.Text("DEBUG", "DIGEST"), replica.Text("DEBUG", "DIGEST"));
            Assert.Equal("1", master.Client.Info("stats")["sync_full"]);
            Assert.Equal("1", master.Client.Info("stats")["sync_partial_ok"]);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Replicas_of_a_restarted_master_go_on(bool replicaIsRedis)
    {
        var master = new StarlingNode();
        using var replica = TestNode.Start(replicaIsRedis);
        replica.ReplicaOf(master);
        replica.WaitForLink();
        for (var i = 0; i < 10; i++) master.Client.Command("INCR", "n");
        replica.WaitForOffsetOf(master);
        master = master.Restart();
        using (master)
        {
            master.Client.Command("INCR", "n");
            SyncClient.WaitFor(
                () => master.Client.Info("stats")["sync_partial_ok"] == "1",
                () => master.Log + replica.Log);
            replica.WaitForOffsetOf(master);
            Assert.Equal("11", replica.Text("GET", "n"));
            Assert.Equal("0", master.Client.Info("stats")["sync_full"]);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_restarted_master_whose_replica_took_over_follows_it_partially(bool replicaIsRedis)
    {
        var master = new StarlingNode();
        using var replica = TestNode.Start(replicaIsRedis);
        replica.ReplicaOf(master);
        replica.WaitForLink();
        for (var i = 0; i < 10; i++) master.Client.Command("INCR", "n");
        replica.WaitForOffsetOf(master);
        replica.Text("REPLICAOF", "NO", "ONE");
        master = master.Restart();
        using (master)
        {
            replica.Client.Command("INCR", "n");
            master.ReplicaOf(replica);
            master.WaitForLink();
            master.WaitForOffsetOf(replica);
            Assert.Equal("11", master.Text("GET", "n"));
            Assert.Equal("1", replica.Client.Info("stats")["sync_partial_ok"]);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Keys_that_expired_while_the_master_was_down_go_from_its_replicas_too(bool replicaIsRedis)
    {
        var master = new StarlingNode();
        using var replica = TestNode.Start(replicaIsRedis);
        replica.ReplicaOf(master);
        replica.WaitForLink();
        var expiry = DateTimeOffset.FromUnixTimeMilliseconds(master.Node.NowMilliseconds + 2000);
        var at = expiry.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
        master.Client.Command("SELECT", "3");
        master.Client.Command("SET", "k", "a", "PXAT", at);
        master.Client.Command("SET", "gone", "x", "PXAT", at);
        master.Client.Command("SELECT", "0");
        master.Client.Command("SET", "k", "a", "PXAT", at);
        replica.WaitForOffsetOf(master);
        master = master.Restart(() => SyncClient.WaitFor(() => TimeProvider.System.GetUtcNow() > expiry, () => "expiry"));
        using (master)
        {
            var loading = master.Client.Info("persistence");
            Assert.Equal("0", loading["rdb_last_load_keys_loaded"]);
            Assert.Equal("3", loading["rdb_last_load_keys_expired"]);
            Assert.Equal(1, master.Client.Command("SETNX", "k", "b").Integer);
            SyncClient.WaitFor(
                () => master.Client.Info("stats")["sync_partial_ok"] == "1",
                () => master.Log + replica.Log);
            replica.WaitForOffsetOf(master);
            Assert.Equal("b", replica.Text("GET", "k"));
            Assert.Equal(master.Text("DEBUG", "DIGEST"), replica.Text("DEBUG", "DIGEST"));
            Assert.Equal("0", master.Client.Info("stats")["sync_full"]);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Keys_that_DEBUG_RELOAD_drops_as_expired_go_from_replicas_too(bool replicaIsRedis)
    {
        using var master = new StarlingNode();
        using var replica = TestNode.Start(replicaIsRedis);
        replica.ReplicaOf(master);
        replica.WaitForLink();
        master.Client.Command("DEBUG", "SET-ACTIVE-EXPIRE", "0");
        master.Client.Command("SET", "k", "a", "PX", "1");
        master.Client.Command("SET", "other", "a");
        SyncClient.WaitFor(() => master.Client.Command("EXISTS", "other").Integer == 1, () => "");

        // The millisecond must be over, whatever the clock's grain.
        var set = master.Node.NowMilliseconds;
        SyncClient.WaitFor(() => master.Node.NowMilliseconds > set + 2, () => "");
        Assert.Equal("OK", master.Text("DEBUG", "RELOAD"));
        Assert.Equal(1, master.Client.Command("SETNX", "k", "b").Integer);
        replica.WaitForOffsetOf(master);
        Assert.Equal("b", replica.Text("GET", "k"));
        Assert.Equal(master.Text("DEBUG", "DIGEST"), replica.Text("DEBUG", "DIGEST"));
    }

    /// <summary>What is appended after the last save is in no file: every replica would be beyond the restarted master.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_planned_restart_costs_a_partial_synchronisation_only(bool replicaIsRedis)
    {
        var master = new StarlingNode("--repl-ping-replica-period", "1");
        using var replica = TestNode.Start(replicaIsRedis);
        replica.ReplicaOf(master);
        replica.WaitForLink();
        var node = master.Node;
        master.OnLogged = line =>
        {
            // A second that passes while the file is written.
            if (line != "DB saved on disk") return;
            node.Replication.RequestAcknowledgements();
            node.Replication.AsMaster.EverySecond(node.NowMilliseconds);
            node.Replication.Flush();
        };
        using (var writing = new PipelinedWriter(master.Port))
        {
            writing.WaitForFirst();
            master = master.ShutDownAndRestart();
        }

        using (master)
        {
            SyncClient.WaitFor(
                () => master.Client.Info("stats")["sync_partial_ok"] == "1",
                () => master.Log + replica.Log);
            replica.WaitForOffsetOf(master);
            Assert.Equal("0", master.Client.Info("stats")["sync_full"]);
            Assert.Equal(master.Text("DEBUG", "DIGEST"), replica.Text("DEBUG", "DIGEST"));
        }
    }

    /// <summary>What MIGRATE deletes when its target has answered belongs to the end that is saved.</summary>
    [Fact]
    public void A_shutdown_waits_for_a_MIGRATE_under_way()
    {
        using var master = new StarlingNode("--shutdown-timeout", "600");
        var barrier = master.Node.Migrations.Barrier;
        using var ended = new ManualResetEventSlim();
        byte[][] keys = [[1]];
        master.Node.Shutdown.Exit = ended.Set;
        using (master.Node.Keyspace.LockAll()) barrier.Raise(keys);
        master.Node.Shutdown.Begin(ShutdownFlags.NoSave);
        Assert.False(ended.Wait(TimeSpan.FromMilliseconds(300)));
        barrier.Lower(keys);
        Assert.True(ended.Wait(TimeSpan.FromSeconds(90)));
        master.MarkStopped();
    }

    [Fact]
    public void A_restarted_master_that_wrote_without_a_backlog_does_not_follow_partially()
    {
        var master = new StarlingNode();
        using var replica = new StarlingNode();
        replica.ReplicaOf(master);
        replica.WaitForLink();
        master.Client.Command("SET", "a", "1");
        replica.WaitForOffsetOf(master);
        replica.Text("REPLICAOF", "NO", "ONE");
        master = master.Restart("--repl-backlog-ttl", "1");
        using (master)
        {
            SyncClient.WaitFor(
                () => master.Client.Info("replication")["repl_backlog_active"] == "0",
                () => master.Text("INFO", "replication")!);
            master.Client.Command("SET", "b", "2");
            master.ReplicaOf(replica);
            master.WaitForLink();
            master.WaitForOffsetOf(replica);
            Assert.Equal(replica.Text("DEBUG", "DIGEST"), master.Text("DEBUG", "DIGEST"));
            Assert.Equal("0", replica.Client.Info("stats")["sync_partial_ok"]);
        }
    }

    [Fact]
    public void Roles_that_change_under_load_end_with_equal_data()
    {
        const int Seed = 4711;
        var random = new Random(Seed);
        using var a = new StarlingNode("--repl-backlog-size", "64kb");
        using var b = new StarlingNode("--repl-backlog-size", "64kb");
        using var c = new StarlingNode("--repl-backlog-size", "64kb");
        StarlingNode[] nodes = [a, b, c];
        var master = 0;
        for (var round = 0; round < 12; round++)
        {
            for (var i = 0; i < 3; i++)
                if (i != master) nodes[i].Text("REPLICAOF", "127.0.0.1", nodes[master].Port.ToString(CultureInfo.InvariantCulture));
            using (var writer = new BackgroundWriter(nodes[master].Port))
            {
                writer.WaitForMore(random.Next(5, 300));
                if (random.Next(2) == 0) nodes[(master + 1) % 3].Text("CLIENT", "KILL", "TYPE", "master");
                writer.WaitForMore(random.Next(5, 300));
                if (random.Next(3) == 0)
                {
                    nodes[(master + 2) % 3].Text(
                        "REPLICAOF", "127.0.0.1", nodes[(master + 1) % 3].Port.ToString(CultureInfo.InvariantCulture));
                    writer.WaitForMore(20);
                }
            }

            for (var i = 0; i < 3; i++)
            {
                if (i == master) continue;
                nodes[i].WaitForLink();
                nodes[i].WaitForOffsetOf(nodes[master]);
                Assert.Equal(nodes[master].Text("DEBUG", "DIGEST"), nodes[i].Text("DEBUG", "DIGEST"));
            }

            master = random.Next(3);
            nodes[master].Text("REPLICAOF", "NO", "ONE");
        }
    }
}
