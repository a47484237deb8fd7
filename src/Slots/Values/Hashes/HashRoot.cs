using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Starling.Slots.Values.Elements;

namespace Starling.Slots.Values.Hashes;

/// <summary>
/// The root of a hash. In its data: the encoding in bits 0-1, the capacity of a pack's block in units of 8 bytes in bits
/// 2-31; in bits 32-63, of a pack, a lower bound of the fields' expiries in seconds of Unix time, rounded up, 0 for none.
/// </summary>
internal static unsafe class HashRoot
{
    private const ulong EncodingBits = 3;
    private const int CapacityShift = 2;
    private const ulong CapacityBits = ((1UL << 30) - 1) << CapacityShift;
    private const int SecondShift = 32;
    private const int UnitBytes = 8;

    /// <summary>The root of a hash, made up for one that lies in its entry (<see cref="InlinePack"/>).</summary>
    public static ValueRoot Of(scoped in ValueView value)
    {
        if (value.Root != null) return *value.Root;
        return new ValueRoot
        {
            Address = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(value.Inline)), // native: it does not move
            Data = (ulong)HashEncoding.Pack,
        };
    }

    /// <summary>How a hash lies in memory.</summary>
    public static HashEncoding Encoding(in ValueRoot root) => (HashEncoding)(root.Data & EncodingBits);

    /// <summary>It is a table, not a pack.</summary>
    public static bool IsTable(in ValueRoot root) => Encoding(root) == HashEncoding.Table;

    /// <summary>The table of a large hash.</summary>
    public static ElementTable* Table(in ValueRoot root) => (ElementTable*)root.Address;

    /// <summary>Bytes of the block of a pack.</summary>
    public static int Capacity(in ValueRoot root) => (int)((root.Data & CapacityBits) >> CapacityShift) * UnitBytes;

    /// <summary>The root of a large hash.</summary>
    public static ValueRoot OfTable(ElementTable* table) =>
        new() { Address = (byte*)table, Data = (ulong)HashEncoding.Table };

    /// <summary>The root of a small hash; the capacity is a multiple of 8.</summary>
    public static ValueRoot OfPack(byte* block, int capacity, HashEncoding encoding, uint earliestSecond) => new()
    {
        Address = block,
        Data = (ulong)encoding | (ulong)(capacity / UnitBytes) << CapacityShift | (ulong)earliestSecond << SecondShift,
    };

    /// <summary>A pack's lower bound of the fields' expiries, in seconds of Unix time; 0 for none.</summary>
    public static uint EarliestSecond(in ValueRoot root) => (uint)(root.Data >> SecondShift);

    /// <summary>Sets <see cref="EarliestSecond"/>.</summary>
    public static void SetEarliestSecond(ref ValueRoot root, uint second) =>
        root.Data = (uint)root.Data | (ulong)second << SecondShift;

    /// <summary>Number of fields, expired ones included.</summary>
    public static long Count(in ValueRoot root) =>
        IsTable(root) ? ElementTable.Count(Table(root)) : HashPack.Count(root);

    /// <summary>
    /// When the next field can be expired at the earliest, in milliseconds of Unix time, rounded up to a second;
    /// <see cref="long.MaxValue"/> when none expires.
    /// </summary>
    public static long EarliestExpiry(in ValueRoot root)
    {
        if (IsTable(root)) return ElementExpiry.Earliest(Table(root));
        return EarliestSecond(root) == 0 ? long.MaxValue : EarliestSecond(root) * 1000L;
    }

    /// <summary>Frees everything.</summary>
    public static void Free(in ValueMemory memory, in ValueRoot root)
    {
        if (IsTable(root)) ElementStorage.Free(memory, Table(root));
        else memory.Free(root.Address, Capacity(root));
    }
}
