using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Starling.Node.Config;

/// <summary>
/// The syntax of a line of the configuration file: arguments separated by spaces, "double quotes" with escapes (\n \r
/// \t \b \a \xHH, a
/// backslash before anything else), 'single quotes' with \' only. A closing quote ends its argument.
/// </summary>
public static class ConfigLine
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>
    /// Splits a line into its arguments. False when quotes do not balance or an escape makes text that is not UTF-8.
    /// </summary>
    public static bool TrySplit(string line, [NotNullWhen(true)] out List<string>? arguments)
    {
        arguments = null;
        if (!TrySplit(Encoding.UTF8.GetBytes(line), out var found)) return false;
        var texts = new List<string>(found.Count);
        foreach (var bytes in found)
        {
            if (!TryDecode(bytes, out var text)) return false;
            texts.Add(text);
        }

        arguments = texts;
        return true;
    }

    /// <summary>Splits a line into its arguments, whatever bytes they are. False when quotes do not balance.</summary>
    internal static bool TrySplit(ReadOnlySpan<byte> line, [NotNullWhen(true)] out List<byte[]>? arguments)
    {
        arguments = null;
        var found = new List<byte[]>();
        var at = 0;
        var current = new List<byte>();
        while (true)
        {
            while (at < line.Length && IsSpace(line[at])) at++;
            if (at >= line.Length || line[at] == 0)
            {
                arguments = found;
                return true;
            }

            current.Clear();
            if (!TryReadArgument(line, ref at, current)) return false;
            found.Add([.. current]);
        }
    }

    /// <summary>
    /// The text in double quotes, so that it is read back. Bytes outside printable ASCII become
    /// \xHH.
    /// </summary>
    public static string Quote(string text) => Quote(Encoding.UTF8.GetBytes(text));

    /// <summary>As <see cref="Quote(string)"/>, of any bytes.</summary>
    internal static string Quote(ReadOnlySpan<byte> text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var b in text)
        {
            switch (b)
            {
                case (byte)'\\' or (byte)'"': quoted.Append('\\').Append((char)b); break;
                case (byte)'\n': quoted.Append("\\n"); break;
                case (byte)'\r': quoted.Append("\\r"); break;
                case (byte)'\t': quoted.Append("\\t"); break;
                case (byte)'\a': quoted.Append("\\a"); break;
                case (byte)'\b': quoted.Append("\\b"); break;
                case >= 0x20 and < 0x7f: quoted.Append((char)b); break;
                default: quoted.Append("\\x").Append(Convert.ToHexStringLower([b])); break;
            }
        }

        return quoted.Append('"').ToString();
    }

    /// <summary>The text as it is when it is one plain argument, else in double quotes.</summary>
    public static string QuoteIfNeeded(string text)
    {
        var isPlain = text.Length > 0 && text.All(c => c is > ' ' and < '\x7f' and not ('"' or '\'' or '\\'));
        return isPlain ? text : Quote(text);
    }

    /// <summary>As <see cref="QuoteIfNeeded(string)"/>, of any bytes.</summary>
    internal static string QuoteIfNeeded(ReadOnlySpan<byte> text)
    {
        var isPlain = !text.IsEmpty && !text.ContainsAnyExceptInRange((byte)'!', (byte)'~') && text.IndexOfAny("\"'\\"u8) < 0;
        return isPlain ? Encoding.ASCII.GetString(text) : Quote(text);
    }

    private static bool TryDecode(byte[] bytes, [NotNullWhen(true)] out string? text)
    {
        try
        {
            text = Utf8.GetString(bytes);
            return true;
        }
        catch (DecoderFallbackException)
        {
            text = null;
            return false;
        }
    }

    /// <summary>
    /// Reads up to the end of one argument. False when a quote is not closed or not followed by a space.
    /// </summary>
    private static bool TryReadArgument(ReadOnlySpan<byte> bytes, ref int at, List<byte> argument)
    {
        while (at < bytes.Length && bytes[at] != 0)
        {
            var b = bytes[at];
            if (b is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t') return true;
            at++;
            if (b == (byte)'"' || b == (byte)'\'')
            {
                var isClosed = b == (byte)'"' ? TryReadDoubleQuoted(bytes, ref at, argument) : TryReadSingleQuoted(bytes, ref at, argument);
                return isClosed && (at >= bytes.Length || bytes[at] == 0 || IsSpace(bytes[at]));
            }

            argument.Add(b);
        }

        return true;
    }

    private static bool TryReadDoubleQuoted(ReadOnlySpan<byte> bytes, ref int at, List<byte> argument)
    {
        while (at < bytes.Length && bytes[at] != 0)
        {
            var b = bytes[at++];
            if (b == (byte)'"') return true;
            if (b != (byte)'\\' || at >= bytes.Length || bytes[at] == 0)
            {
                argument.Add(b);
                continue;
            }

            var escaped = bytes[at++];
            if (escaped == (byte)'x' && at + 1 < bytes.Length && char.IsAsciiHexDigit((char)bytes[at]) && char.IsAsciiHexDigit((char)bytes[at + 1]))
            {
                argument.Add((byte)((HexDigit(bytes[at]) << 4) | HexDigit(bytes[at + 1])));
                at += 2;
                continue;
            }

            argument.Add(escaped switch
            {
                (byte)'n' => (byte)'\n',
                (byte)'r' => (byte)'\r',
                (byte)'t' => (byte)'\t',
                (byte)'b' => (byte)'\b',
                (byte)'a' => (byte)'\a',
                _ => escaped,
            });
        }

        return false;
    }

    private static bool TryReadSingleQuoted(ReadOnlySpan<byte> bytes, ref int at, List<byte> argument)
    {
        while (at < bytes.Length && bytes[at] != 0)
        {
            var b = bytes[at++];
            if (b == (byte)'\'') return true;
            if (b == (byte)'\\' && at < bytes.Length && bytes[at] == (byte)'\'') b = bytes[at++];
            argument.Add(b);
        }

        return false;
    }

    private static int HexDigit(byte digit) => digit <= (byte)'9' ? digit - '0' : (digit | 0x20) - 'a' + 10;

    private static bool IsSpace(byte b) => b is (byte)' ' or (>= 9 and <= 13);
}
