using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.View;
using Starling.ClusterBus.Wire;

namespace Starling.ClusterBus.Tests.Protocol;

/// <summary>
/// What a node makes of others that change between master and replica. Found by the simulator; the seeds are of ten
/// minutes.
/// </summary>
public sealed class RoleNewsTests
{
    /// <summary>Seeds 833, 1049 and 1297: it stayed a replica of a replica for ever.</summary>
    [Fact]
    public void A_replica_follows_its_master_to_a_node_that_it_learns_of_only_later()
    {
        var node = new LoneMachine(
            LoneMachine.Options,
            LoneMachine.Myself(LoneMachine.Replica(1, master: 2)),
            LoneMachine.Master(2, 0, 8191),
            LoneMachine.Master(3, 8192, 16383));
        var demoted = LoneMachine.Replica(2, master: 4);
        node.Hear(node.Heartbeat(demoted, configEpoch: 4));
        Assert.Equal(LoneMachine.Id(2), node.View.Myself.MasterId);

        node.Hear(3, LoneMachine.About(4, NodeFlags.None));
        node.Hear(node.Heartbeat(LoneMachine.Master(4, 0, 8191), configEpoch: 4));
        node.Hear(node.Heartbeat(demoted, configEpoch: 4));

        Assert.Equal(LoneMachine.Id(4), node.View.Myself.MasterId);
        Assert.Contains(node.Effects, effect => effect is ClusterEffect.BecomeReplicaOf master && master.Master == LoneMachine.Id(4));
    }

    /// <summary>A file from before, with a replica of a replica in it.</summary>
    [Fact]
    public void A_replica_of_a_replica_follows_at_the_first_heartbeat()
    {
        var node = new LoneMachine(
            LoneMachine.Options,
            LoneMachine.Myself(LoneMachine.Replica(1, master: 2)),
            LoneMachine.Replica(2, master: 3),
            LoneMachine.Master(3, 0, 16383));
        node.Hear(2);
        Assert.Equal(LoneMachine.Id(3), node.View.Myself.MasterId);
    }

    [Fact]
    public void A_master_that_says_it_follows_its_own_replica_makes_nobody_its_own_master()
    {
        var node = new LoneMachine(
            LoneMachine.Options,
            LoneMachine.Myself(LoneMachine.Replica(1, master: 2)),
            LoneMachine.Master(2, 0, 8191),
            LoneMachine.Master(3, 8192, 16383));
        node.Hear(node.Heartbeat(LoneMachine.Replica(2, master: 1), configEpoch: 4));
        Assert.Equal(LoneMachine.Id(2), node.View.Myself.MasterId);
    }

    /// <summary>Seed 1296: the others took it for a master with its former master's epoch for ever.</summary>
    [Fact]
    public void The_epoch_that_a_replica_tells_is_its_masters()
    {
        var node = new LoneMachine(
            LoneMachine.Options,
            LoneMachine.Myself(LoneMachine.Master(1, 0, 8191)),
            LoneMachine.Replica(2, master: 3),
            LoneMachine.Master(3, 8192, 16383));
        node.Hear(node.Heartbeat(LoneMachine.Replica(2, master: 3), configEpoch: 3));
        Assert.Equal(0UL, node.View.Find(LoneMachine.Id(2))!.ConfigEpoch);

        // It was reset.
        node.Hear(node.Heartbeat(LoneMachine.Master(2), configEpoch: 1));
        Assert.Equal(1UL, node.View.Find(LoneMachine.Id(2))!.ConfigEpoch);
    }

    [Fact]
    public void News_of_a_replicas_former_claim_that_are_older_than_its_master_change_nothing()
    {
        var node = new LoneMachine(
            LoneMachine.Options,
            LoneMachine.Myself(LoneMachine.Master(1, 0, 8191)),
            LoneMachine.Replica(2, master: 3),
            LoneMachine.Master(3, 8192, 16383));
        var update = new BusBody.Update(LoneMachine.Id(2), 3, SlotSet.Range(8192, 16383));
        node.Hear(3, BusType.Update, update);
        Assert.True(node.View.Find(LoneMachine.Id(2))!.IsReplica);

        node.Hear(3, BusType.Update, update with { ConfigEpoch = 4 });
        Assert.Equal(LoneMachine.Id(2), node.View.OwnerOf(9000)!.Id);
    }

    /// <summary>Seed 839: it did not hear its successor, and dropped what others told of it for ever.</summary>
    [Fact]
    public void A_replaced_master_that_knows_only_its_successors_epoch_is_told_of_the_slots()
    {
        var node = new LoneMachine(
            LoneMachine.Options,
            LoneMachine.Myself(LoneMachine.Master(1, 0, 8191) with { ConfigEpoch = 3 }),
            LoneMachine.Master(2) with { ShardId = LoneMachine.Id(1), ConfigEpoch = 2 },
            LoneMachine.Replica(3, master: 1),
            LoneMachine.Master(4, 8192, 16383));

        // One who was a master once follows the successor, and tells its epoch.
        node.Hear(node.Heartbeat(LoneMachine.Replica(2, master: 3), configEpoch: 5));
        Assert.Equal((true, 5UL), (node.View.Find(LoneMachine.Id(3))!.IsMaster, node.View.Find(LoneMachine.Id(3))!.ConfigEpoch));
        Assert.True(node.View.Myself.IsMaster);

        node.Hear(4, BusType.Update, new BusBody.Update(LoneMachine.Id(3), 5, SlotSet.Range(0, 8191)));
        Assert.Equal(LoneMachine.Id(3), node.View.Myself.MasterId);
        Assert.Equal(LoneMachine.Id(3), node.View.OwnerOf(0)!.Id);
    }

    /// <summary>An UPDATE of an epoch that is known can be older than what is known.</summary>
    [Fact]
    public void An_update_of_a_known_epoch_takes_nothing_away()
    {
        var node = new LoneMachine(
            LoneMachine.Options,
            LoneMachine.Myself(LoneMachine.Master(1, 0, 99)),
            LoneMachine.Master(2, 100, 8191),
            LoneMachine.Master(3, 8192, 16383));
        node.Hear(3, BusType.Update, new BusBody.Update(LoneMachine.Id(2), 2, SlotSet.Range(100, 4000)));
        Assert.Equal(LoneMachine.Master(2, 100, 8191).Slots, node.View.Find(LoneMachine.Id(2))!.Slots);

        // And nothing from who has a higher epoch.
        node.Hear(3, BusType.Update, new BusBody.Update(LoneMachine.Id(2), 2, SlotSet.Range(100, 9000)));
        Assert.Equal(LoneMachine.Id(3), node.View.OwnerOf(9000)!.Id);
    }

    /// <summary>What it has told as a master it must not fall back behind when it is one again.</summary>
    [Fact]
    public void A_nodes_own_epoch_outlives_a_restart_as_a_replica()
    {
        var node = new LoneMachine(
            LoneMachine.Options,
            LoneMachine.Myself(LoneMachine.Master(1) with { ConfigEpoch = 2 }),
            LoneMachine.Master(3, 0, 16383));
        Assert.Null(node.Machine.Replicate(LoneMachine.Id(3), hasKeys: false, node.Now, node.Effects));
        Assert.True(NodesFile.TryParse(node.Machine.FormatNodesFile(), node.Now, out var saved, out var error), error);

        var again = new ClusterMachine(LoneMachine.Options, new RandomSource(2), saved, node.Now);
        Assert.Equal((true, 2UL), (again.Snapshot().Myself.IsReplica, again.Snapshot().Myself.ConfigEpoch));
        Assert.Contains("myself,slave " + LoneMachine.Id(3) + " 0 0 3 connected", NodesReply.Format(again.Snapshot()), StringComparison.Ordinal);
    }

    /// <summary>Seeds 545 and 734: a replica that moved to it was elected with its former shard's data.</summary>
    [Fact]
    public void A_replica_that_is_reset_is_of_a_new_shard()
    {
        var cluster = new CalmCluster(3, 1);
        var (shard, name) = (cluster[3].View.Myself.ShardId, cluster[3].Machine.Id);
        Assert.Equal(cluster[0].View.Myself.ShardId, shard);
        Assert.Null(cluster.Do(3, (machine, effects) => machine.Reset(hard: false, hasKeys: false, cluster.Simulation.Now, effects)));
        Assert.Equal(name, cluster[3].Machine.Id);
        Assert.NotEqual(shard, cluster[3].View.Myself.ShardId);

        foreach (var other in cluster.Nodes.Where(other => other.Index != 3))
            cluster.Do(3, (machine, effects) => machine.Meet(other.Ip, 7000, 17000, cluster.Simulation.Now, effects));
        cluster.Until(() => cluster.AllSay(view => view.Find(name) is { IsMaster: true } record
            && record.ShardId == cluster[3].View.Myself.ShardId));
    }

    [Fact]
    public void A_replica_that_was_reset_and_tells_no_shard_is_of_its_former_one_no_more()
    {
        // As redis-server 7.0, which knows no shards.
        var node = new LoneMachine(
            LoneMachine.Options,
            LoneMachine.Myself(LoneMachine.Master(1, 0, 8191)),
            LoneMachine.Replica(2, master: 3),
            LoneMachine.Master(3, 8192, 16383));
        node.Hear(node.Heartbeat(LoneMachine.Master(2), configEpoch: 1));
        Assert.NotEqual(node.View.Find(LoneMachine.Id(3))!.ShardId, node.View.Find(LoneMachine.Id(2))!.ShardId);
    }

    [Fact]
    public void A_replica_that_takes_over_stays_of_its_shard()
    {
        var node = new LoneMachine(
            LoneMachine.Options,
            LoneMachine.Myself(LoneMachine.Master(1, 0, 8191)),
            LoneMachine.Replica(2, master: 3),
            LoneMachine.Master(3, 8192, 16383));
        node.Hear(node.Heartbeat(LoneMachine.Master(2, 8192, 16383), configEpoch: 4));
        Assert.Equal(node.View.Find(LoneMachine.Id(3))!.ShardId, node.View.Find(LoneMachine.Id(2))!.ShardId);
    }

    /// <summary>A replica of redis-server 7.2 that is reset keeps its shard's id.</summary>
    [Fact]
    public void A_replica_that_leaves_an_owner_of_slots_does_not_stand_for_another_before_it_has_synchronised()
    {
        var target = LoneMachine.Master(3, 101, 16383) with { ShardId = LoneMachine.Id(2), Flags = NodeFlags.Master | NodeFlags.Failing };
        var node = new LoneMachine(
            LoneMachine.Options, LoneMachine.Myself(LoneMachine.Replica(1, master: 2)), LoneMachine.Master(2, 0, 100), target);
        Assert.Null(node.Machine.Replicate(target.Id, hasKeys: true, node.Now, node.Effects));
        node.Wait(3000, 2);
        Assert.DoesNotContain(node.Effects, effect => effect is ClusterEffect.Log log
            && log.Text.StartsWith("Starting a failover election", StringComparison.Ordinal));
        Assert.NotNull(node.Machine.Failover(FailoverMode.Force, node.Now, node.Effects));
    }

    /// <summary>
    /// Seed 6640: a replica knew its new master by the shard that this had left, and the master took that for its own: two
    /// masters with slots were of one shard.
    /// </summary>
    [Fact]
    public void A_replica_does_not_tell_this_master_of_which_shard_it_is()
    {
        var node = new LoneMachine(
            LoneMachine.Options,
            LoneMachine.Myself(LoneMachine.Master(1, 0, 8191)),
            LoneMachine.Replica(2, master: 1),
            LoneMachine.Master(3, 8192, 16383));
        node.Hear(2, BusType.Ping, OfShard(3));
        Assert.Equal(LoneMachine.Id(1), node.View.Myself.ShardId);
    }

    [Fact]
    public void A_replica_does_not_tell_of_which_shard_a_master_is_that_has_told_it_itself()
    {
        var node = new LoneMachine(
            LoneMachine.Options,
            LoneMachine.Myself(LoneMachine.Master(1, 0, 8191)),
            LoneMachine.Replica(2, master: 3),
            LoneMachine.Master(3, 8192, 16383));
        node.Hear(3, BusType.Ping, OfShard(7));
        Assert.Equal(LoneMachine.Id(7), node.View.Find(LoneMachine.Id(2))!.ShardId);
        node.Hear(2, BusType.Ping, OfShard(8));
        Assert.Equal(LoneMachine.Id(7), node.View.Find(LoneMachine.Id(3))!.ShardId);
    }

    /// <summary>A redis-server 7.0 says nothing of shards; its replicas of another kind have to agree on one.</summary>
    [Fact]
    public void A_replica_tells_of_which_shard_a_master_is_that_does_not_know_shards()
    {
        var node = new LoneMachine(
            LoneMachine.Options,
            LoneMachine.Myself(LoneMachine.Master(1, 0, 8191)),
            LoneMachine.Replica(2, master: 3),
            LoneMachine.Master(3, 8192, 16383));
        node.Hear(3);
        node.Hear(2, BusType.Ping, OfShard(8));
        Assert.Equal(LoneMachine.Id(8), node.View.Find(LoneMachine.Id(3))!.ShardId);
    }

    private static BusBody.Heartbeat OfShard(int number) => new([], PingExtensions.None with { ShardId = LoneMachine.Id(number) });
}
