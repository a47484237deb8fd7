using System.Buffers;
using System.Buffers.Binary;
using Starling.Slots.Keyspace;

namespace Starling.Node.Persistence;

/// <summary>
/// The payload of DUMP, RESTORE and MIGRATE: a type byte, the value as in an RDB file, the RDB version (2 bytes,
/// little-endian) and the CRC64 of
/// all that (8 bytes, little-endian).
/// </summary>
public static class DumpPayload
{
    private const int FooterLength = 2 + RdbFormat.ChecksumLength;

    [ThreadStatic]
    private static RdbStringEncoder? encoder;

    /// <summary>Writes the payload of a value. Needs the stripe of the entry's key.</summary>
    /// <param name="entry">The value's entry.</param>
    /// <param name="compression">Compresses a string that gets shorter by it (directive <c>rdbcompression</c>).</param>
    /// <param name="output">Gets the payload.</param>
    public static void Write(in Entry entry, bool compression, IBufferWriter<byte> output)
    {
        encoder ??= new RdbStringEncoder();
        Span<byte> head = stackalloc byte[1 + RdbStringEncoder.MaximumHead];
        head[0] = RdbFormat.TypeString;
        var body = encoder.Encode(entry.String, compression, head[1..], out var headLength);
        head = head[..(1 + headLength)];
        Span<byte> footer = stackalloc byte[FooterLength];
        BinaryPrimitives.WriteUInt16LittleEndian(footer, RdbFormat.WrittenVersion);
        var crc = Crc64.Append(Crc64.Append(Crc64.Append(0, head), body), footer[..2]);
        BinaryPrimitives.WriteUInt64LittleEndian(footer[2..], crc);
        output.Write(head);
        output.Write(body);
        output.Write(footer);
    }

    /// <summary>Reads a payload; never throws, whatever the bytes.</summary>
    /// <param name="payload">The payload.</param>
    /// <param name="value">The string that it holds.</param>
    /// <param name="error">The error reply's text with its code when false is returned.</param>
    public static bool TryRead(ReadOnlySpan<byte> payload, out byte[] value, out string error)
    {
        value = [];
        error = "ERR DUMP payload version or checksum are wrong";
        if (payload.Length < FooterLength) return false;
        var footer = payload[^FooterLength..];
        int version = BinaryPrimitives.ReadUInt16LittleEndian(footer);
        if (version is > RdbFormat.NewestVersion and not RdbFormat.ValkeyVersion) return false;
        var crc = BinaryPrimitives.ReadUInt64LittleEndian(footer[2..]);
        if (crc != Crc64.Append(0, payload[..^RdbFormat.ChecksumLength])) return false;

        error = "ERR Bad data format";
        var content = payload[..^FooterLength];
        if (content.IsEmpty) return false;
        if (content[0] != RdbFormat.TypeString)
        {
            if (RdbFormat.NameOfType(content[0]) is { } kind) error += $": values of kind {kind} are not supported";
            return false;
        }

        var strings = new RdbStringDecoder(new RdbInput(content[1..].ToArray()));
        if (!strings.TryReadValue()) return false;
        value = strings.Value.ToArray();
        error = "";
        return true;
    }
}
