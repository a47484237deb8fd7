namespace Starling.Slots;

/// <summary>
/// The hash slot of a key: CRC16 (XMODEM polynomial 0x1021, initial value 0) of the key, or of its hash tag, modulo 16384
/// (Redis Cluster specification, "Key distribution model" and "Hash tags").
/// </summary>
public static class HashSlot
{
    /// <summary>The number of hash slots of a cluster.</summary>
    public const int Count = 16384;

    private static readonly ushort[] Table = MakeTable();

    /// <summary>The slot of a key, in 0..16383. Only the part between the first '{' and the next '}' counts when it is not empty.</summary>
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
        uint crc = 0;
        var table = Table;
        foreach (var b in bytes) crc = (crc << 8) ^ table[(byte)(crc >> 8) ^ b];
        return (ushort)crc;
    }

    private static ushort[] MakeTable()
    {
        var table = new ushort[256];
        for (var i = 0; i < table.Length; i++)
        {
            var crc = (uint)i << 8;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
            table[i] = (ushort)crc;
        }

        return table;
    }
}
