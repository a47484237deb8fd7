using System.Buffers.Binary;

namespace Starling.Node.Persistence;

/// <summary>
/// The payload of FUNCTION DUMP and RESTORE: for each library the opcode and the string that an RDB file has of it, then the RDB version
/// (2 bytes, little-endian) and the CRC64 of all that (8 bytes, little-endian). Reads one from its first library to its last.
/// </summary>
internal sealed class FunctionPayload
{
    private const int FooterLength = 2 + RdbFormat.ChecksumLength;

    private readonly RdbInput _input;
    private readonly RdbStringDecoder _strings;

    private FunctionPayload(byte[] libraries)
    {
        _input = new RdbInput(libraries);
        _strings = new RdbStringDecoder(_input);
    }

    /// <summary>Writes the payload of some libraries.</summary>
    /// <param name="codes">Their codes.</param>
    /// <param name="compression">Compresses what gets shorter by it (directive <c>rdbcompression</c>).</param>
    public static byte[] Write(IReadOnlyList<byte[]> codes, bool compression)
    {
        var output = new MemoryStream();
        var encoder = new RdbStringEncoder();
        Span<byte> head = stackalloc byte[RdbStringEncoder.MaximumHead];
        foreach (var code in codes)
        {
            output.WriteByte(RdbFormat.OpcodeFunction2);
            var body = encoder.Encode(code, compression, head, out var headLength);
            output.Write(head[..headLength]);
            output.Write(body);
        }

        Span<byte> footer = stackalloc byte[FooterLength];
        BinaryPrimitives.WriteUInt16LittleEndian(footer, RdbFormat.WrittenVersion);
        output.Write(footer[..2]);
        BinaryPrimitives.WriteUInt64LittleEndian(footer[2..], Crc64.Append(0, output.GetBuffer().AsSpan(0, (int)output.Length)));
        output.Write(footer[2..]);
        return output.ToArray();
    }

    /// <summary>Looks at version and checksum; false when they are not right.</summary>
    public static bool TryOpen(ReadOnlySpan<byte> bytes, out FunctionPayload payload)
    {
        payload = null!;
        if (bytes.Length < FooterLength) return false;
        var footer = bytes[^FooterLength..];
        int version = BinaryPrimitives.ReadUInt16LittleEndian(footer);
        if (version is > RdbFormat.NewestVersion and not RdbFormat.ValkeyVersion) return false;
        if (BinaryPrimitives.ReadUInt64LittleEndian(footer[2..]) != Crc64.Append(0, bytes[..^RdbFormat.ChecksumLength])) return false;
        payload = new FunctionPayload(bytes[..^FooterLength].ToArray());
        return true;
    }

    /// <summary>Reads the next library; false at the end.</summary>
    /// <param name="code">Its code, until the next call.</param>
    /// <param name="problem">What is wrong; null when there is a library.</param>
    public bool TryRead(out ReadOnlySpan<byte> code, out string? problem)
    {
        code = default;
        problem = null;
        if (!_input.TryByte(out var opcode)) return false;
        problem = opcode switch
        {
            RdbFormat.OpcodeFunctionPreRelease => "Pre-GA function format not supported",
            not RdbFormat.OpcodeFunction2 => "given type is not a function",
            _ => _strings.TryReadValue() ? null : "Failed loading library payload",
        };
        if (problem is null) code = _strings.Value;
        return true;
    }
}
