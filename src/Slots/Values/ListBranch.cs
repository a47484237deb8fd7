using System.Runtime.InteropServices;

namespace Starling.Slots.Values;

/// <summary>A block of the tree of a large list: up to <see cref="Fanout"/> slots behind this header.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct ListBranch
{
    /// <summary>The most slots.</summary>
    public const int Fanout = 32;

    /// <summary>A branch with fewer slots joins one beside it, if there is room.</summary>
    public const int Sparse = 8;

    /// <summary>Bytes of a branch.</summary>
    public const int Bytes = 8 + (Fanout * 16);

    /// <summary>0 when the slots lead to nodes, else one more than the level of the branches below.</summary>
    public int Level;

    /// <summary>Number of slots in use.</summary>
    public int Length;

    /// <summary>A slot.</summary>
    public static ListSlot* Slot(ListBranch* branch, int index) => (ListSlot*)((byte*)branch + 8) + index;

    /// <summary>Makes a branch without slots.</summary>
    public static ListBranch* Make(in ValueMemory memory, int level)
    {
        var branch = (ListBranch*)memory.Allocate(Bytes);
        branch->Level = level;
        branch->Length = 0;
        return branch;
    }

    /// <summary>Number of elements in a branch and below.</summary>
    public static long Count(ListBranch* branch)
    {
        var count = 0L;
        for (var i = 0; i < branch->Length; i++) count += Slot(branch, i)->Count;
        return count;
    }

    /// <summary>Number of nodes in a branch and below.</summary>
    public static long Nodes(ListBranch* branch)
    {
        if (branch->Level == 0) return branch->Length;
        var nodes = 0L;
        for (var i = 0; i < branch->Length; i++) nodes += Nodes(Slot(branch, i)->Branch);
        return nodes;
    }

    /// <summary>
    /// The slot of an element; <paramref name="index"/> becomes the element's index below that slot, and
    /// <paramref name="count"/> the number of elements there. Looks from the nearer end: that is where lists are used most.
    /// </summary>
    /// <param name="branch">The branch.</param>
    /// <param name="index">0 up to one less than the number of elements below the branch.</param>
    /// <param name="count">The number of elements below the branch.</param>
    public static int Find(ListBranch* branch, ref long index, ref long count)
    {
        int at;
        if (index <= count / 2)
        {
            at = Find(branch, ref index);
        }
        else
        {
            var behind = count - index;
            at = branch->Length - 1;
            while (at > 0 && behind > Slot(branch, at)->Count) behind -= Slot(branch, at--)->Count;
            index = Slot(branch, at)->Count - behind;
        }

        count = Slot(branch, at)->Count;
        return at;
    }

    /// <summary>
    /// The slot of an element; <paramref name="index"/> becomes the element's index below that slot. An index beyond the
    /// last element leads to the last slot.
    /// </summary>
    public static int Find(ListBranch* branch, ref long index)
    {
        var at = 0;
        var last = branch->Length - 1;
        while (at < last && index >= Slot(branch, at)->Count) index -= Slot(branch, at++)->Count;
        return at;
    }

    /// <summary>Puts a slot in; there is room.</summary>
    public static void Insert(ListBranch* branch, int index, ListSlot slot)
    {
        Move(Slot(branch, index), Slot(branch, index + 1), branch->Length - index);
        *Slot(branch, index) = slot;
        branch->Length++;
    }

    /// <summary>Takes a slot out.</summary>
    public static void Remove(ListBranch* branch, int index)
    {
        branch->Length--;
        Move(Slot(branch, index + 1), Slot(branch, index), branch->Length - index);
    }

    /// <summary>Moves the last slots of a branch to the front of the next one, or the other way round.</summary>
    /// <param name="left">The branch.</param>
    /// <param name="right">The next one.</param>
    /// <param name="length">How many the left one has afterwards.</param>
    public static void Share(ListBranch* left, ListBranch* right, int length)
    {
        var moved = left->Length - length;
        if (moved > 0)
        {
            Move(Slot(right, 0), Slot(right, moved), right->Length);
            Move(Slot(left, length), Slot(right, 0), moved);
        }
        else
        {
            Move(Slot(right, 0), Slot(left, left->Length), -moved);
            Move(Slot(right, -moved), Slot(right, 0), right->Length + moved);
        }

        left->Length = length;
        right->Length += moved;
    }

    private static void Move(ListSlot* from, ListSlot* to, int count) =>
        Buffer.MemoryCopy(from, to, count * sizeof(ListSlot), count * sizeof(ListSlot));
}
