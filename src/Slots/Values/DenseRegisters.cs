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
