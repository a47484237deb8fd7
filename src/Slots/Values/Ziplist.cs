using System.Buffers.Binary;

namespace Starling.Slots.Values;

/// <summary>
/// Reads Redis's ziplist, which files and payloads of before 7.0 contain. A header of 10 bytes: total length (4), the
/// offset of the last entry (4), the number of entries (2, 65535 for "count them"), little-endian. Then the entries:
/// the length of the entry before (a byte, or 254 and 4 bytes), the encoding with the length, the data. Then the byte
/// 255.
/// </summary>
internal ref struct Ziplist
{
    private const int HeaderBytes = 10;
    private const byte End = 0xFF;
    private const byte LongLink = 0xFE;
    private const int UnknownCount = ushort.MaxValue;

    private ReadOnlySpan<byte> _rest;
    private int _lengthBefore;
    private int _at;
    private int _lastAt;
    private int _read;
    private readonly int _stated;
    private readonly int _tail;

    /// <summary>Starts reading; <see cref="IsBroken"/> says when the bytes are no ziplist.</summary>
    public Ziplist(ReadOnlySpan<byte> bytes)
    {
        IsBroken = bytes.Length < HeaderBytes + 1
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != bytes.Length || bytes[^1] != End;
        if (IsBroken) return;
        var tail = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
        IsBroken = tail > bytes.Length - 1;
        _tail = (int)Math.Min(tail, int.MaxValue);
        _stated = BinaryPrimitives.ReadUInt16LittleEndian(bytes[8..]);
        _at = HeaderBytes;
        _lastAt = HeaderBytes;
        _rest = bytes[HeaderBytes..^1];
    }

    /// <summary>The bytes are no ziplist; nothing that was read of them counts.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Reads the next element; false at the end, and when <see cref="IsBroken"/>.</summary>
    public bool TryRead(out ListElement element)
    {
        element = default;
        if (IsBroken) return false;
        if (_rest.IsEmpty)
        {
            IsBroken = _lastAt != _tail || (_stated != UnknownCount && _stated != _read);
            return false;
        }

        var whole = _rest.Length;
        if (!TryLink() || !TryData(out element))
        {
            IsBroken = true;
            return false;
        }

        _lastAt = _at;
        _lengthBefore = whole - _rest.Length;
        _at += _lengthBefore;
        _read++;
        return true;
    }

    private bool TryLink()
    {
        long before = _rest[0];
        var size = 1;
        if (before == LongLink)
        {
            size = 5;
            if (_rest.Length < size) return false;
            before = BinaryPrimitives.ReadUInt32LittleEndian(_rest[1..]);
        }

        _rest = _rest[size..];
        return before == _lengthBefore && !_rest.IsEmpty;
    }

    private bool TryData(out ListElement element)
    {
        element = default;
        var first = _rest[0];
        return (first >> 6) switch
        {
            0 => TryText(1, first & 0x3F, out element),
            1 => _rest.Length >= 2 && TryText(2, (first & 0x3F) << 8 | _rest[1], out element),
            2 => first == 0x80 && _rest.Length >= 5
                && TryText(5, BinaryPrimitives.ReadUInt32BigEndian(_rest[1..]), out element),
            _ => TryNumber(first, out element),
        };
    }

    private bool TryText(int head, long length, out ListElement element)
    {
        element = default;
        if (length > _rest.Length - head) return false;
        element = new ListElement(_rest.Slice(head, (int)length));
        _rest = _rest[(head + (int)length)..];
        return true;
    }

    private bool TryNumber(byte first, out ListElement element)
    {
        element = default;
        var size = first switch
        {
            0xFE => 1,
            0xC0 => 2,
            0xF0 => 3,
            0xD0 => 4,
            0xE0 => 8,
            >= 0xF1 and <= 0xFD => 0,
            _ => -1,
        };
        if (size < 0 || _rest.Length < 1 + size) return false;
        var data = _rest.Slice(1, size);
        element = new ListElement(size switch
        {
            0 => (first & 0xF) - 1,
            1 => (sbyte)data[0],
            2 => BinaryPrimitives.ReadInt16LittleEndian(data),
            3 => (data[0] | data[1] << 8 | data[2] << 16) << 8 >> 8,
            4 => BinaryPrimitives.ReadInt32LittleEndian(data),
            _ => BinaryPrimitives.ReadInt64LittleEndian(data),
        });
        _rest = _rest[(1 + size)..];
        return true;
    }
}
