using Starling.Slots.Memory;

namespace Starling.Slots.Values.Streams;

/// <summary>What is done with all blocks of a stream.</summary>
internal static unsafe class StreamBlocks
{
    /// <summary>Frees some pages of a stream that no key has any more, from the end.</summary>
    /// <returns>True when nothing is left.</returns>
    public static bool FreeSome(ref StreamMemory memory, StreamHead* head, ref int pages)
    {
        if (!FreeNodes(ref memory, ref head->Nodes, ref pages)) return false;
        for (; head->GroupCount > 0; head->GroupCount--)
            if (!StreamGroups.FreeSome(ref memory, head->Groups[head->GroupCount - 1], ref pages)) return false;
        StreamGroups.FreeTable(ref memory, head);
        memory.Free(head, sizeof(StreamHead));
        return true;
    }

    /// <summary>Makes a stream like another one.</summary>
    public static StreamHead* Duplicate(ref StreamMemory memory, StreamHead* head)
    {
        var copy = (StreamHead*)memory.Duplicate(head, sizeof(StreamHead), sizeof(StreamHead));
        copy->Nodes = DuplicateNodes(ref memory, head->Nodes);
        if (head->Groups != null)
        {
            var bytes = StreamGroups.BytesOf(head->GroupCapacity);
            copy->Groups = (StreamGroup**)memory.Duplicate(head->Groups, bytes, bytes);
            for (var i = 0; i < head->GroupCount; i++)
                copy->Groups[i] = StreamGroups.Duplicate(ref memory, head->Groups[i]);
        }

        copy->AllocatedBytes = memory.Growth;
        return copy;
    }

    /// <summary>Moves the pages and nodes that lie badly, until the mover is tired.</summary>
    public static void RelocateNodes(ref BlockMover mover, ref IdPage* page)
    {
        var address = (byte*)page;
        mover.TryMove(ref address, page->Bytes);
        page = (IdPage*)address;
        for (var i = 0; i < page->Length && !mover.IsTired; i++)
        {
            if (page->Level > 0) RelocateNodes(ref mover, ref IdPage.Below(page, i));
            else StreamNode.Relocate(ref mover, ref StreamHead.Node(IdPage.Slot(page, i)));
        }
    }

    private static bool FreeNodes(ref StreamMemory memory, ref IdPage* page, ref int nodes)
    {
        if (page == null) return true;
        for (; page->Length > 0; page->Length--)
        {
            if (nodes <= 0) return false;
            if (page->Level > 0)
            {
                if (!FreeNodes(ref memory, ref IdPage.Below(page, page->Length - 1), ref nodes)) return false;
                continue;
            }

            StreamNode.Free(ref memory, StreamHead.Node(IdPage.Slot(page, page->Length - 1)));
            nodes--;
        }

        memory.Free(page, page->Bytes);
        page = null;
        return true;
    }

    private static IdPage* DuplicateNodes(ref StreamMemory memory, IdPage* page)
    {
        if (page == null) return null;
        var copy = (IdPage*)memory.Duplicate(page, page->Bytes, page->Bytes);
        for (var i = 0; i < page->Length; i++)
        {
            if (page->Level > 0) IdPage.Below(copy, i) = DuplicateNodes(ref memory, IdPage.Below(page, i));
            else StreamHead.Node(IdPage.Slot(copy, i)) = StreamNode.Duplicate(ref memory, StreamHead.Node(IdPage.Slot(page, i)));
        }

        return copy;
    }
}
