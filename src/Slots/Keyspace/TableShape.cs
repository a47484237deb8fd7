using System.Runtime.CompilerServices;

namespace Starling.Slots.Keyspace;

/// <summary>How a slot's table grows and shrinks; see <see cref="SlotTable"/>.</summary>
internal static unsafe class TableShape
{
    private const int MaxEntries = TableNode.MaxBuckets * TableNode.BucketEntries;

    /// <summary>A branch with fewer entries per child halves its children.</summary>
    private const uint SparseLeaf = 32;

    /// <summary>Of a leaf that is made for entries to come: some more find room in it.</summary>
    private const int FullestReserved = 140;

    private const int MostReserved = 4096;

    /// <summary>Two leaves with more entries together do not become one.</summary>
    private const uint FullestMerged = 160;

    /// <summary>
    /// Makes room in a leaf that is full: more buckets, or two leaves out of one. False when a leaf has all buckets and
    /// the hash no more bits to tell its entries apart.
    /// </summary>
    public static bool TryGrow(in TableMemory memory, in TablePlace place)
    {
        var leaf = place.Leaf;
        int buckets = leaf->Buckets;
        if (buckets < TableNode.MaxBuckets)
        {
            var grown = Math.Min(TableNode.MaxBuckets, buckets + Math.Max(1, buckets / 8));
            ResizeLeaf(memory, leaf, place.Bits, grown);
        }
        else if (place.Parent == null)
        {
            SplitLeaf(memory, leaf, 0, moveWindows: false);
        }
        else if (place.Bits < SlotTable.MaxFanoutBits)
        {
            DoubleBranch(memory, place.Parent);
        }
        else
        {
            var offset = place.Offset + SlotTable.MaxFanoutBits;
            if (offset + SlotTable.WindowBits > SlotTable.PositionBits) return false;
            SplitLeaf(memory, leaf, offset, moveWindows: true);
        }

        return true;
    }

    /// <summary>
    /// Gives an empty table the shape for so many entries, which then come without its growing step by step. Of very many it
    /// takes no notice: they may never come.
    /// </summary>
    public static void Reserve(in TableMemory memory, TableNode* root, long entries)
    {
        Invariant.That(root->Count == 0 && root->FanoutBits == 0);
        entries = Math.Min(entries, MostReserved);
        var bits = 0;
        while (entries >> bits > FullestReserved && bits < SlotTable.MaxFanoutBits) bits++;
        var buckets = BucketsFor((uint)(entries >> bits));
        if (bits == 0)
        {
            SetBuckets(memory, root, buckets);
            return;
        }

        SetBuckets(memory, root, 0);
        var leaves = 1 << bits;
        var children = (TableNode*)memory.Heap.AllocateZeroed(memory.Selector, leaves * TableNode.Bytes);
        for (var i = 0; i < leaves; i++) SetBuckets(memory, children + i, buckets);
        root->Children = children;
        root->FanoutBits = (byte)bits;
    }

    /// <summary>Gives back room after a removal.</summary>
    public static void Shrink(in TableMemory memory, in TablePlace place)
    {
        var leaf = place.Leaf;
        if (leaf->Count == 0) SetBuckets(memory, leaf, 0);
        else if (leaf->Buckets > 1 && leaf->Count < leaf->Buckets * 4u)
            ResizeLeaf(memory, leaf, place.Bits, BucketsFor(leaf->Count));

        var parent = place.Parent;
        if (parent == null || parent->Count >= SparseLeaf << place.Bits || !CanHalve(parent)) return;
        if (place.Bits > 1) HalveBranch(memory, parent);
        else MergeIntoLeaf(memory, parent, place.Offset);
    }

    /// <summary>Frees the memory of a table, with or without the entries, and leaves it an empty leaf.</summary>
    public static void Free(in TableMemory memory, TableNode* node, bool entries)
    {
        if (node->FanoutBits != 0)
        {
            var children = 1 << node->FanoutBits;
            for (var i = 0; i < children; i++) Free(memory, node->Children + i, entries);
            memory.Heap.Free((byte*)node->Children, children * TableNode.Bytes);
            node->FanoutBits = 0;
            node->Children = null;
        }
        else
        {
            if (TableNode.Next(node) != null) LeafChain.Free(memory, node, entries);
            if (entries) FreeEntries(memory, node);
            SetBuckets(memory, node, 0);
        }

        node->Count = 0;
    }

    /// <summary>Frees the entries of a leaf, not those behind it.</summary>
    public static void FreeEntries(in TableMemory memory, TableNode* leaf)
    {
        for (var i = 0u; i < leaf->Buckets; i++)
        {
            var bucket = TableNode.Bucket(leaf, i);
            for (var j = 1; j < TableNode.BucketWords; j++)
                if (bucket[j] != 0) EntryBlock.Free(memory.Heap, SlotTable.Address(bucket[j]));
        }
    }

    /// <summary>The number of buckets for a fresh leaf: 5.5 entries in each.</summary>
    private static int BucketsFor(uint count) => count switch
    {
        0 => 0,
        <= TableNode.BucketEntries => 1,
        _ => Math.Min(TableNode.MaxBuckets, (((int)count * 2) + 10) / 11),
    };

    [SkipLocalsInit]
    private static void ResizeLeaf(in TableMemory memory, TableNode* leaf, int bits, int buckets)
    {
        var references = stackalloc ulong[MaxEntries];
        var tags = stackalloc byte[MaxEntries];
        var count = Gather(leaf, references, tags);
        SetBuckets(memory, leaf, buckets);
        for (var i = 0; i < count; i++) SlotTable.Put(leaf, bits, references[i], tags[i]);
    }

    /// <summary>Makes a leaf a branch of two.</summary>
    [SkipLocalsInit]
    private static void SplitLeaf(in TableMemory memory, TableNode* leaf, int offset, bool moveWindows)
    {
        var references = stackalloc ulong[MaxEntries];
        var tags = stackalloc byte[MaxEntries];
        var count = Gather(leaf, references, tags);
        if (moveWindows) MoveWindows(memory, references, count, offset);
        SetBuckets(memory, leaf, 0);
        var children = (TableNode*)memory.Heap.AllocateZeroed(memory.Selector, 2 * TableNode.Bytes);
        Distribute(memory, references, tags, count, children, 1);

        // A root has no bound, or something else in its place: the lowest one is right for any.
        children[0].EarliestSecond = children[1].EarliestSecond = moveWindows ? leaf->EarliestSecond : 1;
        leaf->Children = children;
        leaf->FanoutBits = 1;
    }

    /// <summary>Splits every leaf of a branch in two.</summary>
    [SkipLocalsInit]
    private static void DoubleBranch(in TableMemory memory, TableNode* branch)
    {
        var references = stackalloc ulong[MaxEntries];
        var tags = stackalloc byte[MaxEntries];
        var old = branch->Children;
        var leaves = 1 << branch->FanoutBits;
        var children = (TableNode*)memory.Heap.AllocateZeroed(memory.Selector, 2 * leaves * TableNode.Bytes);
        for (var i = 0; i < leaves; i++)
        {
            var count = Gather(old + i, references, tags);
            SetBuckets(memory, old + i, 0);
            var pair = children + (2 * i);
            Distribute(memory, references, tags, count, pair, branch->FanoutBits + 1);
            pair[0].EarliestSecond = pair[1].EarliestSecond = old[i].EarliestSecond;
        }

        memory.Heap.Free((byte*)old, leaves * TableNode.Bytes);
        branch->Children = children;
        branch->FanoutBits++;
    }

    private static bool CanHalve(TableNode* branch)
    {
        var leaves = 1 << branch->FanoutBits;
        for (var i = 0; i < leaves; i += 2)
        {
            var left = branch->Children + i;
            if (left->FanoutBits != 0 || left[1].FanoutBits != 0 || left->Count + left[1].Count > FullestMerged)
                return false;
        }

        return true;
    }

    /// <summary>Makes one leaf of every two.</summary>
    [SkipLocalsInit]
    private static void HalveBranch(in TableMemory memory, TableNode* branch)
    {
        var references = stackalloc ulong[MaxEntries];
        var tags = stackalloc byte[MaxEntries];
        var old = branch->Children;
        var leaves = 1 << branch->FanoutBits;
        var children = (TableNode*)memory.Heap.AllocateZeroed(memory.Selector, leaves / 2 * TableNode.Bytes);
        for (var i = 0; i < leaves; i += 2)
        {
            var count = GatherPair(memory, old + i, references, tags);
            Fill(memory, children + (i / 2), branch->FanoutBits - 1, references, tags, count);
            children[i / 2].EarliestSecond = TableNode.Earlier(old[i].EarliestSecond, old[i + 1].EarliestSecond);
        }

        memory.Heap.Free((byte*)old, leaves * TableNode.Bytes);
        branch->Children = children;
        branch->FanoutBits--;
    }

    /// <summary>Makes a branch of two leaves a leaf.</summary>
    /// <param name="memory">Where memory comes from.</param>
    /// <param name="branch">The branch.</param>
    /// <param name="offset">Where the window of its leaves starts.</param>
    [SkipLocalsInit]
    private static void MergeIntoLeaf(in TableMemory memory, TableNode* branch, int offset)
    {
        var references = stackalloc ulong[MaxEntries];
        var tags = stackalloc byte[MaxEntries];
        var old = branch->Children;
        var count = GatherPair(memory, old, references, tags);
        memory.Heap.Free((byte*)old, 2 * TableNode.Bytes);
        branch->Children = null;
        branch->FanoutBits = 0;
        var bits = 0;
        if (offset > 0)
        {
            bits = SlotTable.MaxFanoutBits;
            MoveWindows(memory, references, count, offset - SlotTable.MaxFanoutBits);
        }

        Fill(memory, branch, bits, references, tags, count);
    }

    private static int GatherPair(in TableMemory memory, TableNode* left, ulong* references, byte* tags)
    {
        var count = Gather(left, references, tags);
        count += Gather(left + 1, references + count, tags + count);
        SetBuckets(memory, left, 0);
        SetBuckets(memory, left + 1, 0);
        return count;
    }

    private static void MoveWindows(in TableMemory memory, ulong* references, int count, int offset)
    {
        for (var i = 0; i < count; i++)
        {
            var entry = SlotTable.Address(references[i]);
            var hash = memory.Hash.Of(EntryBlock.Key(entry));
            references[i] = (ulong)entry | (ulong)SlotTable.Window(hash, offset) << SlotTable.PositionBits;
        }
    }

    /// <summary>Fills two fresh leaves by the last of their <paramref name="bits"/>.</summary>
    [SkipLocalsInit]
    private static void Distribute(
        in TableMemory memory, ulong* references, byte* tags, int count, TableNode* leaves, int bits)
    {
        var rightReferences = stackalloc ulong[MaxEntries];
        var rightTags = stackalloc byte[MaxEntries];
        var left = 0;
        var right = 0;
        for (var i = 0; i < count; i++)
        {
            if ((references[i] >> (64 - bits) & 1) == 0)
            {
                references[left] = references[i];
                tags[left++] = tags[i];
            }
            else
            {
                rightReferences[right] = references[i];
                rightTags[right++] = tags[i];
            }
        }

        Fill(memory, leaves, bits, references, tags, left);
        Fill(memory, leaves + 1, bits, rightReferences, rightTags, right);
    }

    private static void Fill(
        in TableMemory memory, TableNode* leaf, int bits, ulong* references, byte* tags, int count)
    {
        SetBuckets(memory, leaf, BucketsFor((uint)count));
        for (var i = 0; i < count; i++) SlotTable.Put(leaf, bits, references[i], tags[i]);
        leaf->Count = (uint)count;
    }

    private static int Gather(TableNode* leaf, ulong* references, byte* tags)
    {
        var count = 0;
        for (var i = 0u; i < leaf->Buckets; i++)
        {
            var bucket = TableNode.Bucket(leaf, i);
            var word = *bucket;
            for (var j = 1; j < TableNode.BucketWords; j++, word >>= 8)
            {
                if ((byte)word == 0) continue;
                references[count] = bucket[j];
                tags[count++] = (byte)word;
            }
        }

        return count;
    }

    /// <summary>Gives a leaf that many buckets, all empty.</summary>
    public static void SetBuckets(in TableMemory memory, TableNode* leaf, int buckets)
    {
        int old = leaf->Buckets;
        for (var i = 0; i < TableNode.MaxBuckets / TableNode.PieceBuckets; i++)
        {
            var oldBytes = PieceBytes(old, i);
            var newBytes = PieceBytes(buckets, i);
            if (oldBytes == 0 && newBytes == 0) break;
            var piece = (byte*)TableNode.Piece(leaf, i);
            if (oldBytes != newBytes)
            {
                if (oldBytes > 0) memory.Heap.Free(piece, oldBytes);
                piece = newBytes > 0 ? memory.Heap.Allocate(memory.Selector, newBytes) : null;
                TableNode.SetPiece(leaf, i, piece);
            }

            if (newBytes > 0) Unsafe.InitBlock(piece, 0, (uint)newBytes);
        }

        leaf->Buckets = (byte)buckets;
    }

    /// <summary>Bytes of a piece of a leaf with that many buckets.</summary>
    public static int PieceBytes(int buckets, int piece) =>
        Math.Clamp(buckets - (piece * TableNode.PieceBuckets), 0, TableNode.PieceBuckets) * TableNode.BucketBytes;
}
