using System.Globalization;

namespace Starling.Node.Config;

/// <summary>Signed 64-bit integers in Redis's strict form: no sign but '-', no leading zero, no space.</summary>
internal static class DecimalText
{
    /// <summary>Reads a number; false when the text is not exactly the decimal form of one.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out long value)
    {
        value = 0;
        if (text.Length is 0 or > 20) return false;
        var digits = text[0] == '-' ? text[1..] : text;
        if (digits.IsEmpty || (digits[0] == '0' && text.Length > 1)) return false;
        foreach (var c in digits)
        {
            if (c is < '0' or > '9') return false;
        }

        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>
    /// Reads a number as C's strtoll does: leading spaces, a sign of either kind and leading zeros are fine, an empty
    /// text is 0.
    /// </summary>
    public static bool TryParseLoosely(string text, out long value)
    {
        value = 0;
        if (text.Length == 0) return true;
        return long.TryParse(
            text,
            NumberStyles.AllowLeadingSign | NumberStyles.AllowLeadingWhite,
            CultureInfo.InvariantCulture,
            out value);
    }
}
