using Starling.Slots.Memory;

namespace Starling.Slots.Values;

/// <summary>
/// The tree of a large list: a B+ tree of its nodes, in which every slot counts the elements below it. So an element is
/// found by its index, and a node comes or goes, in time proportional to the logarithm of the list's length.
/// </summary>
internal static unsafe class ListTree
{
    /// <summary>Makes the tree of one node.</summary>
    public static ListBranch* Make(in ValueMemory memory, ListNode* node)
    {
        var root = ListBranch.Make(memory, 0);
        ListBranch.Insert(root, 0, new ListSlot { Address = (byte*)node, Count = node->Count });
        return root;
    }

    /// <summary>
    /// Makes sure that no snapshot shares what a path leads through, so that it may be changed: copies branches and the
    /// node where one does. A large element is never changed in its place: it is not copied.
    /// </summary>
    public static void Own(in ValueMemory memory, ref ListBranch* root, ref ListPath path)
    {
        for (var depth = 0; depth < path.Depth; depth++)
        {
            var branch = Own(memory, path.BranchAt(depth));
            if (depth == 0) root = branch;
            else path.SlotAt(depth - 1)->Address = (byte*)branch;
            path.Replace(depth, branch);
        }

        var slot = path.Last;
        if (!slot->Node->IsPlain) slot->Address = (byte*)Own(memory, slot->Node);
    }

    /// <summary>The node, or a copy of one that a snapshot shares.</summary>
    public static ListNode* Own(in ValueMemory memory, ListNode* node)
    {
        if (!memory.IsShared(node)) return node;
        var copy = ListNode.Duplicate(memory, node);
        ListNode.Free(memory, node);
        return copy;
    }

    /// <summary>The element at an index of a list, 0 up to one less than the number of elements.</summary>
    public static ListElement ElementAt(in ValueRoot root, long index)
    {
        var node = ListRoot.IsTree(root) ? NodeAt(ListRoot.Tree(root), ref index, ListRoot.Count(root)) : ListRoot.Node(root);
        return node->IsPlain
            ? new ListElement(ListNode.Bytes(node))
            : Listpack.Read(ListNode.Content(node) + ListNode.OffsetOf(node, (int)index));
    }

    /// <summary>The node with an element; <paramref name="index"/> becomes the element's index in that node.</summary>
    private static ListNode* NodeAt(ListBranch* branch, ref long index, long count)
    {
        while (true)
        {
            var slot = ListBranch.Slot(branch, ListBranch.Find(branch, ref index, ref count));
            if (branch->Level == 0) return slot->Node;
            branch = slot->Branch;
        }
    }

    /// <summary>Takes the change of a node into the counts above it; the node may have moved.</summary>
    public static void Update(in ListPath path, ListNode* node)
    {
        var slot = path.Last;
        var delta = node->Count - slot->Count;
        slot->Address = (byte*)node;
        if (delta == 0) return;
        for (var depth = path.Depth - 1; depth >= 0; depth--) path.SlotAt(depth)->Count += delta;
    }

    /// <summary>Puts a node beside another one. The path is dead afterwards.</summary>
    /// <param name="memory">Where blocks come from.</param>
    /// <param name="root">The root; may change.</param>
    /// <param name="path">The way to the other node.</param>
    /// <param name="after">Behind it, not before it.</param>
    /// <param name="node">The node.</param>
    public static void InsertNode(
        in ValueMemory memory, ref ListBranch* root, in ListPath path, bool after, ListNode* node)
    {
        var slot = new ListSlot { Address = (byte*)node, Count = node->Count };
        var depth = path.Depth - 1;
        InsertSlot(memory, ref root, path, depth, path.IndexAt(depth) + (after ? 1 : 0), slot);
    }

    /// <summary>
    /// Takes a node out and frees it. The path is dead afterwards. Not for the last node that there is.
    /// </summary>
    public static void RemoveNode(in ValueMemory memory, ref ListBranch* root, in ListPath path)
    {
        ListNode.Free(memory, path.Node);
        RemoveSlot(memory, path, path.Depth - 1, path.IndexAt(path.Depth - 1));
        while (root->Level > 0 && root->Length == 1)
        {
            var below = ListBranch.Slot(root, 0)->Branch;
            memory.Free((byte*)root, ListBranch.Bytes);
            root = below;
        }
    }

    /// <summary>Frees some nodes of a tree that no list has any more, from the end.</summary>
    /// <param name="memory">Where blocks came from.</param>
    /// <param name="branch">The tree; dead when it is freed.</param>
    /// <param name="nodes">How many to free at most; less those that were.</param>
    /// <returns>True when nothing is left.</returns>
    public static bool FreeSome(in ValueMemory memory, ListBranch* branch, ref int nodes)
    {
        for (; branch->Length > 0; branch->Length--)
        {
            if (nodes <= 0) return false;
            var slot = ListBranch.Slot(branch, branch->Length - 1);
            if (branch->Level > 0)
            {
                if (!FreeSome(memory, slot->Branch, ref nodes)) return false;
                continue;
            }

            ListNode.Free(memory, slot->Node);
            nodes--;
        }

        memory.Free((byte*)branch, ListBranch.Bytes);
        return true;
    }

    /// <summary>Frees a tree with its nodes.</summary>
    public static void Free(in ValueMemory memory, ListBranch* branch)
    {
        for (var i = 0; i < branch->Length; i++)
        {
            var slot = ListBranch.Slot(branch, i);
            if (branch->Level == 0) ListNode.Free(memory, slot->Node);
            else Free(memory, slot->Branch);
        }

        memory.Free((byte*)branch, ListBranch.Bytes);
    }

    /// <summary>Makes a tree like another one.</summary>
    public static ListBranch* Duplicate(in ValueMemory memory, ListBranch* branch)
    {
        var copy = ListBranch.Make(memory, branch->Level);
        copy->Length = branch->Length;
        for (var i = 0; i < branch->Length; i++)
        {
            var slot = ListBranch.Slot(branch, i);
            var below = branch->Level == 0
                ? (byte*)ListNode.Duplicate(memory, slot->Node)
                : (byte*)Duplicate(memory, slot->Branch);
            *ListBranch.Slot(copy, i) = new ListSlot { Address = below, Count = slot->Count };
        }

        return copy;
    }

    /// <summary>Native bytes of a tree with its nodes, rounding included.</summary>
    public static long AllocatedBytes(ListBranch* branch)
    {
        var bytes = NativeHeap.CountedBytes(ListBranch.Bytes);
        for (var i = 0; i < branch->Length; i++)
        {
            var slot = ListBranch.Slot(branch, i);
            bytes += branch->Level == 0 ? slot->Node->AllocatedBytes : AllocatedBytes(slot->Branch);
        }

        return bytes;
    }

    /// <summary>Moves the branches and nodes that lie badly, until the mover is tired.</summary>
    public static void Relocate(ref BlockMover mover, ref byte* tree)
    {
        mover.TryMove(ref tree, ListBranch.Bytes);
        var branch = (ListBranch*)tree;
        for (var i = 0; i < branch->Length && !mover.IsTired; i++)
        {
            ref var address = ref ListBranch.Slot(branch, i)->Address;
            if (branch->Level == 0) ListNode.Relocate(ref mover, ref address);
            else Relocate(ref mover, ref address);
        }
    }

    private static ListBranch* Own(in ValueMemory memory, ListBranch* branch)
    {
        if (!memory.IsShared(branch)) return branch;
        var copy = ListBranch.Make(memory, branch->Level);
        Buffer.MemoryCopy(branch, copy, ListBranch.Bytes, ListBranch.Bytes);
        memory.Free((byte*)branch, ListBranch.Bytes);
        return copy;
    }

    private static void InsertSlot(
        in ValueMemory memory, ref ListBranch* root, in ListPath path, int depth, int index, ListSlot slot)
    {
        var branch = path.BranchAt(depth);
        if (branch->Length < ListBranch.Fanout)
        {
            ListBranch.Insert(branch, index, slot);
            Recount(path, depth);
            return;
        }

        // A list that grows at an end leaves full branches behind it; one that grows in the middle, halves.
        var other = ListBranch.Make(memory, branch->Level);
        var before = index == 0;
        if (before || index == branch->Length)
        {
            ListBranch.Insert(other, 0, slot);
        }
        else
        {
            const int half = ListBranch.Fanout / 2;
            ListBranch.Share(branch, other, half);
            if (index <= half) ListBranch.Insert(branch, index, slot);
            else ListBranch.Insert(other, index - half, slot);
        }

        var otherSlot = new ListSlot { Address = (byte*)other, Count = ListBranch.Count(other) };
        if (depth > 0)
        {
            path.SlotAt(depth - 1)->Count = ListBranch.Count(branch);
            InsertSlot(memory, ref root, path, depth - 1, path.IndexAt(depth - 1) + (before ? 0 : 1), otherSlot);
            return;
        }

        var top = ListBranch.Make(memory, branch->Level + 1);
        ListBranch.Insert(top, 0, new ListSlot { Address = (byte*)branch, Count = ListBranch.Count(branch) });
        ListBranch.Insert(top, before ? 0 : 1, otherSlot);
        root = top;
    }

    private static void RemoveSlot(in ValueMemory memory, in ListPath path, int depth, int index)
    {
        var branch = path.BranchAt(depth);
        ListBranch.Remove(branch, index);
        if (depth == 0) return;
        if (branch->Length == 0)
        {
            memory.Free((byte*)branch, ListBranch.Bytes);
            RemoveSlot(memory, path, depth - 1, path.IndexAt(depth - 1));
            return;
        }

        Recount(path, depth);
        if (branch->Length < ListBranch.Sparse) Join(memory, path, depth);
    }

    /// <summary>Joins a sparse branch with the one beside it, or lets them share their slots.</summary>
    private static void Join(in ValueMemory memory, in ListPath path, int depth)
    {
        var parent = path.BranchAt(depth - 1);
        if (parent->Length == 1) return;
        var leftIndex = Math.Max(0, path.IndexAt(depth - 1) - 1);
        var leftSlot = ListBranch.Slot(parent, leftIndex);
        var rightSlot = ListBranch.Slot(parent, leftIndex + 1);
        var left = Own(memory, leftSlot->Branch);
        var right = Own(memory, rightSlot->Branch);
        leftSlot->Address = (byte*)left;
        rightSlot->Address = (byte*)right;
        var together = left->Length + right->Length;
        if (together > ListBranch.Fanout)
        {
            ListBranch.Share(left, right, together / 2);
            leftSlot->Count = ListBranch.Count(left);
            rightSlot->Count = ListBranch.Count(right);
            return;
        }

        ListBranch.Share(left, right, together);
        leftSlot->Count += rightSlot->Count;
        memory.Free((byte*)right, ListBranch.Bytes);
        RemoveSlot(memory, path, depth - 1, leftIndex + 1);
    }

    /// <summary>Sums up the counts above a branch anew.</summary>
    private static void Recount(in ListPath path, int depth)
    {
        for (; depth > 0; depth--) path.SlotAt(depth - 1)->Count = ListBranch.Count(path.BranchAt(depth));
    }
}
