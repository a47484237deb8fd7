using System.Buffers;

namespace Starling.Node.Scripting;

/// <summary>
/// The tokens of a Lua source: names and signs as they are, strings as a quotation mark and their text as it is written, numbers as "0".
/// </summary>
internal static class LuaTokens
{
    /// <summary>What names of commands are made of.</summary>
    public static readonly SearchValues<char> CommandCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");

    private static readonly string[] Signs = ["...", "..", "==", "~=", "<=", ">="];

    /// <summary>Reads the tokens; null when the source does not end as it should.</summary>
    public static List<string>? Read(string source)
    {
        var tokens = new List<string>();
        var at = 0;
        while (at < source.Length)
        {
            var c = source[at];
            if (char.IsWhiteSpace(c)) at++;
            else if (c == '-' && Next(source, at) == '-') at = SkipComment(source, at + 2);
            else if (c is '"' or '\'') at = ReadQuoted(source, at, tokens);
            else if (c == '[' && LevelOf(source, at) is >= 0 and var level) at = ReadLong(source, at, level, tokens);
            else if (IsNameCharacter(c) && !char.IsAsciiDigit(c)) at = ReadWhile(source, at, tokens, isName: true);
            else if (char.IsAsciiDigit(c) || (c == '.' && char.IsAsciiDigit(Next(source, at)))) at = ReadWhile(source, at, tokens, isName: false);
            else
            {
                var sign = Array.Find(Signs, it => string.CompareOrdinal(source, at, it, 0, it.Length) == 0) ?? c.ToString();
                tokens.Add(sign);
                at += sign.Length;
            }

            if (at < 0) return null;
        }

        return tokens;
    }

    /// <summary>A name, or a word of the language.</summary>
    public static bool IsName(string token) => token.Length > 0 && IsNameCharacter(token[0]) && !char.IsAsciiDigit(token[0]);

    private static bool IsNameCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c == '_';

    private static char Next(string source, int at) => at + 1 < source.Length ? source[at + 1] : '\0';

    private static int ReadWhile(string source, int at, List<string> tokens, bool isName)
    {
        var start = at;
        while (at < source.Length && (IsNameCharacter(source[at]) || (!isName && source[at] == '.'))) at++;
        tokens.Add(isName ? source[start..at] : "0");
        return at;
    }

    private static int ReadQuoted(string source, int at, List<string> tokens)
    {
        var start = at + 1;
        for (var i = start; i < source.Length; i++)
        {
            if (source[i] == '\\')
            {
                i++;
                continue;
            }

            if (source[i] != source[at]) continue;
            tokens.Add("\"" + source[start..i]);
            return i + 1;
        }

        return -1;
    }

    /// <summary>Number of equals signs between the brackets that open a long string; negative when there is none.</summary>
    private static int LevelOf(string source, int at)
    {
        var level = 0;
        while (at + 1 + level < source.Length && source[at + 1 + level] == '=') level++;
        return at + 1 + level < source.Length && source[at + 1 + level] == '[' ? level : -1;
    }

    private static int ReadLong(string source, int at, int level, List<string> tokens)
    {
        var end = source.IndexOf("]" + new string('=', level) + "]", at + level + 2, StringComparison.Ordinal);
        if (end < 0) return -1;
        tokens.Add("\"[" + source[(at + level + 2)..end]);
        return end + level + 2;
    }

    private static int SkipComment(string source, int at)
    {
        if (at < source.Length && source[at] == '[' && LevelOf(source, at) is >= 0 and var level) return ReadLong(source, at, level, []);
        var end = source.IndexOf('\n', at);
        return end < 0 ? source.Length : end;
    }
}
