namespace Starling.Slots.Values;

/// <summary>An integer of some bits anywhere in a string, most significant bit first, two's complement when signed.</summary>
/// <param name="IsSigned">It can be negative.</param>
/// <param name="Width">Bits: 1 to 64, unsigned to 63.</param>
/// <param name="Offset">Its first bit, not negative.</param>
public readonly record struct BitField(bool IsSigned, int Width, long Offset)
{
    /// <summary>Its last bit.</summary>
    public long LastBit => Offset + Width - 1;

    private int FirstByte => (int)(Offset / BitRange.BitsPerByte);

    /// <summary>The bytes that it touches: 9 at most.</summary>
    private int ByteCount => (int)((LastBit / BitRange.BitsPerByte) - (Offset / BitRange.BitsPerByte)) + 1;

    /// <summary>Bits of its last byte that are behind it.</summary>
    private int BitsBehind => BitRange.BitsPerByte - 1 - (int)(LastBit % BitRange.BitsPerByte);

    private ulong Mask => Width == 64 ? ulong.MaxValue : (1UL << Width) - 1;

    private Int128 Largest => IsSigned ? (Int128)(Mask >> 1) : (Int128)Mask;

    private Int128 Smallest => IsSigned ? -(Int128)(Mask >> 1) - 1 : 0;

    /// <summary>Reads it; what is behind the end of the string is zero.</summary>
    public long Read(ReadOnlySpan<byte> bytes) => Extend((ulong)(Window(bytes) >> BitsBehind) & Mask);

    /// <summary>Writes a number that fits; the string must have all of its bits.</summary>
    public void Write(Span<byte> bytes, long value)
    {
        var mask = (UInt128)Mask << BitsBehind;
        var window = (Window(bytes) & ~mask) | ((((UInt128)(ulong)value) << BitsBehind) & mask);
        for (var i = ByteCount - 1; i >= 0; i--)
        {
            bytes[FirstByte + i] = (byte)window;
            window >>= BitRange.BitsPerByte;
        }
    }

    /// <summary>Makes a sum fit.</summary>
    /// <param name="value">A number; an unsigned field takes it as one of 64 bits without sign.</param>
    /// <param name="increment">What is added.</param>
    /// <param name="overflow">What becomes of a sum that does not fit.</param>
    /// <param name="result">The sum, or what takes its place.</param>
    /// <returns>False when it does not fit and <paramref name="overflow"/> is <see cref="BitFieldOverflow.Fail"/>.</returns>
    public bool TryAdd(long value, long increment, BitFieldOverflow overflow, out long result)
    {
        var sum = (IsSigned ? value : (Int128)(ulong)value) + increment;
        var fits = sum >= Smallest && sum <= Largest;
        if (!fits && overflow == BitFieldOverflow.Saturate) sum = sum > Largest ? Largest : Smallest;
        result = Extend((ulong)((UInt128)sum & Mask));
        return fits || overflow != BitFieldOverflow.Fail;
    }

    /// <summary>The bytes that it touches as one number, big-endian.</summary>
    private UInt128 Window(ReadOnlySpan<byte> bytes)
    {
        UInt128 window = 0;
        var first = FirstByte;
        for (var i = 0; i < ByteCount; i++)
            window = (window << BitRange.BitsPerByte) | (first + i < bytes.Length ? bytes[first + i] : (byte)0);
        return window;
    }

    /// <summary>Gives a signed number its sign.</summary>
    private long Extend(ulong bits) => IsSigned ? (long)(bits << (64 - Width)) >> (64 - Width) : (long)bits;
}
