using System.Buffers.Text;
using System.Globalization;

namespace Starling.Slots;

/// <summary>
/// The text of 64-bit floating-point numbers that Redis 7.0 replies, digests and stores: 17 significant digits, zeros at
/// the end left out; an exponent of at least two digits below 10^-4 and from 10^17 on; <c>inf</c>, <c>-inf</c>,
/// <c>nan</c>. It reads back as the same number.
/// </summary>
public static class DoubleText
{
    /// <summary>The most bytes that <see cref="Format"/> writes.</summary>
    public const int MaxLength = 32;

    /// <summary>The most bytes that <see cref="FormatPlain"/> writes.</summary>
    public const int MaxPlainLength = 40;

    /// <summary>Integers below have 17 digits at most, and every one of them is exact.</summary>
    private const double IntegersEnd = 1e15;

    /// <summary>Writes the text; returns its length, at most <see cref="MaxLength"/>.</summary>
    public static int Format(double value, Span<byte> target)
    {
        if (Math.Abs(value) < IntegersEnd && value == Math.Truncate(value) && (value != 0 || !double.IsNegative(value)))
        {
            Utf8Formatter.TryFormat((long)value, target, out var digits);
            return digits;
        }

        if (!double.IsFinite(value)) return Copy(double.IsNaN(value) ? "nan"u8 : value > 0 ? "inf"u8 : "-inf"u8, target);
        value.TryFormat(target, out var length, "g17", CultureInfo.InvariantCulture);
        return length;
    }

    /// <summary>
    /// Writes a number below 10^15 without an exponent: up to 17 digits behind the point, zeros at the end left out. Returns
    /// its length, at most <see cref="MaxPlainLength"/>.
    /// </summary>
    public static int FormatPlain(double value, Span<byte> target)
    {
        value.TryFormat(target, out var length, "F17", CultureInfo.InvariantCulture);
        while (target[length - 1] == '0') length--;
        if (target[length - 1] == '.') length--;
        return target[..length].SequenceEqual("-0"u8) ? Copy("0"u8, target) : length;
    }

    private static int Copy(ReadOnlySpan<byte> text, Span<byte> target)
    {
        text.CopyTo(target);
        return text.Length;
    }
}
