namespace Starling.Slots.Keyspace;

/// <summary>
/// Moves what a slot's table is made of and what it leads to out of the blocks that are to be emptied. Nothing of it
/// changes its position, so scans, snapshots and expiry scans under way do not notice.
/// </summary>
internal unsafe ref struct TableMover
{
    /// <summary>A step ends when that much was moved: some tens of microseconds.</summary>
    private const long BytesPerStep = 64 << 10;

    private readonly TableMemory _memory;
    private readonly ref DefragmentationCounts _counts;
    private readonly long _end;

    /// <summary>Makes a mover for one step.</summary>
    /// <param name="memory">The memory of the slot.</param>
    /// <param name="counts">Raised by what is done.</param>
    public TableMover(in TableMemory memory, ref DefragmentationCounts counts)
    {
        _memory = memory;
        _counts = ref counts;
        _end = counts.Bytes + BytesPerStep;
    }

    /// <summary>
    /// Looks at the leaf that covers a position and at the branches above it. Needs the slot's stripe.
    /// </summary>
    /// <param name="root">The table.</param>
    /// <param name="from">The position.</param>
    /// <returns>Where to go on: there again when there is more to move than one step does.</returns>
    public readonly ulong MoveLeaf(TableNode* root, ulong from)
    {
        MoveBranches(root, from << (64 - SlotTable.PositionBits));
        var place = SlotTable.Locate(root, from << (64 - SlotTable.PositionBits));
        for (var leaf = place.Leaf; leaf != null; leaf = TableNode.Next(leaf))
        {
            MovePieces(leaf);
            for (var i = 0u; i < leaf->Buckets; i++)
            {
                MoveEntries(TableNode.Bucket(leaf, i));
                if (_counts.Bytes >= _end) return from;
            }

            MoveNext(leaf);
        }

        return place.Start(from) + place.Width;
    }

    private readonly void MoveBranches(TableNode* root, ulong hash)
    {
        var node = root;
        for (var offset = 0; node->FanoutBits != 0; offset += SlotTable.MaxFanoutBits)
        {
            var children = (byte*)node->Children;
            if (TryMove(ref children, TableNode.Bytes << node->FanoutBits)) node->Children = (TableNode*)children;
            node = SlotTable.Child(node, hash, offset);
        }
    }

    private readonly void MovePieces(TableNode* leaf)
    {
        for (var i = 0; i * TableNode.PieceBuckets < leaf->Buckets; i++)
        {
            var piece = (byte*)TableNode.Piece(leaf, i);
            if (TryMove(ref piece, TableShape.PieceBytes(leaf->Buckets, i))) TableNode.SetPiece(leaf, i, piece);
        }
    }

    private readonly void MoveNext(TableNode* leaf)
    {
        var next = (byte*)TableNode.Next(leaf);
        if (next != null && TryMove(ref next, TableNode.Bytes)) TableNode.SetNext(leaf, (TableNode*)next);
    }

    private readonly void MoveEntries(ulong* bucket)
    {
        for (var i = 1; i < TableNode.BucketWords; i++)
        {
            if (bucket[i] == 0) continue;
            var entry = SlotTable.Address(bucket[i]);
            var hits = _counts.Hits;
            if (Count(TryMove(ref entry, EntryBlock.Size(entry)))) SlotTable.Redirect(bucket + i, entry);
            MoveValue(entry);
            if (_counts.Hits > hits) _counts.KeyHits++;
            else _counts.KeyMisses++;
        }
    }

    /// <summary>Moves the blocks of a value that lie outside of its entry.</summary>
    private readonly void MoveValue(byte* entry)
    {
        if (EntryBlock.Has(entry, EntryBlock.IsSeparate))
            Count(TryMove(ref EntryBlock.SeparateAddress(entry), EntryBlock.SeparateCapacity(entry)));
    }

    private readonly bool TryMove(ref byte* block, long size)
    {
        if (!_memory.Heap.TryMove(_memory.Selector, ref block, size)) return false;
        _counts.Bytes += size;
        return true;
    }

    private readonly bool Count(bool moved)
    {
        if (moved) _counts.Hits++;
        else _counts.Misses++;
        return moved;
    }
}
