using System.Buffers.Binary;
using System.Numerics;

namespace Starling.Slots.Values;

/// <summary>
/// The bytes of a string that is a HyperLogLog, as Redis has them: "HYLL", the encoding (0 dense, 1 sparse), three bytes
/// that are zero, the cached cardinality (8 bytes, little-endian; its highest bit is set while it is out of date), and
/// the 16384 registers. What clients set may be anything: nothing here trusts it.
/// </summary>
public static class HyperLogLog
{
    /// <summary>Number of registers.</summary>
    public const int Registers = 1 << IndexBits;

    /// <summary>Bytes before the registers.</summary>
    public const int HeaderLength = 16;

    /// <summary>Bytes of a dense one.</summary>
    public const int DenseLength = HeaderLength + DenseRegisters.ByteCount;

    /// <summary>The largest value of a register that an element can lead to.</summary>
    public const int LargestCount = 64 - IndexBits + 1;

    private const int IndexBits = 14;
    private const int EncodingAt = 4;
    private const int CacheAt = 8;
    private const byte Dense = 0;
    private const byte Sparse = 1;
    private const ulong Seed = 0xADC8_3B19;
    private const ulong OutOfDate = 1UL << 63;

    /// <summary>One without elements: sparse, one run of all registers.</summary>
    public static ReadOnlySpan<byte> Empty =>
        [(byte)'H', (byte)'Y', (byte)'L', (byte)'L', Sparse, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x7F, 0xFF];

    /// <summary>True when a string may be one; a sparse one may still turn out to be corrupt.</summary>
    public static bool IsOne(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= HeaderLength
        && bytes.StartsWith("HYLL"u8)
        && (bytes[EncodingAt] == Sparse || (bytes[EncodingAt] == Dense && bytes.Length == DenseLength));

    /// <summary>True for a dense one, false for a sparse one.</summary>
    public static bool IsDense(ReadOnlySpan<byte> bytes) => bytes[EncodingAt] == Dense;

    /// <summary>The cached cardinality; false when it is out of date.</summary>
    public static bool TryCached(ReadOnlySpan<byte> bytes, out ulong cardinality)
    {
        cardinality = BinaryPrimitives.ReadUInt64LittleEndian(bytes[CacheAt..]);
        return (cardinality & OutOfDate) == 0;
    }

    /// <summary>Caches a cardinality.</summary>
    public static void Cache(Span<byte> bytes, ulong cardinality) =>
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[CacheAt..], cardinality);

    /// <summary>The cached cardinality is out of date from now on; what it was stays, as in Redis.</summary>
    public static void Invalidate(Span<byte> bytes) => bytes[HeaderLength - 1] |= 0x80;

    /// <summary>The register of an element, and the count that the register has at least from then on, 1 to 51.</summary>
    public static (int Register, int Count) Place(ReadOnlySpan<byte> element)
    {
        var hash = MurmurHash64A.Of(element, Seed);
        var rest = (hash >> IndexBits) | (1UL << (64 - IndexBits));
        return ((int)(hash & (Registers - 1)), BitOperations.TrailingZeroCount(rest) + 1);
    }

    /// <summary>Estimates the number of elements; false when it is corrupt.</summary>
    public static bool TryCount(ReadOnlySpan<byte> bytes, out ulong cardinality)
    {
        Span<int> histogram = stackalloc int[HyperLogLogEstimate.HistogramLength];
        cardinality = 0;
        if (IsDense(bytes)) DenseRegisters.Count(bytes[HeaderLength..], histogram);
        else if (!SparseRegisters.TryCount(bytes, histogram)) return false;
        cardinality = HyperLogLogEstimate.Of(histogram);
        return true;
    }

    /// <summary>Raises registers, one a byte, to those of a HyperLogLog; false when that is corrupt.</summary>
    public static bool TryMerge(ReadOnlySpan<byte> bytes, Span<byte> registers)
    {
        if (!IsDense(bytes)) return SparseRegisters.TryMerge(bytes, registers);
        DenseRegisters.Merge(bytes[HeaderLength..], registers);
        return true;
    }

    /// <summary>Estimates the number of elements by registers, one a byte, that <see cref="TryMerge"/> has raised.</summary>
    public static ulong Count(ReadOnlySpan<byte> registers)
    {
        Span<int> histogram = stackalloc int[HyperLogLogEstimate.HistogramLength];
        for (var index = 0; index < registers.Length;)
        {
            var zeros = registers[index..].IndexOfAnyExcept((byte)0); // most of them, in a union of sparse ones
            if (zeros < 0) zeros = registers.Length - index;
            histogram[0] += zeros;
            index += zeros;
            for (; index < registers.Length && registers[index] != 0; index++) histogram[registers[index]]++;
        }

        return HyperLogLogEstimate.Of(histogram);
    }

    /// <summary>Says in a header that what follows is dense.</summary>
    internal static void MarkDense(Span<byte> bytes) => bytes[EncodingAt] = Dense;
}
