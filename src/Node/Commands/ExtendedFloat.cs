using System.Globalization;
using System.Numerics;
using System.Text;

namespace Starling.Node.Commands;

/// <summary>
/// The 80-bit floating-point format of x86 (C's <c>long double</c> there), in which Redis computes INCRBYFLOAT: 64-bit
/// significand, 15-bit exponent, rounding to nearest, ties to even. Computed exactly on big integers and rounded once,
/// so that every result has Redis's digits.
/// </summary>
internal readonly struct ExtendedFloat
{
    private const int SignificandBits = 64;
    private const int LowestExponent = -16445;
    private const int HighestExponent = 16383 - (SignificandBits - 1);
    private const int HighestDecimalExponent = 4933;
    private const int LowestDecimalExponent = -4970;
    private const int FractionDigits = 17;

    /// <summary>Longest text that Redis reads as a number.</summary>
    private const int MaxTextLength = 5 * 1024;

    private readonly ulong _significand;
    private readonly int _exponent;
    private readonly bool _isNegative;
    private readonly bool _isNotFinite;

    private ExtendedFloat(bool isNegative, ulong significand, int exponent, bool isNotFinite = false)
    {
        _isNegative = isNegative;
        _significand = significand;
        _exponent = exponent;
        _isNotFinite = isNotFinite;
    }

    /// <summary>Zero.</summary>
    public static ExtendedFloat Zero => default;

    /// <summary>False for infinity and for the sum of infinities with different signs.</summary>
    public bool IsFinite => !_isNotFinite;

    private BigInteger Signed => _isNegative ? -(BigInteger)_significand : _significand;

    /// <summary>
    /// Reads what C's <c>strtold</c> reads, all of it and without leading space: decimal or hexadecimal, with a
    /// fraction and an exponent, or infinity. False for anything else, for NaN, and for what is too large or, though
    /// not zero, too small.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out ExtendedFloat value)
    {
        value = default;
        if (text.IsEmpty || text.Length >= MaxTextLength) return false;
        var isNegative = text[0] == '-';
        if (text[0] is (byte)'-' or (byte)'+') text = text[1..];
        if (Ascii.EqualsIgnoreCase(text, "inf"u8) || Ascii.EqualsIgnoreCase(text, "infinity"u8))
        {
            value = new ExtendedFloat(isNegative, 0, 0, isNotFinite: true);
            return true;
        }

        var isHexadecimal = text.Length > 1 && text[0] == '0' && text[1] is (byte)'x' or (byte)'X' && text.Length > 2;
        return isHexadecimal
            ? TryHexadecimal(text[2..], isNegative, out value)
            : TryDecimal(text, isNegative, out value);
    }

    /// <summary>The sum, rounded once.</summary>
    public static ExtendedFloat Add(ExtendedFloat first, ExtendedFloat second)
    {
        if (first._isNotFinite || second._isNotFinite)
            return new ExtendedFloat(isNegative: false, 0, 0, isNotFinite: true);
        var exponent = Math.Min(first._exponent, second._exponent);
        var sum = (first.Signed << (first._exponent - exponent)) + (second.Signed << (second._exponent - exponent));
        if (sum.IsZero) return new ExtendedFloat(first._isNegative && second._isNegative, 0, 0);
        return Round(sum.Sign < 0, BigInteger.Abs(sum), BigInteger.One, exponent);
    }

    /// <summary>
    /// Decimal digits with up to 17 after the point, no trailing zeros, no exponent: what C's <c>%.17Lf</c> prints,
    /// trimmed as Redis does.
    /// </summary>
    public byte[] ToHumanText()
    {
        var scaled = _significand * BigInteger.Pow(10, FractionDigits);
        scaled = _exponent >= 0 ? scaled << _exponent : DivideToEven(scaled, BigInteger.One << -_exponent);
        var digits = scaled.ToString(CultureInfo.InvariantCulture).PadLeft(FractionDigits + 1, '0');
        var fraction = digits[^FractionDigits..].TrimEnd('0');
        var text = fraction.Length == 0 ? digits[..^FractionDigits] : digits[..^FractionDigits] + "." + fraction;
        if (_isNegative && text != "0") text = "-" + text;
        return Encoding.ASCII.GetBytes(text);
    }

    private static bool TryDecimal(ReadOnlySpan<byte> text, bool isNegative, out ExtendedFloat value)
    {
        value = default;
        if (!TrySplit(text, isHexadecimal: false, out var digits, out var fractionLength, out var exponent)) return false;
        var number = BigInteger.Parse(Encoding.ASCII.GetString(digits), CultureInfo.InvariantCulture);
        if (number.IsZero)
        {
            value = new ExtendedFloat(isNegative, 0, 0);
            return true;
        }

        var significantLength = digits.Length - digits.IndexOfAnyExcept((byte)'0');
        exponent -= fractionLength;
        if (exponent + significantLength is > HighestDecimalExponent + 1 or < LowestDecimalExponent) return false;
        var power = BigInteger.Pow(10, (int)Math.Abs(exponent));
        value = exponent >= 0
            ? Round(isNegative, number * power, BigInteger.One, 0)
            : Round(isNegative, number, power, 0);
        return value is { _isNotFinite: false, _significand: not 0 };
    }

    private static bool TryHexadecimal(ReadOnlySpan<byte> text, bool isNegative, out ExtendedFloat value)
    {
        value = default;
        if (!TrySplit(text, isHexadecimal: true, out var digits, out var fractionLength, out var exponent)) return false;

        // A zero in front: the first digit would be taken for a sign.
        var hexadecimal = "0" + Encoding.ASCII.GetString(digits);
        var number = BigInteger.Parse(hexadecimal, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
        if (number.IsZero)
        {
            value = new ExtendedFloat(isNegative, 0, 0);
            return true;
        }

        exponent -= 4L * fractionLength;
        if (Math.Abs(exponent) > 4 * (MaxTextLength + HighestExponent)) return false;
        value = exponent >= 0
            ? Round(isNegative, number << (int)exponent, BigInteger.One, 0)
            : Round(isNegative, number, BigInteger.One << (int)-exponent, 0);
        return value is { _isNotFinite: false, _significand: not 0 };
    }

    /// <summary>
    /// Splits into digits without the point, number of digits behind it, and exponent (clamped: beyond any number's
    /// range all are alike).
    /// </summary>
    private static bool TrySplit(
        ReadOnlySpan<byte> text, bool isHexadecimal, out byte[] digits, out int fractionLength, out long exponent)
    {
        fractionLength = 0;
        exponent = 0;
        digits = new byte[text.Length];
        int count = 0, at = 0;
        var pointAt = -1;
        for (; at < text.Length; at++)
        {
            if (text[at] == '.' && pointAt < 0) pointAt = count;
            else if (IsDigit(text[at], isHexadecimal)) digits[count++] = text[at];
            else break;
        }

        if (count == 0) return false;
        digits = digits[..count];
        if (pointAt >= 0) fractionLength = count - pointAt;
        if (at == text.Length) return true;
        return (text[at] | 0x20) == (isHexadecimal ? 'p' : 'e') && TryExponent(text[(at + 1)..], out exponent);
    }

    private static bool IsDigit(byte character, bool isHexadecimal) =>
        isHexadecimal ? char.IsAsciiHexDigit((char)character) : char.IsAsciiDigit((char)character);

    private static bool TryExponent(ReadOnlySpan<byte> text, out long exponent)
    {
        const long beyondEveryRange = 1_000_000;
        exponent = 0;
        if (text.IsEmpty) return false;
        var isNegative = text[0] == '-';
        if (text[0] is (byte)'-' or (byte)'+') text = text[1..];
        if (text.IsEmpty) return false;
        foreach (var digit in text)
        {
            if (!char.IsAsciiDigit((char)digit)) return false;
            exponent = Math.Min(beyondEveryRange, (exponent * 10) + (digit - '0'));
        }

        if (isNegative) exponent = -exponent;
        return true;
    }

    /// <summary>
    /// The format's value nearest to numerator / denominator x 2^exponent; infinity when too large, zero when too
    /// small.
    /// </summary>
    private static ExtendedFloat Round(bool isNegative, BigInteger numerator, BigInteger denominator, int exponent)
    {
        var shift = SignificandBits - (int)(numerator.GetBitLength() - denominator.GetBitLength());
        var quotient = Quotient(numerator, denominator, shift);

        // The first guess has 64 or 65 bits.
        if (quotient.GetBitLength() > SignificandBits) shift--;
        if (exponent - shift < LowestExponent) shift = exponent - LowestExponent;
        quotient = shift >= 0
            ? DivideToEven(numerator << shift, denominator)
            : DivideToEven(numerator, denominator << -shift);
        if (quotient.GetBitLength() > SignificandBits)
        {
            quotient >>= 1;
            shift--;
        }

        var lowest = exponent - shift;
        if (lowest > HighestExponent) return new ExtendedFloat(isNegative, 0, 0, isNotFinite: true);
        return new ExtendedFloat(isNegative, (ulong)quotient, quotient.IsZero ? 0 : lowest);
    }

    private static BigInteger Quotient(BigInteger numerator, BigInteger denominator, int shift) =>
        shift >= 0 ? (numerator << shift) / denominator : numerator / (denominator << -shift);

    private static BigInteger DivideToEven(BigInteger numerator, BigInteger denominator)
    {
        var quotient = BigInteger.DivRem(numerator, denominator, out var remainder);
        var order = (remainder << 1).CompareTo(denominator);
        if (order > 0 || (order == 0 && !quotient.IsEven)) quotient += BigInteger.One;
        return quotient;
    }
}
