using System.Numerics;
using System.Runtime.InteropServices;

namespace Starling.Slots.Values;

/// <summary>
/// Bits of a string, numbered as the bitmap commands do: bit 0 is the most significant one of the first byte.
/// </summary>
/// <param name="First">The first bit, not negative.</param>
/// <param name="Last">The last bit, included; the range is empty when it is before the first.</param>
public readonly record struct BitRange(long First, long Last)
{
    /// <summary>Bits in a byte.</summary>
    public const int BitsPerByte = 8;

    /// <summary>True when it has no bit.</summary>
    public bool IsEmpty => First > Last;

    /// <summary>Counts the bits that are set.</summary>
    /// <param name="bytes">The string; it has every bit of the range.</param>
    public long CountOnes(ReadOnlySpan<byte> bytes)
    {
        if (IsEmpty) return 0;
        var part = Bytes(bytes, out var before, out var behind);
        return Ones(part) - BitOperations.PopCount((uint)part[0] & before) - BitOperations.PopCount((uint)part[^1] & behind);
    }

    /// <summary>Finds the first bit that is set, or that is clear; -1 when there is none.</summary>
    /// <param name="bytes">The string; it has every bit of the range.</param>
    /// <param name="isSet">What to look for.</param>
    public long Find(ReadOnlySpan<byte> bytes, bool isSet)
    {
        if (IsEmpty) return -1;
        var part = Bytes(bytes, out var before, out _);
        var flip = isSet ? 0u : 0xFF; // afterwards a one is looked for
        var head = (part[0] ^ flip) & ~before & 0xFF;
        var at = head != 0 ? 0 : part[1..].IndexOfAnyExcept((byte)flip) + 1;
        if (at == 0 && head == 0) return -1;
        var found = at == 0 ? head : part[at] ^ flip;
        var bit = (((First / BitsPerByte) + at) * BitsPerByte) + BitOperations.LeadingZeroCount(found) - 24;
        return bit <= Last ? bit : -1;
    }

    /// <summary>Counts the bits that are set in whole bytes.</summary>
    private static long Ones(ReadOnlySpan<byte> bytes)
    {
        // Four counts side by side: the processor counts one word in each cycle, but gives the count some cycles later.
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        long first = 0, second = 0, third = 0, fourth = 0;
        var i = 0;
        for (; i + 4 <= words.Length; i += 4)
        {
            first += BitOperations.PopCount(words[i]);
            second += BitOperations.PopCount(words[i + 1]);
            third += BitOperations.PopCount(words[i + 2]);
            fourth += BitOperations.PopCount(words[i + 3]);
        }

        for (; i < words.Length; i++) first += BitOperations.PopCount(words[i]);
        foreach (var rest in bytes[(words.Length * sizeof(ulong))..]) first += BitOperations.PopCount(rest);
        return first + second + third + fourth;
    }

    /// <summary>The bytes that hold the range, and which of their outermost bits are outside of it.</summary>
    private ReadOnlySpan<byte> Bytes(ReadOnlySpan<byte> bytes, out uint before, out uint behind)
    {
        var from = (int)(First / BitsPerByte);
        before = 0xFFu & ~(0xFFu >> (int)(First % BitsPerByte));
        behind = 0x7Fu >> (int)(Last % BitsPerByte);
        return bytes[from..((int)(Last / BitsPerByte) + 1)];
    }
}
