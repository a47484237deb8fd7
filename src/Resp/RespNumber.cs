namespace Starling.Resp;

/// <summary>Numbers as Redis reads them.</summary>
public static class RespNumber
{
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
}
