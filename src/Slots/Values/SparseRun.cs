namespace Starling.Slots.Values;

/// <summary>
/// A run of registers with one value in a sparse HyperLogLog: 00xxxxxx, x+1 zeros; 01xxxxxx xxxxxxxx, x+1 zeros;
/// 1vvvvvxx, x+1 registers of the value v+1.
/// </summary>
/// <param name="Value">0 to 32.</param>
/// <param name="Registers">How many, at least one.</param>
/// <param name="Bytes">Bytes that it takes: 1 or 2.</param>
public readonly record struct SparseRun(int Value, int Registers, int Bytes)
{
    /// <summary>The largest value.</summary>
    public const int LargestValue = 32;

    /// <summary>The most registers of a value other than zero.</summary>
    public const int MostRegisters = 4;

    private const int MostShortZeros = 64;

    /// <summary>Reads the run at a place; false when the bytes end in the middle of it.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, int at, out SparseRun run)
    {
        int first = bytes[at];
        run = default;
        if ((first & 0x80) != 0) run = new SparseRun(((first >> 2) & 0x1F) + 1, (first & 3) + 1, 1);
        else if ((first & 0x40) == 0) run = new SparseRun(0, (first & 0x3F) + 1, 1);
        else if (at + 1 < bytes.Length) run = new SparseRun(0, (((first & 0x3F) << 8) | bytes[at + 1]) + 1, 2);
        return run.Bytes != 0;
    }

    /// <summary>Writes a run of zeros as short as it can be; returns its bytes. None for no register.</summary>
    public static int WriteZeros(Span<byte> bytes, int registers)
    {
        if (registers == 0) return 0;
        if (registers <= MostShortZeros)
        {
            bytes[0] = (byte)(registers - 1);
            return 1;
        }

        bytes[0] = (byte)(((registers - 1) >> 8) | 0x40);
        bytes[1] = (byte)(registers - 1);
        return 2;
    }

    /// <summary>Writes a run of a value other than zero, of 4 registers at most; returns its bytes. None for no register.
    /// </summary>
    public static int WriteValue(Span<byte> bytes, int value, int registers)
    {
        if (registers == 0) return 0;
        bytes[0] = (byte)(0x80 | ((value - 1) << 2) | (registers - 1));
        return 1;
    }
}
