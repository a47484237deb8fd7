using System.Buffers.Binary;

namespace Starling.ClusterBus.View;

/// <summary>
/// The name of a node or of a shard: 160 bits, written as 40 lower-case hexadecimal digits on the bus, in nodes.conf
/// and in replies. The default value is no name at all (<see cref="IsNone"/>), which the bus writes as 40 zero bytes.
/// </summary>
public readonly struct NodeId : IEquatable<NodeId>, IComparable<NodeId>
{
    /// <summary>Length of the written form, in characters.</summary>
    public const int TextLength = 40;

    private readonly ulong _high;
    private readonly ulong _middle;
    private readonly uint _low;

    private NodeId(ulong high, ulong middle, uint low)
    {
        _high = high;
        _middle = middle;
        _low = low;
    }

    /// <summary>No name.</summary>
    public static NodeId None => default;

    /// <summary>True for the default value.</summary>
    public bool IsNone => (_high | _middle | _low) == 0;

    /// <summary>The name made of the first 20 of these bytes. All zero gives <see cref="None"/>.</summary>
    public static NodeId FromBytes(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt64BigEndian(bytes),
        BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]),
        BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]));

    /// <summary>Reads exactly 40 lower-case hexadecimal digits.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out NodeId id)
    {
        id = default;
        if (text.Length != TextLength) return false;
        if (!TryHex(text[..16], out var high) || !TryHex(text.Slice(16, 16), out var middle)
            || !TryHex(text[32..], out var low))
            return false;
        id = new NodeId(high, middle, (uint)low);
        return true;
    }

    /// <summary>Reads exactly 40 lower-case hexadecimal digits.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out NodeId id)
    {
        id = default;
        if (text.Length != TextLength) return false;
        Span<byte> bytes = stackalloc byte[TextLength];
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] > 'f') return false;
            bytes[i] = (byte)text[i];
        }

        return TryParse(bytes, out id);
    }

    /// <summary>Writes 40 digits, or 40 zero bytes for <see cref="None"/>.</summary>
    public void Write(Span<byte> target)
    {
        if (IsNone)
        {
            target[..TextLength].Clear();
            return;
        }

        WriteDigits(target);
    }

    /// <inheritdoc/>
    public bool Equals(NodeId other) => _high == other._high && _middle == other._middle && _low == other._low;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is NodeId other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => (int)(_high >> 32) ^ (int)_high ^ (int)_middle;

    /// <summary>
    /// The order of the written forms, byte by byte (the order in which Redis breaks a tie between nodes).
    /// </summary>
    public int CompareTo(NodeId other)
    {
        var order = _high.CompareTo(other._high);
        if (order == 0) order = _middle.CompareTo(other._middle);
        return order != 0 ? order : _low.CompareTo(other._low);
    }

    /// <summary>The 40 digits; 40 times '0' for <see cref="None"/>.</summary>
    public override string ToString() => string.Create(TextLength, this, static (chars, id) =>
    {
        Span<byte> bytes = stackalloc byte[TextLength];
        id.WriteDigits(bytes);
        for (var i = 0; i < bytes.Length; i++) chars[i] = (char)bytes[i];
    });

    /// <summary>Same name.</summary>
    public static bool operator ==(NodeId left, NodeId right) => left.Equals(right);

    /// <summary>Different names.</summary>
    public static bool operator !=(NodeId left, NodeId right) => !left.Equals(right);

    /// <summary>The left one's written form sorts first.</summary>
    public static bool operator <(NodeId left, NodeId right) => left.CompareTo(right) < 0;

    /// <summary>The right one's written form sorts first.</summary>
    public static bool operator >(NodeId left, NodeId right) => left.CompareTo(right) > 0;

    private static bool TryHex(ReadOnlySpan<byte> digits, out ulong value)
    {
        value = 0;
        foreach (var digit in digits)
        {
            int nibble;
            if (digit is >= (byte)'0' and <= (byte)'9') nibble = digit - '0';
            else if (digit is >= (byte)'a' and <= (byte)'f') nibble = digit - 'a' + 10;
            else return false;
            value = (value << 4) | (uint)nibble;
        }

        return true;
    }

    private static void WriteHex(ulong value, Span<byte> digits)
    {
        for (var i = digits.Length - 1; i >= 0; i--)
        {
            digits[i] = "0123456789abcdef"u8[(int)(value & 15)];
            value >>= 4;
        }
    }

    private void WriteDigits(Span<byte> target)
    {
        WriteHex(_high, target[..16]);
        WriteHex(_middle, target.Slice(16, 16));
        WriteHex(_low, target.Slice(32, 8));
    }
}
