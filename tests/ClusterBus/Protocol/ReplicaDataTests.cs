using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.View;
using Starling.Simulator;

namespace Starling.ClusterBus.Tests.Protocol;

/// <summary>Which replicas may take over, by whose data they have.</summary>
public sealed class ReplicaDataTests
{
    private const long FarAhead = 1_000_000_000;

    [Fact]
    public void A_manual_failover_is_not_granted_on_the_offset_of_another_history()
    {
        var cluster = new CalmCluster(3, 1);
        cluster[3].IsReplicationStalled = true;
        cluster.Simulation.RunFor(500);
        cluster[3].ReplicationOffset = FarAhead;
        Assert.Null(Failover(cluster, 3, FailoverMode.Default));
        cluster.Simulation.RunFor(6000);
        Assert.True(cluster.HasLogged(3, "Received replication offset for paused master"));
        Assert.True(cluster.HasLogged(3, "Manual failover timed out."));
        Assert.True(cluster.Owns(0, 0));
    }

    [Fact]
    public void An_offset_beyond_the_masters_grants_no_manual_failover_even_over_a_link_that_seems_up()
    {
        // The master's process was replaced, and the replica has not noticed yet.
        var cluster = new CalmCluster(3, 1);
        cluster[3].ReplicatesFrom = cluster[3].Machine.Id;
        cluster[3].ReplicationOffset = FarAhead;
        Assert.Null(Failover(cluster, 3, FailoverMode.Default));
        cluster.Simulation.RunFor(6000);
        Assert.True(cluster.HasLogged(3, "Manual failover timed out."));
        Assert.True(cluster.Owns(0, 0));
    }

    [Fact]
    public void A_manual_failover_goes_on_when_the_link_comes_up_in_time()
    {
        var cluster = new CalmCluster(3, 1);
        cluster[3].IsReplicationStalled = true;
        cluster.Simulation.RunFor(500);
        Assert.Null(Failover(cluster, 3, FailoverMode.Default));
        cluster.Simulation.RunFor(1000);
        Assert.True(cluster.Owns(0, 0));
        cluster[3].IsReplicationStalled = false;
        cluster.Until(() => cluster.Owns(3, 0), 1000);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_replica_that_changed_masters_does_not_stand_before_its_first_synchronisation_has_ended(bool inTime)
    {
        var cluster = new CalmCluster(3, 2);
        var newcomer = cluster.ReplicasOf(0).First();
        var old = cluster.ReplicasOf(1).ToList();
        newcomer.IsReplicationStalled = true;
        Replicate(cluster, newcomer.Index, 1);
        newcomer.ReplicationOffset = FarAhead;
        cluster.Simulation.RunFor(3000);
        Assert.Equal(0, cluster[0].View.Find(newcomer.Machine.Id)!.ReplicationOffset);
        if (inTime) newcomer.IsReplicationStalled = false;
        cluster.Simulation.RunFor(2000);
        foreach (var replica in old) cluster.Simulation.Crash(replica);

        cluster.Simulation.Crash(cluster[1]);
        cluster.Simulation.RunFor(20_000);

        Assert.Equal(inTime, cluster.Owns(newcomer.Index, 8000));
        Assert.Equal(!inTime, cluster.HasLogged(newcomer.Index, "Currently unable to failover: No synchronization"));
    }

    [Fact]
    public void A_replica_stands_whose_link_was_up_only_between_two_looks_at_it()
    {
        var cluster = new CalmCluster(3, 2);
        var newcomer = cluster.ReplicasOf(0).First();
        var old = cluster.ReplicasOf(1).ToList();
        newcomer.IsReplicationStalled = true;
        Replicate(cluster, newcomer.Index, 1);
        cluster.Simulation.RunFor(3000);

        // The synchronisation ends, and the master dies before anybody asked for the link.
        newcomer.HasSynchronized = true;
        newcomer.LastMasterContactAt = cluster.Simulation.Now;
        foreach (var replica in old) cluster.Simulation.Crash(replica);
        cluster.Simulation.Crash(cluster[1]);

        cluster.Until(() => cluster.Owns(newcomer.Index, 8000), 20_000);
        Assert.False(cluster.HasLogged(newcomer.Index, "Currently unable to failover: No synchronization"));
    }

    [Fact]
    public void A_replica_of_another_history_makes_no_fellow_wait()
    {
        for (ulong seed = 1; seed <= 5; seed++)
        {
            var cluster = new CalmCluster(3, 2, seed);
            var newcomer = cluster.ReplicasOf(0).First();
            var old = cluster.ReplicasOf(1).ToList();
            newcomer.IsReplicationStalled = true;
            Replicate(cluster, newcomer.Index, 1);
            newcomer.ReplicationOffset = FarAhead;
            cluster.Simulation.RunFor(3000);
            cluster.Simulation.Crash(cluster[1]);
            var outage = cluster.Until(() => old.Exists(node => cluster.Owns(node.Index, 8000)));
            Assert.InRange(outage, 2000, 2000 + 1000 + 500);
        }
    }

    [Theory]
    [InlineData(FailoverMode.Default)]
    [InlineData(FailoverMode.Force)]
    public void A_half_loaded_replica_never_stands(FailoverMode mode)
    {
        var cluster = new CalmCluster(3, 1);
        cluster.Do(3, (machine, effects) =>
        {
            machine.Reconfigure(machine.Options with { ReplicaValidityFactor = 0 }, cluster.Simulation.Now, effects);
            return null;
        });
        cluster[3].IsReplicationStalled = true;
        cluster[3].IsDataIncomplete = true;
        cluster.Simulation.Crash(cluster[0]);
        cluster.Simulation.RunFor(10_000);
        if (mode == FailoverMode.Force)
        {
            Assert.Equal(
                "ERR I have not synchronized with my master yet, please use CLUSTER FAILOVER TAKEOVER",
                Failover(cluster, 3, mode));
            cluster.Simulation.RunFor(10_000);
        }

        Assert.False(cluster.HasLogged("Starting a failover election"));
        cluster[3].IsDataIncomplete = false;
        cluster.Until(() => cluster.Owns(3, 0), 15_000);
    }

    [Fact]
    public void Takeover_needs_no_data_since_the_user_answers_for_it()
    {
        var cluster = new CalmCluster(3, 2);
        var newcomer = cluster.ReplicasOf(0).First();
        newcomer.IsReplicationStalled = true;
        Replicate(cluster, newcomer.Index, 1);
        cluster.Simulation.Crash(cluster[1]);
        Assert.Null(Failover(cluster, newcomer.Index, FailoverMode.Takeover));
        Assert.True(cluster.Owns(newcomer.Index, 8000));
    }

    [Fact]
    public void A_sibling_that_has_not_reached_the_promoted_replica_yet_takes_over_when_that_dies()
    {
        for (ulong seed = 1; seed <= 10; seed++)
        {
            var cluster = new CalmCluster(3, 2, seed);
            Limit(cluster);
            var replicas = cluster.ReplicasOf(0).ToList();
            cluster.Simulation.Crash(cluster[0]);
            var died = cluster.Simulation.Now;
            foreach (var replica in replicas) replica.IsReplicationStalled = true;
            cluster.Until(() => replicas.Exists(node => cluster.Owns(node.Index, 0)));
            var winner = replicas.Find(node => cluster.Owns(node.Index, 0))!;
            var sibling = replicas.Find(node => node != winner)!;
            cluster.Until(() => sibling.View.Myself.MasterId == winner.Machine.Id, 1000);

            // The time of its last contact with any master of the shard.
            sibling.LastMasterContactAt = died;
            cluster.Simulation.Crash(winner);
            cluster.Until(() => cluster.Owns(sibling.Index, 0), 10_000);
        }
    }

    [Fact]
    public void A_sibling_whose_data_was_too_old_when_the_master_was_replaced_stays_too_old()
    {
        var cluster = new CalmCluster(3, 2);
        Limit(cluster);
        var replicas = cluster.ReplicasOf(0).ToList();
        var stale = replicas[0];
        stale.IsReplicationStalled = true;
        cluster.Simulation.RunFor(60_000);
        var since = stale.LastMasterContactAt;
        cluster.Simulation.Crash(cluster[0]);
        cluster.Until(() => cluster.Owns(replicas[1].Index, 0));
        cluster.Until(() => stale.View.Myself.MasterId == replicas[1].Machine.Id, 1000);
        stale.LastMasterContactAt = since;
        cluster.Simulation.Crash(replicas[1]);
        for (var i = 0; i < 200; i++)
        {
            cluster.Simulation.RunFor(100);
            Assert.False(cluster.Owns(stale.Index, 0));
        }
    }

    [Fact]
    public void A_master_that_was_replaced_does_not_stand_before_it_has_synchronised()
    {
        var cluster = new CalmCluster(3, 1);
        cluster.Simulation.Crash(cluster[0]);
        cluster.Until(() => cluster.Owns(3, 0));
        cluster.Simulation.RunFor(60_000);
        cluster[0].IsReplicationStalled = true;
        cluster.Simulation.Start(cluster[0]);
        cluster.Until(() => cluster[0].View.Myself.MasterId == cluster[3].Machine.Id, 5000);
        cluster.Simulation.Crash(cluster[3]);
        cluster.Simulation.RunFor(20_000);
        Assert.False(cluster.Owns(0, 0));
    }

    [Fact]
    public void A_master_that_handed_over_takes_back_when_its_successor_dies_at_once()
    {
        var cluster = new CalmCluster(3, 1);
        Limit(cluster);
        Assert.Null(Failover(cluster, 3, FailoverMode.Default));
        cluster.Until(() => cluster.Owns(3, 0), 2000);
        cluster[0].IsReplicationStalled = true;
        cluster.Until(() => cluster[0].View.Myself.MasterId == cluster[3].Machine.Id, 1000);
        cluster.Simulation.Crash(cluster[3]);
        cluster.Until(() => cluster.Owns(0, 0), 10_000);
    }

    [Fact]
    public void Of_replicas_with_the_same_offset_one_stands_first()
    {
        // redis-server lets them stand at the same time, and they may split the votes between them.
        for (ulong seed = 1; seed <= 10; seed++)
        {
            var cluster = new CalmCluster(3, 2, seed);
            var replicas = cluster.ReplicasOf(0).ToList();
            cluster.Simulation.Crash(cluster[0]);
            cluster.Until(() => replicas.Exists(node => cluster.Owns(node.Index, 0)));
            Assert.Equal(1, cluster.CountLogged("(rank #0, "));
            Assert.Equal(1, cluster.CountLogged("(rank #1, "));
            Assert.Equal(1, cluster.CountLogged("Starting a failover election"));
        }
    }

    /// <summary>
    /// Its heartbeats named the former master and the new shard while the change was not durable: the two shards got one id.
    /// </summary>
    [Fact]
    public void A_seed_in_which_a_replica_that_had_just_migrated_was_elected_with_its_former_shards_data_holds() =>
        Simulation.Run(89, Simulation.FullLength);

    [Fact]
    public void A_replica_names_its_new_shard_only_with_its_new_master()
    {
        var cluster = new CalmCluster(3, 2);
        var mover = cluster.ReplicasOf(0).First();
        mover.Disk.StuckUntil = cluster.Simulation.Now + 1800;
        Replicate(cluster, mover.Index, 1);
        cluster.Simulation.RunFor(1700);
        Assert.All(cluster.Nodes, node => Assert.NotEqual(
            node.View.Find(cluster[0].Machine.Id)!.ShardId, node.View.Find(cluster[1].Machine.Id)!.ShardId));
        cluster.Until(() => cluster[2].View.Find(mover.Machine.Id)!.MasterId == cluster[1].Machine.Id, 5000);
    }

    [Fact]
    public void The_largest_limits_are_no_overflow()
    {
        var options = LoneMachine.Options with
        {
            NodeTimeout = long.MaxValue,
            ReplicaValidityFactor = int.MaxValue,
            ReplicationPingPeriod = int.MaxValue * 1000L,
        };
        var failed = LoneMachine.Master(2, 0, 16383);
        var replica = LoneMachine.Master(1) with { Flags = NodeFlags.Replica, MasterId = failed.Id };
        var node = new LoneMachine(
            options, LoneMachine.Myself(replica), failed with { Flags = NodeFlags.Master | NodeFlags.Failing });
        node.Machine.Local = new LocalStatus { MasterDataAge = 60_000 };
        node.Wait(2000);
        Assert.Contains(node.Effects, effect => effect is ClusterEffect.Log log
            && log.Text.StartsWith("Starting a failover election", StringComparison.Ordinal));
    }

    private static string? Failover(CalmCluster cluster, int node, FailoverMode mode) =>
        cluster.Do(node, (machine, effects) => machine.Failover(mode, cluster.Simulation.Now, effects));

    private static void Replicate(CalmCluster cluster, int node, int master) => Assert.Null(cluster.Do(
        node,
        (machine, effects) =>
            machine.Replicate(cluster[master].Machine.Id, hasKeys: true, cluster.Simulation.Now, effects)));

    /// <summary>Data may be two seconds old.</summary>
    private static void Limit(CalmCluster cluster)
    {
        foreach (var node in cluster.Nodes)
        {
            cluster.Do(node.Index, (machine, effects) =>
            {
                var options = machine.Options with { ReplicaValidityFactor = 1, ReplicationPingPeriod = 0 };
                machine.Reconfigure(options, cluster.Simulation.Now, effects);
                return null;
            });
        }
    }
}
