using Starling.ClusterBus.View;
using Starling.Slots;

namespace Starling.ClusterBus.Protocol;

/// <summary>
/// What the machine knows of the cluster: the nodes in the order of their names, the slots' owners, the epochs.
/// </summary>
internal sealed class ClusterState(ClusterNode myself)
{
    private readonly ClusterNode?[] _owners = new ClusterNode?[HashSlot.Count];

    /// <summary>Slots whose owner no longer claims them, while nobody else does yet.</summary>
    private readonly SlotSet _unclaimed = new();

    // Negative when it has to be counted.
    private int _size = -1;

    public ClusterNode Myself { get; } = myself;

    public SortedList<NodeId, ClusterNode> Nodes { get; } = new() { [myself.Id] = myself };

    public SortedList<int, ClusterNode> Migrating { get; } = [];

    public SortedList<int, ClusterNode> Importing { get; } = [];

    public ulong CurrentEpoch { get; set; }

    public ulong LastVoteEpoch { get; set; }

    public ClusterHealth Health { get; set; } = ClusterHealth.SlotsNotCovered;

    /// <summary>
    /// Number of masters with slots, as of this moment: what came in the same message counts. redis-server goes by its
    /// last look at the cluster's state, and takes too few for a majority when a message brings a master and its word.
    /// </summary>
    public int Size
    {
        get
        {
            if (_size < 0) _size = Nodes.Values.Count(node => node.OwnsSlots);
            return _size;
        }
    }

    /// <summary>This master has started without its data, and is to be replaced.</summary>
    public bool HasLostData { get; set; }

    /// <summary>See <see cref="ClusterView.WasEmptyAtExit"/>.</summary>
    public bool WasEmptyAtExit { get; set; }

    /// <summary>Votes needed for FAIL and for a failover.</summary>
    public int Quorum => (Size / 2) + 1;

    /// <summary>The master of this node's shard: itself, or its master, which may be unknown.</summary>
    public ClusterNode? ShardMaster => Myself.IsMaster ? Myself : Myself.Master;

    /// <summary>A node has come or gone, or changed its role.</summary>
    public void SizeChanged() => _size = -1;

    public ClusterNode? Find(NodeId id) => Nodes.GetValueOrDefault(id);

    public ClusterNode? OwnerOf(int slot) => _owners[slot];

    public bool IsUnclaimed(int slot) => _owners[slot] is null || _unclaimed.Contains(slot);

    public void MarkUnclaimed(int slot) => _unclaimed.Add(slot);

    public void MarkClaimed(int slot) => _unclaimed.Remove(slot);

    /// <summary>The node's slots without those it no longer claims.</summary>
    public SlotSet ClaimedSlots(ClusterNode node)
    {
        var slots = node.Slots.Copy();
        for (var slot = _unclaimed.Next(0); slot >= 0; slot = _unclaimed.Next(slot + 1)) slots.Remove(slot);
        return slots;
    }

    public void Assign(int slot, ClusterNode node)
    {
        Unassign(slot);
        node.Slots.Add(slot);
        node.SlotsChanged();
        SizeChanged();
        _owners[slot] = node;

        // A master's first slot makes it a target of replica migration in a cluster that has replicas at all.
        if (node.Slots.Count == 1 && AnyMasterHasReplicas()) node.Flags |= NodeFlags.MigrateTo;
    }

    public void Unassign(int slot)
    {
        var owner = _owners[slot];
        if (owner is null) return;
        owner.Slots.Remove(slot);
        owner.SlotsChanged();
        SizeChanged();
        _owners[slot] = null;
        _unclaimed.Remove(slot);
        if (owner.IsMyself) Migrating.Remove(slot);
    }

    public int UnassignAll(ClusterNode node)
    {
        var count = node.Slots.Count;
        for (var slot = node.Slots.Next(0); slot >= 0; slot = node.Slots.Next(slot + 1)) Unassign(slot);
        return count;
    }

    public int MoveAll(ClusterNode from, ClusterNode to)
    {
        var count = from.Slots.Count;
        for (var slot = from.Slots.Next(0); slot >= 0; slot = from.Slots.Next(slot + 1)) Assign(slot, to);
        return count;
    }

    public void CloseAllSlots()
    {
        Migrating.Clear();
        Importing.Clear();
    }

    public void SetMasterOf(ClusterNode replica, ClusterNode? master)
    {
        if (replica.Master == master) return;
        if (replica.Master is { } old)
        {
            old.Replicas.Remove(replica);
            if (old.Replicas.Count == 0) old.Flags &= ~NodeFlags.MigrateTo;
        }

        replica.Master = master;
        if (master is null) return;
        master.Replicas.Add(replica);
        master.Flags |= NodeFlags.MigrateTo;
    }

    /// <summary>
    /// Gives the node the shard id, and the replicas of a master with it. True when something changed. A replica can know its
    /// master by a shard that this has left: what it says counts for a master only that says nothing itself.
    /// </summary>
    public static bool SetShard(ClusterNode node, NodeId shard)
    {
        if (shard.IsNone || node.ShardId == shard) return false;
        node.ShardId = shard;
        if (node.Master is null) foreach (var replica in node.Replicas) replica.ShardId = shard;
        else if (node.Master is { IsMyself: false, HasToldShard: false } master) master.ShardId = shard;
        return true;
    }

    public ulong MaximumEpoch()
    {
        var maximum = CurrentEpoch;
        foreach (var node in Nodes.Values) maximum = Math.Max(maximum, node.ConfigEpoch);
        return maximum;
    }

    /// <summary>Takes a node out of everything but the links.</summary>
    public void Remove(ClusterNode node)
    {
        UnassignAll(node);
        RemoveMoves(Migrating, node);
        RemoveMoves(Importing, node);
        Nodes.Remove(node.Id);
        foreach (var other in Nodes.Values)
        {
            other.FailureReports.RemoveAll(report => report.Reporter == node);
            if (other.Master == node) other.Master = null;
        }

        SetMasterOf(node, null);
    }

    /// <summary>The state of this moment.</summary>
    /// <param name="wallOffset">What to add to the machine's time to get Unix time.</param>
    /// <param name="ownSlots">What to show as this node's slots; null for what they are.</param>
    public ClusterView ToView(long wallOffset, SlotSet? ownSlots = null)
    {
        var records = new NodeRecord[Nodes.Count];
        for (var i = 0; i < records.Length; i++)
        {
            var node = Nodes.Values[i];
            records[i] = node.ToRecord(wallOffset);
            if (ownSlots is not null && node.IsMyself) records[i] = records[i] with { Slots = ownSlots };
        }

        return new ClusterView(records, Moves(Migrating), Moves(Importing))
        {
            CurrentEpoch = CurrentEpoch,
            LastVoteEpoch = LastVoteEpoch,
            Health = Health,
            Size = Size,
            HasLostData = HasLostData && Myself.OwnsSlots,
            WasEmptyAtExit = WasEmptyAtExit,
        };
    }

    private static IEnumerable<KeyValuePair<int, NodeId>> Moves(SortedList<int, ClusterNode> moves)
    {
        foreach (var (slot, node) in moves) yield return new KeyValuePair<int, NodeId>(slot, node.Id);
    }

    private static void RemoveMoves(SortedList<int, ClusterNode> moves, ClusterNode node)
    {
        for (var i = moves.Count - 1; i >= 0; i--)
        {
            if (moves.Values[i] == node) moves.RemoveAt(i);
        }
    }

    private bool AnyMasterHasReplicas()
    {
        foreach (var node in Nodes.Values)
        {
            if (!node.IsReplica && node.Replicas.Count > 0) return true;
        }

        return false;
    }
}
