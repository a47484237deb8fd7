using System.Runtime.Intrinsics;

namespace Starling.Slots.Values;

/// <summary>
/// The registers of a dense HyperLogLog: 6 bits each, one behind the other from the least significant bit of the first byte.
/// </summary>
internal static class DenseRegisters
{
    /// <summary>Bytes of all registers.</summary>
    public const int ByteCount = HyperLogLog.Registers * Bits / 8;

    private const int Bits = 6;
    private const int Largest = (1 << Bits) - 1;

    /// <summary>Each three bytes of twelve in a number of their own.</summary>
    private static Vector128<byte> Triples => Vector128.Create((byte)0, 1, 2, 255, 3, 4, 5, 255, 6, 7, 8, 255, 9, 10, 11, 255);

    /// <summary>A register.</summary>
    public static int Get(ReadOnlySpan<byte> registers, int index)
    {
        var (at, shift) = Math.DivRem(index * Bits, 8);
        var low = registers[at] >> shift;
        return shift <= 8 - Bits ? low & Largest : (low | (registers[at + 1] << (8 - shift))) & Largest;
    }

    /// <summary>Sets a register.</summary>
    public static void Set(Span<byte> registers, int index, int value)
    {
        var (at, shift) = Math.DivRem(index * Bits, 8);
        registers[at] = (byte)((registers[at] & ~(Largest << shift)) | (value << shift));
        if (shift <= 8 - Bits) return;
        registers[at + 1] = (byte)((registers[at + 1] & ~(Largest >> (8 - shift))) | (value >> (8 - shift)));
    }

    /// <summary>Raises registers, one a byte, to these.</summary>
    public static void Merge(ReadOnlySpan<byte> dense, Span<byte> registers)
    {
        // Sixteen registers are twelve bytes; sixteen are read, which the last ones do not have.
        var index = 0;
        for (; dense.Length >= Vector128<byte>.Count; index += Vector128<byte>.Count, dense = dense[(Vector128<byte>.Count * Bits / 8)..])
        {
            var four = Vector128.Shuffle(Vector128.Create(dense), Triples).AsUInt32();
            var spread = (four & Vector128.Create(0x3Fu)) | ((four & Vector128.Create(0xFC0u)) << 2)
                | ((four & Vector128.Create(0x3F000u)) << 4) | ((four & Vector128.Create(0xFC0000u)) << 6);
            var target = registers.Slice(index, Vector128<byte>.Count);
            Vector128.Max(spread.AsByte(), Vector128.Create<byte>(target)).CopyTo(target);
        }

        for (var rest = 0; index < registers.Length; index++, rest++) registers[index] = Math.Max(registers[index], (byte)Get(dense, rest));
    }

    /// <summary>Writes all registers, one a byte.</summary>
    public static void Write(ReadOnlySpan<byte> registers, Span<byte> dense)
    {
        // Four registers are three bytes.
        for (int from = 0, to = 0; from < registers.Length; from += 4, to += 3)
        {
            var four = registers[from] | (registers[from + 1] << Bits) | (registers[from + 2] << (2 * Bits)) | (registers[from + 3] << (3 * Bits));
            dense[to] = (byte)four;
            dense[to + 1] = (byte)(four >> 8);
            dense[to + 2] = (byte)(four >> 16);
        }
    }

    /// <summary>Counts how many registers have each value.</summary>
    public static void Count(ReadOnlySpan<byte> registers, Span<int> histogram)
    {
        // Four registers are three bytes.
        for (; registers.Length >= 3; registers = registers[3..])
        {
            var four = registers[0] | (registers[1] << 8) | (registers[2] << 16);
            histogram[four & Largest]++;
            histogram[(four >> Bits) & Largest]++;
            histogram[(four >> (2 * Bits)) & Largest]++;
            histogram[four >> (3 * Bits)]++;
        }
    }
}
