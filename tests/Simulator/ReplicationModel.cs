using Starling.ClusterBus.View;

namespace Starling.Simulator;

/// <summary>
/// Masters take writes and acknowledge them at once, replicas follow them: by going on where that is possible, else by a
/// full synchronisation, for which they give up what they have.
/// </summary>
internal sealed class ReplicationModel(Simulation simulation, SimulationPlan plan)
{
    private const long Period = 100;

    /// <summary>Begins.</summary>
    public void Schedule() => simulation.At(simulation.Now + Period, Step);

    /// <summary>The node becomes a replica of another, or goes on as one.</summary>
    public void Follow(SimulatedNode node, SimulatedNode master, int port)
    {
        // A replica that changes masters counts from its last contact with the former one; a master never had any.
        if (node.ReplicatesFrom.IsNone) node.LastMasterContactAt = 0;
        if (node.MovesTo == master.Machine.Id && !node.IsOfAnotherShard)
        {
            simulation.Ledger.Discards(node, master);
            node.IsOfAnotherShard = true;
        }

        simulation.Note(node, $"is to replicate from node {master.Index}, has offset {node.ReplicationOffset}");
        node.ReplicatesFrom = master.Machine.Id;
        node.MasterAddress = (master.Ip, port);
        node.HasLeftMaster = node.IsLinkUp = node.HasSynchronized = false;
        node.LoadingUntil = node.StreamHeldUntil = 0;
        (node.IsHandoverAsked, node.HandsOverFrom) = (false, null);
    }

    /// <summary>The node becomes a master with the data that it has.</summary>
    public void Promote(SimulatedNode node)
    {
        if (node.ReplicatesFrom.IsNone) return;
        simulation.Note(node, $"goes on as a master from offset {node.ReplicationOffset}");
        var next = new DataHistory(node.History, node.ReplicationOffset);
        simulation.Ledger.Promoted(node, next);
        node.History = next;
        node.ReplicatesFrom = NodeId.None;
        node.MasterAddress = null;
        node.HasLeftMaster = node.IsLinkUp = node.HasSynchronized = node.IsDataIncomplete = false;
        node.LoadingUntil = 0;
    }

    /// <summary>The node's data are gone because someone wanted it, or because it died and kept none.</summary>
    public void Flush(SimulatedNode node)
    {
        simulation.Note(node, $"loses its data, offset {node.ReplicationOffset}");
        simulation.Ledger.Died(node);
        Empty(node);
    }

    private static void Empty(SimulatedNode node)
    {
        node.History = new DataHistory(parent: null, forkedAt: 0);
        node.ReplicationOffset = 0;
        node.MovesTo = NodeId.None;
        node.IsOfAnotherShard = false;
    }

    private void Step()
    {
        simulation.At(simulation.Now + Period, Step);
        foreach (var node in simulation.Nodes)
        {
            if (!node.IsAlive || node.PausedUntil > simulation.Now) continue;
            if (node.ReplicatesFrom.IsNone) TakeWrites(node);
            else Follow(node);
        }
    }

    private void TakeWrites(SimulatedNode node)
    {
        var now = simulation.Now;
        if (node.WritesPausedUntil > now || node.View is not { Health: ClusterHealth.Ok, Myself: { IsMaster: true } mine })
            return;
        var count = simulation.Random.Next(100);
        for (var shard = 0; shard < plan.Shards; shard++)
        {
            if (!mine.Slots.Contains(simulation.HomeSlotOf(shard))) continue;
            node.ReplicationOffset += 1 + count;
            simulation.Ledger.Acknowledged(node, shard);
        }
    }

    private void Follow(SimulatedNode node)
    {
        if (FindMaster(node) is not { } master)
        {
            node.LoadingUntil = 0;
            node.IsLinkUp = false;
            return;
        }

        if (node.LoadingUntil != 0)
        {
            if (node.LoadingUntil > simulation.Now) return;
            node.LoadingUntil = 0;
        }
        else if (!CanContinue(node, master))
        {
            simulation.Note(
                node, $"gives up its data, offset {node.ReplicationOffset}, to load those of node {master.Index}, offset {master.ReplicationOffset}");
            simulation.Ledger.Discards(node, master);
            Empty(node);
            node.LastMasterContactAt = 0;
            node.IsDataIncomplete = true;
            node.LoadingUntil = simulation.Now + 100 + simulation.Random.Next(plan.LoadingTime);
            return;
        }

        if (node.IsLinkUp && IsStreamHeld(node))
        {
            node.LastMasterContactAt = simulation.Now;
            return;
        }

        if (!node.IsLinkUp) simulation.Note(node, $"is in step with node {master.Index} at offset {master.ReplicationOffset}");
        node.History = master.History;
        node.ReplicationOffset = master.ReplicationOffset;
        node.LastMasterContactAt = simulation.Now;
        node.IsLinkUp = node.HasSynchronized = true;
        node.MovesTo = NodeId.None;
        node.IsOfAnotherShard = false;
        node.IsDataIncomplete = false;
    }

    // What was written leaves late, or is not read: the link is up all the same, and what it brings is of the same history.
    private bool IsStreamHeld(SimulatedNode node)
    {
        if (node.StreamHeldUntil > simulation.Now) return true;
        if (!simulation.IsRough || plan.StreamLag == 0 || simulation.Random.Next(20) != 0) return false;
        node.StreamHeldUntil = simulation.Now + simulation.Random.Next(plan.StreamLag);
        return true;
    }

    // A master that is itself loading has nothing to give.
    private SimulatedNode? FindMaster(SimulatedNode node)
    {
        if (node.IsReplicationStalled || node.HasLeftMaster) return null;
        foreach (var master in simulation.Nodes)
        {
            if (!master.IsAlive || master.Machine.Id != node.ReplicatesFrom || master == node) continue;
            var isReachable = master.PausedUntil <= simulation.Now && master.LoadingUntil == 0
                && master.IsServing && !master.View.HasLostData && (master.ReplicatesFrom.IsNone || master.IsLinkUp)
                && !simulation.Network.IsCut(master, node) && !simulation.Network.IsCut(node, master);
            return isReachable ? master : null;
        }

        return null;
    }

    private static bool CanContinue(SimulatedNode node, SimulatedNode master) =>
        node.History == master.History
            ? node.ReplicationOffset <= master.ReplicationOffset
            : node.ReplicationOffset > 0
                && master.History.Reaches(master.ReplicationOffset, node.History) >= node.ReplicationOffset;
}
