using System.Buffers;
using System.Buffers.Text;

namespace Starling.Node.Cluster;

/// <summary>Writes commands as RESP arrays of bulk strings.</summary>
internal static class WireCommand
{
    /// <summary>The head of a command with so many arguments, the name included.</summary>
    public static void Begin(IBufferWriter<byte> output, int count) => Length(output, (byte)'*', count);

    /// <summary>One argument.</summary>
    public static void Argument(IBufferWriter<byte> output, ReadOnlySpan<byte> argument)
    {
        Length(output, (byte)'$', argument.Length);
        output.Write(argument);
        output.Write("\r\n"u8);
    }

    /// <summary>One argument of decimal digits.</summary>
    public static void Argument(IBufferWriter<byte> output, long argument)
    {
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(argument, digits, out var length);
        Argument(output, digits[..length]);
    }

    /// <summary>The head of an argument or a command.</summary>
    public static void Length(IBufferWriter<byte> output, byte type, int value)
    {
        var span = output.GetSpan(16);
        span[0] = type;
        Utf8Formatter.TryFormat(value, span[1..], out var length);
        span[length + 1] = (byte)'\r';
        span[length + 2] = (byte)'\n';
        output.Advance(length + 3);
    }
}
