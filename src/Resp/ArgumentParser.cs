namespace Starling.Resp;

/// <summary>Reads the numbers and words of command arguments, as strictly as Redis does. Allocates nothing.</summary>
public static class ArgumentParser
{
    /// <summary>The most digits a signed 64-bit integer has, with its sign.</summary>
    public const int MaxIntegerLength = 20;

    /// <summary>
    /// Reads a signed 64-bit decimal integer in its one canonical form: no space, no plus sign, no leading zero, no
    /// "-0".
    /// </summary>
    public static bool TryInteger(ReadOnlySpan<byte> text, out long value)
    {
        value = 0;
        if (text.IsEmpty || text.Length > MaxIntegerLength) return false;
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

    /// <summary>
    /// Reads an integer as <see cref="TryInteger(ReadOnlySpan{byte}, out long)"/> does, in the range of 32 bits.
    /// </summary>
    public static bool TryInteger(ReadOnlySpan<byte> text, out int value)
    {
        var read = TryInteger(text, out long wide) && wide is >= int.MinValue and <= int.MaxValue;
        value = read ? (int)wide : 0;
        return read;
    }

    /// <summary>True when the text is the word; ASCII letters of either case are equal.</summary>
    /// <param name="text">An argument.</param>
    /// <param name="word">The word.</param>
    public static bool Is(ReadOnlySpan<byte> text, ReadOnlySpan<byte> word) =>
        text.Length == word.Length && System.Text.Ascii.EqualsIgnoreCase(text, word);

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
