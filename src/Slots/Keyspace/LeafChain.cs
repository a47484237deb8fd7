namespace Starling.Slots.Keyspace;

/// <summary>
/// What becomes of a leaf when more keys collide than it holds: other leaves continue it, each of as many buckets, all
/// of them full but the last. That many keys agree in 36 bits of a keyed hash only when somebody knows the key; then
/// finding one of them takes time in proportion to their number, and everything else stays as it is.
/// </summary>
internal static unsafe class LeafChain
{
    /// <summary>The leaf of the chain that has the room for one more entry, which it counts already.</summary>
    /// <param name="memory">Where memory comes from.</param>
    /// <param name="head">The first leaf, which is full and does not count the entry yet.</param>
    public static TableNode* AddPlace(in TableMemory memory, TableNode* head)
    {
        var leaf = head;
        for (var next = TableNode.Next(leaf); next != null; next = TableNode.Next(leaf))
        {
            leaf = next;
            leaf->Count++;
        }

        if (leaf != head && leaf->Count <= SlotTable.Limit(TableNode.MaxBuckets)) return leaf;
        var added = (TableNode*)memory.Heap.AllocateZeroed(memory.Selector, TableNode.Bytes);
        TableShape.SetBuckets(memory, added, TableNode.MaxBuckets);
        added->Count = 1;
        TableNode.SetNext(leaf, added);
        return added;
    }

    /// <summary>The leaf of the chain that holds a reference.</summary>
    public static TableNode* Holder(TableNode* head, ulong* cell)
    {
        for (var leaf = head; ; leaf = TableNode.Next(leaf))
        {
            Invariant.That(leaf != null);
            for (var i = 0u; i < leaf->Buckets; i++)
            {
                var bucket = TableNode.Bucket(leaf, i);
                if (cell > bucket && cell < bucket + TableNode.BucketWords) return leaf;
            }
        }
    }

    /// <summary>Fills the gap in a leaf from the last one, which goes when it is empty.</summary>
    /// <param name="memory">Where memory comes from.</param>
    /// <param name="place">The place of the chain's first leaf, which still counts the entry.</param>
    /// <param name="leaf">The leaf that an entry was taken out of.</param>
    public static void RemovePlace(in TableMemory memory, in TablePlace place, TableNode* leaf)
    {
        var before = place.Leaf;
        var last = TableNode.Next(before);
        last->Count--;
        for (var next = TableNode.Next(last); next != null; next = TableNode.Next(last))
        {
            before = last;
            last = next;
            last->Count--;
        }

        if (leaf != last)
        {
            var cell = Any(last, out var tag);
            var reference = *cell;
            SlotTable.TakeOut(last, place.Bits, cell);
            SlotTable.Put(leaf, place.Bits, reference, tag);
        }

        if (last->Count > 0) return;
        TableNode.SetNext(before, null);
        Free(memory, last);
    }

    /// <summary>Frees the leaves behind the first one, with or without their entries.</summary>
    public static void Free(in TableMemory memory, TableNode* head, bool entries)
    {
        var leaf = TableNode.Next(head);
        TableNode.SetNext(head, null);
        while (leaf != null)
        {
            var next = TableNode.Next(leaf);
            if (entries) TableShape.FreeEntries(memory, leaf);
            Free(memory, leaf);
            leaf = next;
        }
    }

    private static void Free(in TableMemory memory, TableNode* leaf)
    {
        TableShape.SetBuckets(memory, leaf, 0);
        memory.Heap.Free((byte*)leaf, TableNode.Bytes);
    }

    private static ulong* Any(TableNode* leaf, out byte tag)
    {
        for (var i = 0u; ; i++)
        {
            Invariant.That(i < leaf->Buckets);
            var bucket = TableNode.Bucket(leaf, i);
            for (var j = 1; j < TableNode.BucketWords; j++)
            {
                if (bucket[j] == 0) continue;
                tag = (byte)(*bucket >> ((j - 1) * 8));
                return bucket + j;
            }
        }
    }
}
