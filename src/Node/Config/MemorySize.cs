using System.Globalization;

namespace Starling.Node.Config;

/// <summary>Numbers of bytes with Redis's units: k, m, g count in thousands, kb, mb, gb in 1024s.</summary>
internal static class MemorySize
{
    private static readonly (string Unit, long Factor)[] Units =
    [
        (string.Empty, 1), ("b", 1), ("k", 1000), ("kb", 1L << 10), ("m", 1000_000), ("mb", 1L << 20), ("g", 1000_000_000), ("gb", 1L << 30),
    ];

    /// <summary>
    /// Reads digits with an optional unit in any case; false for anything else. As in Redis no text at all is 0, and what does not fit
    /// into 64 bits is the largest number that does.
    /// </summary>
    public static bool TryParse(string text, out ulong bytes)
    {
        bytes = 0;
        if (text.Length == 0) return true;
        var digits = 0;
        while (digits < text.Length && text[digits] is >= '0' and <= '9') digits++;
        if (digits == 0) return false;
        if (!ulong.TryParse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out var number)) number = ulong.MaxValue;
        foreach (var (unit, factor) in Units)
        {
            if (!text.AsSpan(digits).Equals(unit, StringComparison.OrdinalIgnoreCase)) continue;
            var product = (UInt128)number * (ulong)factor;
            if (product > ulong.MaxValue) return false;
            bytes = (ulong)product;
            return true;
        }

        return false;
    }

    /// <summary>Writes a number of bytes with the largest of gb, mb, kb that divides it.</summary>
    public static string Format(long bytes)
    {
        var (factor, unit) = bytes switch
        {
            0 => (1L, string.Empty),
            _ when bytes % (1L << 30) == 0 => (1L << 30, "gb"),
            _ when bytes % (1L << 20) == 0 => (1L << 20, "mb"),
            _ when bytes % (1L << 10) == 0 => (1L << 10, "kb"),
            _ => (1L, string.Empty),
        };
        return (bytes / factor).ToString(CultureInfo.InvariantCulture) + unit;
    }
}
