using System.Globalization;

namespace Starling.Node.Tests.Commands;

/// <summary>
/// Makes list commands from a seed: mostly valid ones on few keys, so that they meet, sometimes with a wrong or odd
/// argument or on a string, and with list-max-listpack-size changing under them.
/// </summary>
internal sealed class ListCommandGenerator(int seed) : ICommandGenerator
{
    private static readonly string[] OddIntegers =
    [
        "-0", "+1", " 1", "01", "1.0", "", "abc", "9223372036854775807", "9223372036854775808", "-9223372036854775807",
        "-9223372036854775808", "-9223372036854775809", "2147483648", "4294967296", "1\0",
    ];

    private readonly Random _random = new(seed);

    public IEnumerable<string> AllKeys => [.. Enumerable.Range(0, 5).Select(i => "l" + Text(i)), "{l}0", "{l}1", "s", "absent"];

    public IEnumerable<string[]> Show(string key) => [["LRANGE", key, "0", "-1"], ["GET", key], ["DEBUG", "DIGEST-VALUE", key]];

    public IEnumerable<string[]> Next()
    {
        var command = _random.Next(60) == 0 ? MakeRare() : Make();
        if (_random.Next(12) == 0) command[0] = command[0].ToLowerInvariant();
        yield return command;
    }

    private string[] Make() => _random.Next(24) switch
    {
        < 6 => [Pick("LPUSH", "RPUSH", "LPUSH", "RPUSH", "LPUSHX", "RPUSHX"), Key(), .. Elements(1 + _random.Next(4))],
        6 or 7 => MakePop(),
        8 => ["LLEN", Key()],
        9 or 10 => ["LRANGE", Key(), Index(), Index()],
        11 => ["LINDEX", Key(), Index()],
        12 or 13 => ["LSET", Key(), Index(), Element()],
        14 or 15 => ["LINSERT", Key(), Pick("before", "AFTER", "Before", "after", "beside"), Element(), Element()],
        16 or 17 => ["LREM", Key(), _random.Next(8) == 0 ? Pick(OddIntegers) : Text(_random.Next(7) - 3), Element()],
        18 => ["LTRIM", Key(), Index(), Index()],
        19 => MakePosition(),
        20 or 21 => _random.Next(3) == 0 ? ["RPOPLPUSH", Key(), Key()] : ["LMOVE", Key(), Key(), Side(), Side()],
        22 => _random.Next(2) == 0 ? MakeMultiplePop() : MakeBlocking(),
        _ => MakeGeneric(),
    };

    private string[] MakeRare() => _random.Next(6) switch
    {
        4 => ["CONFIG", "SET", "list-compress-depth", Pick("0", "1", "3")],
        5 => [Pick("LTRIM", "LRANGE"), Key(), Text(_random.Next(100)), Text(_random.Next(400))],
        0 => ["CONFIG", "SET", "list-max-listpack-size", Pick("-2", "-1", "-5", "1", "2", "5", "128", "0")],
        1 => ["LPUSH", Key(), .. Enumerable.Range(0, 300).Select(_ => Element())],
        2 => [Pick("LPUSH", "LPOP", "LLEN", "LRANGE", "LINDEX", "LSET", "LINSERT", "LREM", "LTRIM", "LPOS", "LMOVE", "RPOPLPUSH", "LMPOP"), .. Enumerable.Repeat("absent", _random.Next(6))],
        _ => ["FLUSHALL"],
    };

    private string[] MakePop()
    {
        List<string> command = [Pick("LPOP", "RPOP"), Key()];
        if (_random.Next(2) == 0) command.Add(_random.Next(5) == 0 ? Pick(OddIntegers) : Text(_random.Next(5)));
        if (_random.Next(20) == 0) command.Add("1");
        return [.. command];
    }

    private string[] MakePosition()
    {
        List<string> command = ["LPOS", Key(), Element()];
        for (var options = _random.Next(4); options > 0; options--)
        {
            command.Add(Pick("RANK", "count", "MaxLen", "rank", "COUNT", "MAXLEN", "bogus"));
            if (_random.Next(20) == 0) continue;

            // Since 7.2 the lowest rank is refused; 7.0 cannot negate it.
            var value = _random.Next(8) == 0 ? Pick(OddIntegers) : Text(_random.Next(9) - 4);
            command.Add(value == "-9223372036854775808" ? "0" : value);
        }

        return [.. command];
    }

    private string[] MakeMultiplePop()
    {
        var keys = 1 + _random.Next(4);
        var stated = _random.Next(10) == 0 ? (_random.Next(2) == 0 ? Pick(OddIntegers) : Text(_random.Next(8) - 1)) : Text(keys);
        List<string> command = ["LMPOP", stated, .. Enumerable.Range(0, keys).Select(_ => Key()), Side()];
        for (var options = _random.Next(5) - 2; options > 0; options--)
        {
            command.Add(Pick("COUNT", "count", "bogus"));
            if (_random.Next(20) > 0) command.Add(_random.Next(8) == 0 ? Pick(OddIntegers) : Text(_random.Next(6)));
        }

        return [.. command];
    }

    /// <summary>What waits, waits a few milliseconds at most.</summary>
    private string[] MakeBlocking()
    {
        var timeout = _random.Next(6) == 0
            ? Pick("-1", "abc", "", "-0.5", "nan", "0x", "1 ")
            : Pick("0.001", "0.002", "1e-3", "0.0001");
        return _random.Next(4) switch
        {
            0 => [Pick("BLPOP", "BRPOP"), .. Enumerable.Range(0, 1 + _random.Next(3)).Select(_ => Key()), timeout],
            1 => ["BLMOVE", Key(), Key(), Side(), Side(), timeout],
            2 => ["BRPOPLPUSH", Key(), Key(), timeout],
            _ => ["BLMPOP", timeout, .. MakeMultiplePop().Skip(1)],
        };
    }

    private string[] MakeGeneric() => _random.Next(12) switch
    {
        0 => ["DEL", Key()],
        1 => ["TYPE", Key()],
        2 => [Pick("RENAME", "RENAMENX"), Key(), Key()],
        3 => ["COPY", Key(), Key(), "replace"],
        4 => ["EXISTS", Key(), Key()],
        5 => ["EXPIRE", Key(), "100000"],
        6 => ["SET", "s", Element()],
        7 => ["APPEND", Key(), "x"],
        8 => [Pick("GET", "GETDEL", "INCR", "STRLEN", "GETSET", "GETRANGE", "SETRANGE"), Key(), .. Enumerable.Repeat("1", _random.Next(3))],
        9 => ["MGET", Key(), Key()],
        10 => ["SETNX", Key(), "x"],
        _ => ["OBJECT", "REFCOUNT", Key()],
    };

    private string Key() => _random.Next(25) switch
    {
        0 => "s",
        1 => "absent",
        2 or 3 => "{l}" + Text(_random.Next(2)),
        _ => "l" + Text(_random.Next(5)),
    };

    private IEnumerable<string> Elements(int count) => Enumerable.Range(0, count).Select(_ => Element());

    private string Element() => _random.Next(12) switch
    {
        0 => Pick(OddIntegers),
        1 => Text(_random.NextInt64() >> _random.Next(64)),
        2 => new string('v', _random.Next(100)),
        3 => _random.Next(6) == 0 ? new string((char)('a' + _random.Next(3)), _random.Next(3000, 20_000)) : "\x00ff\0\r\n",
        _ => Text(_random.Next(8)),
    };

    private string Side() => _random.Next(20) == 0 ? Pick("up", "") : Pick("LEFT", "RIGHT", "left", "Right");

    private string Index() => _random.Next(12) == 0 ? Pick(OddIntegers) : Text(_random.Next(24) - 12);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private string Pick(params string[] items) => items[_random.Next(items.Length)];
}
