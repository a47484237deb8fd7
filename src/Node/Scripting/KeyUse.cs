using System.Text;

namespace Starling.Node.Scripting;

/// <summary>
/// Tells from a script's source whether it can touch keys that it does not declare. Whoever holds some stripes cannot wait for others
/// without a danger of deadlock, and a script that has written cannot begin again; so a script writes only when it holds everything, or
/// when its source shows that the stripes of its declared keys are all that it can ever need. It does when every command is called by
/// <c>redis.call("name", ...)</c> as it stands, a name whose keys have fixed places, with <c>KEYS[...]</c> in these places, or a local
/// variable that is such a key once and for all; and when nothing changes KEYS, or reaches the table redis by another way.
/// Whatever is written otherwise is not understood, and so not confined.
/// </summary>
internal ref struct KeyUse
{
    private static readonly string[] Escapes = ["_G", "load", "loadstring", "getmetatable", "setmetatable", "rawset"];
    private static readonly string[] Harmless = ["error_reply", "status_reply", "sha1hex", "log", "setresp", "replicate_commands"];

    private static readonly string[] AfterValue =
    [
        "", ";", "local", "if", "for", "while", "return", "end", "else", "elseif", "repeat", "until", "do", "function", "break",
    ];

    private readonly List<string> _tokens;
    private readonly CommandTable _commands;
    private readonly HashSet<string> _keyVariables = new(StringComparer.Ordinal);
    private readonly HashSet<int> _understood = []; // places of KEYS that are looked at already
    private readonly List<(int From, int To)> _calls = [];

    private KeyUse(List<string> tokens, CommandTable commands)
    {
        _tokens = tokens;
        _commands = commands;
    }

    /// <summary>The source shows that every key that the script can touch is one of those that it declares.</summary>
    public static bool IsConfinedToDeclared(ReadOnlySpan<byte> source, CommandTable commands)
    {
        const int LongestSource = 64 * 1024;
        if (source.Length > LongestSource || LuaTokens.Read(Encoding.Latin1.GetString(source)) is not { } tokens) return false;
        if (tokens.Exists(token => Escapes.Contains(token, StringComparer.Ordinal))) return false;
        return new KeyUse(tokens, commands).IsConfined();
    }

    private readonly string At(int index) => index >= 0 && index < _tokens.Count ? _tokens[index] : "";

    private readonly bool IsConfined()
    {
        for (var i = 0; i < _tokens.Count; i++)
            if (At(i) == "local") ReadLocal(i + 1);
        for (var i = 0; i < _tokens.Count; i++)
            if (At(i) is "redis" or "server" && !IsUseOfRedisUnderstood(i)) return false;
        for (var i = 0; i < _tokens.Count; i++)
        {
            if (At(i) == "KEYS" && !_understood.Contains(i) && !IsReadOfKeys(i)) return false;
            if (_keyVariables.Contains(At(i)) && !IsReadOfVariable(i)) return false;
        }

        return true;
    }

    /// <summary>local a, b = KEYS[1], KEYS[2]: which of the variables are keys.</summary>
    private readonly void ReadLocal(int at)
    {
        if (_tokens.Contains("function")) return; // whose parameters may hide a variable
        var names = new List<string>();
        for (; LuaTokens.IsName(At(at)); at++)
        {
            names.Add(At(at++));
            if (At(at) != ",") break;
        }

        if (At(at++) != "=") return;
        foreach (var name in names)
        {
            var end = EndOfKey(at);
            if (end < 0) return;
            var next = At(end);
            var isWhole = next == "," || AfterValue.Contains(next, StringComparer.Ordinal)
                || (LuaTokens.IsName(next) && next is not ("and" or "or"));
            if (!isWhole) return;
            _understood.Add(at);
            _keyVariables.Add(name);
            if (next != ",") return;
            at = end + 1;
        }
    }

    /// <summary>KEYS[...] from a token on: where it ends; negative when it is not there.</summary>
    private readonly int EndOfKey(int at)
    {
        if (At(at) != "KEYS" || At(at + 1) != "[") return -1;
        var depth = 0;
        for (var i = at + 1; i < _tokens.Count; i++)
        {
            if (At(i) is "[" or "(" or "{") depth++;
            if (At(i) is "]" or ")" or "}") depth--;
            if (depth == 0) return i + 1;
        }

        return -1;
    }

    private readonly bool IsUseOfRedisUnderstood(int at)
    {
        if (At(at + 1) != ".") return false;
        var name = At(at + 2);
        if (Harmless.Contains(name, StringComparer.Ordinal)) return At(at + 3) == "(";
        if (name.StartsWith("LOG_", StringComparison.Ordinal)) return At(at + 3) != "=";
        if (name is not ("call" or "pcall") || At(at + 3) != "(") return false;
        return TrySplit(at + 4, out var arguments) && IsCallConfined(arguments);
    }

    /// <summary>The arguments of a call, from behind its parenthesis on, as ranges of tokens.</summary>
    private readonly bool TrySplit(int from, out List<(int From, int To)> arguments)
    {
        arguments = [];
        var (start, depth) = (from, 0);
        for (var i = from; i < _tokens.Count; i++)
        {
            switch (At(i))
            {
                case "function": return false;
                case "(" or "[" or "{": depth++; break;
                case ")" when depth == 0:
                    if (i > start) arguments.Add((start, i));
                    _calls.Add((from, i));
                    return true;
                case ")" or "]" or "}": depth--; break;
                case "," when depth == 0:
                    arguments.Add((start, i));
                    start = i + 1;
                    break;
            }
        }

        return false;
    }

    private readonly bool IsCallConfined(List<(int From, int To)> arguments)
    {
        if (arguments.Count == 0 || arguments[0].To - arguments[0].From != 1) return false;
        var name = At(arguments[0].From);
        if (name.Length < 3 || name[0] != '"' || name[1..].AsSpan().ContainsAnyExcept(LuaTokens.CommandCharacters)) return false;
        if (_commands.Find(Encoding.ASCII.GetBytes(name[1..])) is not { } row) return false;
        var isKnown = row.Locks == LockMode.Keys && row.TouchesUnknownKeys is null && row.FindKeys is null && row.KeyCountAt == 0
            && row.Subcommands.Count == 0 && row.UnplacedKeys.Length == 0 && row.KeywordKeys.Length == 0 && row.KeysBehindWord is null;
        if (!isKnown) return false;
        if (row.Keys.First == 0) return true;
        var last = row.Keys.Last < 0 ? arguments.Count + row.Keys.Last : row.Keys.Last;
        if (last >= arguments.Count || last < row.Keys.First) return false;
        for (var i = row.Keys.First; i <= last; i += row.Keys.Step)
            if (!IsKey(arguments[i])) return false;

        // An argument at the end that is many values may have more keys in it.
        var (_, end) = arguments[^1];
        return row.Keys.Last >= 0 || At(end - 1) is not (")" or "...");
    }

    private readonly bool IsKey((int From, int To) argument)
    {
        if (argument.To - argument.From == 1) return _keyVariables.Contains(At(argument.From));
        if (EndOfKey(argument.From) != argument.To) return false;
        _understood.Add(argument.From);
        return true;
    }

    /// <summary>KEYS is read at this place, and not changed or handed on.</summary>
    private readonly bool IsReadOfKeys(int at)
    {
        if (At(at - 1) == "#") return true;
        var end = EndOfKey(at);
        foreach (var (from, to) in _calls)
            if (at >= from && at < to) return end >= 0 && At(end) != "=";
        return end >= 0 && At(end) is not ("=" or "," or "." or "[");
    }

    /// <summary>A variable that is a key is read at this place, or is declared there as that.</summary>
    private readonly bool IsReadOfVariable(int at)
    {
        foreach (var (from, to) in _calls)
            if (at >= from && at < to) return At(at + 1) != "=";
        if (At(at + 1) is "=" or "in" || At(at - 1) is "local" or "for" or "," || At(at + 1) == ",") return IsDeclaration(at);
        return true;
    }

    /// <summary>The one declaration of the variable: local, in a list that <see cref="ReadLocal"/> has read.</summary>
    private readonly bool IsDeclaration(int at)
    {
        var first = at;
        while (At(first - 1) == ",") first -= 2;
        if (At(first - 1) != "local") return false;
        var name = At(at);
        for (var i = 0; i < at; i++)
            if (At(i) == name) return false; // declared twice, or used before
        var equals = at;
        while (LuaTokens.IsName(At(equals)) && At(equals + 1) == ",") equals += 2;
        return At(equals + 1) == "=";
    }
}
