using System.Buffers.Binary;

namespace Starling.Node.Persistence;

/// <summary>
/// The CRC64 of RDB files and DUMP payloads: Jones polynomial 0xAD93D23594C935A9, reflected, initial value 0, no final
/// XOR;
/// 0xE9C6D914C4B8D9CA for "123456789". Eight bytes a step (slicing by 8).
/// </summary>
public static class Crc64
{
    private const ulong ReflectedPolynomial = 0x95AC9329AC4BC9B5;

    private static readonly ulong[] Tables = MakeTables();

    /// <summary>The CRC of what <paramref name="crc"/> stands for, followed by more bytes. Start with 0.</summary>
    public static ulong Append(ulong crc, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<ulong> t = Tables;
        t = t[..(8 * 256)];
        while (bytes.Length >= 8)
        {
            crc ^= BinaryPrimitives.ReadUInt64LittleEndian(bytes);
            crc = t[(7 * 256) + (byte)crc] ^
                  t[(6 * 256) + (byte)(crc >> 8)] ^
                  t[(5 * 256) + (byte)(crc >> 16)] ^
                  t[(4 * 256) + (byte)(crc >> 24)] ^
                  t[(3 * 256) + (byte)(crc >> 32)] ^
                  t[(2 * 256) + (byte)(crc >> 40)] ^
                  t[256 + (byte)(crc >> 48)] ^
                  t[(byte)(crc >> 56)];
            bytes = bytes[8..];
        }

        foreach (var b in bytes) crc = t[(byte)crc ^ b] ^ (crc >> 8);
        return crc;
    }

    private static ulong[] MakeTables()
    {
        var tables = new ulong[8 * 256];
        for (var i = 0; i < 256; i++)
        {
            var crc = (ulong)i;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ ReflectedPolynomial : crc >> 1;
            tables[i] = crc;
        }

        for (var i = 256; i < tables.Length; i++)
        {
            var before = tables[i - 256];
            tables[i] = tables[(byte)before] ^ (before >> 8);
        }

        return tables;
    }
}
