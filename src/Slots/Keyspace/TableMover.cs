using Starling.Slots.Memory;

namespace Starling.Slots.Keyspace;

/// <summary>
/// Moves what a slot's table is made of and what it leads to out of the blocks that are to be emptied. Nothing of it
/// changes its position, so scans, snapshots and expiry scans under way do not notice.
/// </summary>
internal unsafe ref struct TableMover
{
    /// <summary>A step ends when that much was moved: some tens of microseconds.</summary>
    private const long BytesPerStep = 64 << 10;

    private readonly TableSet _set;
    private readonly int _slot;
    private readonly ref DefragmentationCounts _counts;
    private BlockMover _tables;
    private BlockMover _keys;

    /// <summary>Makes a mover for one step.</summary>
    /// <param name="set">The tables.</param>
    /// <param name="slot">The slot.</param>
    /// <param name="counts">Raised by what is done.</param>
    public TableMover(TableSet set, int slot, ref DefragmentationCounts counts)
    {
        _set = set;
        _slot = slot;
        _counts = ref counts;
        var memory = set.Memory(slot);
        _tables = new BlockMover(memory.Heap, memory.Selector, BytesPerStep);
        _keys = new BlockMover(memory.Heap, memory.Selector, BytesPerStep);
    }

    /// <summary>
    /// Looks at the leaf that covers a position and at the branches above it. Needs the slot's stripe.
    /// </summary>
    /// <param name="root">The table.</param>
    /// <param name="from">The position.</param>
    /// <returns>Where to go on: there again when there is more to move than one step does.</returns>
    public ulong MoveLeaf(TableNode* root, ulong from)
    {
        var hash = from << (64 - SlotTable.PositionBits);
        LeafMover.MoveBranches(ref _tables, root, hash);
        var place = SlotTable.Locate(root, hash);
        for (var leaf = place.Leaf; leaf != null && !_keys.IsTired; leaf = TableNode.Next(leaf))
        {
            LeafMover.MovePieces(ref _tables, leaf);
            for (var i = 0u; i < leaf->Buckets && !_keys.IsTired; i++) MoveEntries(TableNode.Bucket(leaf, i));
            LeafMover.MoveNext(ref _tables, leaf);
        }

        _counts.Hits += _keys.Moved;
        _counts.Misses += _keys.Stayed;
        return _keys.IsTired ? from : place.Start(from) + place.Width;
    }

    private void MoveEntries(ulong* bucket)
    {
        for (var i = 1; i < TableNode.BucketWords; i++)
        {
            if (bucket[i] == 0) continue;
            var entry = SlotTable.Address(bucket[i]);
            var before = _keys.Moved;
            if (_keys.TryMove(ref entry, EntryBlock.Size(entry))) SlotTable.Redirect(bucket + i, entry);
            MoveValue(entry);
            if (_keys.Moved > before) _counts.KeyHits++;
            else _counts.KeyMisses++;
        }
    }

    /// <summary>
    /// Moves the blocks that the root of a value leads to, unless snapshots share them: these know them by their
    /// addresses.
    /// </summary>
    private void MoveValue(byte* entry)
    {
        if (!EntryBlock.Has(entry, EntryBlock.HasRoot) || _set.FindFrozen(_slot, entry) != null) return;
        EntryBlock.Operations(entry).Relocate(ref _keys, ref *EntryBlock.Root(entry));
    }
}
