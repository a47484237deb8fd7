using Starling.ClusterBus.View;

namespace Starling.ClusterBus.Protocol;

/// <summary>Makes the state a node starts with.</summary>
internal static class StateLoader
{
    /// <summary>Flags that are worth remembering across a restart.</summary>
    private const NodeFlags Kept = NodeFlags.Myself | NodeFlags.Master | NodeFlags.Replica
        | NodeFlags.PossiblyFailing | NodeFlags.Failing | NodeFlags.NoAddress | NodeFlags.NoFailover;

    /// <summary>A node nobody knows yet.</summary>
    public static ClusterState NewNode(RandomSource random, long now)
    {
        var myself = new ClusterNode(random.NextNodeId(), NodeFlags.Myself | NodeFlags.Master, now)
        {
            ShardId = random.NextNodeId(),
        };
        return new ClusterState(myself);
    }

    /// <summary>The state a view describes.</summary>
    public static ClusterState Load(ClusterView saved, RandomSource random, long now)
    {
        var state = new ClusterState(ToNode(saved.Myself, random, now))
        {
            CurrentEpoch = saved.CurrentEpoch,
            LastVoteEpoch = saved.LastVoteEpoch,
            WasEmptyAtExit = saved.WasEmptyAtExit,
        };
        foreach (var record in saved.Nodes)
        {
            if (!record.IsMyself) state.Nodes.Add(record.Id, ToNode(record, random, now));
        }

        foreach (var record in saved.Nodes)
        {
            var node = state.Nodes[record.Id];
            if (state.Find(record.MasterId) is { } master)
            {
                state.SetMasterOf(node, master);
                node.ShardId = master.ShardId;
            }

            // Only a master owns slots; a redis-server writes others' when CLUSTER ADDSLOTS was sent to a replica.
            if (!record.IsMaster) continue;
            var slots = record.Slots;
            for (var slot = slots.Next(0); slot >= 0; slot = slots.Next(slot + 1)) state.Assign(slot, node);
        }

        foreach (var (slot, id) in saved.Migrating) state.Migrating[slot] = state.Nodes[id];
        foreach (var (slot, id) in saved.Importing) state.Importing[slot] = state.Nodes[id];
        return state;
    }

    private static ClusterNode ToNode(NodeRecord record, RandomSource random, long now) =>
        new(record.Id, record.Flags & Kept, now)
        {
            ShardId = record.ShardId.IsNone ? random.NextNodeId() : record.ShardId,
            Address = record.Address,
            Hostname = record.Hostname,
            HumanName = record.HumanName,
            ConfigEpoch = record.ConfigEpoch,
            PingSentAt = record.PingSentAt,
            PongReceivedAt = record.PongReceivedAt,
            FailedAt = record.FailedAt,
        };
}
