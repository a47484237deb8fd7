using System.Globalization;

namespace Starling.Node.Tests.Commands;

/// <summary>
/// Makes commands on sorted sets from a seed: mostly valid ones on few keys, sometimes with a wrong or odd argument or on a
/// string, with zset-max-listpack-entries changing under them. What chance decides is asked only where it cannot matter.
/// </summary>
internal sealed class SortedSetCommandGenerator(int seed) : ICommandGenerator
{
    private static readonly string[] OddNumbers =
    [
        "", "abc", " 1", "1 ", "nan", "inf", "-inf", "+inf", "1e400", "-1e400", "1e-400", "5e-324", "0x10", "(1", "((1", "(inf", "( 1",
        "9223372036854775807", "9223372036854775808", "-9223372036854775808", "1.5e3", "1\0", "(", "1e", "infinity", "0x1p-1080", "01", "+1",
    ];

    private static readonly string[] Scores =
    [
        "inf", "-inf", "1e300", "0.1", "1.1", "3.3", "1e17", "123456789012345678", "4611686018427387904", "1e-5", "5e-324", "-1e17",
    ];

    private readonly Random _random = new(seed);

    public IEnumerable<string> AllKeys => ["z0", "z1", "z2", "z3", "{l}0", "{l}1", "lex", "set", "s", "absent"];

    /// <summary>Sets have encodings of Redis 7.2, which 7.0 does not know.</summary>
    public IEnumerable<string[]> Show(string key) =>
    [
        ["ZRANGE", key, "0", "-1", "WITHSCORES"], key == "set" ? ["SCARD", key] : ["OBJECT", "ENCODING", key],
        ["DEBUG", "DIGEST-VALUE", key],
    ];

    public IEnumerable<string[]> Next()
    {
        var command = _random.Next(80) == 0 ? MakeRare() : Make();
        if (_random.Next(12) == 0) command[0] = command[0].ToLowerInvariant();
        yield return command;
    }

    private string[] Make() => _random.Next(36) switch
    {
        < 9 => MakeAdd(),
        9 => ["ZINCRBY", Key(), Score(), Member()],
        10 => ["ZREM", Key(), .. Members(1 + _random.Next(3))],
        11 => [Pick("ZCARD", "TYPE", "EXISTS"), Key()],
        12 => _random.Next(2) == 0 ? ["ZSCORE", Key(), Member()] : ["ZMSCORE", Key(), Member(), Member()],
        13 or 14 => [Pick("ZRANK", "ZREVRANK"), Key(), Member()],
        15 => ["ZCOUNT", Key(), Bound(), Bound()],
        16 => ["ZLEXCOUNT", "lex", Lex(), Lex()],
        17 or 18 => ["ZRANGE", Key(), Rank(), Rank(), .. Maybe(5, "REV"), .. Maybe(3, "WITHSCORES"), .. Maybe(30, "LIMIT", "0", "1")],
        19 => ["ZRANGE", Key(), Bound(), Bound(), "byscore", .. Maybe(2, "rev"), .. Limit(), .. Maybe(2, "withscores"), .. Maybe(40, "bylex")],
        20 => ["ZRANGE", "lex", Lex(), Lex(), "BYLEX", .. Maybe(2, "REV"), .. Limit(), .. Maybe(20, "WITHSCORES")],
        21 or 22 => [Pick("ZRANGEBYSCORE", "ZREVRANGEBYSCORE"), Key(), Bound(), Bound(), .. Limit(), .. Maybe(2, "WITHSCORES"), .. Maybe(40, "REV")],
        23 => [Pick("ZRANGEBYLEX", "ZREVRANGEBYLEX"), "lex", Lex(), Lex(), .. Limit(), .. Maybe(40, "WITHSCORES")],
        24 => ["ZREVRANGE", Key(), Rank(), Rank(), .. Maybe(2, "WITHSCORES")],
        25 => ["ZREMRANGEBYRANK", Key(), Rank(), Rank()],
        26 => ["ZREMRANGEBYSCORE", Key(), Bound(), Bound()],
        27 => ["ZREMRANGEBYLEX", "lex", Lex(), Lex()],
        28 => [Pick("ZPOPMIN", "ZPOPMAX"), Key(), .. Maybe(2, Pick("0", "1", "2", "3", "-1", "abc", "10")), .. Maybe(40, "1")],
        29 => MakeMultiplePop(),
        30 => MakeStore(),
        31 or 32 => MakeCombination(),
        33 => ["ZADD", "lex", .. Enumerable.Range(0, 3).SelectMany(_ => new[] { "0", Member() })],
        34 => MakeBlocking(),
        _ => MakeGeneric(),
    };

    private string[] MakeRare() => _random.Next(5) switch
    {
        4 => ["CONFIG", "SET", Pick("zset-max-listpack-value", "zset-max-ziplist-value"), Pick("64", "1", "3", "200")],
        0 => ["CONFIG", "SET", Pick("zset-max-listpack-entries", "zset-max-ziplist-entries"), Pick("128", "8", "20", "0")],
        1 => ["ZADD", Key(), .. Enumerable.Range(0, 150).SelectMany(_ => new[] { Score(), "b" + Text(_random.Next(300)) }).Select(x => OddNumbers.Contains(x) ? "7" : x)],
        2 => [Pick("ZADD", "ZINCRBY", "ZREM", "ZCARD", "ZSCORE", "ZMSCORE", "ZCOUNT", "ZRANGE", "ZPOPMIN", "ZMPOP", "ZUNION", "ZINTERCARD", "ZDIFFSTORE", "ZRANDMEMBER", "ZSCAN"), .. Enumerable.Repeat("absent", _random.Next(6))],
        _ => ["FLUSHALL"],
    };

    private string[] MakeAdd()
    {
        List<string> command = ["ZADD", Key()];
        foreach (var option in new[] { "NX", "xx", "GT", "lt", "CH", "incr" })
            if (_random.Next(12) == 0) command.Add(option);
        for (var pairs = Math.Max(1, _random.Next(6) - 1); pairs > 0; pairs--) command.AddRange([Score(), Member()]);
        if (_random.Next(50) == 0) command.RemoveAt(command.Count - 1);
        return [.. command];
    }

    private string[] MakeMultiplePop() =>
        ["ZMPOP", .. Keys(out _), Pick("MIN", "max", "Min", "MAX", "mid"), .. Maybe(2, Pick("COUNT", "count", "bogus"), Pick("1", "2", "0", "x", "100"))];

    private string[] MakeStore() => _random.Next(3) switch
    {
        0 => ["ZRANGESTORE", Key(), Key(), Bound(), Bound(), "BYSCORE", .. Limit(), .. Maybe(3, "REV")],
        1 => ["ZRANGESTORE", Key(), Key(), Rank(), Rank(), .. Maybe(3, "REV"), .. Maybe(30, "WITHSCORES")],
        _ => ["ZRANGESTORE", Key(), "lex", Lex(), Lex(), "BYLEX", .. Limit()],
    };

    private string[] MakeCombination()
    {
        var name = Pick("ZUNION", "ZINTER", "ZDIFF", "ZUNIONSTORE", "ZINTERSTORE", "ZDIFFSTORE", "ZINTERCARD");
        var stores = name.EndsWith("STORE", StringComparison.Ordinal);
        List<string> command = [name, .. stores ? [Key()] : Array.Empty<string>(), .. Keys(out var count)];
        if (name == "ZINTERCARD") return [.. command, .. Maybe(3, "LIMIT", Pick("0", "1", "3", "-1", "x"))];
        if (!name.StartsWith("ZDIFF", StringComparison.Ordinal) || _random.Next(30) == 0)
        {
            // Without -0: a listpack cannot hold it, and when redis-server makes one is its own affair.
            var weights = Enumerable.Range(0, _random.Next(20) == 0 ? count + 1 : count);
            if (_random.Next(3) == 0) command.AddRange(["WEIGHTS", .. weights.Select(_ => _random.Next(20) == 0 ? "abc" : Pick("0", "1", "2", "0.5", "3.3"))]);
            if (_random.Next(3) == 0) command.AddRange([Pick("AGGREGATE", "aggregate"), Pick("SUM", "min", "MAX", "avg")]);
        }

        if (!stores || _random.Next(20) == 0) command.AddRange(Maybe(2, "WITHSCORES"));
        return [.. command];
    }

    /// <summary>What waits, waits a few milliseconds at most.</summary>
    private string[] MakeBlocking()
    {
        var timeout = _random.Next(6) == 0 ? Pick("-1", "abc", "", "nan") : Pick("0.001", "0.002", "1e-3");
        return _random.Next(2) == 0
            ? [Pick("BZPOPMIN", "BZPOPMAX"), .. Enumerable.Range(0, 1 + _random.Next(3)).Select(_ => Key()), timeout]
            : ["BZMPOP", timeout, .. MakeMultiplePop().Skip(1)];
    }

    private string[] MakeGeneric() => _random.Next(17) switch
    {
        13 => ["ZRANDMEMBER", Key(), .. Maybe(2, [Text(_random.Next(40) - 20), .. Maybe(2, "withscores")])],
        14 => ["ZSCAN", Key(), "0", "COUNT", "1000000", .. Maybe(3, "MATCH", Pick("*", "1*", "?", "m*"))],
        15 => ["ZMSCORE", Key(), .. Members(4)],
        0 => ["DEL", Key()],
        1 => [Pick("RENAME", "RENAMENX"), Key(), Key()],
        2 => ["COPY", Key(), Key(), "replace"],
        3 => ["EXPIRE", Key(), "100000"],
        4 => ["SET", "s", Member()],
        5 => [Pick("GET", "INCR", "LPUSH", "LLEN"), Key(), .. Enumerable.Repeat("1", _random.Next(3))],
        6 => ["ZRANDMEMBER", Key(), Pick("0", "x", "9223372036854775808", "-9223372036854775808"), .. Maybe(4, "WITHSCORES"), .. Maybe(10, "bogus")],
        7 => ["ZRANDMEMBER", "never", .. Maybe(2, "5")],
        8 => ["ZSCAN", Key(), Pick("x", "1x", "-"), .. Maybe(3, "MATCH", "*")],
        9 => ["ZSCAN", "never", "0", .. Maybe(3, "bogus")],
        10 => ["SADD", "set", Member(), Member()],
        11 => ["ZSCAN", Key(), "0", Pick("MATCH", "bogus")],
        12 => ["ZSCAN", "z0", "0", "COUNT", Pick("0", "x", "-1")],
        _ => ["OBJECT", "ENCODING", Key()],
    };

    private string[] Keys(out int count)
    {
        count = 1 + _random.Next(3);
        var stated = _random.Next(20) == 0 ? Pick("0", "-1", "abc", "9", "1") : Text(count);
        return [stated, .. Enumerable.Range(0, count).Select(_ => Source())];
    }

    private string Source() => _random.Next(8) == 0 ? "set" : Key();

    private string Key() => _random.Next(25) switch
    {
        0 => "s",
        1 => "absent",
        2 or 3 => "{l}" + Text(_random.Next(2)),
        _ => "z" + Text(_random.Next(4)),
    };

    private IEnumerable<string> Members(int count) => Enumerable.Range(0, count).Select(_ => Member());

    private string Member() => _random.Next(20) switch
    {
        0 => new string('m', 60 + _random.Next(10)),
        1 => Pick("", "\u00ff", "-", "+", "[a", "(a", "1.0", "007", "\0\r\n"),
        < 12 => Text(_random.Next(30)),
        _ => (char)('a' + _random.Next(10)) + Text(_random.Next(10)),
    };

    private string Score() => _random.Next(16) switch
    {
        0 => Pick(OddNumbers),
        < 9 => Text(_random.Next(20) - 5),
        < 13 => ((_random.NextDouble() * 20) - 10).ToString("R", CultureInfo.InvariantCulture),
        _ => Pick(Scores),
    };

    private string Bound() => _random.Next(10) switch
    {
        0 => Pick(OddNumbers),
        < 5 => Pick("-inf", "+inf"),
        _ => Pick("", "(") + Score(),
    };

    private string Lex() => _random.Next(10) switch
    {
        0 => Pick("", "a", "-a", "+1", "(", "[", "nan"),
        < 4 => Pick("-", "+"),
        _ => Pick("[", "(") + Member(),
    };

    private string Rank() => _random.Next(12) == 0 ? Pick(OddNumbers) : Text(_random.Next(25) - 12);

    private string[] Limit() => Maybe(3, "LIMIT", _random.Next(6) == 0 ? Rank() : Text(_random.Next(4)), _random.Next(6) == 0 ? Rank() : Pick("-1", "0", "1", "3", "10"));

    private string[] Maybe(int oneIn, params string[] words) => _random.Next(oneIn) == 0 ? words : [];

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private string Pick(params string[] items) => items[_random.Next(items.Length)];
}
