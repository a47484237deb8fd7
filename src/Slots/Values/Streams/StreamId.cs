using System.Buffers.Binary;
using System.Buffers.Text;
using System.Runtime.InteropServices;

namespace Starling.Slots.Values.Streams;

/// <summary>The id of an entry of a stream: a time in milliseconds, and a number among the entries of that time.</summary>
/// <param name="Milliseconds">The first part.</param>
/// <param name="Sequence">The second part.</param>
[StructLayout(LayoutKind.Sequential)]
public readonly record struct StreamId(ulong Milliseconds, ulong Sequence) : IComparable<StreamId>
{
    /// <summary>Length of the binary form.</summary>
    public const int Bytes = 16;

    /// <summary>Most bytes of the text.</summary>
    public const int MaxTextLength = 41;

    /// <summary>The smallest id, which no entry has.</summary>
    public static StreamId Min => default;

    /// <summary>The largest id.</summary>
    public static StreamId Max => new(ulong.MaxValue, ulong.MaxValue);

    /// <summary>True for 0-0.</summary>
    public bool IsZero => Milliseconds == 0 && Sequence == 0;

    /// <summary>Smaller ids come first.</summary>
    public static bool operator <(StreamId left, StreamId right) => left.CompareTo(right) < 0;

    /// <summary>Smaller ids come first.</summary>
    public static bool operator >(StreamId left, StreamId right) => left.CompareTo(right) > 0;

    /// <summary>Smaller ids come first.</summary>
    public static bool operator <=(StreamId left, StreamId right) => left.CompareTo(right) <= 0;

    /// <summary>Smaller ids come first.</summary>
    public static bool operator >=(StreamId left, StreamId right) => left.CompareTo(right) >= 0;

    /// <summary>Reads the binary form: both parts big-endian.</summary>
    public static StreamId Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));

    /// <summary>Writes the binary form.</summary>
    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64BigEndian(bytes, Milliseconds);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], Sequence);
    }

    /// <inheritdoc/>
    public int CompareTo(StreamId other) => Milliseconds == other.Milliseconds
        ? Sequence.CompareTo(other.Sequence)
        : Milliseconds.CompareTo(other.Milliseconds);

    /// <summary>The id behind this one; false for the largest.</summary>
    public bool TryNext(out StreamId next)
    {
        var hasNext = this != Max; // next may be this one
        next = Sequence == ulong.MaxValue ? new StreamId(Milliseconds + 1, 0) : this with { Sequence = Sequence + 1 };
        return hasNext;
    }

    /// <summary>The id before this one; false for the smallest.</summary>
    public bool TryPrevious(out StreamId previous)
    {
        var hasPrevious = this != Min;
        previous = Sequence == 0
            ? new StreamId(Milliseconds - 1, ulong.MaxValue)
            : this with { Sequence = Sequence - 1 };
        return hasPrevious;
    }

    /// <summary>Writes the text, for example 1526919030474-0.</summary>
    /// <param name="text">At least <see cref="MaxTextLength"/> bytes.</param>
    /// <param name="separator">What stands between the parts.</param>
    /// <returns>The length.</returns>
    public int Format(Span<byte> text, byte separator = (byte)'-')
    {
        Utf8Formatter.TryFormat(Milliseconds, text, out var length);
        text[length++] = separator;
        Utf8Formatter.TryFormat(Sequence, text[length..], out var rest);
        return length + rest;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Milliseconds}-{Sequence}";
}
