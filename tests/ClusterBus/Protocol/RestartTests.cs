using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.View;
using Starling.ClusterBus.Wire;
using Starling.Simulator;

namespace Starling.ClusterBus.Tests.Protocol;

/// <summary>What a master may do that comes back.</summary>
public sealed class RestartTests
{
    /// <summary>
    /// Found by the ledger (seeds 40028 and 50007 of 40 s with processes that crash and partitions): what nodes.conf
    /// says of the other masters counted as their answer, for as long as the node timeout is.
    /// </summary>
    [Fact]
    public void A_master_that_restarts_into_a_minority_takes_no_writes()
    {
        var cluster = new CalmCluster(3, 1, nodeTimeout: 15_000);
        cluster.Simulation.Crash(cluster[0]);
        cluster.Isolate(0);
        cluster.Simulation.Start(cluster[0]);
        for (var i = 0; i < 40; i++)
        {
            cluster.Simulation.RunFor(1000);
            Assert.NotEqual(ClusterHealth.Ok, cluster[0].View.Health);
        }
    }

    [Fact]
    public void A_master_that_restarts_among_the_others_takes_writes_after_two_seconds()
    {
        var cluster = new CalmCluster(3, 1, nodeTimeout: 15_000);
        cluster.Simulation.Crash(cluster[0]);
        cluster.Simulation.Start(cluster[0]);
        Assert.InRange(cluster.Until(() => cluster[0].View.Health == ClusterHealth.Ok), 1900, 2500);
        Assert.True(cluster.Owns(0, 0));
    }

    /// <summary>Seed 5838: the answer of a master that was replaced right then made the majority.</summary>
    [Fact]
    public void A_restarted_master_does_not_count_one_that_answered_and_is_none_any_more()
    {
        var cluster = new CalmCluster(3, 1, nodeTimeout: 15_000);
        cluster.Simulation.Crash(cluster[0]);
        foreach (var unheard in new[] { 2, 4, 5 })
        {
            cluster.Simulation.Cut(cluster[0], cluster[unheard]);
            cluster.Simulation.Cut(cluster[unheard], cluster[0]);
        }

        cluster.Simulation.Start(cluster[0]);
        cluster.Simulation.RunFor(1000);
        Assert.Null(cluster.Do(4, (machine, effects) => machine.Failover(FailoverMode.Default, cluster.Simulation.Now, effects)));
        cluster.Until(() => cluster[0].View.Find(cluster[1].Machine.Id)!.IsReplica, 900);
        for (var i = 0; i < 100; i++)
        {
            cluster.Simulation.RunFor(50);
            Assert.NotEqual(ClusterHealth.Ok, cluster[0].View.Health);
        }

        cluster.Rejoin(0);
        cluster.Until(() => cluster[0].View.Health == ClusterHealth.Ok);
    }

    [Fact]
    public void A_cluster_of_one_node_comes_back_alone()
    {
        var cluster = new CalmCluster(1, 0);
        cluster.Simulation.Crash(cluster[0]);
        cluster.Simulation.Start(cluster[0]);
        Assert.InRange(cluster.Until(() => cluster[0].View.Health == ClusterHealth.Ok), 1900, 2500);
    }

    /// <summary>
    /// Found by the ledger (seeds of plans with <c>KeepsData = false</c>): the replicas of a master that came back empty
    /// before it was missed loaded its emptiness.
    /// </summary>
    [Theory]
    [InlineData(100)]
    [InlineData(1900)]
    public void A_master_that_comes_back_without_its_data_lets_a_replica_take_its_place(long pause)
    {
        for (ulong seed = 1; seed <= 5; seed++)
        {
            var cluster = new CalmCluster(3, 2, seed, keepsData: false);
            cluster.Simulation.RunFor(2000);
            var written = cluster[3].ReplicationOffset;
            Assert.True(written > 0);
            cluster.Simulation.Crash(cluster[0]);
            cluster.Simulation.RunFor(pause);
            cluster.Simulation.Start(cluster[0]);
            Assert.True(cluster.HasLogged(0, "This master has started without any data"));
            cluster.Until(() => cluster[0].View.Health == ClusterHealth.DataLost, 500);
            cluster.Until(() => cluster.Owns(3, 0) || cluster.Owns(6, 0), 6000);
            cluster.Simulation.RunUntilAgreed("when the empty master was replaced");
            cluster.Simulation.Ledger.CheckAll();
            Assert.True(cluster[0].View.Myself.IsReplica);
            Assert.True(cluster[0].ReplicationOffset >= written);
        }
    }

    [Fact]
    public void A_master_that_comes_back_without_data_goes_on_when_it_may_and_its_replicas_lose_theirs()
    {
        var cluster = new CalmCluster(3, 1, keepsData: false);
        foreach (var node in cluster.Nodes) node.Options = node.Options with { AllowEmptyMaster = true };
        cluster.Simulation.RunFor(2000);
        cluster.Simulation.Crash(cluster[0]);
        cluster.Simulation.Start(cluster[0]);
        var failure = Assert.Throws<SimulationFailure>(() => cluster.Simulation.RunFor(3000));
        Assert.Contains("gives up its data for those of node 0", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_master_that_comes_back_without_data_goes_on_when_no_replica_has_any()
    {
        var cluster = new CalmCluster(3, 1, keepsData: false);
        cluster.Simulation.Crash(cluster[3]);
        cluster.Simulation.Crash(cluster[0]);
        cluster.Simulation.Start(cluster[3]);
        cluster.Simulation.Start(cluster[0]);
        cluster.Until(() => cluster.Owns(0, 0) && cluster[0].View.Health == ClusterHealth.Ok, 4000);
        Assert.True(cluster.HasLogged(0, "The wait for a replica with data is over: no replica has data."));
    }

    /// <summary>
    /// Found by the ledger (seed 500 of ten minutes): the former master announced no data, and the empty master that had
    /// replaced it ended its wait and emptied it too.
    /// </summary>
    [Fact]
    public void A_promoted_replica_that_comes_back_without_data_does_not_empty_the_master_that_it_had_replaced()
    {
        for (ulong seed = 1; seed <= 5; seed++)
        {
            var cluster = new CalmCluster(3, 1, seed, keepsData: false);
            cluster.Simulation.RunFor(2000);
            cluster.Isolate(0);
            cluster.Until(() => cluster.Owns(3, 0));
            cluster.Simulation.Crash(cluster[3]);
            cluster.Rejoin(0);
            cluster.Until(() => cluster[0].View.Myself.MasterId == cluster[3].Machine.Id);
            var written = cluster[0].ReplicationOffset;
            Assert.True(written > 1);
            cluster.Simulation.Start(cluster[3]);
            cluster.Simulation.RunFor(20_000);
            Assert.Equal(ClusterHealth.DataLost, cluster[3].View.Health);
            Assert.Equal(written, cluster[0].ReplicationOffset);

            // Behind every replica whose data can be compared, and no candidate: how much it lacks nobody knows.
            Assert.Equal(1, cluster[1].View.Find(cluster[0].Machine.Id)!.ReplicationOffset);
            Assert.False(cluster.Owns(0, 0));
            Assert.Null(cluster.Do(0, (machine, effects) =>
                machine.Failover(FailoverMode.Takeover, cluster.Simulation.Now, effects)));
            cluster.Simulation.RunUntilAgreed("when the former master had taken over");
            Assert.True(cluster.Owns(0, 0));
            cluster.Simulation.Ledger.CheckAll();
        }
    }

    /// <summary>
    /// Found by the ledger (seed 133 of ten minutes): it knew the replica as that of its predecessor, and did not wait for it.
    /// </summary>
    [Fact]
    public void A_master_that_comes_back_without_data_waits_for_a_replica_that_has_not_told_yet_that_it_follows_it()
    {
        for (ulong seed = 1; seed <= 5; seed++)
        {
            var cluster = new CalmCluster(3, 2, seed, keepsData: false);
            cluster.Simulation.Cut(cluster[6], cluster[3]);
            cluster.Simulation.Cut(cluster[3], cluster[6]);
            cluster.Simulation.RunFor(1000);
            Assert.Null(cluster.Do(3, (machine, effects) =>
                machine.Failover(FailoverMode.Default, cluster.Simulation.Now, effects)));
            cluster.Until(() => cluster.Owns(3, 0));
            cluster.Until(() => cluster[6].View.Myself.MasterId == cluster[3].Machine.Id);
            cluster.Simulation.Crash(cluster[0]);
            cluster.Simulation.Crash(cluster[3]);
            cluster.Simulation.Start(cluster[0]);
            cluster.Simulation.Start(cluster[3]);
            cluster.Simulation.RunFor(3000);
            var kept = cluster[6].ReplicationOffset;
            Assert.True(kept > 0);
            cluster.Simulation.Mend(cluster[6], cluster[3]);
            cluster.Simulation.Mend(cluster[3], cluster[6]);
            cluster.Simulation.RunUntilAgreed("when the replica with data was heard");
            Assert.True(cluster.Owns(6, 0));
            Assert.True(cluster[6].ReplicationOffset >= kept);
            cluster.Simulation.Ledger.CheckAll();
        }
    }

    [Fact]
    public void A_master_that_comes_back_without_data_goes_on_when_no_replica_can_be_heard()
    {
        var cluster = new CalmCluster(3, 1, keepsData: false);
        cluster.Simulation.Crash(cluster[3]);
        cluster.Simulation.Crash(cluster[0]);
        cluster.Simulation.Start(cluster[0]);
        cluster.Until(() => cluster.Owns(0, 0) && cluster[0].View.Health == ClusterHealth.Ok, 15_000);
        Assert.True(cluster.HasLogged(0, "The wait for a replica with data is over: no replica that can be heard has data."));
    }

    /// <summary>An empty cluster without persistence is restarted: offsets tell of pings too, and of nothing to wait for.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_master_that_was_empty_when_it_was_shut_down_has_lost_nothing(bool isNoted)
    {
        var node = new LoneMachine(
            LoneMachine.Options,
            LoneMachine.Myself(LoneMachine.Master(1, 0, 16383)),
            LoneMachine.Replica(2, master: 1));
        if (isNoted) node.Machine.NoteEmptyAtExit(node.Now, node.Effects);
        var text = node.Machine.FormatNodesFile();
        Assert.Equal(isNoted, text.EndsWith(" emptyAtExit 1\n", StringComparison.Ordinal));

        Assert.True(NodesFile.TryParse(text, node.Now, out var saved, out var error), error);
        var again = new ClusterMachine(LoneMachine.Options, new RandomSource(2), saved, node.Now);
        again.Start(hasLostData: true, node.Now, node.Effects);
        Assert.Equal(!isNoted, again.Snapshot().HasLostData);
        Assert.DoesNotContain("emptyAtExit", again.FormatNodesFile(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_replica_that_is_shut_down_notes_nothing()
    {
        var node = new LoneMachine(
            LoneMachine.Options,
            LoneMachine.Myself(LoneMachine.Replica(1, master: 2)),
            LoneMachine.Master(2, 0, 16383));
        node.Machine.NoteEmptyAtExit(node.Now, node.Effects);
        Assert.DoesNotContain("emptyAtExit", node.Machine.FormatNodesFile(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_master_without_data_that_cannot_be_replaced_goes_on_when_the_directive_is_set()
    {
        var cluster = new CalmCluster(3, 1, keepsData: false);
        cluster[3].Options = cluster[3].Options with { ReplicaNoFailover = true };
        cluster.Simulation.RunFor(2000);
        cluster.Simulation.Crash(cluster[0]);
        cluster.Simulation.Start(cluster[0]);
        cluster[3].IsReplicationStalled = true;
        cluster.Simulation.RunFor(20_000);
        Assert.Equal(ClusterHealth.DataLost, cluster[0].View.Health);
        cluster[0].Options = cluster[0].Options with { AllowEmptyMaster = true };
        cluster.Until(() => cluster[0].View.Health == ClusterHealth.Ok, 10_000);
    }

    /// <summary>Seed 6640: it waited for ever for replicas of another master that had the id of its shard.</summary>
    [Fact]
    public void A_master_that_comes_back_without_data_does_not_wait_for_the_replicas_of_another_that_serves()
    {
        var other = LoneMachine.Replica(3, master: 2);
        var node = new LoneMachine(
            LoneMachine.Options,
            hasLostData: true,
            LoneMachine.Myself(LoneMachine.Master(1, 0, 8191)),
            LoneMachine.Master(2, 8192, 16383),
            other);
        Assert.True(node.View.HasLostData);
        for (var i = 0; i < 100; i++)
        {
            node.Wait(100, 2);
            node.Hear(node.Heartbeat(other, configEpoch: 2) with
            {
                ReplicationOffset = 1000,
                MessageFlags = MessageFlags.ExtensionData,
                Body = new BusBody.Heartbeat([], PingExtensions.None with { ShardId = LoneMachine.Id(1) }),
            });
        }

        Assert.False(node.View.HasLostData);
    }
}
