using System.Globalization;

namespace Starling.Node.Tests.Commands;

/// <summary>
/// Makes SORT and SORT_RO with all their options from a seed, mostly valid, on few lists that change, and strings for BY and
/// GET to find. No number is too large or too small: of those redis-server goes on speaking in the commands behind.
/// </summary>
internal sealed class SortCommandGenerator(int seed) : ICommandGenerator
{
    private static readonly string[] OddNumbers =
    [
        "", " 1", "\t\v2", "1 ", "+1", "-0", "0x10", "0X1.8p1", "0x", "0x.p1", "1e2", "1E-2", ".5", "5.", ".", "-", "1e", "1e+", "inf", "-INF",
        "Infinity", "infinit", "nan", "nan(1)", "abc", "1\0", "1\0abc", "9007199254740993", "9007199254740993.0", "1.5", "-1.5", "01", "1_0",
        "0x1.fffffffffffff8p0", "0x10000000000000001p-4", "123456789012345678901234567890", "0.1", "0.10000000000000001", "0e999999999999",
    ];

    private static readonly string[] OddIntegers =
        ["-0", "+1", " 1", "01", "", "abc", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "-1", "-5", "1.0"];

    private static readonly string[] OddPatterns =
    [
        "", "#", "#x", "*", "**", "w*", "w*->", "w*->f", "w*->->f", "w->*", "->*", "*->f", "w*x", "nosort", "o*", "o*\0", "o\0*", "#\0", "\0*", "w*\0->f",
    ];

    private readonly Random _random = new(seed);

    public IEnumerable<string> AllKeys =>
        [.. Enumerable.Range(0, 4).Select(i => "l" + Text(i)), "{l}0", "s", "absent", "store", "set", "zset", .. Enumerable.Range(0, 8).SelectMany(i => new[] { "w" + Text(i), "o" + Text(i), "h" + Text(i) })];

    public IEnumerable<string[]> Show(string key) =>
        [["LRANGE", key, "0", "-1"], ["GET", key], ["TTL", key], ["DEBUG", "DIGEST-VALUE", key]];

    public IEnumerable<string[]> Next()
    {
        if (_random.Next(30) == 0)
        {
            yield return ["MULTI"];
            for (var i = _random.Next(4); i > 0; i--) yield return Make();
            yield return [_random.Next(8) == 0 ? "DISCARD" : "EXEC"];
            yield break;
        }

        yield return Make();
    }

    private string[] Make() => _random.Next(20) switch
    {
        0 or 1 => [Pick("RPUSH", "LPUSH"), Key(), .. Elements(1 + _random.Next(5))],
        2 => ["DEL", Key(), Weight()],
        3 => ["SET", Weight(), _random.Next(10) == 0 ? Pick(OddNumbers) : Element()],
        4 => ["SET", Weight(), Text(_random.Next(6))],
        5 => ["RPUSH", Key(), Pick(OddNumbers), Pick(OddNumbers)],
        6 => _random.Next(2) == 0 ? MakeOther() : MakeOtherSource(),
        7 => MakePlainNumbers(),
        _ => MakeSort(),
    };

    private string[] MakeOther() => _random.Next(6) switch
    {
        0 => ["EXPIRE", Key(), "100000"],
        1 => ["LTRIM", Key(), "0", "3"],
        2 => ["RPUSH", Weight(), "x"],
        3 => ["SORT", .. Enumerable.Repeat("absent", _random.Next(3))],

        // Of a key that is called "store" redis-server says that it is the option.
        4 => ["COMMAND", "GETKEYS", .. MakeSort().Select(word => word == "store" ? "l0" : word)],
        _ => ["FLUSHALL"],
    };

    /// <summary>
    /// A hash with weights, or a set or sorted set to be sorted: of these the order in which redis-server takes the elements is its
    /// own affair, so that nothing is asked of them that it could show in.
    /// </summary>
    private string[] MakeOtherSource() => _random.Next(4) switch
    {
        0 => ["SADD", "set", Text(_random.Next(60)), Text(_random.Next(9)) + Pick("", ".5", "", "", "x")],
        1 => ["ZADD", "zset", Text(_random.Next(5)), Text(_random.Next(60)), Text(_random.Next(5)), Text(_random.Next(9)) + Pick("", ".5", "", "", "x")],
        _ => ["HSET", "h" + Text(_random.Next(8)), Pick("f", "g"), _random.Next(10) == 0 ? Pick(OddNumbers) : Text(_random.Next(9))],
    };

    /// <summary>A list that can be sorted as numbers.</summary>
    private string[] MakePlainNumbers() =>
        ["RPUSH", "l3", .. Enumerable.Range(0, 1 + _random.Next(20)).Select(_ => Pick(Text(_random.Next(8)), Text(_random.Next(9)) + ".5"))];

    private string[] MakeSort()
    {
        var mayStore = _random.Next(8) != 0;
        List<string> command = [mayStore ? "SORT" : "SORT_RO", _random.Next(6) == 0 ? Pick("set", "zset") : Key()];
        var alphaByPattern = (HasAlpha: false, HasBy: false, HasLimit: command[1] is "set" or "zset");
        for (var options = _random.Next(6); options > 0; options--)
        {
            var option = Pick("BY", "GET", "GET", "LIMIT", "ASC", "DESC", "ALPHA", "STORE", "by", "Get", "limit", "desc", "alpha", "bogus");
            var name = option.ToUpperInvariant();

            // Which of equal texts come first is redis-server's choice when it sorts but a part.
            if ((name == "LIMIT" && alphaByPattern is { HasAlpha: true, HasBy: true })
                || (name == "ALPHA" && alphaByPattern is { HasBy: true, HasLimit: true })
                || (name == "BY" && alphaByPattern is { HasAlpha: true, HasLimit: true }))
                continue;
            alphaByPattern = (
                alphaByPattern.HasAlpha || name == "ALPHA", alphaByPattern.HasBy || name == "BY", alphaByPattern.HasLimit || name == "LIMIT");
            if (name == "STORE" && !mayStore && _random.Next(4) != 0) continue;
            if (name == "BOGUS" && _random.Next(6) != 0) continue;
            command.Add(option);

            // The next option would be BY's pattern, by which nothing is sorted.
            if (_random.Next(60) == 0 && !(name == "BY" && command[1] == "set")) continue;
            if (name is "BY" or "GET") command.Add(command[1] == "set" ? Pick("w*", "h*->f", "o*") : _random.Next(6) == 0 ? Pick(OddPatterns) : Pick("w*", "o*", "w*", "#", "nosort", "h*->f", "h*->g"));
            if (name == "STORE") command.Add(_random.Next(10) == 0 ? Pick("s", "w1", "store", "zset") : Key());
            if (name == "LIMIT") command.AddRange([Limit(), Limit()]);
        }

        if (_random.Next(12) == 0) command[0] = command[0].ToLowerInvariant();
        return [.. command];
    }

    private string Limit() => _random.Next(10) == 0 ? Pick(OddIntegers) : Text(_random.Next(8));

    private string Key() => _random.Next(25) switch
    {
        0 => "s",
        1 => "absent",
        2 or 3 => "{l}0",
        < 10 => "l3",
        _ => "l" + Text(_random.Next(3)),
    };

    private string Weight() => Pick("w", "o") + Text(_random.Next(8));

    private IEnumerable<string> Elements(int count) => Enumerable.Range(0, count).Select(_ => Element());

    private string Element() => _random.Next(16) switch
    {
        0 => Text(_random.NextInt64() >> _random.Next(64)),
        1 => new string((char)('a' + _random.Next(3)), _random.Next(40)),
        2 => "\x00ff\0" + Text(_random.Next(3)),
        3 => _random.Next(10) == 0 ? new string('v', _random.Next(3000, 40_000)) : "ab",
        4 => Text(_random.Next(4)) + "." + Text(_random.Next(100)),
        _ => Text(_random.Next(8)),
    };

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private string Pick(params string[] items) => items[_random.Next(items.Length)];
}
