using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Starling.Slots.Keyspace;
using Starling.Slots.Values;

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
    private static ContentEncoder? encoder;

    /// <summary>The error reply to a payload whose content is not valid, with its code.</summary>
    public static ReadOnlySpan<byte> BadFormat => "ERR Bad data format"u8;

    /// <summary>Writes the payload of a value. Needs the stripe of the entry's key.</summary>
    /// <param name="entry">The value's entry.</param>
    /// <param name="compression">Compresses what gets shorter by it (directive <c>rdbcompression</c>).</param>
    /// <param name="output">Gets the payload.</param>
    public static void Write(in Entry entry, bool compression, IBufferWriter<byte> output)
    {
        encoder ??= new ContentEncoder();
        encoder.Begin(output, compression);
        encoder.Raw([RdbTypes.Of(entry.ContentForm)]);
        entry.WriteContent(encoder);
        Span<byte> footer = stackalloc byte[FooterLength];
        BinaryPrimitives.WriteUInt16LittleEndian(footer, (ushort)RdbTypes.VersionOf(entry.ContentForm));
        encoder.Raw(footer[..2]);
        BinaryPrimitives.WriteUInt64LittleEndian(footer[2..], encoder.Checksum);
        output.Write(footer[2..]);
        encoder.End(); // the thread keeps the encoder, not a payload of megabytes
    }

    /// <summary>Bytes of a value's content in a payload or an RDB file. Needs the stripe of the entry's key.</summary>
    /// <param name="entry">The value's entry.</param>
    /// <param name="compression">Compresses what gets shorter by it.</param>
    public static long ContentLength(in Entry entry, bool compression)
    {
        encoder ??= new ContentEncoder();
        encoder.Begin(null, compression);
        entry.WriteContent(encoder);
        encoder.End();
        return encoder.Length;
    }

    /// <summary>Reads the frame of a payload; never throws, whatever the bytes.</summary>
    /// <param name="payload">The payload.</param>
    /// <param name="form">The form of its content.</param>
    /// <param name="content">Reads the content.</param>
    /// <param name="error">The error reply's text with its code when false is returned.</param>
    public static bool TryOpen(
        ReadOnlySpan<byte> payload,
        out ContentForm form,
        [NotNullWhen(true)] out ContentDecoder? content,
        out string error)
    {
        form = default;
        content = null;
        error = "ERR DUMP payload version or checksum are wrong";
        if (payload.Length < FooterLength) return false;
        var footer = payload[^FooterLength..];
        int version = BinaryPrimitives.ReadUInt16LittleEndian(footer);
        if (version is > RdbFormat.NewestVersion and not RdbFormat.ValkeyVersion) return false;
        var crc = BinaryPrimitives.ReadUInt64LittleEndian(footer[2..]);
        if (crc != Crc64.Append(0, payload[..^RdbFormat.ChecksumLength])) return false;

        error = "ERR Bad data format";
        var bytes = payload[..^FooterLength];
        if (bytes.IsEmpty) return false;
        if (!RdbTypes.TryForm(bytes[0], out form))
        {
            if (RdbTypes.NameOfUnsupported(bytes[0]) is { } kind)
                error += $": values of kind {kind} are not supported";
            return false;
        }

        content = new ContentDecoder(bytes[1..].ToArray());
        error = "";
        return true;
    }
}
