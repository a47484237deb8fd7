using Starling.ClusterBus.View;
using Starling.Slots;

namespace Starling.Simulator;

/// <summary>Whether all nodes see the same healthy cluster.</summary>
internal static class Agreement
{
    private const NodeFlags Shown = ~(NodeFlags.ExtensionsSupported | NodeFlags.Meet | NodeFlags.MigrateTo);

    /// <summary>What is missing, or null.</summary>
    public static string? Missing(IReadOnlyList<SimulatedNode> nodes)
    {
        var first = nodes[0].View;
        var owners = first.Nodes.Where(record => record.IsMaster && !record.Slots.IsEmpty).ToList();
        var covered = owners.Sum(owner => owner.Slots.Count);
        if (covered != HashSlot.Count) return $"node 0 knows owners of {covered} slots";
        if (owners.DistinctBy(owner => owner.ConfigEpoch).Count() != owners.Count) return "two owners have one config epoch";
        foreach (var node in nodes)
        {
            if (Difference(node, owners) is { } difference) return difference;
            if (Strangers(node, nodes) is { } strangers) return strangers;
        }

        return null;
    }

    private static string? Difference(SimulatedNode node, List<NodeRecord> owners)
    {
        var view = node.View;
        if (!node.IsAlive) return $"node {node.Index} is dead";
        if (view.Health != ClusterHealth.Ok) return $"node {node.Index} is {view.Health}";
        foreach (var owner in owners)
        {
            if (view.Find(owner.Id) is not { } record || !record.IsMaster
                || !record.Slots.Equals(owner.Slots) || record.ConfigEpoch != owner.ConfigEpoch)
                return $"node {node.Index} does not see {owner.Id} as node 0 does";
            if (record.IsFailing || record.IsPossiblyFailing) return $"node {node.Index} sees {owner.Id} failing";
        }

        if (view.Nodes.Any(record => record.IsMaster && !record.Slots.IsEmpty
            && owners.TrueForAll(owner => owner.Id != record.Id)))
            return $"node {node.Index} sees one more master with slots";
        var isOwner = owners.Exists(owner => owner.Id == view.Myself.Id);
        if (isOwner != view.Myself.IsMaster) return $"node {node.Index} has the wrong role";
        if (isOwner != node.ReplicatesFrom.IsNone) return $"the server of node {node.Index} has the wrong role";
        if (view.Myself.IsReplica && owners.TrueForAll(owner => owner.Id != view.Myself.MasterId))
            return $"node {node.Index} is a replica of a node without slots";
        if (view.Myself.IsReplica && node.ReplicatesFrom != view.Myself.MasterId)
            return $"the server of node {node.Index} follows another master";
        return SameAsMachine(node) ? null : $"node {node.Index} did not publish its last view";
    }

    private static string? Strangers(SimulatedNode node, IReadOnlyList<SimulatedNode> nodes)
    {
        foreach (var other in nodes)
        {
            if (node.View.Find(other.Machine.Id) is not { IsInHandshake: false } record)
                return $"node {node.Index} does not know node {other.Index}";
            if (record.MasterId != other.View.Myself.MasterId)
                return $"node {node.Index} does not know whom node {other.Index} follows";
        }

        return node.View.Nodes.Count == nodes.Count ? null : $"node {node.Index} knows nodes that are no more";
    }

    private static bool SameAsMachine(SimulatedNode node)
    {
        var now = node.Machine.Snapshot();
        return now.CurrentEpoch == node.View.CurrentEpoch && now.Health == node.View.Health
            && now.Nodes.Count == node.View.Nodes.Count
            && now.Nodes.Zip(node.View.Nodes).All(pair => pair.First.Id == pair.Second.Id
                && ((pair.First.Flags ^ pair.Second.Flags) & Shown) == 0
                && pair.First.MasterId == pair.Second.MasterId && pair.First.Slots.Equals(pair.Second.Slots)
                    && pair.First.ConfigEpoch == pair.Second.ConfigEpoch);
    }
}
