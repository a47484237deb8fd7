using System.Buffers.Text;
using System.Globalization;

namespace Starling.Resp;

/// <summary>Numbers as Redis reads and prints them.</summary>
public static class RespNumber
{
    /// <summary>The most bytes <see cref="FormatDouble"/> writes.</summary>
    public const int MaxDoubleLength = 32;

    /// <summary>
    /// Reads a signed 64-bit integer, strictly: no white space, no plus sign, no leading zero, nothing after the
    /// digits.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out long value)
    {
        value = 0;
        if (text.Length is 0 or > 20) return false;
        var negative = text[0] == (byte)'-';
        var digits = negative ? text[1..] : text;
        if (digits.Length == 0) return false;
        if (digits[0] == (byte)'0') return digits.Length == 1 && !negative;
        if (digits.Length > 19) return false;
        ulong number = 0;
        foreach (var c in digits)
        {
            var digit = c - (uint)'0';
            if (digit > 9) return false;
            number = (number * 10) + digit;
        }

        if (negative)
        {
            if (number > 1UL << 63) return false;
            value = unchecked(-(long)number);
            return true;
        }

        if (number > long.MaxValue) return false;
        value = (long)number;
        return true;
    }

    /// <summary>
    /// Writes a double as Redis replies with it: the shortest digits that read back the same; <c>inf</c>, <c>-inf</c>,
    /// <c>nan</c>; an exponent only where the plain form would be long.
    /// </summary>
    /// <returns>Number of bytes written; at most <see cref="MaxDoubleLength"/>.</returns>
    public static int FormatDouble(double value, Span<byte> target)
    {
        if (double.IsNaN(value)) return Copy("nan"u8, target);
        if (double.IsInfinity(value)) return value > 0 ? Copy("inf"u8, target) : Copy("-inf"u8, target);
        if (value == 0) return double.IsNegative(value) ? Copy("-0"u8, target) : Copy("0"u8, target);
        Span<byte> scientific = stackalloc byte[40];
        value.TryFormat(scientific, out var length, "E16", CultureInfo.InvariantCulture);
        Span<byte> shortest = stackalloc byte[40];
        value.TryFormat(shortest, out var shortestLength, "R", CultureInfo.InvariantCulture);
        Span<byte> digits = stackalloc byte[24];
        var count = CollectDigits(shortest[..shortestLength], digits);
        var mark = scientific[..length].LastIndexOf((byte)'E');
        Utf8Parser.TryParse(scientific[(mark + 1)..length], out int exponent, out _);

        // "9.9999999999999995E+22" and "1E+23" differ in exponent: take it from the shortest form.
        exponent = ExponentOf(shortest[..shortestLength], exponent);
        return Layout(value < 0, digits[..count], exponent, target);
    }

    private static int ExponentOf(ReadOnlySpan<byte> shortest, int fallback)
    {
        var text = shortest[0] == (byte)'-' ? shortest[1..] : shortest;
        var mark = text.IndexOf((byte)'E');
        if (mark >= 0) return Utf8Parser.TryParse(text[(mark + 1)..], out int exponent, out _) ? exponent : fallback;
        var point = text.IndexOf((byte)'.');
        if (point < 0) point = text.Length;
        if (text[0] != (byte)'0') return point - 1;
        var first = 2;
        while (first < text.Length && text[first] == (byte)'0') first++;
        return 1 - first;
    }

    private static int CollectDigits(ReadOnlySpan<byte> shortest, Span<byte> digits)
    {
        var count = 0;
        foreach (var c in shortest)
        {
            if (c == (byte)'E') break;
            if (c is < (byte)'0' or > (byte)'9') continue;
            if (count == 0 && c == (byte)'0') continue;
            digits[count++] = c;
        }

        while (count > 1 && digits[count - 1] == (byte)'0') count--;
        return count;
    }

    private static int Layout(bool negative, ReadOnlySpan<byte> digits, int exponent, Span<byte> target)
    {
        var at = 0;
        if (negative) target[at++] = (byte)'-';
        var scale = exponent - digits.Length + 1; // the value is digits x 10^scale
        var magnitude = Math.Abs(exponent);
        if (scale >= 0 && magnitude < digits.Length + 7)
        {
            at += Copy(digits, target[at..]);
            target.Slice(at, scale).Fill((byte)'0');
            return at + scale;
        }

        if (scale < 0 && (scale > -7 || magnitude < 4))
        {
            if (exponent < 0)
            {
                at += Copy("0."u8, target[at..]);
                target.Slice(at, -exponent - 1).Fill((byte)'0');
                at += -exponent - 1;
                return at + Copy(digits, target[at..]);
            }

            at += Copy(digits[..(exponent + 1)], target[at..]);
            target[at++] = (byte)'.';
            return at + Copy(digits[(exponent + 1)..], target[at..]);
        }

        target[at++] = digits[0];
        if (digits.Length > 1)
        {
            target[at++] = (byte)'.';
            at += Copy(digits[1..], target[at..]);
        }

        target[at++] = (byte)'e';
        target[at++] = exponent < 0 ? (byte)'-' : (byte)'+';
        Utf8Formatter.TryFormat(magnitude, target[at..], out var written);
        return at + written;
    }

    private static int Copy(ReadOnlySpan<byte> text, Span<byte> target)
    {
        text.CopyTo(target);
        return text.Length;
    }
}
