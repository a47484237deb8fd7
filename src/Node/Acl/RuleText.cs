using System.Diagnostics.CodeAnalysis;
using System.Text;
using Starling.Node.Config;

namespace Starling.Node.Acl;

/// <summary>Rules as bytes and texts: a text has a character for each byte.</summary>
internal static class RuleText
{
    /// <summary>The text of bytes.</summary>
    public static string Of(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    /// <summary>The text of bytes up to the first zero byte, as messages quote it.</summary>
    public static string UpToZero(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf((byte)0);
        return Of(end < 0 ? bytes : bytes[..end]);
    }

    /// <summary>The bytes of a text.</summary>
    public static byte[] Bytes(string text) => Encoding.Latin1.GetBytes(text);

    /// <summary>What would end a rule: a space of any kind, or a zero byte.</summary>
    public static bool HasSpace(ReadOnlySpan<byte> bytes) => bytes.IndexOfAny(" \t\n\v\f\r\0"u8) >= 0;

    /// <summary>True when two rules are the same but for the case of their ASCII letters.</summary>
    public static bool Is(ReadOnlySpan<byte> rule, ReadOnlySpan<byte> word)
    {
        if (rule.Length != word.Length) return false;
        for (var i = 0; i < rule.Length; i++)
            if (rule[i] != word[i] && ToLower(rule[i]) != ToLower(word[i])) return false;
        return true;
    }

    /// <summary>The text with its ASCII letters in lower case.</summary>
    public static string ToLower(string text) => string.Create(text.Length, text, static (lower, from) =>
    {
        for (var i = 0; i < lower.Length; i++) lower[i] = from[i] is >= 'A' and <= 'Z' ? (char)(from[i] | 0x20) : from[i];
    });

    /// <summary>
    /// Puts the rules of a selector together that were given as several arguments: from one that begins with a parenthesis to
    /// one that ends with one.
    /// </summary>
    /// <param name="rules">The rules as they were given.</param>
    /// <param name="merged">The rules, each selector in one.</param>
    /// <param name="unmatched">The argument that begins a selector which does not end; null when there is none.</param>
    public static bool TryMerge(
        IEnumerable<byte[]> rules, out List<byte[]> merged, [NotNullWhen(false)] out byte[]? unmatched)
    {
        merged = [];
        unmatched = null;
        List<byte>? selector = null;
        foreach (var rule in rules)
        {
            if (selector is null && (rule is not [(byte)'(', ..] || rule is [(byte)'(', .., (byte)')']))
            {
                merged.Add(rule);
                continue;
            }

            if (selector is null) (selector, unmatched) = ([.. rule], rule);
            else selector.AddRange([(byte)' ', .. rule]);
            if (selector.Count == rule.Length || rule is not [.., (byte)')']) continue;
            merged.Add([.. selector]);
            (selector, unmatched) = (null, null);
        }

        return unmatched is null;
    }

    /// <summary>The rules within the parentheses of a selector; null when their quotes do not balance.</summary>
    public static List<byte[]>? SplitSelector(ReadOnlySpan<byte> selector) =>
        ConfigLine.TrySplit(selector[1..^1], out List<byte[]>? rules) ? rules : null;

    /// <summary>A rule as it can stand within the parentheses of a selector: one at its end would end the selector.</summary>
    public static string Quote(string rule) =>
        rule.Contains(')', StringComparison.Ordinal) ? ConfigLine.Quote(Bytes(rule)) : ConfigLine.QuoteIfNeeded(Bytes(rule));

    private static byte ToLower(byte b) => b is >= (byte)'A' and <= (byte)'Z' ? (byte)(b | 0x20) : b;
}
