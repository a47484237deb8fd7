using Starling.Slots;

namespace Starling.Serving;

/// <summary>
/// Redis's glob-style patterns over bytes: <c>*</c> any run, <c>?</c> any byte, <c>[abc]</c>, <c>[a-z]</c>, <c>[^a]</c>
/// sets, <c>\</c> takes the next byte literally. Used by KEYS, SCAN, CONFIG GET, PSUBSCRIBE and ACL key patterns.
/// </summary>
public static class GlobPattern
{
    /// <summary>
    /// Stars, apart from a last one, beyond which Redis takes a pattern for abusive: it matches nothing.
    /// </summary>
    private const int MostStars = 1000;

    /// <summary>True when the whole text matches the pattern. Time is at most the product of the two lengths.</summary>
    /// <param name="pattern">The pattern; any bytes are a pattern.</param>
    /// <param name="text">The text.</param>
    /// <param name="ignoreCase">ASCII letters of either case are equal.</param>
    public static bool Matches(ReadOnlySpan<byte> pattern, ReadOnlySpan<byte> text, bool ignoreCase = false)
    {
        // Redis's matcher compares nothing with an empty text: not even "*" matches it.
        if (text.IsEmpty) return pattern.IsEmpty;
        int p = 0, t = 0;
        int starPattern = -1, starText = 0, stars = 0;
        while (true)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                while (p < pattern.Length && pattern[p] == '*') p++;
                if (p == pattern.Length) return true;
                if (++stars > MostStars) return false;
                starPattern = p;
                starText = t;
                continue;
            }

            if (t == text.Length) return p == pattern.Length;
            if (p < pattern.Length && MatchesOne(pattern, ref p, text[t], ignoreCase))
            {
                t++;
                continue;
            }

            // What follows the last star did not match here: let that star take one byte more.
            if (starPattern < 0) return false;
            p = starPattern;
            t = ++starText;
        }
    }

    /// <summary>
    /// The one slot that every matching key is in, or -1 when the pattern does not tell: a pattern without special
    /// characters, or with none up to the end of its hash tag.
    /// </summary>
    public static int SlotOf(ReadOnlySpan<byte> pattern)
    {
        var special = pattern.IndexOfAny("*?[\\"u8);
        if (special < 0) return HashSlot.Of(pattern);
        var literal = pattern[..special];
        var open = literal.IndexOf((byte)'{');
        if (open < 0) return -1;
        return literal[(open + 1)..].IndexOf((byte)'}') > 0 ? HashSlot.Of(literal) : -1;
    }

    /// <summary>
    /// Matches one byte against the element at <paramref name="p"/>, which moves past the element when it matches.
    /// </summary>
    private static bool MatchesOne(ReadOnlySpan<byte> pattern, ref int p, byte value, bool ignoreCase)
    {
        switch (pattern[p])
        {
            case (byte)'?':
                p++;
                return true;
            case (byte)'[':
                return MatchesSet(pattern, ref p, value, ignoreCase);
            case (byte)'\\' when p + 1 < pattern.Length:
                if (!Same(pattern[p + 1], value, ignoreCase)) return false;
                p += 2;
                return true;
            default:
                if (!Same(pattern[p], value, ignoreCase)) return false;
                p++;
                return true;
        }
    }

    /// <summary>A set that is not closed ends with the pattern, as in Redis.</summary>
    private static bool MatchesSet(ReadOnlySpan<byte> pattern, ref int p, byte value, bool ignoreCase)
    {
        var at = p + 1;
        var negated = at < pattern.Length && pattern[at] == '^';
        if (negated) at++;
        var found = false;
        while (at < pattern.Length && pattern[at] != ']')
        {
            if (pattern[at] == '\\' && at + 1 < pattern.Length)
            {
                found |= pattern[at + 1] == value;
                at += 2;
            }
            else if (at + 2 < pattern.Length && pattern[at + 1] == '-')
            {
                found |= InRange(pattern[at], pattern[at + 2], value, ignoreCase);
                at += 3;
            }
            else
            {
                found |= Same(pattern[at], value, ignoreCase);
                at++;
            }
        }

        if (found == negated) return false;
        p = Math.Min(at + 1, pattern.Length);
        return true;
    }

    private static bool InRange(byte first, byte last, byte value, bool ignoreCase)
    {
        // Ranges are over signed characters, as on Redis's platforms.
        sbyte low = (sbyte)first, high = (sbyte)last, wanted = (sbyte)value;
        if (low > high) (low, high) = (high, low);
        if (!ignoreCase) return wanted >= low && wanted <= high;
        wanted = (sbyte)Lower(value);
        return wanted >= (sbyte)Lower((byte)low) && wanted <= (sbyte)Lower((byte)high);
    }

    private static bool Same(byte first, byte second, bool ignoreCase) =>
        first == second || (ignoreCase && Lower(first) == Lower(second));

    private static byte Lower(byte value) => value is >= (byte)'A' and <= (byte)'Z' ? (byte)(value | 0x20) : value;
}
