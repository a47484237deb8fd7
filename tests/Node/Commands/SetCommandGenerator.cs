using System.Globalization;

namespace Starling.Node.Tests.Commands;

/// <summary>
/// Makes set commands from a seed: mostly valid ones on few keys, so that they meet, sometimes with a wrong or odd argument
/// or on a string, with the limits of the encodings changing under them. What chance chooses in two servers is not the
/// same: no command takes only some members.
/// </summary>
internal sealed class SetCommandGenerator(int seed) : ICommandGenerator
{
    private static readonly string[] OddIntegers =
    [
        "-0", "+1", " 1", "01", "1.0", "", "abc", "9223372036854775807", "9223372036854775808", "-9223372036854775807",
        "-9223372036854775808", "-9223372036854775809", "2147483648", "4294967296", "1\x01",
    ];

    private static readonly string[] Names =
    [
        "SADD", "SREM", "SISMEMBER", "SMISMEMBER", "SCARD", "SMEMBERS", "SPOP", "SRANDMEMBER", "SMOVE", "SINTER", "SINTERCARD", "SINTERSTORE", "SUNION",
        "SUNIONSTORE", "SDIFF", "SDIFFSTORE", "SSCAN",
    ];

    private readonly Random _random = new(seed);

    public IEnumerable<string> AllKeys => [.. Enumerable.Range(0, 6).Select(i => "s" + Text(i)), "{s}0", "{s}1", "string", "absent", "never"];

    public IEnumerable<string[]> Show(string key) =>
        [["SMEMBERS", key], ["SCARD", key], ["GET", key], ["PEXPIRETIME", key], ["DEBUG", "DIGEST-VALUE", key]];

    public IEnumerable<string[]> Next()
    {
        var command = _random.Next(50) == 0 ? MakeRare() : Make();
        if (_random.Next(12) == 0) command[0] = command[0].ToLowerInvariant();
        yield return command;
    }

    private string[] Make() => _random.Next(30) switch
    {
        < 8 => ["SADD", Key(), .. Members(1 + _random.Next(5))],
        < 11 => ["SREM", Key(), .. Members(1 + _random.Next(3))],
        11 => ["SISMEMBER", Key(), Member()],
        12 => ["SMISMEMBER", Key(), .. Members(1 + _random.Next(4))],
        13 => [Pick("SCARD", "SMEMBERS"), Key()],
        14 or 15 => ["SMOVE", Key(), Key(), Member()],
        16 or 17 => [Pick("SINTER", "SUNION", "SDIFF"), .. Keys()],
        18 or 19 or 20 => [Pick("SINTERSTORE", "SUNIONSTORE", "SDIFFSTORE"), Key(), .. Keys()],
        21 or 22 => MakeIntersectionCount(),
        23 => MakePop(),
        24 => MakeRandom(),
        25 => MakeScan(),
        26 or 27 => MakeSort(),
        _ => MakeGeneric(),
    };

    private string[] MakeRare() => _random.Next(8) switch
    {
        0 => ["CONFIG", "SET", "set-max-intset-entries", Pick("0", "1", "4", "512", "10000")],
        1 or 2 => ["SADD", Key(), .. Enumerable.Range(0, 700).Select(_ => Text(_random.Next(2000)))],
        3 => ["SADD", Key(), .. Enumerable.Range(0, 300).Select(_ => Member() + "+")],
        4 => ["SREM", Key(), .. Enumerable.Range(0, 300).Select(_ => Text(_random.Next(2000)))],
        5 or 6 => [Pick(Names), .. Enumerable.Repeat("never", _random.Next(6))],
        _ => ["FLUSHALL"],
    };

    private string[] MakeIntersectionCount()
    {
        var keys = Keys();
        var stated = _random.Next(10) == 0 ? (_random.Next(2) == 0 ? Pick(OddIntegers) : Text(_random.Next(8) - 1)) : Text(keys.Length);
        List<string> command = ["SINTERCARD", stated, .. keys];
        for (var options = _random.Next(5) - 2; options > 0; options--)
        {
            command.Add(Pick("LIMIT", "limit", "bogus"));
            if (_random.Next(20) > 0) command.Add(_random.Next(8) == 0 ? Pick(OddIntegers) : Text(_random.Next(6)));
        }

        return [.. command];
    }

    /// <summary>All members or none.</summary>
    private string[] MakePop()
    {
        var count = _random.Next(4) switch
        {
            0 => Pick("-1", "abc", "", "9223372036854775808", "-9223372036854775808", "01"),
            1 => "0",
            2 => "9223372036854775807",
            _ => "100000",
        };
        return _random.Next(10) switch
        {
            0 => ["SPOP", "never"],
            1 => ["SPOP", Key(), count, "1"],
            _ => ["SPOP", Key(), count],
        };
    }

    private string[] MakeRandom()
    {
        if (_random.Next(4) == 0) return ["SRANDMEMBER", Key()];
        var count = _random.Next(4) switch
        {
            0 => Pick("abc", "", "9223372036854775808", "-9223372036854775808", "1.5", "9223372036854775807"),
            1 => "0",
            _ => Text(_random.Next(60) - 30),
        };
        return _random.Next(10) == 0 ? ["SRANDMEMBER", Key(), count, "1"] : ["SRANDMEMBER", Key(), count];
    }

    /// <summary>
    /// The whole set in one call. No cursor is out of range: redis-server refuses to sort numbers in the commands behind it.
    /// </summary>
    private string[] MakeScan()
    {
        List<string> command = ["SSCAN", Key(), _random.Next(6) == 0 ? Pick("abc", "1x", " 1", "--1") : "0"];
        for (var options = _random.Next(3); options > 0; options--)
        {
            switch (_random.Next(8))
            {
                case 0: command.AddRange(["count", Pick("0", "-1", "abc", "")]); break;
                case 1: command.Add(Pick("count", "match", "type", "bogus")); break;
                case 2: command.AddRange(["TYPE", "set"]); break;
                default: command.AddRange(["MATCH", Pick("*", "1*", "?", "*v*", "[1-3]*", "", "7")]); break;
            }
        }

        command.AddRange(["COUNT", "1000000"]);
        return [.. command];
    }

    private string[] MakeSort()
    {
        List<string> command = [Pick("SORT", "SORT", "SORT_RO"), Key()];
        if (_random.Next(3) > 0) command.Add("ALPHA");
        if (_random.Next(3) == 0) command.Add("DESC");
        var storing = _random.Next(3) == 0;
        if (storing && _random.Next(2) == 0) command.AddRange(["BY", "nosort"]);
        if (_random.Next(3) == 0) command.AddRange(["LIMIT", Text(_random.Next(4)), Text(_random.Next(6))]);
        if (storing) command.AddRange(["STORE", Pick("sorted", Key())]);
        return [.. command];
    }

    private string[] MakeGeneric() => _random.Next(12) switch
    {
        0 => ["DEL", Key()],
        1 => ["UNLINK", Key()],
        2 => ["TYPE", Key()],
        3 => ["RENAME", Key(), Key()],
        4 => ["COPY", Key(), Key(), "REPLACE"],
        5 => ["COPY", Key(), Key()],
        6 => ["EXISTS", Key()],
        7 => ["PEXPIREAT", Key(), Pick("4000000000000", "4100000000000", "1")],
        8 => ["DEBUG", "DIGEST-VALUE", Key()],
        9 => ["SET", "string", "x"],
        10 => ["OBJECT", "REFCOUNT", Key()],
        _ => ["LPUSH", Pick("string", "sorted"), "x"],
    };

    private string Key() => _random.Next(25) switch
    {
        0 => "string",
        1 => "absent",
        2 or 3 => "{s}" + Text(_random.Next(2)),
        _ => "s" + Text(_random.Next(6)),
    };

    private string[] Keys() => _random.Next(40) == 0
        ? [.. Enumerable.Range(0, 40).Select(_ => Key())]
        : [.. Enumerable.Range(0, 1 + _random.Next(4)).Select(_ => Key())];

    private IEnumerable<string> Members(int count) => Enumerable.Range(0, count).Select(_ => Member());

    /// <summary>Without zero bytes: SORT ALPHA does not look behind one, so what differs there only may come in any order.</summary>
    private string Member() => _random.Next(30) switch
    {
        0 => Pick(OddIntegers),
        1 => Text(_random.NextInt64() >> _random.Next(64)),
        2 => new string('v', _random.Next(100)),
        3 => _random.Next(6) == 0 ? new string((char)('a' + _random.Next(3)), _random.Next(3000, 20_000)) : "\x00ff\u0001\r\n",
        _ => Text(_random.Next(20)),
    };

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private string Pick(params string[] items) => items[_random.Next(items.Length)];
}
