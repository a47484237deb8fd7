using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.View;
using Starling.Slots;

namespace Starling.Simulator;

/// <summary>
/// Someone with redis-cli: moves slots, forgets, resets and adds nodes while the cluster is disturbed, and in the end
/// puts right what was left half done.
/// </summary>
internal sealed class Administrator(Simulation simulation, SimulationPlan plan)
{
    private const long RepairPeriod = 5000;

    // What nobody claimed at the last look.
    private SlotSet _free = SlotSet.None;

    private bool CanReach(SimulatedNode node) => node.IsAlive && node.PausedUntil <= simulation.Now;

    /// <summary>Calls a node, if it answers. False when it does not, or refuses.</summary>
    public bool Ask(
        SimulatedNode node,
        string what,
        Func<ClusterMachine, long, EffectList, string?> operation,
        bool forgets = false)
    {
        if (!CanReach(node)) return false;
        string? error = null;
        if (forgets) simulation.Forgets(node);
        simulation.Do(node, (machine, now, effects) => error = operation(machine, now, effects));
        simulation.Note(node, $"is asked: {what} ({error ?? "OK"})");
        return error is null;
    }

    /// <summary>
    /// Moves a slot in the four steps of redis-cli, each a while after the answer to the one before. One of four movers
    /// does not look at the answers.
    /// </summary>
    public void MoveSlot(SimulatedNode source, SimulatedNode target, int slot)
    {
        if (!CanReach(source) || !CanReach(target) || source.View.OwnerOf(slot) is not { IsMyself: true }) return;
        var (from, to) = (source.Machine.Id, target.Machine.Id);
        var steps = new Queue<Step>();
        steps.Enqueue(new Step(target, $"SETSLOT {slot} IMPORTING node {source.Index}", (machine, now, effects) =>
            machine.SetSlotImporting(slot, from, now, effects)));
        steps.Enqueue(new Step(source, $"SETSLOT {slot} MIGRATING node {target.Index}", (machine, now, effects) =>
            machine.SetSlotMigrating(slot, to, now, effects)));
        foreach (var node in (SimulatedNode[])[target, source])
        {
            steps.Enqueue(new Step(node, $"SETSLOT {slot} NODE node {target.Index}", (machine, now, effects) =>
                machine.SetSlotNode(slot, to, slotHasKeys: false, now, effects)));
        }

        Take(steps, isCareful: simulation.Random.Next(4) != 0);
    }

    private void Take(Queue<Step> steps, bool isCareful)
    {
        if (!steps.TryDequeue(out var step)) return;
        var isDone = Ask(step.Node, step.What, step.Operation);
        if (!isCareful) Later(() => Take(steps, isCareful), 1);
        else if (isDone) WhenAnswered(step.Node, step.Node.Disk.Requested, step.Node.Life, () => Later(() => Take(steps, isCareful), 1));
    }

    // The reply leaves when nodes.conf is written. Whoever dies before gives none.
    private void WhenAnswered(SimulatedNode node, long request, int life, Action action)
    {
        if (!node.IsAlive || node.Life != life) return;
        if (node.Disk.Done >= request) action();
        else simulation.At(simulation.Now + 10, () => WhenAnswered(node, request, life, action));
    }

    /// <summary>
    /// Has a node forget another, which owns nothing (redis-cli refuses to remove an owner of slots), and whose data nobody
    /// needs. As redis-cli does only with one that answers: one that is down may come back with a file in which it owns slots,
    /// and those who have forgotten it do not tell it better.
    /// </summary>
    public void Forget(SimulatedNode node, SimulatedNode other)
    {
        if (!plan.KeepsData || !CanReach(other) || !other.Machine.Snapshot().Myself.Slots.IsEmpty) return;
        if (other.Disk.Durable is not { } durable || !durable.Myself.Slots.IsEmpty) return;
        Ask(node, $"FORGET node {other.Index}", (machine, now, effects) => machine.Forget(other.Machine.Id, now, effects), forgets: true);
    }

    /// <summary>Resets a replica, and brings it back after a while.</summary>
    public void Reset(SimulatedNode node, bool hard)
    {
        if (!CanReach(node) || !node.View.Myself.IsReplica || node.ReplicatesFrom.IsNone) return;
        Ask(node, hard ? "RESET HARD" : "RESET", (machine, now, effects) =>
            machine.Reset(hard, hasKeys: node.ReplicationOffset > 0, now, effects), forgets: true); // it may have won an election
        Later(() => Repair(node), 4);
    }

    /// <summary>Puts the whole cluster right, again and again until it agrees.</summary>
    public void Repair()
    {
        if (Agreement.Missing(simulation.Nodes) is null) return;
        foreach (var node in simulation.Nodes) Repair(node);
        Cover();
        simulation.At(simulation.Now + RepairPeriod, Repair);
    }

    private void Repair(SimulatedNode node)
    {
        if (!CanReach(node)) return;
        foreach (var record in node.View.Nodes)
        {
            if (!record.IsInHandshake && !record.IsMyself && simulation.Find(record.Id) is null)
                Ask(node, "FORGET a ghost", (machine, now, effects) => machine.Forget(record.Id, now, effects), forgets: true);
        }

        foreach (var other in simulation.Nodes)
        {
            if (other.IsAlive && node.View.Find(other.Machine.Id) is null)
                Ask(node, $"MEET node {other.Index}", (machine, now, effects) =>
                    machine.Meet(other.Ip, 7000, 17000, now, effects));
        }

        CloseSlots(node);
        ReplaceEmpty(node);
        FindMaster(node);
    }

    /// <summary>
    /// As <c>redis-cli --cluster fix</c>: a slot that nobody claims goes to a master. A move whose last step alone was done
    /// leaves one, and no node may take it by itself: the target may still be about to.
    /// </summary>
    private void Cover()
    {
        if (!simulation.Nodes.All(CanReach)) return;
        var free = SlotSet.Range(0, HashSlot.Count - 1);
        foreach (var node in simulation.Nodes)
        {
            if (node.View.Myself is not { IsMaster: true } mine) continue;
            for (var slot = mine.Slots.Next(0); slot >= 0; slot = mine.Slots.Next(slot + 1)) free.Remove(slot);
        }

        var taker = simulation.Nodes.FirstOrDefault(node => node.View.Myself is { IsMaster: true, Slots.IsEmpty: false });
        if (taker is null) return;
        for (var slot = free.Next(0); slot >= 0; slot = free.Next(slot + 1))
        {
            if (_free.Contains(slot)) Cover(taker, SlotSet.Range(slot, slot));
        }

        _free = free;
    }

    private void Cover(SimulatedNode node, SlotSet slot)
    {
        Ask(node, $"DELSLOTS {slot.Next(0)}", (machine, now, effects) => machine.DeleteSlots(slot, now, effects));
        Ask(node, $"ADDSLOTS {slot.Next(0)}", (machine, now, effects) => machine.AddSlots(slot, now, effects));
        Ask(node, "BUMPEPOCH", (machine, now, effects) =>
        {
            machine.BumpEpoch(out _, now, effects);
            return null;
        });
    }

    private void CloseSlots(SimulatedNode node)
    {
        foreach (var slot in node.View.Importing.Keys.Concat(node.View.Migrating.Keys).ToArray())
            Ask(node, $"SETSLOT {slot} STABLE", (machine, now, effects) => machine.SetSlotStable(slot, now, effects));
    }

    // Whoever has most of what an empty master has lost takes its place, whatever the age of its data.
    private void ReplaceEmpty(SimulatedNode node)
    {
        if (!node.View.HasLostData) return;
        SimulatedNode? best = null;
        foreach (var other in simulation.Nodes)
        {
            if (other == node || !CanReach(other)) continue;
            if (other.View.Myself.MasterId != node.Machine.Id)
            {
                // One of the shard that has not heard yet who its master is: it may have what this one has lost.
                if (other.ReplicationOffset > 0 && other.View.Myself.ShardId == node.View.Myself.ShardId) return;
                continue;
            }

            if (best is null || other.ReplicationOffset > best.ReplicationOffset) best = other;
        }

        if (best is { ReplicationOffset: > 0 })
            Ask(best, "FAILOVER TAKEOVER", (machine, now, effects) => machine.Failover(FailoverMode.Takeover, now, effects));
        else
            node.Options = node.Options with { AllowEmptyMaster = true };
    }

    // A master without slots becomes a replica of the owner that has the fewest.
    private void FindMaster(SimulatedNode node)
    {
        var view = node.View;
        if (!view.Myself.IsMaster || !view.Myself.Slots.IsEmpty) return;
        NodeRecord? best = null;
        foreach (var record in view.Nodes)
        {
            if (!record.IsMaster || record.Slots.IsEmpty || record.IsInHandshake) continue;
            if (best is null || view.ReplicasOf(record.Id).Count() < view.ReplicasOf(best.Id).Count()) best = record;
        }

        if (best is not null)
            Ask(node, $"REPLICATE {best.Id}", (machine, now, effects) => machine.Replicate(best.Id, hasKeys: false, now, effects));
    }

    private void Later(Action action, int steps) =>
        simulation.At(simulation.Now + (steps * (50 + simulation.Random.Next(300))), action);

    private readonly record struct Step(
        SimulatedNode Node, string What, Func<ClusterMachine, long, EffectList, string?> Operation);
}
