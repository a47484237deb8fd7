using System.Buffers.Binary;
using System.Buffers.Text;

namespace Starling.Node.Persistence;

/// <summary>
/// Encodes strings as RDB files and DUMP payloads hold them: as an integer where the text is the canonical form of one
/// of at most 32 bits, LZF
/// compressed where that saves bytes, else as length and bytes. One instance serves one thread at a time.
/// </summary>
internal sealed class RdbStringEncoder
{
    /// <summary>The longest head of a string: a type byte of its own, two lengths of 9 bytes.</summary>
    public const int MaximumHead = 20;

    private const int ShortestCompressed = 21;
    private const int KeptScratch = 1 << 20;

    private readonly LzfCompressor _compressor = new();
    private byte[] _scratch = new byte[256];

    /// <summary>
    /// Encodes a string as a head, which is written to <paramref name="head"/>, and a body, which is returned and
    /// aliases either the string or
    /// this instance's scratch space until the next call.
    /// </summary>
    /// <param name="text">The string.</param>
    /// <param name="compression">Tries LZF.</param>
    /// <param name="head">At least <see cref="MaximumHead"/> bytes.</param>
    /// <param name="headLength">Bytes of the head.</param>
    public ReadOnlySpan<byte> Encode(ReadOnlySpan<byte> text, bool compression, Span<byte> head, out int headLength)
    {
        if (TryInteger(text, head, out headLength)) return default;
        if (compression && text.Length >= ShortestCompressed)
        {
            var length = Compress(text);
            if (length > 0)
            {
                head[0] = RdbFormat.EncodedString | RdbFormat.EncodingLzf;
                headLength = 1 + WriteLength(head[1..], (ulong)length);
                headLength += WriteLength(head[headLength..], (ulong)text.Length);
                return _scratch.AsSpan(0, length);
            }
        }

        headLength = WriteLength(head, (ulong)text.Length);
        return text;
    }

    /// <summary>Lets go of the scratch space of a long text.</summary>
    public void Trim()
    {
        if (_scratch.Length > KeptScratch) _scratch = new byte[256];
    }

    /// <summary>Writes a length in its shortest form and returns its number of bytes, 1 to 9.</summary>
    public static int WriteLength(Span<byte> output, ulong length)
    {
        switch (length)
        {
            case < 1 << 6:
                output[0] = (byte)length;
                return 1;
            case < 1 << 14:
                BinaryPrimitives.WriteUInt16BigEndian(output, (ushort)((RdbFormat.Length14Bit << 8) | (int)length));
                return 2;
            case <= uint.MaxValue:
                output[0] = RdbFormat.Length32Bit;
                BinaryPrimitives.WriteUInt32BigEndian(output[1..], (uint)length);
                return 5;
            default:
                output[0] = RdbFormat.Length64Bit;
                BinaryPrimitives.WriteUInt64BigEndian(output[1..], length);
                return 9;
        }
    }

    private static bool TryInteger(ReadOnlySpan<byte> text, Span<byte> head, out int headLength)
    {
        headLength = 0;
        if (text.Length is 0 or > 11 || (text[0] != '-' && !char.IsAsciiDigit((char)text[0]))) return false;
        if (!Utf8Parser.TryParse(text, out int value, out var used) || used != text.Length) return false;
        Span<byte> canonical = stackalloc byte[11];
        Utf8Formatter.TryFormat(value, canonical, out var digits);
        if (!canonical[..digits].SequenceEqual(text)) return false;
        switch (value)
        {
            case >= sbyte.MinValue and <= sbyte.MaxValue:
                head[0] = RdbFormat.EncodedString | RdbFormat.EncodingInt8;
                head[1] = (byte)value;
                headLength = 2;
                break;
            case >= short.MinValue and <= short.MaxValue:
                head[0] = RdbFormat.EncodedString | RdbFormat.EncodingInt16;
                BinaryPrimitives.WriteInt16LittleEndian(head[1..], (short)value);
                headLength = 3;
                break;
            default:
                head[0] = RdbFormat.EncodedString | RdbFormat.EncodingInt32;
                BinaryPrimitives.WriteInt32LittleEndian(head[1..], value);
                headLength = 5;
                break;
        }

        return true;
    }

    /// <summary>Compresses into the scratch space; 0 when that saves less than 4 bytes.</summary>
    private int Compress(ReadOnlySpan<byte> text)
    {
        var most = text.Length - 4;
        if (_scratch.Length < most || (_scratch.Length > KeptScratch && most <= KeptScratch))
            _scratch = GC.AllocateUninitializedArray<byte>(Math.Max(256, most));
        return _compressor.Compress(text, _scratch.AsSpan(0, most));
    }
}
