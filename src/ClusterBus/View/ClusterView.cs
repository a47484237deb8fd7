using Starling.Slots;

namespace Starling.ClusterBus.View;

/// <summary>
/// The cluster as this node saw it at a moment. Immutable: readers on any thread hold it as long as they like.
/// </summary>
public sealed class ClusterView
{
    private readonly NodeRecord[] _nodes;
    private ushort[]? _owners;
    private readonly SortedList<int, NodeId> _migrating;
    private readonly SortedList<int, NodeId> _importing;

    /// <summary>Makes a view.</summary>
    /// <param name="nodes">All nodes; exactly one has <see cref="NodeFlags.Myself"/>. No slot is in two nodes'
    /// sets.</param>
    /// <param name="migrating">Slots of this node that are moving to another node.</param>
    /// <param name="importing">Slots that are moving from another node to this one.</param>
    public ClusterView(
        IEnumerable<NodeRecord> nodes,
        IEnumerable<KeyValuePair<int, NodeId>> migrating,
        IEnumerable<KeyValuePair<int, NodeId>> importing)
    {
        _nodes = [.. nodes];
        Array.Sort(_nodes, static (left, right) => left.Id.CompareTo(right.Id));
        NodeRecord? myself = null;
        foreach (var node in _nodes)
        {
            if (node.IsMyself) myself = node;
        }

        Invariant.That(myself is not null);
        Myself = myself;
        _migrating = Sorted(migrating);
        _importing = Sorted(importing);
    }

    /// <summary>This node.</summary>
    public NodeRecord Myself { get; }

    /// <summary>All nodes, this one and those in handshake included, in the order of their names.</summary>
    public IReadOnlyList<NodeRecord> Nodes => _nodes;

    /// <summary>currentEpoch: the highest epoch seen anywhere.</summary>
    public ulong CurrentEpoch { get; init; }

    /// <summary>The epoch of the last vote this node gave.</summary>
    public ulong LastVoteEpoch { get; init; }

    /// <summary>cluster_state.</summary>
    public ClusterHealth Health { get; init; }

    /// <summary>
    /// This master has started without its data and waits for one of its replicas to take its place: nobody may load
    /// its emptiness.
    /// </summary>
    public bool HasLostData { get; init; }

    /// <summary>
    /// This node was shut down in order, as a master with an empty data set: without a file of it nothing is lost.
    /// </summary>
    public bool WasEmptyAtExit { get; init; }

    /// <summary>cluster_size: number of masters that own slots, and vote.</summary>
    public int Size { get; init; }

    /// <summary>Slots of this node that are moving away, with the node they go to, ascending.</summary>
    public IReadOnlyDictionary<int, NodeId> Migrating => _migrating;

    /// <summary>Slots that are moving to this node, with the node they come from, ascending.</summary>
    public IReadOnlyDictionary<int, NodeId> Importing => _importing;

    /// <summary>The owner of a slot 0..16383, or null.</summary>
    public NodeRecord? OwnerOf(int slot)
    {
        // Made when first asked for, perhaps by several threads at once: they make the same.
        var owners = Volatile.Read(ref _owners);
        if (owners is null) Volatile.Write(ref _owners, owners = FindOwners());
        var owner = owners[slot];
        return owner == 0 ? null : _nodes[owner - 1];
    }

    /// <summary>The node of that name, those in handshake included, or null.</summary>
    public NodeRecord? Find(NodeId id)
    {
        int low = 0, high = _nodes.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var order = _nodes[middle].Id.CompareTo(id);
            if (order == 0) return _nodes[middle];
            if (order < 0) low = middle + 1;
            else high = middle - 1;
        }

        return null;
    }

    /// <summary>The replicas of a master, in the order of their names.</summary>
    public IEnumerable<NodeRecord> ReplicasOf(NodeId master)
    {
        foreach (var node in _nodes)
        {
            if (node.IsReplica && node.MasterId == master) yield return node;
        }
    }

    /// <summary>For each slot its owner's place in <see cref="Nodes"/> plus one, or 0.</summary>
    private ushort[] FindOwners()
    {
        var owners = new ushort[HashSlot.Count];
        for (var i = 0; i < _nodes.Length; i++)
        {
            var slots = _nodes[i].Slots;
            for (var slot = slots.Next(0); slot >= 0; slot = slots.Next(slot + 1)) owners[slot] = (ushort)(i + 1);
        }

        return owners;
    }

    private static SortedList<int, NodeId> Sorted(IEnumerable<KeyValuePair<int, NodeId>> moves)
    {
        var sorted = new SortedList<int, NodeId>();
        foreach (var (slot, node) in moves) sorted[slot] = node;
        return sorted;
    }
}
