using Starling.Slots.Memory;

namespace Starling.Slots.Values.Streams;

/// <summary>
/// A B+ tree of slots of one size that are ordered by their ids: what is found, put in or taken out by its id takes
/// logarithmic time. An empty tree has no page. Who changes one copies the pages that snapshots need as they are.
/// </summary>
internal static unsafe class IdTree
{
    /// <summary>The slot of an id for reading; null when there is none.</summary>
    public static byte* Find(IdPage* root, in StreamId id)
    {
        var path = IdPath.To(root, id);
        return path.IsSlot && path.Id == id ? path.Slot : null;
    }

    /// <summary>The slot that a path leads to, for being changed.</summary>
    public static byte* Own(ref StreamMemory memory, ref IdPage* root, ref IdPath path)
    {
        for (var depth = 0; depth < path.Depth; depth++)
        {
            var page = path.PageAt(depth);
            var own = (IdPage*)memory.Own(page, page->Bytes);
            if (own != page) Replace(ref root, ref path, depth, own);
        }

        return path.Slot;
    }

    /// <summary>Puts in the slot of an id that is not there; what belongs to it is undefined.</summary>
    /// <param name="memory">Where blocks come from.</param>
    /// <param name="root">The tree.</param>
    /// <param name="slotBytes">Bytes of a slot of the tree.</param>
    /// <param name="id">The id.</param>
    public static byte* Insert(ref StreamMemory memory, ref IdPage* root, int slotBytes, in StreamId id)
    {
        if (root == null) root = IdPage.Make(ref memory, 0, slotBytes);
        var path = IdPath.To(root, id);
        var depth = path.Depth - 1;
        if (path.IsSlot) Invariant.That(path.Id != id);
        Own(ref memory, ref root, ref path);

        // The ids of branches are never larger than what is below them.
        for (var above = 0; above < depth; above++)
        {
            var lowest = IdPage.Id(path.PageAt(above), path.IndexAt(above));
            if (*lowest > id) *lowest = id;
        }

        return Insert(ref memory, ref root, ref path, depth, path.IndexAt(depth), id);
    }

    /// <summary>Takes out the slot that a path leads to. The path is dead afterwards.</summary>
    public static void Remove(ref StreamMemory memory, ref IdPage* root, ref IdPath path)
    {
        Own(ref memory, ref root, ref path);
        Remove(ref memory, ref root, ref path, path.Depth - 1, path.IndexAt(path.Depth - 1));
        while (root != null && root->Level > 0 && root->Length == 1)
        {
            var below = IdPage.Below(root, 0);
            memory.Free(root, root->Bytes);
            root = below;
        }
    }

    /// <summary>Frees the pages of a tree whose slots lead to nothing that is to be freed.</summary>
    public static void Free(ref StreamMemory memory, IdPage* page)
    {
        if (page == null) return;
        for (var i = 0; page->Level > 0 && i < page->Length; i++) Free(ref memory, IdPage.Below(page, i));
        memory.Free(page, page->Bytes);
    }

    /// <summary>As <see cref="Free"/>, some pages from the end.</summary>
    /// <param name="memory">Where blocks came from.</param>
    /// <param name="page">The tree; null when nothing is left.</param>
    /// <param name="pages">How many to free at most; less those that were.</param>
    /// <returns>True when nothing is left.</returns>
    public static bool FreeSome(ref StreamMemory memory, ref IdPage* page, ref int pages)
    {
        if (page == null) return true;
        for (; page->Level > 0 && page->Length > 0; page->Length--)
            if (!FreeSome(ref memory, ref IdPage.Below(page, page->Length - 1), ref pages)) return false;
        if (pages <= 0) return false;
        pages--;
        memory.Free(page, page->Bytes);
        page = null;
        return true;
    }

    /// <summary>Makes a tree like another one; what slots lead to is the same.</summary>
    public static IdPage* Duplicate(ref StreamMemory memory, IdPage* page)
    {
        if (page == null) return null;
        var copy = (IdPage*)memory.Duplicate(page, page->Bytes, page->Bytes);
        for (var i = 0; page->Level > 0 && i < page->Length; i++)
            IdPage.Below(copy, i) = Duplicate(ref memory, IdPage.Below(page, i));
        return copy;
    }

    /// <summary>Moves the pages that lie badly, until the mover is tired.</summary>
    public static void Relocate(ref BlockMover mover, ref IdPage* page)
    {
        if (page == null) return;
        var address = (byte*)page;
        mover.TryMove(ref address, page->Bytes);
        page = (IdPage*)address;
        for (var i = 0; page->Level > 0 && i < page->Length && !mover.IsTired; i++)
            Relocate(ref mover, ref IdPage.Below(page, i));
    }

    private static byte* Insert(
        ref StreamMemory memory, ref IdPage* root, ref IdPath path, int depth, int index, in StreamId id)
    {
        var page = path.PageAt(depth);
        if (page->Length == page->Capacity && page->Capacity < page->MaxCapacity)
        {
            page = Resize(ref memory, page, Math.Min(page->MaxCapacity, page->Capacity * 2));
            Replace(ref root, ref path, depth, page);
        }

        byte* slot;
        if (page->Length < page->Capacity)
        {
            slot = IdPage.Open(page, index);
            *(StreamId*)slot = id;
            return slot;
        }

        // A tree that grows at its end leaves full pages behind it; one that grows elsewhere, halves.
        var atEnd = index == page->Length;
        var other = IdPage.Make(ref memory, page->Level, page->SlotBytes, atEnd ? 0 : page->MaxCapacity);
        if (!atEnd) IdPage.MoveToRight(page, other, page->Length / 2);
        var inOther = index > page->Length || atEnd;
        slot = inOther ? IdPage.Open(other, index - page->Length) : IdPage.Open(page, index);
        *(StreamId*)slot = id;
        AddBeside(ref memory, ref root, ref path, depth, other);
        return slot;
    }

    /// <summary>Puts a page behind the one that a path leads through.</summary>
    private static void AddBeside(ref StreamMemory memory, ref IdPage* root, ref IdPath path, int depth, IdPage* other)
    {
        byte* slot;
        var first = *IdPage.Id(other, 0);
        if (depth > 0)
        {
            slot = Insert(ref memory, ref root, ref path, depth - 1, path.IndexAt(depth - 1) + 1, first);
        }
        else
        {
            var top = IdPage.Make(ref memory, root->Level + 1, IdPage.BranchSlotBytes);
            *(StreamId*)IdPage.Open(top, 0) = *IdPage.Id(root, 0);
            IdPage.Below(top, 0) = root;
            root = top;
            slot = IdPage.Open(top, 1);
            *(StreamId*)slot = first;
        }

        *(IdPage**)(slot + StreamId.Bytes) = other;
    }

    private static void Remove(ref StreamMemory memory, ref IdPage* root, ref IdPath path, int depth, int index)
    {
        var page = path.PageAt(depth);
        IdPage.Close(page, index);
        if (page->Length == 0)
        {
            memory.Free(page, page->Bytes);
            if (depth == 0) root = null;
            else Remove(ref memory, ref root, ref path, depth - 1, path.IndexAt(depth - 1));
            return;
        }

        if (page->Length >= page->MaxCapacity / 4) return;
        if (depth > 0 && path.PageAt(depth - 1)->Length > 1)
        {
            Join(ref memory, ref root, ref path, depth);
        }
        else if (page->Capacity > 8 && page->Length <= page->Capacity / 4)
        {
            Replace(ref root, ref path, depth, Resize(ref memory, page, page->Capacity / 2));
        }
    }

    /// <summary>Joins a page that has few slots with the one beside it when both have room in one.</summary>
    private static void Join(ref StreamMemory memory, ref IdPage* root, ref IdPath path, int depth)
    {
        var parent = path.PageAt(depth - 1);
        var leftIndex = Math.Max(0, path.IndexAt(depth - 1) - 1);
        var left = IdPage.Below(parent, leftIndex);
        var right = IdPage.Below(parent, leftIndex + 1);
        var together = left->Length + right->Length;
        if (together > left->MaxCapacity * 3 / 4) return;
        left = (IdPage*)memory.Own(left, left->Bytes);
        right = (IdPage*)memory.Own(right, right->Bytes);
        if (left->Capacity < together) left = Resize(ref memory, left, together);
        IdPage.MoveAllToLeft(left, right);
        IdPage.Below(parent, leftIndex) = left;
        memory.Free(right, right->Bytes);
        Remove(ref memory, ref root, ref path, depth - 1, leftIndex + 1);
    }

    private static IdPage* Resize(ref StreamMemory memory, IdPage* page, int capacity)
    {
        var resized = (IdPage*)memory.Duplicate(
            page, IdPage.BytesOf(page->Length, page->SlotBytes), IdPage.BytesOf(capacity, page->SlotBytes));
        resized->Capacity = (ushort)capacity;
        memory.Free(page, page->Bytes);
        return resized;
    }

    private static void Replace(ref IdPage* root, ref IdPath path, int depth, IdPage* page)
    {
        if (depth == 0) root = page;
        else IdPage.Below(path.PageAt(depth - 1), path.IndexAt(depth - 1)) = page;
        path.Replace(depth, page);
    }
}
