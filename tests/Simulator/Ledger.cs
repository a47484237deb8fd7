using Starling.ClusterBus.View;

namespace Starling.Simulator;

/// <summary>
/// Every acknowledged write, and what became of it. One may vanish only for a reason that asynchronous replication has: a
/// master with a higher config epoch claims the slot that does not have it, or every node that had it died and kept no
/// data. And a master may acknowledge only as long as it can know that a majority is with it.
/// </summary>
internal sealed class Ledger(Simulation simulation, SimulationPlan plan)
{
    private readonly Dictionary<DataHistory, List<Write>> _writes = [];
    private readonly List<Claim> _claims = [];
    private readonly List<(DataHistory History, long From, long To)> _died = [];

    /// <summary>Number of acknowledgements (each stands for some writes).</summary>
    public long Count { get; private set; }

    /// <summary>The longest time, milliseconds, that a master acknowledged without having heard a majority.</summary>
    private long Patience => (2 * plan.NodeTimeout) + 1000 + (4 * plan.Delay.Maximum);

    /// <summary>A master acknowledges what it has written up to its offset.</summary>
    /// <exception cref="SimulationFailure">It must not, any more or yet.</exception>
    public void Acknowledged(SimulatedNode node, int shard)
    {
        if (WhyNot(node) is { } reason) throw simulation.Failure($"node {node.Index} acknowledges a write: {reason}");
        if (!_writes.TryGetValue(node.History, out var writes)) _writes.Add(node.History, writes = []);
        writes.Add(new Write(node.ReplicationOffset, shard, simulation.Now, node.View.Myself.ConfigEpoch));
        Count++;
    }

    /// <summary>A replica is about to go on as a master, with a line of writes of its own.</summary>
    /// <exception cref="SimulationFailure">Its data are not what a new master's may be.</exception>
    public void Promoted(SimulatedNode node, DataHistory next)
    {
        var mine = node.Disk.Won ?? node.Machine.Snapshot().Myself;
        node.Disk.Won = null;

        // Before its claim is noted: that explains what it lacks.
        if (node.HandsOverFrom is { } old && !mine.Slots.IsEmpty) CheckManualFailover(node, old);
        (node.IsHandoverAsked, node.HandsOverFrom) = (false, null);
        Claims(node, mine, next);
        var isElected = node.IsElected;
        node.IsElected = false;
        if (isElected && !mine.Slots.IsEmpty && WhyUnfit(node) is { } reason)
            throw simulation.Failure($"node {node.Index} was elected, and takes over with {reason}");
    }

    /// <summary>
    /// A master has taken a higher config epoch without asking anybody, as CLUSTER SETSLOT and a collision do: whoever was
    /// promoted in a lower one meanwhile loses its slots to it. The specification leaves it to the user that nobody was.
    /// </summary>
    public void Raised(SimulatedNode node, NodeRecord mine) => Claims(node, mine, node.History);

    /// <summary>A node's data are gone for good, with good reason.</summary>
    public void Died(SimulatedNode node) => Died([node]);

    private void Died(List<SimulatedNode> group)
    {
        foreach (var node in group) Died(node, group);
    }

    private void Died(SimulatedNode node, List<SimulatedNode> group)
    {
        for (var (history, offset) = (node.History, node.ReplicationOffset); ;)
        {
            var covered = CoveredByOthers(group, history);
            if (covered < offset) _died.Add((history, covered, offset));
            if (history.Parent is not { } parent) return;
            (history, offset) = (parent, Math.Min(offset, history.ForkedAt));
        }
    }

    /// <summary>An empty master has waited long enough for replicas that are out of reach: their data count no more.</summary>
    public void GivenUp(SimulatedNode master)
    {
        // Its replicas, whatever shard they have heard of, and those that were of its shard. As LostData tells them.
        var (id, members) = (master.Machine.Id, new List<SimulatedNode>());
        foreach (var node in simulation.Nodes)
        {
            if (node == master) continue;
            if (node.View.Myself.MasterId == id || node.View.Find(id)?.ShardId == node.View.Myself.ShardId) members.Add(node);
        }

        Died(members);
    }

    /// <summary>A replica gives up its data to load its master's, or to be a replica of another shard.</summary>
    /// <exception cref="SimulationFailure">Acknowledged writes are nowhere else.</exception>
    public void Discards(SimulatedNode node, SimulatedNode master)
    {
        if (node.IsOfAnotherShard) return;
        for (var (history, offset) = (node.History, node.ReplicationOffset); ;)
        {
            var covered = CoveredByOthers([node], history);
            foreach (var write in After(history, covered))
            {
                if (write.Offset <= offset && !IsExplained(history, write))
                {
                    throw simulation.Failure(
                        $"node {node.Index} gives up its data for those of node {master.Index}, and with them the only copy of a "
                        + $"write to shard {write.Shard} that was acknowledged at {Simulation.Elapsed(write.At)} ms");
                }
            }

            if (history.Parent is not { } parent) return;
            (history, offset) = (parent, Math.Min(offset, history.ForkedAt));
        }
    }

    /// <summary>The cluster is whole again: whether every write is there or its loss explained.</summary>
    /// <exception cref="SimulationFailure">One is not.</exception>
    public void CheckAll()
    {
        foreach (var (history, writes) in _writes)
        {
            foreach (var write in writes)
            {
                var owner = simulation.OwnerOf(simulation.HomeSlotOf(write.Shard));
                if (Has(owner, history, write.Offset) || IsExplained(history, write)) continue;
                throw simulation.Failure(
                    $"a write to shard {write.Shard} that was acknowledged at {Simulation.Elapsed(write.At)} ms is not on its "
                    + $"owner, node {owner.Index}");
            }
        }
    }

    private static bool Has(SimulatedNode node, DataHistory history, long offset) =>
        node.History.Reaches(node.ReplicationOffset, history) >= offset;

    private List<Write> After(DataHistory history, long offset)
    {
        if (!_writes.TryGetValue(history, out var writes)) return [];
        var first = writes.FindIndex(write => write.Offset > offset);
        return first < 0 ? [] : writes.GetRange(first, writes.Count - first);
    }

    private long CoveredByOthers(List<SimulatedNode> group, DataHistory history)
    {
        long covered = 0;
        foreach (var other in simulation.Nodes)
        {
            if (other.IsOfAnotherShard || group.Contains(other)) continue;
            covered = Math.Max(covered, other.History.Reaches(other.ReplicationOffset, history));
        }

        return covered;
    }

    private bool IsExplained(DataHistory history, Write write)
    {
        foreach (var claim in _claims)
        {
            if (claim.Shard != write.Shard || claim.Epoch <= write.Epoch) continue;

            // It was acknowledged by the claimer itself, or by who went on from its data. Whoever went on from those that it had
            // when it raised its epoch, in a lower one, did not.
            var reached = history.Reaches(long.MaxValue, claim.Next);
            if (reached > claim.Offset || (reached == claim.Offset && reached > 0 && claim.Next != claim.From)) continue;
            if (claim.From.Reaches(claim.Offset, history) < write.Offset) return true;
        }

        foreach (var (died, from, to) in _died)
        {
            if (died == history && write.Offset > from && write.Offset <= to) return true;
        }

        return false;
    }

    // TAKEOVER is the user's word; an election has to look.
    private static string? WhyUnfit(SimulatedNode node)
    {
        if (node.IsDataIncomplete) return "half a snapshot";
        return node.IsOfAnotherShard ? "another shard's data" : null;
    }

    private string? WhyNot(SimulatedNode node)
    {
        if (simulation.IsBuilding) return null;
        int size = 0, heard = 0;
        foreach (var record in node.View.Nodes)
        {
            if (!record.IsMaster || record.Slots.IsEmpty) continue;
            size++;
            if (record.IsMyself || simulation.Find(record.Id) is not { } other) heard++;
            else if (node.HeardAt[other.Index] is > 0 and var at && simulation.Now - at <= Patience) heard++;
        }

        // Whoever wakes up does not know yet that it slept.
        if (heard >= (size / 2) + 1 || simulation.Now - node.PausedUntil <= Patience) return null;
        return $"it has heard {heard} of {size} masters in the last {Patience} ms, itself included"
            + (simulation.Now - node.StartedAt <= Patience ? ", since it started" : "");
    }

    private void CheckManualFailover(SimulatedNode node, SimulatedNode old)
    {
        if (!old.IsAlive || old.Machine.Id != node.ReplicatesFrom || !old.ReplicatesFrom.IsNone) return;
        var last = _writes.GetValueOrDefault(old.History)?[^1];
        if (last is { } write && !IsExplained(old.History, write) && !Has(node, old.History, write.Offset))
        {
            throw simulation.Failure(
                $"node {node.Index} takes over from node {old.Index} by a manual failover, without its write of "
                + $"{Simulation.Elapsed(write.At)} ms");
        }
    }

    private void Claims(SimulatedNode node, NodeRecord mine, DataHistory next)
    {
        for (var shard = 0; shard < plan.Shards; shard++)
        {
            if (mine.Slots.Contains(simulation.HomeSlotOf(shard)))
                _claims.Add(new Claim(shard, mine.ConfigEpoch, node.History, node.ReplicationOffset, next));
        }
    }

    private readonly record struct Write(long Offset, int Shard, long At, ulong Epoch);

    /// <summary>A node claims a shard in an epoch, with one line's writes up to an offset; what it takes from then on goes to the next.</summary>
    private readonly record struct Claim(int Shard, ulong Epoch, DataHistory From, long Offset, DataHistory Next);
}
