using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.View;
using Starling.ClusterBus.Wire;

namespace Starling.ClusterBus.Tests.Protocol;

public sealed class FailoverTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void A_killed_master_is_replaced_within_the_timeout_the_delay_and_half_a_second(int seed)
    {
        var cluster = new CalmCluster(3, 1, (ulong)seed);
        cluster.Simulation.RunFor(seed * 137);
        cluster.Simulation.Crash(cluster[0]);
        var outage = cluster.Until(() => cluster.Owns(3, 0));
        Assert.InRange(outage, 2000, 2000 + 1000 + 500);
        cluster.Until(() => cluster.IsHealthy, 1000);
    }

    [Fact]
    public void The_replica_with_the_highest_offset_is_promoted()
    {
        for (ulong seed = 1; seed <= 10; seed++)
        {
            var cluster = new CalmCluster(3, 2, seed);
            var replicas = cluster.ReplicasOf(0).ToList();
            var heldBack = replicas[(int)(seed % 2)];

            // Its replication link stands still while its cluster bus works.
            heldBack.ReplicatesFrom = NodeId.None;
            var frozen = heldBack.ReplicationOffset;
            cluster.Simulation.RunFor(3000);
            heldBack.ReplicationOffset = frozen;
            cluster.Simulation.Crash(cluster[0]);
            var best = replicas.Find(node => node != heldBack)!;
            for (var i = 0; i < 8000 && !cluster.Owns(best.Index, 0); i++)
            {
                cluster.Simulation.RunFor(1);
                heldBack.ReplicationOffset = frozen;
                Assert.False(cluster.Owns(heldBack.Index, 0));
            }

            Assert.True(cluster.Owns(best.Index, 0));
            cluster.Until(() => heldBack.View.Myself.MasterId == best.Machine.Id);
        }
    }

    [Fact]
    public void Stale_replica_does_not_ask_for_votes()
    {
        var cluster = new CalmCluster(3, 1);
        var replica = cluster[3];
        cluster.Do(3, (machine, effects) =>
        {
            machine.Reconfigure(machine.Options with { ReplicaValidityFactor = 1, ReplicationPingPeriod = 1000 }, cluster.Simulation.Now, effects);
            return null;
        });
        replica.LastMasterContactAt = cluster.Simulation.Now - 60_000;
        replica.ReplicatesFrom = NodeId.None;
        cluster.Simulation.Crash(cluster[0]);
        cluster.Simulation.RunFor(30_000);
        Assert.False(cluster.HasLogged("Starting a failover election"));
        Assert.True(cluster.HasLogged(3, "Currently unable to failover: Disconnected from master for longer than allowed."));
    }

    [Fact]
    public void A_replica_that_must_not_fail_over_does_not()
    {
        var cluster = new CalmCluster(3, 1);
        cluster.Do(3, (machine, effects) =>
        {
            machine.Reconfigure(machine.Options with { ReplicaNoFailover = true }, cluster.Simulation.Now, effects);
            return null;
        });
        cluster.Until(() => cluster.AllSay(view => (view.Find(cluster[3].Machine.Id)!.Flags & NodeFlags.NoFailover) != 0));
        cluster.Simulation.Crash(cluster[0]);
        cluster.Simulation.RunFor(20_000);
        Assert.False(cluster.HasLogged("Starting a failover election"));
    }

    [Fact]
    public void A_replaced_master_comes_back_as_a_replica()
    {
        var cluster = new CalmCluster(3, 1);
        cluster.Simulation.Crash(cluster[0]);
        cluster.Until(() => cluster.Owns(3, 0));
        cluster.Simulation.Start(cluster[0]);
        cluster.Until(() => cluster[0].View.Myself.MasterId == cluster[3].Machine.Id, 3000);
        Assert.Equal(cluster[3].Machine.Id, cluster[0].ReplicatesFrom);
        cluster.Simulation.RunUntilAgreed("after the return");
    }

    [Fact]
    public void A_paused_master_learns_from_an_update_that_it_was_replaced()
    {
        var cluster = new CalmCluster(3, 2);
        cluster[0].PausedUntil = cluster.Simulation.Now + 8000;
        var winner = cluster.ReplicasOf(0).ToList();
        cluster.Until(() => winner.Exists(node => cluster.Owns(node.Index, 0)));
        cluster.Simulation.RunFor(8000);
        cluster.Until(() => cluster[0].View.Myself.IsReplica, 2000);
        cluster.Simulation.RunUntilAgreed("after the pause");
    }

    [Fact]
    public void A_minority_refuses_queries_and_promotes_nobody()
    {
        var cluster = new CalmCluster(3, 1);
        foreach (var inside in new[] { 0, 3 })
        {
            foreach (var outside in new[] { 1, 2, 4, 5 })
            {
                cluster.Simulation.Cut(cluster[inside], cluster[outside]);
                cluster.Simulation.Cut(cluster[outside], cluster[inside]);
            }
        }

        cluster.Until(() => cluster[0].View.Health == ClusterHealth.NoMajority, 4000);
        cluster.Simulation.RunFor(20_000);
        Assert.False(cluster.HasLogged("Failover election won"));
        Assert.Equal(ClusterHealth.SlotsNotCovered, cluster[1].View.Health);
    }

    [Fact]
    public void A_manual_failover_waits_for_the_masters_offset_and_loses_nothing()
    {
        var cluster = new CalmCluster(3, 1);
        Assert.Null(cluster.Do(3, (machine, effects) => machine.Failover(FailoverMode.Default, cluster.Simulation.Now, effects)));
        var took = cluster.Until(() => cluster.Owns(3, 0), 2000);
        Assert.True(took < 1000, $"{took} ms");
        Assert.True(cluster.HasLogged(3, "Manual failover user request accepted."));
        Assert.True(cluster.HasLogged(0, "Manual failover requested by replica"));
        Assert.True(cluster.HasLogged(3, "All master replication stream processed, manual failover can start."));
        Assert.Equal(cluster[0].ReplicationOffset, cluster[3].ReplicationOffset);
        cluster.Until(() => cluster[0].View.Myself.IsReplica, 1000);
        Assert.Equal(0, cluster[0].WritesPausedUntil);
        cluster.Simulation.RunUntilAgreed("after the failover");
    }

    [Fact]
    public void A_manual_failover_without_the_masters_data_is_given_up_after_five_seconds()
    {
        var cluster = new CalmCluster(3, 1);
        cluster[3].ReplicatesFrom = NodeId.None;
        cluster.Simulation.RunFor(500);
        cluster[3].ReplicationOffset = 0;
        cluster.Do(3, (machine, effects) => machine.Failover(FailoverMode.Default, cluster.Simulation.Now, effects));
        for (var i = 0; i < 6000; i++)
        {
            cluster[3].ReplicationOffset = 0;
            cluster.Simulation.RunFor(1);
        }

        Assert.True(cluster.HasLogged(3, "Manual failover timed out."));
        Assert.True(cluster.HasLogged(0, "Manual failover timed out."));
        Assert.True(cluster.Owns(0, 0));
        Assert.Equal(0, cluster[0].WritesPausedUntil);
    }

    [Fact]
    public void Force_needs_no_master_and_takeover_no_majority()
    {
        var cluster = new CalmCluster(3, 1);
        cluster[0].PausedUntil = cluster.Simulation.Now + 60_000;
        Assert.Null(cluster.Do(3, (machine, effects) => machine.Failover(FailoverMode.Force, cluster.Simulation.Now, effects)));
        Assert.True(cluster.Until(() => cluster.Owns(3, 0)) < 200);

        cluster = new CalmCluster(3, 1);
        cluster.Isolate(4);
        Assert.Null(cluster.Do(4, (machine, effects) => machine.Failover(FailoverMode.Takeover, cluster.Simulation.Now, effects)));
        Assert.True(cluster.Owns(4, 8000));
        cluster.Rejoin(4);
        cluster.Simulation.RunUntilAgreed("after the takeover");
        Assert.True(cluster.Owns(4, 8000));
    }

    [Fact]
    public void Failover_is_refused_where_redis_refuses_it()
    {
        var cluster = new CalmCluster(3, 1);
        Assert.Equal(
            "ERR You should send CLUSTER FAILOVER to a replica",
            cluster.Do(0, (machine, effects) => machine.Failover(FailoverMode.Default, cluster.Simulation.Now, effects)));
        cluster.Simulation.Crash(cluster[0]);
        cluster.Simulation.RunFor(2600);
        Assert.Equal(
            "ERR Master is down or failed, please use CLUSTER FAILOVER FORCE",
            cluster.Do(3, (machine, effects) => machine.Failover(FailoverMode.Default, cluster.Simulation.Now, effects)));
    }

    [Fact]
    public void A_spare_replica_moves_to_an_orphaned_master()
    {
        var cluster = new CalmCluster(3, 2);
        foreach (var replica in cluster.ReplicasOf(0).ToList()) cluster.Simulation.Crash(replica);
        cluster.Until(() => cluster.ReplicasOf(0).Any(), 30_000);
        Assert.True(cluster.HasLogged("Migrating to orphaned master"));
        Assert.Single(cluster.ReplicasOf(0));
    }

    /// <summary>
    /// Found by the ledger (seed 249 of ten minutes): the master had come back without its data, and the replica with the
    /// last copy left.
    /// </summary>
    [Fact]
    public void A_replica_whose_link_is_down_does_not_leave_its_master()
    {
        var cluster = new CalmCluster(3, 2);
        var spare = cluster.ReplicasOf(1).Concat(cluster.ReplicasOf(2)).ToList();
        foreach (var replica in spare) replica.IsReplicationStalled = true;
        foreach (var replica in cluster.ReplicasOf(0).ToList()) cluster.Simulation.Crash(replica);
        cluster.Simulation.RunFor(30_000);
        Assert.Empty(cluster.ReplicasOf(0));
        foreach (var replica in spare) replica.IsReplicationStalled = false;
        cluster.Until(() => cluster.ReplicasOf(0).Any(), 30_000);
    }
    [Fact]
    public void The_writes_of_a_master_stay_paused_when_a_second_replica_asks_for_a_manual_failover()
    {
        var node = new LoneMachine(
            LoneMachine.Options,
            LoneMachine.Myself(LoneMachine.Master(1, 0, 16383)),
            LoneMachine.Replica(2, master: 1),
            LoneMachine.Replica(3, master: 1));
        node.Hear(2, BusType.ManualFailoverStart, BusBody.Empty.Instance);
        node.Wait(3000, 2, 3);
        node.Hear(3, BusType.ManualFailoverStart, BusBody.Empty.Instance);
        node.Wait(3000, 2, 3);
        Assert.Single(node.Effects, effect => effect is ClusterEffect.PauseWrites);
        Assert.DoesNotContain(node.Effects, effect => effect is ClusterEffect.ResumeWrites);
        node.Wait(2500, 2, 3);
        Assert.Single(node.Effects, effect => effect is ClusterEffect.ResumeWrites);
    }

}
