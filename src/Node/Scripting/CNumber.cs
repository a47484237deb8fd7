using System.Buffers.Text;
using System.Text;

namespace Starling.Node.Scripting;

/// <summary>Numbers as C's strtod reads them.</summary>
internal static class CNumber
{
    private const int HexBits = 4;
    private const long NotNumber = 0x7FF8000000000000;

    /// <summary>Reads a number from the start of a text; returns its length, 0 when there is none.</summary>
    public static int Read(ReadOnlySpan<byte> text, out double value)
    {
        value = 0;
        var at = text.Length > 0 && text[0] is (byte)'+' or (byte)'-' ? 1 : 0;
        var isNegative = at == 1 && text[0] == (byte)'-';
        var rest = text[at..];
        if (StartsWith(rest, "infinity"u8, out var length) || StartsWith(rest, "inf"u8, out length)) value = double.PositiveInfinity;
        else if (StartsWith(rest, "nan"u8, out length)) value = double.NaN;
        else if (StartsWith(rest, "0x"u8, out _) && ReadHex(rest[2..], out value) is > 0 and var digits) length = 2 + digits;
        else length = ReadDecimal(rest, out value);
        if (length == 0) return 0;
        if (double.IsNaN(value)) value = BitConverter.Int64BitsToDouble(isNegative ? NotNumber | long.MinValue : NotNumber);
        else if (isNegative) value = -value;
        return at + length;
    }

    private static bool StartsWith(ReadOnlySpan<byte> text, ReadOnlySpan<byte> word, out int length)
    {
        var starts = text.Length >= word.Length && Ascii.EqualsIgnoreCase(text[..word.Length], word);
        length = starts ? word.Length : 0;
        return starts;
    }

    private static int ReadDecimal(ReadOnlySpan<byte> text, out double value)
    {
        var length = Digits(text);
        var count = length;
        if (length < text.Length && text[length] == (byte)'.')
        {
            var fraction = Digits(text[(length + 1)..]);
            count += fraction;
            if (count > 0) length += 1 + fraction;
        }

        value = 0;
        if (count == 0) return 0;
        length += Exponent(text[length..], (byte)'e', out _);
        var read = Utf8Parser.TryParse(text[..length], out value, out var used) && used == length;
        Slots.Invariant.That(read);
        return length;
    }

    private static int ReadHex(ReadOnlySpan<byte> text, out double value)
    {
        value = 0;
        var (at, exponent, count) = (0, 0, 0);
        var hasPoint = false;
        for (; at < text.Length; at++)
        {
            var c = (char)text[at];
            if (c == '.' && !hasPoint)
            {
                hasPoint = true;
                continue;
            }

            if (!char.IsAsciiHexDigit(c)) break;
            value = (value * 16) + (char.IsAsciiDigit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
            if (hasPoint) exponent -= HexBits;
            count++;
        }

        if (count == 0) return 0;
        at += Exponent(text[at..], (byte)'p', out var power);
        value = Math.ScaleB(value, exponent + power);
        return at;
    }

    private static int Exponent(ReadOnlySpan<byte> text, byte letter, out int power)
    {
        power = 0;
        if (text.Length == 0 || (text[0] | 0x20) != letter) return 0;
        var at = text.Length > 1 && text[1] is (byte)'+' or (byte)'-' ? 2 : 1;
        var digits = Digits(text[at..]);
        if (digits == 0) return 0;
        const int Most = 100_000;
        foreach (var c in text.Slice(at, digits)) power = Math.Min(Most, (power * 10) + c - '0');
        if (text[1] == (byte)'-') power = -power;
        return at + digits;
    }

    private static int Digits(ReadOnlySpan<byte> text)
    {
        var other = text.IndexOfAnyExceptInRange((byte)'0', (byte)'9');
        return other < 0 ? text.Length : other;
    }
}
