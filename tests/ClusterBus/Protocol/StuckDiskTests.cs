using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.View;
using Starling.Simulator;

namespace Starling.ClusterBus.Tests.Protocol;

/// <summary>
/// Disks that do not take nodes.conf. Found by the ledger before it was mended, with
/// <c>SimulationFaults.Processes | Disks</c>: a master went on acknowledging for as long as its disk was stuck, whatever
/// happened to the cluster meanwhile (seeds 2, 4 and 10 of one minute).
/// </summary>
public sealed class StuckDiskTests
{
    private const long NodeTimeout = 2000;

    [Fact]
    public void A_node_whose_disk_is_stuck_for_the_node_timeout_says_that_the_cluster_is_down()
    {
        var cluster = new CalmCluster(3, 1, nodeTimeout: NodeTimeout);
        Stick(cluster, 0, 60_000);
        Assert.InRange(cluster.Until(() => cluster[0].View.Health == ClusterHealth.DiskStuck), NodeTimeout - 200, NodeTimeout + 1200);
        cluster.Until(() => cluster.Owns(3, 0), 3 * NodeTimeout);
        Assert.True(cluster.HasLogged(0, "The disk has not taken the cluster configuration"));
    }

    [Fact]
    public void A_node_whose_disk_was_stuck_and_is_replaced_becomes_a_replica()
    {
        var cluster = new CalmCluster(3, 1, nodeTimeout: NodeTimeout);
        Stick(cluster, 0, 10_000);
        cluster.Until(() => cluster.Owns(3, 0), 10_000);
        cluster.Until(() => cluster[0].View.Myself.IsReplica, 20_000);
        cluster.Simulation.RunUntilAgreed("when the disk works again");
    }

    [Fact]
    public void A_disk_that_is_slow_for_less_than_the_node_timeout_costs_nothing()
    {
        for (ulong seed = 1; seed <= 2; seed++)
        {
            var cluster = new CalmCluster(3, 1, seed, NodeTimeout);
            for (var round = 0; round < 10; round++)
            {
                Stick(cluster, 0, NodeTimeout - 100);
                for (var i = 0; i < 30; i++)
                {
                    cluster.Simulation.RunFor(100);
                    Assert.True(cluster.IsHealthy);
                    Assert.True(cluster.AllSay(view => view.Nodes.All(node => !node.IsPossiblyFailing && !node.IsFailing)));
                }
            }
        }
    }

    // It counted the time to come back from the end of its silence, and noticed a tenth of a second later that nobody answered.
    [Fact]
    public void A_master_that_is_cut_off_when_its_disk_gets_free_stays_down_until_a_majority_answers()
    {
        var cluster = new CalmCluster(3, 0, nodeTimeout: NodeTimeout);
        Stick(cluster, 0, 6000);
        cluster.Until(() => cluster[0].View.Health == ClusterHealth.DiskStuck, 2 * NodeTimeout);
        cluster.Isolate(0);
        for (var passed = 0; passed < 20_000; passed += 10)
        {
            cluster.Simulation.RunFor(10);
            Assert.NotEqual(ClusterHealth.Ok, cluster[0].View.Health);
        }
    }

    [Theory]
    [InlineData(174UL)]
    [InlineData(253UL)]
    [InlineData(906UL)]
    public void Seeds_in_which_a_cut_off_master_served_when_its_disk_got_free_hold(ulong seed) => Simulation.Run(seed, 600_000);

    [Fact]
    public void A_master_that_is_cut_off_while_its_disk_is_stuck_stops_serving()
    {
        var cluster = new CalmCluster(3, 1, nodeTimeout: NodeTimeout);
        Stick(cluster, 0, 60_000);
        cluster.Isolate(0);
        cluster.Until(() => cluster[0].View.Health != ClusterHealth.Ok, (2 * NodeTimeout) + 500);
    }

    [Fact]
    public void A_slot_that_went_to_another_node_is_not_served_though_the_disk_is_stuck()
    {
        var cluster = new CalmCluster(3, 0, nodeTimeout: NodeTimeout);
        Stick(cluster, 0, 60_000);
        var (old, winner) = (cluster[0].Machine.Id, cluster[1].Machine.Id);
        cluster.Do(1, (machine, effects) => machine.SetSlotImporting(5, old, cluster.Simulation.Now, effects));
        cluster.Do(1, (machine, effects) => machine.SetSlotNode(5, winner, slotHasKeys: true, cluster.Simulation.Now, effects));
        cluster.Until(() => !cluster.Owns(0, 5), 500);
    }

    [Fact]
    public void A_promoted_replica_serves_nobody_before_its_claim_is_durable()
    {
        var cluster = new CalmCluster(3, 1, nodeTimeout: NodeTimeout);
        cluster.Simulation.Crash(cluster[0]);
        cluster.Until(() => cluster.HasLogged(3, "Starting a failover election"));
        cluster[3].Disk.StuckUntil = cluster.Simulation.Now + 1500;
        for (var i = 0; i < 14; i++)
        {
            cluster.Simulation.RunFor(100);
            Assert.False(cluster.Owns(3, 0));
            Assert.False(cluster[3].ReplicatesFrom.IsNone);
            Assert.True(cluster.AllSay(view => view.Find(cluster[3].Machine.Id)!.IsReplica || view.Myself.Id == cluster[3].Machine.Id));
        }

        Assert.True(cluster.HasLogged(3, "Failover election won"));
        cluster.Until(() => cluster.Owns(3, 0), 500);
        Assert.True(cluster[3].ReplicatesFrom.IsNone);
    }

    /// <summary>
    /// Found by the ledger (seed 1077 of ten minutes): its former master claimed its slots, and was told in an UPDATE that
    /// they are taken; it followed, and the winner came back from a crash as its replica.
    /// </summary>
    [Fact]
    public void A_promoted_replica_corrects_nobody_before_its_claim_is_durable()
    {
        var cluster = new CalmCluster(3, 1, nodeTimeout: NodeTimeout);
        cluster.Isolate(0);
        cluster.Until(() => cluster.HasLogged("Failover auth granted"));
        cluster[3].Disk.StuckUntil = cluster.Simulation.Now + 1500;
        cluster.Rejoin(0);
        cluster.Until(() => cluster.HasLogged(3, "Failover election won"), 100);
        for (var i = 0; i < 140; i++)
        {
            cluster.Simulation.RunFor(10);
            Assert.True(cluster[0].View.Myself.IsMaster);
        }

        cluster.Until(() => cluster.Owns(3, 0), 500);
        cluster.Until(() => cluster[0].View.Myself.IsReplica, 2000);
    }

    /// <summary>
    /// Found by the rule for who takes over (seed 253 of ten minutes): its server loaded the emptiness of the former master,
    /// which had waited in vain for a replica that it could hear.
    /// </summary>
    [Fact]
    public void A_promoted_replica_keeps_its_data_until_its_claim_is_durable()
    {
        var cluster = new CalmCluster(3, 1, nodeTimeout: NodeTimeout, keepsData: false);
        cluster[0].Options = cluster[0].Options with { AllowEmptyMaster = true };
        cluster.Simulation.RunFor(3000);
        cluster.Simulation.Crash(cluster[0]);
        cluster.Until(() => cluster.HasLogged("Failover auth granted"));
        var written = cluster[3].ReplicationOffset;
        Assert.NotEqual(0, written);
        cluster[3].Disk.StuckUntil = cluster.Simulation.Now + 5000;
        cluster.Simulation.Start(cluster[0]);
        cluster.Until(() => cluster.HasLogged(3, "Failover election won"), 100);
        cluster.Simulation.RunFor(4500);
        Assert.Equal(written, cluster[3].ReplicationOffset);
        cluster.Until(() => cluster.Owns(3, 0), 2000);
        Assert.InRange(cluster[3].ReplicationOffset, written, long.MaxValue);
    }

    /// <summary>Found by the rule for claims (seed 527 of ten minutes): it told its master's epoch as its own.</summary>
    [Fact]
    public void A_replica_that_is_reset_before_its_claim_is_durable_tells_no_epoch_that_its_disk_does_not_know()
    {
        var cluster = new CalmCluster(3, 1, nodeTimeout: NodeTimeout);
        foreach (var node in (int[])[1, 0])
        {
            cluster.Do(node, (machine, effects) =>
            {
                machine.BumpEpoch(out _, cluster.Simulation.Now, effects);
                return null;
            });
            cluster.Simulation.RunFor(2000);
        }

        cluster[3].Disk.StuckUntil = cluster.Simulation.Now + 1500;
        Assert.Null(cluster.Do(3, (machine, effects) => machine.Failover(FailoverMode.Takeover, cluster.Simulation.Now, effects)));
        Assert.Null(cluster.Do(3, (machine, effects) => machine.Reset(hard: false, hasKeys: false, cluster.Simulation.Now, effects)));
        cluster.Simulation.RunFor(1400);
        var own = cluster[3].Machine.Snapshot().Myself.ConfigEpoch;
        Assert.All(cluster.Nodes.Take(3), node => Assert.InRange(node.View.Find(cluster[3].Machine.Id)!.ConfigEpoch, 0UL, own - 1));
        cluster.Until(() => cluster[0].View.Find(cluster[3].Machine.Id)!.ConfigEpoch == own, 3000);
    }

    [Fact]
    public void Disks_that_are_all_stuck_at_once_make_nobody_fail()
    {
        var cluster = new CalmCluster(3, 1, nodeTimeout: NodeTimeout);
        var until = cluster.Simulation.Now + 15_000;
        foreach (var node in cluster.Nodes) node.Disk.StuckUntil = until;
        cluster.Do(1, (machine, effects) =>
        {
            machine.BumpEpoch(out _, cluster.Simulation.Now, effects);
            return null;
        });
        Stick(cluster, 2, 15_000);
        cluster.Simulation.RunFor(30_000);
        cluster.Until(() => cluster.IsHealthy, 10_000);
        Assert.False(cluster.HasLogged("Starting a failover election"));
    }

    /// <summary>Sticks a node's disk and has it learn of a new epoch.</summary>
    private static void Stick(CalmCluster cluster, int node, long milliseconds)
    {
        cluster[node].Disk.StuckUntil = cluster.Simulation.Now + milliseconds;
        var other = node == 1 ? 2 : 1;
        cluster.Do(other, (machine, effects) =>
        {
            // Twice: a node that has the highest epoch already keeps it.
            machine.BumpEpoch(out _, cluster.Simulation.Now, effects);
            return null;
        });
        var third = 3 - node - other;
        cluster.Do(third, (machine, effects) =>
        {
            machine.BumpEpoch(out _, cluster.Simulation.Now, effects);
            return null;
        });
    }
}
