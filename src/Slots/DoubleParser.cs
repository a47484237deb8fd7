using System.Globalization;
using System.Numerics;
using System.Text;

namespace Starling.Slots;

/// <summary>
/// Reads 64-bit floating-point numbers as C's <c>strtod</c> does, where Redis wants the whole text to be one: decimal or
/// hexadecimal, with a fraction and an exponent, or infinity; white space may stand before it, and a zero byte ends the
/// text. Rounds to nearest, ties to even.
/// </summary>
public static class DoubleParser
{
    private const int SignificandBits = 53;
    private const int LowestExponent = -1074;
    private const int HighestBit = 1024;
    private const double SmallestNormal = 2.2250738585072014E-308;

    /// <summary>No number below the smallest normal one has more significant decimal digits.</summary>
    private const int MostSubnormalDigits = 767;

    /// <summary>So many hexadecimal digits are looked at; of those behind them only whether they are all zero.</summary>
    private const int HexadecimalDigits = 16;

    /// <summary>Exponents end here: no text is so long that its digits bring a number back from beyond.</summary>
    private const long FarExponent = 10_000_000_000;

    /// <summary>
    /// Reads a number. False when the text, up to its first zero byte, is none (the empty text is 0), for NaN, and for what
    /// is too large or so small that it loses bits.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out double value)
    {
        value = 0;
        var end = text.IndexOf((byte)0);
        if (end >= 0) text = text[..end];
        return text.IsEmpty || TryParse(text.TrimStart(" \t\n\v\f\r"u8), Precision.Exact, out value);
    }

    /// <summary>
    /// Reads the score of a sorted set: all of the text, which is not empty, must be a number. False for NaN, and for what is
    /// too large or so small that nothing is left of it.
    /// </summary>
    public static bool TryParseScore(ReadOnlySpan<byte> text, out double value)
    {
        // Most scores are integers.
        if (!DecimalInteger.TryParse(text, out var integer)) return TryParse(text, Precision.Some, out value);
        value = integer;
        return true;
    }

    /// <summary>
    /// Reads an end of a range of scores: as <see cref="TryParse(ReadOnlySpan{byte}, out double)"/>, but what is too large
    /// is infinite, and what is too small is 0.
    /// </summary>
    public static bool TryParseBound(ReadOnlySpan<byte> text, out double value)
    {
        value = 0;
        var end = text.IndexOf((byte)0);
        if (end >= 0) text = text[..end];
        return text.IsEmpty || TryParse(text.TrimStart(" \t\n\v\f\r"u8), Precision.Any, out value);
    }

    private static bool TryParse(ReadOnlySpan<byte> text, Precision precision, out double value)
    {
        value = 0;
        if (text.IsEmpty) return false;
        var isNegative = text[0] == '-';
        if (text[0] is (byte)'-' or (byte)'+') text = text[1..];
        bool isRead;
        if (Ascii.EqualsIgnoreCase(text, "inf"u8) || Ascii.EqualsIgnoreCase(text, "infinity"u8))
            (value, isRead) = (double.PositiveInfinity, true);
        else if (text.Length > 1 && text[0] == '0' && text[1] is (byte)'x' or (byte)'X')
            isRead = TryHexadecimal(text[2..], precision, out value);
        else
            isRead = TryDecimal(text, precision, out value);
        if (isNegative) value = -value;
        return isRead;
    }

    private static bool TryDecimal(ReadOnlySpan<byte> text, Precision precision, out double value)
    {
        value = 0;
        if (!TrySplit(text, isHexadecimal: false, out var significand, out var exponent)) return false;
        if (significand.IndexOfAnyExcept("0."u8) < 0) return true;
        const NumberStyles style = NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        if (!double.TryParse(text, style, CultureInfo.InvariantCulture, out value)) return false;
        if (precision == Precision.Any) return true;
        if (double.IsInfinity(value)) return false;
        return value >= SmallestNormal || (precision != Precision.Exact ? value != 0 : IsExact(significand, exponent, value));
    }

    /// <summary>True when a decimal number is equal to a binary one below the smallest normal one.</summary>
    private static bool IsExact(ReadOnlySpan<byte> significand, long exponent, double value)
    {
        Span<char> digits = stackalloc char[MostSubnormalDigits];
        var count = 0;
        var zeros = 0; // seen since the last other digit
        var isFraction = false;
        foreach (var character in significand)
        {
            if (character == '.')
            {
                isFraction = true;
                continue;
            }

            if (isFraction) exponent--;
            if (character == '0')
            {
                zeros++;
                continue;
            }

            if (count == 0) zeros = 0;
            if (zeros >= MostSubnormalDigits - count) return false;
            digits.Slice(count, zeros).Fill('0');
            count += zeros;
            digits[count++] = (char)character;
            zeros = 0;
        }

        exponent += zeros;

        // A multiple of 2^-1074 has as many digits behind the point at most.
        if (exponent is > 0 or < LowestExponent) return false;
        var number = BigInteger.Parse(digits[..count], NumberStyles.None, CultureInfo.InvariantCulture);
        return number << -LowestExponent == BitConverter.DoubleToInt64Bits(value) * BigInteger.Pow(10, -(int)exponent);
    }

    private static bool TryHexadecimal(ReadOnlySpan<byte> text, Precision precision, out double value)
    {
        value = 0;
        if (!TrySplit(text, isHexadecimal: true, out var significand, out var exponent)) return false;
        ulong number = 0;
        var isFraction = false;
        var digits = 0;
        foreach (var character in significand)
        {
            if (character == '.')
            {
                isFraction = true;
                continue;
            }

            var digit = (ulong)HexadecimalValue(character);
            if (isFraction) exponent -= 4;
            if (digits == 0 && digit == 0) continue;
            if (digits++ < HexadecimalDigits)
            {
                number = (number << 4) | digit;
            }
            else
            {
                exponent += 4;
                if (digit != 0) number |= 1; // below every bit that is kept: it only says on which side of a half it lies
            }
        }

        return number == 0 || TryRound(number, exponent, precision, out value);
    }

    /// <summary>number x 2^exponent, rounded; false when it is out of range.</summary>
    private static bool TryRound(UInt128 number, long exponent, Precision precision, out double value)
    {
        value = 0;
        var bits = 128 - (int)UInt128.LeadingZeroCount(number);
        var top = bits + exponent;
        if (top is > HighestBit or < LowestExponent)
        {
            value = top > HighestBit ? double.PositiveInfinity : 0;
            return precision == Precision.Any;
        }

        var excess = bits - (int)Math.Min(SignificandBits, top - LowestExponent);
        var isExact = true;
        if (excess > 0)
        {
            var rest = number & ((UInt128.One << excess) - 1);
            var half = UInt128.One << (excess - 1);
            isExact = rest == 0;
            number >>= excess;
            if (rest > half || (rest == half && (number & 1) != 0)) number++;
            exponent += excess;
        }

        value = Math.ScaleB((double)(ulong)number, (int)exponent);
        if (precision == Precision.Any) return true;
        var isWhole = isExact || value >= SmallestNormal;
        return !double.IsInfinity(value) && (isWhole || (precision == Precision.Some && value != 0));
    }

    /// <summary>Splits all of a text into digits with at most one point among them, and the exponent behind them.</summary>
    private static bool TrySplit(
        ReadOnlySpan<byte> text, bool isHexadecimal, out ReadOnlySpan<byte> significand, out long exponent)
    {
        exponent = 0;
        var at = 0;
        var digits = 0;
        for (; at < text.Length; at++)
        {
            if (IsDigit(text[at], isHexadecimal)) digits++;
            else if (text[at] != '.' || digits != at) break;
        }

        significand = text[..at];
        if (digits == 0) return false;
        if (at == text.Length) return true;
        return (text[at] | 0x20) == (isHexadecimal ? 'p' : 'e') && TryExponent(text[(at + 1)..], out exponent);
    }

    private static bool TryExponent(ReadOnlySpan<byte> text, out long exponent)
    {
        exponent = 0;
        if (text.IsEmpty) return false;
        var isNegative = text[0] == '-';
        if (text[0] is (byte)'-' or (byte)'+') text = text[1..];
        if (text.IsEmpty) return false;
        foreach (var digit in text)
        {
            if (!IsDigit(digit, isHexadecimal: false)) return false;
            exponent = Math.Min(FarExponent, (exponent * 10) + (digit - '0'));
        }

        if (isNegative) exponent = -exponent;
        return true;
    }

    private static bool IsDigit(byte character, bool isHexadecimal) =>
        isHexadecimal ? char.IsAsciiHexDigit((char)character) : char.IsAsciiDigit((char)character);

    private static int HexadecimalValue(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;

    /// <summary>What may be lost of a number that is too large or too small for all its bits.</summary>
    private enum Precision
    {
        /// <summary>No bit.</summary>
        Exact,

        /// <summary>Bits, but not all.</summary>
        Some,

        /// <summary>Everything.</summary>
        Any,
    }
}
