using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Starling.Slots.Values;

/// <summary>
/// The layout of Redis's listpack, so that RDB files and DUMP payloads hold it as it is. A header of 6 bytes: the total
/// length (4) and the number of entries (2, 65535 for "count them"), little-endian. Then the entries, then the byte
/// 255. An entry: its encoding and data, then the length of these two, which is read from the right: seven bits a byte,
/// the top bit set on all but the leftmost. An element that is the canonical text of an integer is encoded as a number.
/// </summary>
internal static unsafe class Listpack
{
    /// <summary>Where the first entry starts.</summary>
    public const int HeaderBytes = 6;

    /// <summary>Length of a listpack without entries.</summary>
    public const int EmptyBytes = HeaderBytes + 1;

    /// <summary>The byte behind the last entry.</summary>
    public const byte End = 0xFF;

    /// <summary>What the header says when the number of entries does not fit.</summary>
    public const int UnknownCount = ushort.MaxValue;

    /// <summary>The most bytes that the entry of a number has.</summary>
    public const int LongestNumber = 10;

    private const int Number13Code = 0xC0;
    private const int Text12Code = 0xE0;
    private const byte Text32Code = 0xF0;
    private const byte Number16Code = 0xF1;
    private const byte Number24Code = 0xF2;
    private const byte Number32Code = 0xF3;
    private const byte Number64Code = 0xF4;
    private const int LongestText6 = 63;
    private const int LongestText12 = 4095;
    private const long Largest24 = (1 << 23) - 1;

    /// <summary>Bytes that an entry for this element has, all included.</summary>
    public static long EntryLength(ReadOnlySpan<byte> element)
    {
        var length = DecimalInteger.TryParse(element, out var number)
            ? NumberLength(number)
            : TextHeadLength(element.Length) + (long)element.Length;
        return length + BacklinkLength(length);
    }

    /// <summary>Writes the entry of an element.</summary>
    /// <param name="at">Room for <see cref="EntryLength(ReadOnlySpan{byte})"/> bytes.</param>
    /// <param name="element">The element.</param>
    public static void Write(byte* at, ReadOnlySpan<byte> element)
    {
        int length;
        if (DecimalInteger.TryParse(element, out var number))
        {
            length = WriteNumber(at, number);
        }
        else
        {
            var head = WriteTextHead(at, element.Length);
            element.CopyTo(new Span<byte>(at + head, element.Length));
            length = head + element.Length;
        }

        WriteBacklink(at + length, length);
    }

    /// <summary>Bytes that an entry for this number has, all included.</summary>
    public static int EntryLength(long number)
    {
        var length = NumberLength(number);
        return length + BacklinkLength(length);
    }

    /// <summary>Writes the entry of a number.</summary>
    /// <returns>Bytes of the entry, all included.</returns>
    public static int Write(byte* at, long number)
    {
        var length = WriteNumber(at, number);
        WriteBacklink(at + length, length);
        return length + BacklinkLength(length);
    }

    /// <summary>Writes what says behind an entry how long it is.</summary>
    /// <param name="at">Where it goes.</param>
    /// <param name="length">Bytes of encoding and data.</param>
    /// <returns>Its own bytes.</returns>
    public static int WriteLengthBehind(byte* at, int length)
    {
        WriteBacklink(at, length);
        return BacklinkLength(length);
    }

    /// <summary>Bytes of encoding and data that the entry of an element has.</summary>
    public static int BareLength(scoped in ListNeedle element) =>
        element.IsNumber ? NumberLength(element.Number) : TextHeadLength(element.Text.Length) + element.Text.Length;

    /// <summary>Writes encoding and data of an element's entry.</summary>
    /// <param name="at">Room for <see cref="BareLength(in ListNeedle)"/> bytes.</param>
    /// <param name="element">The element.</param>
    /// <returns>Their bytes.</returns>
    public static int WriteBare(byte* at, scoped in ListNeedle element)
    {
        if (element.IsNumber) return WriteNumber(at, element.Number);
        var head = WriteTextHead(at, element.Text.Length);
        element.Text.CopyTo(new Span<byte>(at + head, element.Text.Length));
        return head + element.Text.Length;
    }

    /// <summary>Bytes of encoding and data of the entry that starts here. The entry is sound.</summary>
    public static int BareLength(byte* at) => (int)DataLength(at);

    /// <summary>Writes total length and number of entries.</summary>
    public static void WriteHeader(byte* listpack, int length, int count)
    {
        Unsafe.WriteUnaligned(listpack, (uint)length);
        Unsafe.WriteUnaligned(listpack + 4, (ushort)Math.Min(count, UnknownCount));
    }

    /// <summary>Writes the total length alone.</summary>
    public static void WriteLength(byte* listpack, int length) => Unsafe.WriteUnaligned(listpack, (uint)length);

    /// <summary>Bytes of the entry that starts here, all included. The entry is sound.</summary>
    public static int EntryLength(byte* at)
    {
        var length = (int)DataLength(at);
        return length + BacklinkLength(length);
    }

    /// <summary>Bytes of the entry that ends before this. The entry is sound.</summary>
    public static int EntryLengthBefore(byte* end)
    {
        var length = 0;
        var shift = 0;
        var at = end - 1;
        for (; (*at & 0x80) != 0; at--, shift += 7) length |= (*at & 0x7F) << shift;
        length |= *at << shift;
        return length + (int)(end - at);
    }

    /// <summary>The text of an entry that is one of up to 63 bytes; false for any other. The entry is sound.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryShortText(byte* at, out ReadOnlySpan<byte> text)
    {
        var first = *at;
        var isShort = (first & 0xC0) == 0x80;
        text = isShort ? new ReadOnlySpan<byte>(at + 1, first & LongestText6) : default;
        return isShort;
    }

    /// <summary>The element of the entry that starts here. The entry is sound.</summary>
    public static ListElement Read(byte* at)
    {
        var first = *at;
        if (first < 0x80) return new ListElement(first);
        if (first < 0xC0) return new ListElement(new ReadOnlySpan<byte>(at + 1, first & LongestText6));
        if (first < Text12Code)
        {
            var value = (first & 0x1F) << 8 | at[1];
            return new ListElement((long)value << 51 >> 51);
        }

        return first switch
        {
            < Text32Code => new ListElement(new ReadOnlySpan<byte>(at + 2, (first & 0xF) << 8 | at[1])),
            Text32Code => new ListElement(new ReadOnlySpan<byte>(at + 5, Unsafe.ReadUnaligned<int>(at + 1))),
            Number16Code => new ListElement(Unsafe.ReadUnaligned<short>(at + 1)),
            Number24Code => new ListElement((at[1] | at[2] << 8 | at[3] << 16) << 8 >> 8),
            Number32Code => new ListElement(Unsafe.ReadUnaligned<int>(at + 1)),
            _ => new ListElement(Unsafe.ReadUnaligned<long>(at + 1)),
        };
    }

    /// <summary>
    /// Checks bytes from outside: after it, everything here may be done with them. False when they are no listpack.
    /// </summary>
    /// <param name="listpack">The bytes.</param>
    /// <param name="count">The number of entries.</param>
    public static bool IsSound(ReadOnlySpan<byte> listpack, out int count)
    {
        count = 0;
        if (listpack.Length < EmptyBytes || listpack[^1] != End) return false;
        if (BinaryPrimitives.ReadUInt32LittleEndian(listpack) != listpack.Length) return false;
        var stated = BinaryPrimitives.ReadUInt16LittleEndian(listpack[4..]);
        fixed (byte* start = listpack)
        {
            var at = start + HeaderBytes;
            var end = start + listpack.Length - 1;
            while (at < end)
            {
                if (!HasSoundEntry(at, end - at, out var length)) return false;
                at += length;
                count++;
            }
        }

        return stated == UnknownCount || stated == count;
    }

    private static bool HasSoundEntry(byte* at, long room, out int length)
    {
        length = 0;
        if (room < HeadLength(*at)) return false;
        var data = DataLength(at);
        if (data < 0 || data > room) return false;
        length = (int)data + BacklinkLength(data);
        if (length > room) return false;
        Span<byte> expected = stackalloc byte[5];
        fixed (byte* backlink = expected) WriteBacklink(backlink, (int)data);
        var size = length - (int)data;
        return expected[..size].SequenceEqual(new ReadOnlySpan<byte>(at + data, size));
    }

    /// <summary>Bytes that say how long the data is.</summary>
    private static int HeadLength(byte first) => first switch
    {
        < 0xC0 => 1,
        < Text32Code => 2,
        Text32Code => 5,
        _ => 1,
    };

    /// <summary>Bytes of encoding and data; -1 for an encoding that is none.</summary>
    private static long DataLength(byte* at)
    {
        var first = *at;
        if (first < 0x80) return 1;
        if (first < 0xC0) return 1 + (first & LongestText6);
        if (first < Text12Code) return 2;
        return first switch
        {
            < Text32Code => 2 + ((first & 0xF) << 8 | at[1]),
            Text32Code => 5L + Unsafe.ReadUnaligned<uint>(at + 1),
            Number16Code => 3,
            Number24Code => 4,
            Number32Code => 5,
            Number64Code => 9,
            _ => -1,
        };
    }

    private static int NumberLength(long number) => number switch
    {
        >= 0 and <= 127 => 1,
        >= -4096 and <= 4095 => 2,
        >= short.MinValue and <= short.MaxValue => 3,
        >= -Largest24 - 1 and <= Largest24 => 4,
        >= int.MinValue and <= int.MaxValue => 5,
        _ => 9,
    };

    private static int WriteNumber(byte* at, long number)
    {
        var length = NumberLength(number);
        switch (length)
        {
            case 1:
                *at = (byte)number;
                break;
            case 2:
                *at = (byte)(Number13Code | (int)(number >> 8) & 0x1F);
                at[1] = (byte)number;
                break;
            case 3:
                *at = Number16Code;
                Unsafe.WriteUnaligned(at + 1, (short)number);
                break;
            case 4:
                *at = Number24Code;
                Unsafe.WriteUnaligned(at + 1, (ushort)number);
                at[3] = (byte)(number >> 16);
                break;
            case 5:
                *at = Number32Code;
                Unsafe.WriteUnaligned(at + 1, (int)number);
                break;
            default:
                *at = Number64Code;
                Unsafe.WriteUnaligned(at + 1, number);
                break;
        }

        return length;
    }

    private static int TextHeadLength(int length) => length switch
    {
        <= LongestText6 => 1,
        <= LongestText12 => 2,
        _ => 5,
    };

    private static int WriteTextHead(byte* at, int length)
    {
        switch (length)
        {
            case <= LongestText6:
                *at = (byte)(0x80 | length);
                return 1;
            case <= LongestText12:
                *at = (byte)(Text12Code | length >> 8);
                at[1] = (byte)length;
                return 2;
            default:
                *at = Text32Code;
                Unsafe.WriteUnaligned(at + 1, length);
                return 5;
        }
    }

    /// <summary>
    /// Bytes of the length behind an entry. The limits are Redis's: a length of all ones takes a byte more than it
    /// needs, except for one byte.
    /// </summary>
    public static int BacklinkLength(long length) => length switch
    {
        <= 127 => 1,
        < (1 << 14) - 1 => 2,
        < (1 << 21) - 1 => 3,
        < (1 << 28) - 1 => 4,
        _ => 5,
    };

    private static void WriteBacklink(byte* at, int length)
    {
        for (var i = BacklinkLength(length) - 1; i > 0; i--, length >>= 7) at[i] = (byte)(length & 0x7F | 0x80);
        *at = (byte)length;
    }
}
