using System.Buffers.Binary;

namespace Starling.Slots.Values;

/// <summary>MurmurHash2's variant of 64 bits for 64-bit processors, by Austin Appleby (public domain).</summary>
public static class MurmurHash64A
{
    private const ulong Multiplier = 0xC6A4_A793_5BD1_E995;
    private const int Shift = 47;

    /// <summary>The hash of some bytes.</summary>
    public static ulong Of(ReadOnlySpan<byte> bytes, ulong seed)
    {
        var hash = seed ^ unchecked((ulong)bytes.Length * Multiplier);
        var rest = bytes;
        for (; rest.Length >= sizeof(ulong); rest = rest[sizeof(ulong)..])
        {
            var word = unchecked(BinaryPrimitives.ReadUInt64LittleEndian(rest) * Multiplier);
            hash = unchecked((hash ^ ((word ^ (word >> Shift)) * Multiplier)) * Multiplier);
        }

        if (!rest.IsEmpty)
        {
            var word = 0UL;
            for (var i = rest.Length - 1; i >= 0; i--) word = (word << 8) | rest[i];
            hash = unchecked((hash ^ word) * Multiplier);
        }

        hash = unchecked((hash ^ (hash >> Shift)) * Multiplier);
        return hash ^ (hash >> Shift);
    }
}
