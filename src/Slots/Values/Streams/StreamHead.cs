using System.Runtime.InteropServices;

namespace Starling.Slots.Values.Streams;

/// <summary>What a stream's root leads to: all that is known of the stream, and where its entries and groups are.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct StreamHead
{
    /// <summary>Bytes of a slot of the tree of nodes: the node's id and its address.</summary>
    public const int NodeSlotBytes = StreamId.Bytes + 8;

    /// <summary>Number of entries.</summary>
    public ulong Length;

    /// <summary>The id of the last entry that was ever added, or what XSETID says.</summary>
    public StreamId Last;

    /// <summary>The id of the first entry; 0-0 when there is none.</summary>
    public StreamId First;

    /// <summary>The largest id that was deleted by XDEL.</summary>
    public StreamId MaxDeleted;

    /// <summary>Number of entries that were ever added.</summary>
    public ulong Added;

    /// <summary>Native bytes of the stream with this head, rounding included.</summary>
    public long AllocatedBytes;

    /// <summary>Number of nodes.</summary>
    public long NodeCount;

    /// <summary>The nodes by their ids.</summary>
    public IdPage* Nodes;

    /// <summary>The groups in the order of their names; null when there is none.</summary>
    public StreamGroup** Groups;

    /// <summary>Number of groups.</summary>
    public int GroupCount;

    /// <summary>Room for groups.</summary>
    public int GroupCapacity;

    /// <summary>The head of a stream.</summary>
    public static StreamHead* Of(in ValueRoot root) => (StreamHead*)root.Address;

    /// <summary>Makes the root of a stream without entries.</summary>
    public static ValueRoot Make(in ValueMemory memory)
    {
        var counted = new StreamMemory(memory);
        var head = (StreamHead*)counted.Allocate(sizeof(StreamHead));
        *head = new StreamHead { AllocatedBytes = counted.Growth };
        return new ValueRoot { Address = (byte*)head };
    }

    /// <summary>The node of a slot of the tree.</summary>
    public static ref StreamNode* Node(byte* slot) => ref *(StreamNode**)(slot + StreamId.Bytes);

    /// <summary>The group of a name; -1 when there is none. <paramref name="place"/> is where it is or would be.
    /// </summary>
    public static int FindGroup(StreamHead* head, ReadOnlySpan<byte> name, out int place)
    {
        int low = 0, high = head->GroupCount;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            var order = StreamGroup.Name(head->Groups[middle]).SequenceCompareTo(name);
            if (order == 0) return place = middle;
            if (order < 0) low = middle + 1;
            else high = middle;
        }

        place = low;
        return -1;
    }

    /// <summary>The id of the first or last entry that is not deleted, or of any; false when there is none.</summary>
    public static bool TryEdge(StreamHead* head, bool last, bool withDeleted, out StreamId id)
    {
        id = default;
        var path = last ? IdPath.Last(head->Nodes) : IdPath.First(head->Nodes);
        if (path.Depth == 0) return false;
        do
        {
            var cursor = new StreamNodeCursor(Node(path.Slot), path.Id, last);
            while (last ? cursor.TryPrevious() : cursor.TryNext())
            {
                if (cursor.IsDeleted && !withDeleted) continue;
                id = cursor.Id;
                return true;
            }
        }
        while (last ? path.TryPrevious() : path.TryNext());
        return false;
    }
}
