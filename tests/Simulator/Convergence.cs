using Starling.ClusterBus.View;

namespace Starling.Simulator;

/// <summary>
/// What must not last between two nodes that talk to each other, however the rest of the cluster fares: the end of a run does
/// not show it, since a later election may have put it right.
/// </summary>
internal sealed class Convergence(Simulation simulation, SimulationPlan plan)
{
    private const long Period = 1000;

    /// <summary>Stands for a slot where two config epochs are alike.</summary>
    private const int AnySlot = -1;

    // What was wrong at the last look, and since when.
    private Dictionary<(int Node, int Other, int Slot), long> _since = [];

    private long Limit => LimitOf(plan);

    /// <summary>How long it may last: several times what a heartbeat and a new link take, lost packets included.</summary>
    public static long LimitOf(SimulationPlan plan) => 2 * ((2 * plan.NodeTimeout) + 1000 + (4 * plan.Delay.Maximum));

    /// <summary>Begins.</summary>
    public void Schedule() => simulation.At(simulation.Now + Period, Look);

    private void Look()
    {
        Schedule();
        var since = new Dictionary<(int, int, int), long>();
        foreach (var node in simulation.Nodes)
        {
            if (!node.IsAlive || node.View.Myself is not { IsMaster: true, Slots.IsEmpty: false }) continue;
            foreach (var other in simulation.Nodes)
            {
                if (other == node || !AreTalking(node, other)) continue;
                foreach (var slot in WhatIsWrong(node, other)) Note(since, node, other, slot);
            }
        }

        _since = since;
    }

    private void Note(Dictionary<(int, int, int), long> since, SimulatedNode node, SimulatedNode other, int slot)
    {
        var key = (node.Index, other.Index, slot);
        var began = _since.GetValueOrDefault(key, simulation.Now);
        since.Add(key, began);
        if (simulation.Now - began <= Limit) return;
        throw simulation.Failure(slot == AnySlot
            ? $"nodes {node.Index} and {other.Index} talk to each other, and have one config epoch for {Limit} ms"
            : $"node {node.Index} serves slot {slot}, and node {other.Index}, which it talks to, has known for {Limit} ms that it is another's");
    }

    private IEnumerable<int> WhatIsWrong(SimulatedNode node, SimulatedNode other)
    {
        if (other.View.Myself is { IsMaster: true, Slots.IsEmpty: false } theirs && theirs.ConfigEpoch == node.View.Myself.ConfigEpoch)
            yield return AnySlot;
        if (node.View.Health != ClusterHealth.Ok) yield break;
        for (var shard = 0; shard < plan.Shards; shard++)
        {
            var slot = simulation.HomeSlotOf(shard);
            if (node.View.Myself.Slots.Contains(slot) && KnowsBetter(other, node, slot)) yield return slot;
        }
    }

    /// <summary>
    /// It has to tell the node by an UPDATE, since that may not hear the new owner itself. An owner that has given the slot
    /// away is none.
    /// </summary>
    private bool KnowsBetter(SimulatedNode witness, SimulatedNode node, int slot) =>
        witness.View.OwnerOf(slot) is { } owner && owner.Id != node.Machine.Id
        && owner.ConfigEpoch > node.View.Myself.ConfigEpoch
        && node.View.Find(owner.Id) is { IsInHandshake: false }
        && simulation.Find(owner.Id)?.View.Myself is { IsMaster: true } claim && claim.Slots.Contains(slot);

    private bool AreTalking(SimulatedNode node, SimulatedNode other) =>
        IsUp(node) && IsUp(other) && !simulation.Network.IsCut(node, other) && !simulation.Network.IsCut(other, node)
        && node.View.Find(other.Machine.Id) is { IsInHandshake: false } && other.View.Find(node.Machine.Id) is { IsInHandshake: false };

    private bool IsUp(SimulatedNode node) =>
        node.IsAlive && node.PausedUntil <= simulation.Now && node.Disk.StuckUntil <= simulation.Now;
}
