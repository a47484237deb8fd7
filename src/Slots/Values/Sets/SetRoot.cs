using System.Runtime.CompilerServices;
using Starling.Slots.Memory;
using Starling.Slots.Values.Elements;

namespace Starling.Slots.Values.Sets;

/// <summary>
/// The root of a set: the address of its block or table; in the data the form (bits 0-1), the width of an intset's
/// integers (bits 2-5) and the number of members of what is no table (from bit 6 on). A block's size follows from the
/// length of its content, so it is kept nowhere.
/// </summary>
internal static unsafe class SetRoot
{
    private const int WidthShift = 2;
    private const int CountShift = 6;

    /// <summary>How the members are kept.</summary>
    public static SetForm Form(in ValueRoot root) => (SetForm)(root.Data & 3);

    /// <summary>Bytes of an integer of an intset.</summary>
    public static int Width(in ValueRoot root) => (int)(root.Data >> WidthShift) & 15;

    /// <summary>Number of members.</summary>
    public static long Count(in ValueRoot root) =>
        Form(root) == SetForm.Table ? ElementTable.Count(Table(root)) : (long)(root.Data >> CountShift);

    /// <summary>The table of a large set.</summary>
    public static ElementTable* Table(in ValueRoot root) => (ElementTable*)root.Address;

    /// <summary>The root of sorted integers.</summary>
    public static ValueRoot OfIntset(byte* block, int width, long count) => new()
    {
        Address = block,
        Data = (ulong)count << CountShift | (ulong)width << WidthShift | (ulong)SetForm.Intset,
    };

    /// <summary>The root of a listpack.</summary>
    public static ValueRoot OfListpack(byte* block, long count) =>
        new() { Address = block, Data = (ulong)count << CountShift | (ulong)SetForm.Listpack };

    /// <summary>The root of a table.</summary>
    public static ValueRoot OfTable(ElementTable* table) =>
        new() { Address = (byte*)table, Data = (ulong)SetForm.Table };

    /// <summary>Bytes of the content of a block.</summary>
    public static long ContentBytes(in ValueRoot root) => Form(root) == SetForm.Intset
        ? Count(root) * Width(root)
        : Unsafe.ReadUnaligned<uint>(root.Address);

    /// <summary>Native bytes of a block, rounding included.</summary>
    public static long AllocatedBytes(in ValueRoot root) => NativeHeap.CountedBytes(BlockRoom.For(ContentBytes(root)));

    /// <summary>Frees everything.</summary>
    public static void Free(in ValueMemory memory, in ValueRoot root)
    {
        if (Form(root) == SetForm.Table) ElementStorage.Free(memory, Table(root));
        else memory.Free(root.Address, BlockRoom.For(ContentBytes(root)));
    }

    /// <summary>Makes a set like another one, with no block in common.</summary>
    public static ValueRoot Duplicate(in ValueMemory memory, in ValueRoot root)
    {
        if (Form(root) == SetForm.Table) return OfTable(ElementStorage.Duplicate(memory, Table(root)));
        var bytes = ContentBytes(root);
        var copy = root;
        copy.Address = memory.Allocate(BlockRoom.For(bytes));
        Buffer.MemoryCopy(root.Address, copy.Address, bytes, bytes);
        return copy;
    }
}
