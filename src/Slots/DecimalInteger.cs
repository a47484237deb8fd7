namespace Starling.Slots;

/// <summary>
/// The one canonical text of a 64-bit integer: no space, no plus sign, no leading zero, no "-0". Command arguments,
/// strings and the elements of collections are read as integers by this rule alone.
/// </summary>
public static class DecimalInteger
{
    /// <summary>The most characters of such a text, the sign included.</summary>
    public const int MaxLength = 20;

    /// <summary>Reads an integer; false when the text is not the canonical one of any.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out long value)
    {
        value = 0;
        if (text.IsEmpty || text.Length > MaxLength) return false;
        var negative = text[0] == '-';
        var digits = negative ? text[1..] : text;
        if (digits.IsEmpty) return false;
        if (digits[0] == '0') return digits.Length == 1 && !negative;
        if (!TryDigits(digits, out var magnitude)) return false;
        if (negative)
        {
            if (magnitude > 1UL << 63) return false;
            value = unchecked(-(long)magnitude);
            return true;
        }

        if (magnitude > long.MaxValue) return false;
        value = (long)magnitude;
        return true;
    }

    private static bool TryDigits(ReadOnlySpan<byte> digits, out ulong value)
    {
        value = 0;
        foreach (var character in digits)
        {
            var digit = (uint)character - '0';
            if (digit > 9) return false;

            // Twenty characters at most: only the twentieth digit can overflow.
            var next = unchecked((value * 10) + digit);
            if (value > ulong.MaxValue / 10 || next < digit) return false;
            value = next;
        }

        return true;
    }
}
