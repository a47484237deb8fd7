using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Starling.Slots.Values.Streams;

/// <summary>
/// A block of an <see cref="IdTree"/>: slots in the order of their ids, behind this header. A slot is an id and what
/// belongs to it: in a branch, the address of the page below, whose ids are that one or larger.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IdPage
{
    /// <summary>The most bytes of a page.</summary>
    public const int MaxBytes = 1024;

    /// <summary>Bytes of the slot of a branch.</summary>
    public const int BranchSlotBytes = StreamId.Bytes + 8;

    private const int HeaderBytes = 8;
    private const int FirstCapacity = 2;

    /// <summary>0 when the slots are the tree's own, else one more than the level of the pages below.</summary>
    public ushort Level;

    /// <summary>Number of slots in use.</summary>
    public ushort Length;

    /// <summary>Number of slots that there is room for.</summary>
    public ushort Capacity;

    /// <summary>Bytes of a slot.</summary>
    public ushort SlotBytes;

    /// <summary>No more slots have room in a page of this size.</summary>
    public readonly int MaxCapacity => CapacityOf(SlotBytes);

    /// <summary>Bytes of the page.</summary>
    public readonly int Bytes => BytesOf(Capacity, SlotBytes);

    /// <summary>Makes a page without slots.</summary>
    /// <param name="memory">Where the block comes from.</param>
    /// <param name="level">The level.</param>
    /// <param name="slotBytes">Bytes of a slot.</param>
    /// <param name="capacity">Room for slots; 0 for a few.</param>
    public static IdPage* Make(ref StreamMemory memory, int level, int slotBytes, int capacity = 0)
    {
        if (capacity == 0) capacity = FirstCapacity;
        var page = (IdPage*)memory.Allocate(BytesOf(capacity, slotBytes));
        *page = new IdPage
        {
            Level = (ushort)level,
            Capacity = (ushort)capacity,
            SlotBytes = (ushort)slotBytes,
        };
        return page;
    }

    /// <summary>The most slots of a page.</summary>
    public static int CapacityOf(int slotBytes) => (MaxBytes - HeaderBytes) / slotBytes;

    /// <summary>Bytes of a page.</summary>
    public static int BytesOf(int capacity, int slotBytes) => HeaderBytes + (capacity * slotBytes);

    /// <summary>A slot.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Slot(IdPage* page, int index) => (byte*)page + HeaderBytes + (index * page->SlotBytes);

    /// <summary>The id of a slot.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static StreamId* Id(IdPage* page, int index) => (StreamId*)Slot(page, index);

    /// <summary>Of a branch, the page below a slot.</summary>
    public static ref IdPage* Below(IdPage* page, int index) => ref *(IdPage**)(Slot(page, index) + StreamId.Bytes);

    /// <summary>The number of slots whose ids are smaller than one.</summary>
    public static int CountBelow(IdPage* page, in StreamId id)
    {
        // New entries come last, and old ones go first.
        int low = 0, high = page->Length;
        if (high > 0 && *Id(page, high - 1) < id) return high;
        while (low < high)
        {
            var middle = (low + high) >>> 1;
            if (*Id(page, middle) < id) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    /// <summary>Of a branch, the slot below which an id is, or would be.</summary>
    public static int Find(IdPage* page, in StreamId id)
    {
        var below = CountBelow(page, id);
        return below < page->Length && *Id(page, below) == id ? below : Math.Max(0, below - 1);
    }

    /// <summary>Makes room for a slot, which is there; the room is undefined.</summary>
    public static byte* Open(IdPage* page, int index)
    {
        Move(Slot(page, index), Slot(page, index + 1), (page->Length - index) * page->SlotBytes);
        page->Length++;
        return Slot(page, index);
    }

    /// <summary>Takes a slot out.</summary>
    public static void Close(IdPage* page, int index)
    {
        page->Length--;
        Move(Slot(page, index + 1), Slot(page, index), (page->Length - index) * page->SlotBytes);
    }

    /// <summary>Moves slots from the end of a page to the front of the next one, which has room.</summary>
    public static void MoveToRight(IdPage* left, IdPage* right, int count)
    {
        var bytes = count * left->SlotBytes;
        Move(Slot(right, 0), Slot(right, count), right->Length * right->SlotBytes);
        Move(Slot(left, left->Length - count), Slot(right, 0), bytes);
        left->Length -= (ushort)count;
        right->Length += (ushort)count;
    }

    /// <summary>Moves all slots of a page behind those of the one before, which has room.</summary>
    public static void MoveAllToLeft(IdPage* left, IdPage* right)
    {
        Move(Slot(right, 0), Slot(left, left->Length), right->Length * right->SlotBytes);
        left->Length += right->Length;
        right->Length = 0;
    }

    private static void Move(byte* from, byte* to, int bytes) => Buffer.MemoryCopy(from, to, bytes, bytes);
}
