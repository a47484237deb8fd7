using System.Numerics;
using System.Runtime.InteropServices;

namespace Starling.Slots.Memory;

/// <summary>A piece of memory from the system that runs of units are taken from; see <see cref="RunPool"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct RunChunk
{
    /// <summary>Bytes of a unit.</summary>
    public const int UnitBytes = 1024;

    /// <summary>Bytes of a chunk.</summary>
    public const int Bytes = 2 << 20;

    private const int Units = Bytes / UnitBytes;
    private const int Words = Units / 64;
    private const int UnitsPerPage = 4;
    private const ulong FirstOfEachPage = 0x1111_1111_1111_1111;

    /// <summary>The next chunk of the same list.</summary>
    public RunChunk* Next;

    /// <summary>The one before.</summary>
    public RunChunk* Previous;

    /// <summary>The next chunk with units that were freed since it last gave some back.</summary>
    public RunChunk* NextIdle;

    /// <summary>The one before.</summary>
    public RunChunk* PreviousIdle;

    /// <summary>The first unit.</summary>
    public byte* Memory;

    private fixed ulong _free[Words];
    private fixed ulong _idle[Words];

    /// <summary>Units of the longest free run.</summary>
    public int Longest { readonly get; private set; }

    /// <summary>Free units that take memory for nothing.</summary>
    public int Idle { readonly get; private set; }

    /// <summary>True when no unit is in use.</summary>
    public readonly bool IsEmpty => Longest == Units;

    /// <summary>Makes everything free.</summary>
    public void Clear()
    {
        for (var i = 0; i < Words; i++) _free[i] = ulong.MaxValue;
        Longest = Units;
    }

    /// <summary>Takes a run of at most <see cref="Longest"/> units: the first that is long enough.</summary>
    public byte* Take(int units)
    {
        var start = NextFree(0);
        for (var end = NextUsed(start); end - start < units; end = NextUsed(start)) start = NextFree(end);
        for (var i = start; i < start + units; i++)
        {
            var bit = 1UL << (i & 63);
            _free[i >> 6] &= ~bit;
            if ((_idle[i >> 6] & bit) != 0) Idle--;
            _idle[i >> 6] &= ~bit;
        }

        Measure();
        return Memory + ((long)start * UnitBytes);
    }

    /// <summary>Takes a run back.</summary>
    public void Return(byte* run, int units)
    {
        var start = (int)((run - Memory) / UnitBytes);
        for (var i = start; i < start + units; i++)
        {
            _free[i >> 6] |= 1UL << (i & 63);
            _idle[i >> 6] |= 1UL << (i & 63);
        }

        Idle += units;
        Measure();
    }

    /// <summary>
    /// Takes away, as if they were in use, the pages that are free as a whole and hold memory. What is free beside them
    /// counts as idle no more: it goes back when the rest of its page is freed.
    /// </summary>
    /// <param name="taken">Gets a bit for each unit of these pages.</param>
    public void TakeIdlePages(Span<ulong> taken)
    {
        for (var i = 0; i < Words; i++)
        {
            var free = _free[i] & _free[i] >> 1 & _free[i] >> 2 & _free[i] >> 3 & FirstOfEachPage;
            var idle = (_idle[i] | _idle[i] >> 1 | _idle[i] >> 2 | _idle[i] >> 3) & FirstOfEachPage;
            taken[i] = (free & idle) * ((1 << UnitsPerPage) - 1);
            _free[i] &= ~taken[i];
            _idle[i] = 0;
        }

        Idle = 0;
        Measure();
    }

    /// <summary>Gives the memory of units back to the system.</summary>
    public readonly void GiveBack(ReadOnlySpan<ulong> units)
    {
        for (var i = 0; i < Words; i++)
        {
            for (var rest = units[i]; rest != 0;)
            {
                var first = BitOperations.TrailingZeroCount(rest);
                var count = BitOperations.TrailingZeroCount(~(rest >> first));
                SystemMemory.GiveBack(
                    Memory + ((long)((i * 64) + first) * UnitBytes), (nuint)count * UnitBytes);
                rest = count == 64 ? 0 : rest & ~(((1UL << count) - 1) << first);
            }
        }
    }

    /// <summary>Makes what <see cref="TakeIdlePages"/> took free again.</summary>
    public void ReturnPages(ReadOnlySpan<ulong> taken)
    {
        for (var i = 0; i < Words; i++) _free[i] |= taken[i];
        Measure();
    }

    private void Measure()
    {
        Longest = 0;
        for (var start = NextFree(0); start < Units;)
        {
            var end = NextUsed(start);
            Longest = Math.Max(Longest, end - start);
            start = NextFree(end);
        }
    }

    private readonly int NextFree(int from)
    {
        for (var word = from >> 6; word < Words; word++)
        {
            var bits = _free[word];
            if (word == from >> 6) bits &= ulong.MaxValue << (from & 63);
            if (bits != 0) return (word << 6) + BitOperations.TrailingZeroCount(bits);
        }

        return Units;
    }

    private readonly int NextUsed(int from)
    {
        for (var word = from >> 6; word < Words; word++)
        {
            var bits = ~_free[word];
            if (word == from >> 6) bits &= ulong.MaxValue << (from & 63);
            if (bits != 0) return (word << 6) + BitOperations.TrailingZeroCount(bits);
        }

        return Units;
    }
}
