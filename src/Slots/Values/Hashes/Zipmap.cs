using System.Buffers.Binary;

namespace Starling.Slots.Values.Hashes;

/// <summary>
/// Reads Redis's zipmap, which files of before 2.6 contain for small hashes: the number of fields (a byte, 254 and more
/// for "count them"), then of each field its length and its bytes, the length of the value, a byte that says how many
/// unused bytes follow the value, the value, these. Then the byte 255. A length is a byte, or 254 and 4 bytes,
/// little-endian.
/// </summary>
internal ref struct Zipmap
{
    private const byte LongLength = 254;
    private const byte End = 255;

    private readonly int _stated;
    private ReadOnlySpan<byte> _rest;
    private int _read;

    /// <summary>Starts reading; <see cref="IsBroken"/> says when the bytes are no zipmap.</summary>
    public Zipmap(ReadOnlySpan<byte> bytes)
    {
        IsBroken = bytes.Length < 2 || bytes[^1] != End;
        if (IsBroken) return;
        _stated = bytes[0];
        _rest = bytes[1..^1];
    }

    /// <summary>The bytes are no zipmap; nothing that was read of them counts.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Reads the next field; false at the end, and when <see cref="IsBroken"/>.</summary>
    public bool TryRead(out ReadOnlySpan<byte> field, out ReadOnlySpan<byte> value)
    {
        field = default;
        value = default;
        if (IsBroken) return false;
        if (_rest.IsEmpty)
        {
            IsBroken = _stated < LongLength && _stated != _read;
            return false;
        }

        IsBroken = !TryText(unused: false, out field) || !TryText(unused: true, out value);
        _read++;
        return !IsBroken;
    }

    private bool TryText(bool unused, out ReadOnlySpan<byte> text)
    {
        text = default;
        if (_rest.IsEmpty || _rest[0] == End) return false;
        long length = _rest[0];
        var head = 1;
        if (length == LongLength)
        {
            head = 5;
            if (_rest.Length < head) return false;
            length = BinaryPrimitives.ReadUInt32LittleEndian(_rest[1..]);
        }

        _rest = _rest[head..];
        var free = 0;
        if (unused)
        {
            if (_rest.IsEmpty) return false;
            free = _rest[0];
            _rest = _rest[1..];
        }

        if (length + free > _rest.Length) return false;
        text = _rest[..(int)length];
        _rest = _rest[((int)length + free)..];
        return true;
    }
}
