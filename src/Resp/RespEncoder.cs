using System.Buffers;
using System.Buffers.Text;
using System.Runtime.CompilerServices;
using System.Text;

namespace Starling.Resp;

/// <summary>
/// RESP as bytes: the one encoder, on which replies (<see cref="RespWriter"/>), the replication log and what the server itself
/// asks other servers stand. A command is an array of bulk strings.
/// </summary>
public static class RespEncoder
{
    /// <summary>The longest head, in bytes: type, sign, 19 digits, end of line, rounded up.</summary>
    public const int LongestHead = 32;

    /// <summary>
    /// Writes a type, a number and the end of the line: an integer, or the head of what has so many elements or bytes.
    /// </summary>
    /// <param name="span">Where to; <see cref="LongestHead"/> bytes are always enough.</param>
    /// <param name="type">The type's byte, such as '*'.</param>
    /// <param name="value">The number.</param>
    /// <returns>Bytes written.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int WriteHead(Span<byte> span, byte type, long value)
    {
        span[0] = type;
        int written;
        if ((ulong)value < 10)
        {
            span[1] = (byte)('0' + value);
            written = 1;
        }
        else
        {
            Utf8Formatter.TryFormat(value, span[1..], out written);
        }

        span[written + 1] = (byte)'\r';
        span[written + 2] = (byte)'\n';
        return written + 3;
    }

    /// <summary>Bytes of a head with a number that is not negative.</summary>
    public static int HeadLength(int value)
    {
        var length = 4;
        for (; value >= 10; value /= 10) length++;
        return length;
    }

    /// <summary>Bytes of a bulk string of so many bytes.</summary>
    public static int BulkLength(int length) => checked(HeadLength(length) + length + 2);

    /// <summary>Writes the head of an array: that many elements follow, of a command the name included.</summary>
    public static void Array(IBufferWriter<byte> output, int count) => Head(output, (byte)'*', count);

    /// <summary>Writes the head of a bulk string: that many bytes and the end of a line follow.</summary>
    public static void BulkHead(IBufferWriter<byte> output, int length) => Head(output, (byte)'$', length);

    /// <summary>Writes a bulk string.</summary>
    public static void Bulk(IBufferWriter<byte> output, ReadOnlySpan<byte> value)
    {
        var span = output.GetSpan(value.Length + LongestHead);
        output.Advance(WriteBulk(span, value));
    }

    /// <summary>Writes a bulk string of the number's digits.</summary>
    public static void Bulk(IBufferWriter<byte> output, long value)
    {
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(value, digits, out var length);
        Bulk(output, digits[..length]);
    }

    /// <summary>Writes a bulk string.</summary>
    /// <param name="span">Where to; <see cref="LongestHead"/> bytes more than the value's are always enough.</param>
    /// <param name="value">The string.</param>
    /// <returns>Bytes written.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int WriteBulk(Span<byte> span, ReadOnlySpan<byte> value)
    {
        var at = WriteHead(span, (byte)'$', value.Length);
        value.CopyTo(span[at..]);
        at += value.Length;
        span[at] = (byte)'\r';
        span[at + 1] = (byte)'\n';
        return at + 2;
    }

    /// <summary>As <see cref="WriteBulk(Span{byte}, ReadOnlySpan{byte})"/>, of the number's digits.</summary>
    public static int WriteBulk(Span<byte> span, long value)
    {
        // Behind the head of a text of one digit's length, or of two.
        var head = value is > -100_000_000 and < 1_000_000_000 ? 4 : 5;
        Utf8Formatter.TryFormat(value, span[head..], out var length);
        WriteHead(span, (byte)'$', length);
        var end = head + length;
        span[end] = (byte)'\r';
        span[end + 1] = (byte)'\n';
        return end + 2;
    }

    /// <summary>A command of texts, in UTF-8.</summary>
    public static byte[] Command(params ReadOnlySpan<string> arguments)
    {
        var output = new ArrayBufferWriter<byte>();
        Array(output, arguments.Length);
        foreach (var argument in arguments) Bulk(output, Encoding.UTF8.GetBytes(argument));
        return output.WrittenSpan.ToArray();
    }

    private static void Head(IBufferWriter<byte> output, byte type, int value) =>
        output.Advance(WriteHead(output.GetSpan(LongestHead), type, value));
}
