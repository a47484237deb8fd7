using System.Runtime.Intrinsics.X86;
using Starling.Slots.Keyspace;
using Starling.Slots.Memory;

namespace Starling.Slots.Values.Elements;

/// <summary>The memory of an <see cref="ElementTable"/> as a whole: counted, copied, moved, freed.</summary>
internal static unsafe class ElementStorage
{
    private const long PageBytes = 64 << 10;
    private const long PageElements = 512;
    private const int ElementsPerFreedPage = 16;

    /// <summary>Leaves whose bytes are counted; with more of them the others are taken to be like these.</summary>
    private const int CountedLeaves = 512;

    /// <summary>A node's share of the block that holds it with its siblings.</summary>
    private static readonly long NodeBytes = NativeHeap.CountedBytes(64 * TableNode.Bytes) / 64;

    /// <summary>Leaves that are looked at in one call of <see cref="Relocate"/>.</summary>
    private const int LeavesPerMove = 64;

    /// <summary>
    /// Native bytes of a table with its elements, rounding included; of a large one those of the buckets are estimated.
    /// Bounded time: at most some tens of microseconds.
    /// </summary>
    public static long AllocatedBytes(ElementTable* table)
    {
        long bytes = 0, counted = 0;
        var position = 0UL;
        for (var leaves = 0; leaves < CountedLeaves && position < TableScan.End; leaves++)
        {
            var place = SlotTable.Locate(&table->Root, position << (64 - SlotTable.PositionBits));
            counted += place.Leaf->Count;
            for (var leaf = place.Leaf; leaf != null; leaf = TableNode.Next(leaf))
            {
                bytes += NodeBytes;
                for (var piece = 0; TableShape.PieceBytes(leaf->Buckets, piece) is > 0 and var size; piece++)
                    bytes += NativeHeap.CountedBytes(size);
            }

            position = place.Start(position) + place.Width;
        }

        if (counted > 0) bytes = (long)(bytes * ((double)ElementTable.Count(table) / counted));
        return bytes + table->ElementBytes + NativeHeap.CountedBytes(sizeof(ElementTable));
    }

    /// <summary>
    /// The pages of a table (<see cref="ValueOperations.Pages"/>): 64 KiB or 512 elements, whichever are fewer.
    /// </summary>
    public static long Pages(ElementTable* table) =>
        1 + Math.Max(table->ElementBytes / PageBytes, ElementTable.Count(table) / PageElements);

    /// <summary>Frees a table with its elements.</summary>
    public static void Free(in ValueMemory memory, ElementTable* table)
    {
        TableShape.Free(memory.ForTable(table->Hash), &table->Root, entries: true);
        memory.Free((byte*)table, sizeof(ElementTable));
    }

    /// <summary>
    /// Frees some elements of a table that no value has any more; nothing else may be done with it from the first call
    /// on.
    /// </summary>
    /// <param name="memory">Where blocks came from.</param>
    /// <param name="table">The table; dead when nothing is left.</param>
    /// <param name="pages">How many pages to free, about (<see cref="ValueOperations.FreeSome"/>).</param>
    /// <returns>True when something is left.</returns>
    public static bool FreeSome(in ValueMemory memory, ElementTable* table, int pages)
    {
        var nodes = memory.ForTable(table->Hash);
        if (table->FreedFrom == 0) table->FreedFrom = TableScan.End;
        for (var elements = pages * (long)ElementsPerFreedPage; elements > 0;)
        {
            var last = table->FreedFrom - 1;
            var place = SlotTable.Locate(&table->Root, last << (64 - SlotTable.PositionBits));
            var leaf = place.Leaf;
            elements -= 1 + leaf->Count;
            if (TableNode.Next(leaf) != null) LeafChain.Free(nodes, leaf, entries: true);
            TableShape.FreeEntries(nodes, leaf);
            TableShape.SetBuckets(nodes, leaf, 0);
            leaf->Count = 0;
            table->FreedFrom = place.Start(last);
            if (table->FreedFrom > 0) continue;
            Free(memory, table);
            return false;
        }

        return true;
    }

    /// <summary>Makes a table like another one, perhaps in another heap, with no block in common.</summary>
    public static ElementTable* Duplicate(in ValueMemory memory, ElementTable* table)
    {
        var copy = (ElementTable*)memory.Allocate(sizeof(ElementTable));
        *copy = *table;
        copy->MovedTo = 0;
        Copy(memory.ForTable(table->Hash), &table->Root, &copy->Root);
        return copy;
    }

    /// <summary>
    /// Moves blocks that lie badly, head and elements included (<see cref="ValueOperations.Relocate"/>): of a large table
    /// those of the next part, so that some calls come round. Not for a table whose elements' blocks are known elsewhere.
    /// </summary>
    /// <param name="mover">Says what lies badly.</param>
    /// <param name="address">The address of the table; may change.</param>
    public static void Relocate(ref BlockMover mover, ref byte* address)
    {
        mover.TryMove(ref address, sizeof(ElementTable));
        var table = (ElementTable*)address;
        for (var leaves = 0; leaves < LeavesPerMove && !mover.IsTired; leaves++)
        {
            var hash = table->MovedTo << (64 - SlotTable.PositionBits);
            LeafMover.MoveBranches(ref mover, &table->Root, hash);
            var place = SlotTable.Locate(&table->Root, hash);
            for (var leaf = place.Leaf; leaf != null; leaf = TableNode.Next(leaf)) MoveLeaf(ref mover, leaf);
            table->MovedTo = (place.Start(table->MovedTo) + place.Width) % TableScan.End;
            if (table->MovedTo == 0) return;
        }
    }

    private static void MoveLeaf(ref BlockMover mover, TableNode* leaf)
    {
        LeafMover.MovePieces(ref mover, leaf);
        for (var i = 0u; i < leaf->Buckets; i++)
        {
            var bucket = TableNode.Bucket(leaf, i);
            for (var j = 1; j < TableNode.BucketWords; j++)
            {
                if (bucket[j] == 0) continue;
                var block = SlotTable.Address(bucket[j]);
                if (mover.TryMove(ref block, EntryBlock.Size(block))) SlotTable.Redirect(bucket + j, block);
                if (EntryBlock.Has(block, EntryBlock.HasRoot))
                    EntryBlock.Operations(block).Relocate(ref mover, ref *EntryBlock.Root(block));
            }
        }

        LeafMover.MoveNext(ref mover, leaf);
    }

    private static void Copy(in TableMemory memory, TableNode* from, TableNode* to)
    {
        *to = *from;
        if (from->FanoutBits != 0)
        {
            var children = 1 << from->FanoutBits;
            to->Children = (TableNode*)memory.Heap.Allocate(memory.Selector, children * TableNode.Bytes);
            for (var i = 0; i < children; i++) Copy(memory, from->Children + i, to->Children + i);
            return;
        }

        for (var i = 0; TableShape.PieceBytes(from->Buckets, i) is > 0 and var size; i++)
        {
            var piece = memory.Heap.Allocate(memory.Selector, size);
            Buffer.MemoryCopy(TableNode.Piece(from, i), piece, size, size);
            TableNode.SetPiece(to, i, piece);
        }

        for (var i = 0u; i < to->Buckets; i++) CopyElements(memory, TableNode.Bucket(to, i));
        if (TableNode.Next(from) == null) return;
        var next = (TableNode*)memory.Heap.Allocate(memory.Selector, TableNode.Bytes);
        Copy(memory, TableNode.Next(from), next);
        TableNode.SetNext(to, next);
    }

    private static void CopyElements(in TableMemory memory, ulong* bucket)
    {
        for (var j = 1; j < TableNode.BucketWords; j++)
            if (bucket[j] != 0 && Sse.IsSupported) Sse.Prefetch0(SlotTable.Address(bucket[j]));
        for (var j = 1; j < TableNode.BucketWords; j++)
        {
            if (bucket[j] == 0) continue;
            var block = SlotTable.Address(bucket[j]);
            SlotTable.Redirect(
                bucket + j, EntryBlock.Copy(memory.Heap, memory.Selector, block, EntryBlock.Key(block)));
        }
    }
}
