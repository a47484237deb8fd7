using System.Runtime.InteropServices;
using Starling.Slots.Memory;

namespace Starling.Slots.Values.SortedSets;

/// <summary>
/// A block of the tree of a large sorted set. A leaf (level 0) holds elements in their order, a branch the nodes of the
/// level below. They lie behind this header.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ScoreNode
{
    /// <summary>The most elements of a leaf.</summary>
    public const int LeafFanout = 64;

    /// <summary>The most nodes of a branch.</summary>
    public const int BranchFanout = 32;

    /// <summary>Bytes of a node: a full leaf is as large as a full branch.</summary>
    public const int Bytes = HeaderBytes + (LeafFanout * ItemBytes);

    private const int HeaderBytes = 8;
    private const int ItemBytes = 16;
    private const int SlotBytes = 32;
    private const int SparseShare = 4;

    /// <summary>0 for a leaf, else one more than the level of the nodes below.</summary>
    public int Level;

    /// <summary>Number of elements, or of nodes, in use.</summary>
    public int Length;

    /// <summary>Native bytes of a node, rounding included.</summary>
    public static long AllocatedBytes => NativeHeap.CountedBytes(Bytes);

    /// <summary>How many elements or nodes fit.</summary>
    public readonly int Fanout => Level == 0 ? LeafFanout : BranchFanout;

    /// <summary>The node has so little in it that it should share with the one beside it.</summary>
    public readonly bool IsSparse => Length < Fanout / SparseShare;

    private readonly int Stride => Level == 0 ? ItemBytes : SlotBytes;

    /// <summary>An element of a leaf.</summary>
    public static ScoreItem* Item(ScoreNode* leaf, int index) => (ScoreItem*)((byte*)leaf + HeaderBytes) + index;

    /// <summary>A node of a branch.</summary>
    public static ScoreSlot* Slot(ScoreNode* branch, int index) => (ScoreSlot*)((byte*)branch + HeaderBytes) + index;

    /// <summary>Makes a node with nothing in it.</summary>
    public static ScoreNode* Make(in ValueMemory memory, int level)
    {
        var node = (ScoreNode*)memory.Allocate(Bytes);
        node->Level = level;
        node->Length = 0;
        return node;
    }

    /// <summary>Makes a node that holds the same.</summary>
    public static ScoreNode* Copy(in ValueMemory memory, ScoreNode* node)
    {
        var copy = (ScoreNode*)memory.Allocate(Bytes);
        Buffer.MemoryCopy(node, copy, Bytes, Bytes);
        return copy;
    }

    /// <summary>Frees a node, not what it leads to.</summary>
    public static void Free(in ValueMemory memory, ScoreNode* node) => memory.Free((byte*)node, Bytes);

    /// <summary>What a branch holds of a node that has an element.</summary>
    public static ScoreSlot SlotOf(ScoreNode* node) =>
        new() { Node = node, Count = Count(node), First = First(node) };

    /// <summary>Number of elements in a node and below.</summary>
    public static long Count(ScoreNode* node)
    {
        if (node->Level == 0) return node->Length;
        var count = 0L;
        for (var i = 0; i < node->Length; i++) count += Slot(node, i)->Count;
        return count;
    }

    /// <summary>The first element in a node that has one, or below it.</summary>
    public static ScoreItem First(ScoreNode* node) => node->Level == 0 ? *Item(node, 0) : Slot(node, 0)->First;

    /// <summary>Puts an element (<see cref="ScoreItem"/>) or a node (<see cref="ScoreSlot"/>) in; there is room.</summary>
    public static void Insert(ScoreNode* node, int index, void* content)
    {
        Move(node, index, node, index + 1, node->Length - index);
        Buffer.MemoryCopy(content, At(node, index), node->Stride, node->Stride);
        node->Length++;
    }

    /// <summary>Takes elements or nodes out.</summary>
    public static void Remove(ScoreNode* node, int index, int count)
    {
        node->Length -= count;
        Move(node, index + count, node, index, node->Length - index);
    }

    /// <summary>Moves what is last in a node to the front of the next one of its level, or the other way round.</summary>
    /// <param name="left">The node.</param>
    /// <param name="right">The next one.</param>
    /// <param name="length">How much the left one holds afterwards.</param>
    public static void Share(ScoreNode* left, ScoreNode* right, int length)
    {
        var moved = left->Length - length;
        if (moved > 0)
        {
            Move(right, 0, right, moved, right->Length);
            Move(left, length, right, 0, moved);
        }
        else
        {
            Move(right, 0, left, left->Length, -moved);
            Move(right, -moved, right, 0, right->Length + moved);
        }

        left->Length = length;
        right->Length += moved;
    }

    private static byte* At(ScoreNode* node, int index) => (byte*)node + HeaderBytes + (index * node->Stride);

    private static void Move(ScoreNode* from, int fromIndex, ScoreNode* to, int toIndex, int count) =>
        Buffer.MemoryCopy(At(from, fromIndex), At(to, toIndex), count * from->Stride, count * from->Stride);
}
