using System.Globalization;
using System.Numerics;
using System.Text;
using Starling.Slots;

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

    /// <summary>Most decimal digits that always fit into 64 bits.</summary>
    private const int MostDigits = 19;

    private static readonly UInt128[] PowersOfTen = MakePowersOfTen();

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
        return TryAddShort(first, second, out var result) ? result : AddLong(first, second);
    }

    /// <summary>As <see cref="Add"/>, for finite numbers of any size.</summary>
    internal static ExtendedFloat AddLong(ExtendedFloat first, ExtendedFloat second)
    {
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
        // 64 bits times 10^17 are less than 121.
        if (_exponent is > 0 or <= -128) return ToLongText();
        var product = _significand * PowersOfTen[FractionDigits];
        return Text(_exponent == 0 ? product : ShiftToEven(product, -_exponent));
    }

    /// <summary>As <see cref="ToHumanText"/>, for numbers of any size.</summary>
    internal byte[] ToLongText()
    {
        var scaled = _significand * BigInteger.Pow(10, FractionDigits);
        scaled = _exponent >= 0 ? scaled << _exponent : DivideToEven(scaled, BigInteger.One << -_exponent);
        var digits = scaled.ToString(CultureInfo.InvariantCulture).PadLeft(FractionDigits + 1, '0');
        var fraction = digits[^FractionDigits..].TrimEnd('0');
        var text = fraction.Length == 0 ? digits[..^FractionDigits] : digits[..^FractionDigits] + "." + fraction;
        if (_isNegative && text != "0") text = "-" + text;
        return Encoding.ASCII.GetBytes(text);
    }

    /// <summary>The text of a number of so many units of the last digit behind the point.</summary>
    private byte[] Text(UInt128 units)
    {
        var unit = (ulong)PowersOfTen[FractionDigits];
        var (whole, rest) = UInt128.DivRem(units, unit);
        var fraction = (ulong)rest;
        Span<byte> text = stackalloc byte[64];
        var at = text.Length;
        if (fraction != 0)
        {
            var digits = FractionDigits;
            for (; fraction % 10 == 0; digits--) fraction /= 10;
            for (; digits > 0; digits--, fraction /= 10) text[--at] = (byte)('0' + (fraction % 10));
            text[--at] = (byte)'.';
        }

        if (whole > ulong.MaxValue) return ToLongText();
        var number = (ulong)whole;
        do text[--at] = (byte)('0' + (number % 10));
        while ((number /= 10) != 0);
        if (_isNegative && units != 0) text[--at] = (byte)'-';
        return text[at..].ToArray();
    }

    /// <summary>Reads digits with at most one point among them, 19 at most; false for everything else.</summary>
    private static bool TryShortDecimal(ReadOnlySpan<byte> text, bool isNegative, out ExtendedFloat value)
    {
        value = default;
        if (text.Length > MostDigits + 1) return false;
        ulong number = 0;
        int digits = 0, pointAt = -1;
        foreach (var character in text)
        {
            var digit = character - (uint)'0';
            if (digit <= 9)
            {
                number = (number * 10) + digit;
                digits++;
            }
            else if (character == '.' && pointAt < 0)
            {
                pointAt = digits;
            }
            else
            {
                return false;
            }
        }

        var fractionLength = pointAt < 0 ? 0 : digits - pointAt;
        if (digits is 0 or > MostDigits || fractionLength == MostDigits) return false; // by 10^19: too few bits to round
        if (number == 0) value = new ExtendedFloat(isNegative, 0, 0);
        else value = Divide(isNegative, number, (ulong)PowersOfTen[fractionLength]);
        return true;
    }

    /// <summary>The format's value nearest to a quotient of numbers that are not 0.</summary>
    private static ExtendedFloat Divide(bool isNegative, ulong numerator, ulong denominator)
    {
        if (denominator == 1) return Normalize(isNegative, numerator, 0, isInexact: false);

        // With its highest bit in front the numerator gives a quotient of 67 bits at least; what is cut off only says on
        // which side of a half it lies.
        var shift = 64 + BitOperations.LeadingZeroCount(numerator);
        var (quotient, remainder) = UInt128.DivRem((UInt128)numerator << shift, denominator);
        return Normalize(isNegative, quotient, -shift, isInexact: remainder != 0);
    }

    /// <summary>Rounds a number that is not 0, and to which something less than 1 is to be added when it is inexact.</summary>
    private static ExtendedFloat Normalize(bool isNegative, UInt128 number, int exponent, bool isInexact)
    {
        var excess = 128 - (int)UInt128.LeadingZeroCount(number) - SignificandBits;
        if (excess > 0)
        {
            var rest = number & ((UInt128.One << excess) - 1);
            var half = UInt128.One << (excess - 1);
            number >>= excess;
            if (rest > half || (rest == half && (isInexact || (number & 1) != 0))) number++;
            if (number >> SignificandBits != 0)
            {
                number >>= 1;
                excess++;
            }
        }
        else
        {
            Invariant.That(!isInexact);
            number <<= -excess;
        }

        return new ExtendedFloat(isNegative, (ulong)number, exponent + excess);
    }

    /// <summary>Adds numbers that are not far from each other nor from 1; false when they are.</summary>
    private static bool TryAddShort(ExtendedFloat first, ExtendedFloat second, out ExtendedFloat sum)
    {
        sum = default;
        if (first._significand == 0 || second._significand == 0) return false;
        var exponent = Math.Min(first._exponent, second._exponent);
        var (one, other) = (first._exponent - exponent, second._exponent - exponent);
        if (Math.Max(one, other) > 62 || Math.Abs(exponent) > 1000) return false;
        var (a, b) = ((UInt128)first._significand << one, (UInt128)second._significand << other);
        if (first._isNegative == second._isNegative)
        {
            sum = Normalize(first._isNegative, a + b, exponent, isInexact: false);
            return true;
        }

        if (a == b) return false;
        sum = a > b
            ? Normalize(first._isNegative, a - b, exponent, isInexact: false)
            : Normalize(second._isNegative, b - a, exponent, isInexact: false);
        return true;
    }

    private static UInt128 ShiftToEven(UInt128 number, int shift)
    {
        var rest = number & ((UInt128.One << shift) - 1);
        var half = UInt128.One << (shift - 1);
        number >>= shift;
        return rest > half || (rest == half && (number & 1) != 0) ? number + 1 : number;
    }

    private static UInt128[] MakePowersOfTen()
    {
        var powers = new UInt128[MostDigits];
        powers[0] = 1;
        for (var i = 1; i < powers.Length; i++) powers[i] = powers[i - 1] * 10;
        return powers;
    }

    private static bool TryDecimal(ReadOnlySpan<byte> text, bool isNegative, out ExtendedFloat value) =>
        TryShortDecimal(text, isNegative, out value) || TryLongDecimal(text, isNegative, out value);

    /// <summary>Reads decimal numbers of any length.</summary>
    private static bool TryLongDecimal(ReadOnlySpan<byte> text, bool isNegative, out ExtendedFloat value)
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
