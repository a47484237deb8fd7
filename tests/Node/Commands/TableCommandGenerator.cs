using System.Globalization;

namespace Starling.Node.Tests.Commands;

/// <summary>
/// Makes every command on data out of redis-server's own table, with all of their options in all combinations, on keys of every
/// type, mostly the right one.
/// </summary>
/// <param name="seed">The seed.</param>
/// <param name="commands">The table.</param>
internal sealed class TableCommandGenerator(int seed, IReadOnlyList<TableCommand> commands) : ICommandGenerator
{
    private const string NumberOfKeys = "\0number of keys";
    private const string Kinds = "lhszxkpg";

    private static readonly string[] Texts = ["a", "b", "c", "1", "2", "10", "abc", "", new('x', 70), "-1", "3.5"];
    private static readonly string[] Integers = ["0", "1", "2", "3", "5", "10", "-1", "-2", "100"];
    private static readonly string[] OddIntegers =
        ["9223372036854775807", "-9223372036854775808", "abc", "", "1.5", "9223372036854775808", "+1", " 1", "01"];

    private static readonly string[] Doubles = ["0", "1", "1.5", "-2", "3", "inf", "-inf", "1e3", "0.1"];
    private static readonly string[] OddDoubles = ["nan", "abc", "", "1e400", "(1", "-nan", "0x10"];
    private static readonly string[] Bounds = ["-", "+", "[a", "(b", "[1", "-inf", "+inf", "0", "1", "(2", "abc", "5", ""];

    private readonly Random _random = new(seed);
    private int _top = 1;

    public IEnumerable<string> AllKeys => Kinds.SelectMany(kind => Enumerable.Range(0, 3).Select(number => kind + Text(number)));

    public IEnumerable<string[]> Show(string key) => [["TYPE", key], ["PTTL", key], ["DEBUG", "DIGEST-VALUE", key]];

    public IEnumerable<string[]> Next()
    {
        if (_random.Next(100) == 0) return [MakeLimit()];
        if (_random.Next(1000) == 0) return [["FLUSHALL"]];
        var command = Make();
        return IsFair(command) ? [command] : [];
    }

    private string[] MakeLimit() =>
    [
        "CONFIG", "SET",
        Pick("hash-max-listpack-entries", "zset-max-listpack-entries", "set-max-intset-entries", "list-max-listpack-size", "stream-node-max-entries"),
        Pick("4", "4", "100", "3"),
    ];

    private string[] Make()
    {
        var row = commands[_random.Next(commands.Count)];
        List<string> command = [.. row.Words];
        foreach (var argument in row.Arguments) Add(command, row, argument);
        CountKeys(command);
        if (_random.Next(50) == 0) command.Add("extra");
        if (_random.Next(50) == 0 && command.Count > 1) command.RemoveAt(command.Count - 1);
        if (_random.Next(10) == 0) command[0] = command[0].ToUpperInvariant();
        return [.. command];
    }

    /// <summary>What Redis answers otherwise since 7.0, or as its inside happens to be.</summary>
    private static bool IsFair(string[] command)
    {
        var name = command[0].ToLowerInvariant();
        if (name is "zrank" or "zrevrank") return command.Length != 4; // WITHSCORE came with 7.2
        if (name is "lpos") return !command.Contains("-9223372036854775808"); // refused since 7.2
        if (name is "xread" or "xreadgroup")
        {
            // The last entry, "+", came with 7.4, and another text about lists of streams of odd length with 7.2.
            var streams = Array.FindIndex(command, word => word.Equals("streams", StringComparison.OrdinalIgnoreCase));
            return !command.Contains("+") && (streams < 0 || (command.Length - streams) % 2 == 1);
        }

        // By member among different scores is not defined, and an id of its own differs by the clock.
        return !name.Contains("lex", StringComparison.Ordinal) && !command.Contains("*")
            && !command.Any(word => word.Equals("bylex", StringComparison.OrdinalIgnoreCase));
    }

    private void Add(List<string> command, TableCommand row, TableArgument argument)
    {
        if (argument.Flags.Contains("optional") && _random.Next(5) < 3) return;
        var count = argument.Flags.Contains("multiple") ? 1 + _random.Next(3) : 1;
        for (var i = 0; i < count; i++)
        {
            if (argument.Token is { Length: > 0 } token && (i == 0 || argument.Flags.Contains("multiple_token")))
                command.Add(_random.Next(5) == 0 ? token.ToLowerInvariant() : token);
            switch (argument.Type)
            {
                case "oneof": Add(command, row, argument.Parts[_random.Next(argument.Parts.Count)]); break;
                case "block":
                    foreach (var part in argument.Parts) Add(command, row, part);
                    break;
                case "pure-token": break;
                default: command.Add(Value(row, argument)); break;
            }
        }

        if (_random.Next(100) == 0 && command.Count > 1) command.RemoveAt(command.Count - 1);
    }

    /// <summary>Puts the number of keys in front of them, seldom a wrong one.</summary>
    private void CountKeys(List<string> command)
    {
        var at = command.IndexOf(NumberOfKeys);
        if (at < 0) return;
        var count = command.Skip(at + 1).TakeWhile(word => word.Length == 2 && Kinds.Contains(word[0], StringComparison.Ordinal)).Count();
        command[at] = _random.Next(20) == 0 ? Pick("0", "-1", "9", "a") : Text(count);
    }

    private string Value(TableCommand row, TableArgument argument)
    {
        var name = argument.Name.ToLowerInvariant();
        return argument.Type switch
        {
            "key" => Key(row.Group),
            _ when name == "min-idle-time" => Pick("0", "0", "0", "100000000", "-5", "x"), // far from what has been idle
            "integer" when name == "numkeys" => NumberOfKeys,
            "integer" when name == "offset" && row.Group is "string" or "bitmap" => Pick("0", "1", "7", "100", "#1", "-1", "abc"),
            "integer" when row.Words[0] is "xread" or "xreadgroup" && name == "milliseconds" => Pick("1", "2", "-1", "x"),
            "integer" when name is "seconds" or "milliseconds" && row.Words[0] != "xclaim" => Pick("100000000", "0", "-1", "abc"),
            "integer" => _random.Next(8) == 0 ? Pick(OddIntegers) : Pick(Integers),
            "double" when name == "timeout" => Pick("0.001", "0.002", "-1", "abc"),
            "double" => _random.Next(10) == 0 ? Pick(OddDoubles) : Pick(Doubles),

            // What SET makes expired at once is there until somebody looks.
            "unix-time" => Pick("4000000000", "4000000000000", row.Words[0] == "set" ? "0" : "1", "abc"),
            "pattern" => Pick("*", "a*", "?", "w*"),
            _ when row.Group == "stream" && name is "id" or "start" or "end" or "lastid" or "threshold" => Id(row),
            _ when name is "group" or "consumer" or "groupname" or "consumername" => Pick("g", "g2", "alice"),
            _ when name is "min" or "max" => Pick(Bounds),
            _ when name == "encoding" => Pick("i8", "u4", "u63", "i64", "u64", "i1"),
            _ => Pick(Texts),
        };
    }

    private string Id(TableCommand row)
    {
        if (_random.Next(10) == 0) return Pick("-", "+", "$", ">", "0", "x", "5-x", "0-0");
        if (row.Words[0] == "xadd") return Text(_top += _random.Next(3)) + "-" + Text(_random.Next(9));
        return Text(_top + 1 - _random.Next(30));
    }

    private string Key(string group)
    {
        var kind = group switch
        {
            "list" => 'l',
            "hash" => 'h',
            "set" => 's',
            "sorted-set" => 'z',
            "stream" => 'x',
            "string" or "bitmap" => 'k',
            "hyperloglog" => 'p',
            "geo" => 'g',
            _ => Kinds[_random.Next(Kinds.Length)],
        };
        if (_random.Next(25) == 0) kind = Kinds[_random.Next(Kinds.Length)];
        return kind + Text(_random.Next(3));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private string Pick(params string[] items) => items[_random.Next(items.Length)];
}
