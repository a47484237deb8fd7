namespace Starling.Slots;

/// <summary>
/// The hash slot of a key: CRC16 (XMODEM polynomial 0x1021, initial value 0) of the key, or of its hash tag, modulo
/// 16384 (Redis Cluster specification, "Key distribution model" and "Hash tags").
/// </summary>
public static class HashSlot
{
    /// <summary>The number of hash slots of a cluster.</summary>
    public const int Count = 16384;

    private const int Step = 16;

    /// <summary>
    /// For each distance from the end of a message, what each byte value adds to the checksum: the checksum is the
    /// exclusive or of these, so that the bytes of a short key are looked up independently of each other.
    /// </summary>
    private static readonly ushort[] Tables = MakeTables();

    /// <summary>
    /// The slot of a key, in 0..16383. Only the part between the first '{' and the next '}' counts when it is not
    /// empty.
    /// </summary>
    public static ushort Of(ReadOnlySpan<byte> key)
    {
        var open = key.IndexOf((byte)'{');
        if (open >= 0)
        {
            var tag = key[(open + 1)..];
            var close = tag.IndexOf((byte)'}');
            if (close > 0) key = tag[..close];
        }

        return (ushort)(Crc16(key) & (Count - 1));
    }

    /// <summary>CRC16-XMODEM of the bytes; 0x31C3 for "123456789".</summary>
    public static ushort Crc16(ReadOnlySpan<byte> bytes)
    {
        var tables = Tables;
        uint crc = 0;
        while (bytes.Length > Step)
        {
            crc = Add(tables, crc, bytes[..Step]);
            bytes = bytes[Step..];
        }

        return (ushort)Add(tables, crc, bytes);
    }

    /// <summary>The checksum after at most 16 more bytes.</summary>
    private static uint Add(ushort[] tables, uint before, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 2) return bytes.IsEmpty ? before : before << 8 & 0xFFFF ^ tables[(before >> 8) ^ bytes[0]];
        var row = (bytes.Length - 1) << 8;
        uint crc = tables[row + (int)((before >> 8) ^ bytes[0])];
        crc ^= tables[row - 256 + (int)((before & 0xFF) ^ bytes[1])];
        row -= 512;
        for (var i = 2; i < bytes.Length; i++, row -= 256) crc ^= tables[row + bytes[i]];
        return crc;
    }

    private static ushort[] MakeTables()
    {
        var tables = new ushort[Step * 256];
        for (var i = 0; i < 256; i++)
        {
            var crc = (uint)i << 8;
            for (var distance = 0; distance < Step; distance++)
            {
                for (var bit = 0; bit < 8; bit++) crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
                crc &= 0xFFFF;
                tables[(distance << 8) + i] = (ushort)crc;
            }
        }

        return tables;
    }
}
