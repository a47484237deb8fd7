using System.Globalization;

namespace Starling.Node.Tests.Commands;

/// <summary>
/// Makes hash commands from a seed: mostly valid ones on few keys and fields, so that they meet, sometimes with a wrong or
/// odd argument or on a string, and with the limits of the encodings changing under them.
/// </summary>
internal sealed class HashCommandGenerator(int seed) : ICommandGenerator
{
    private static readonly string[] OddNumbers =
    [
        "-0", "+1", " 1", "01", "1.0", "", "abc", "9223372036854775807", "9223372036854775808", "-9223372036854775807",
        "-9223372036854775808", "-9223372036854775809", "2147483648", "1\0", "1e3", "nan", "inf", "-inf", "0x10", "1e400",
        "3.0000000000000000001", " 1.5", "1.5 ", "5e-324",
    ];

    private readonly Random _random = new(seed);

    public IEnumerable<string> AllKeys => [.. Enumerable.Range(0, 5).Select(i => "h" + Text(i)), "{h}0", "{h}1", "s", "absent"];

    public IEnumerable<string[]> Show(string key) =>
        [["HGETALL", key], ["HLEN", key], ["OBJECT", "ENCODING", key], ["DEBUG", "DIGEST-VALUE", key]];

    public IEnumerable<string[]> Next()
    {
        var command = _random.Next(60) == 0 ? MakeRare() : Make();
        if (_random.Next(12) == 0) command[0] = command[0].ToLowerInvariant();
        yield return command;
    }

    private string[] Make() => _random.Next(26) switch
    {
        < 5 => [Pick("HSET", "HSET", "HMSET"), Key(), .. Pairs(1 + _random.Next(4))],
        5 => ["HSETNX", Key(), Field(), Value()],
        6 or 7 => ["HGET", Key(), Field()],
        8 => ["HMGET", Key(), .. Fields(1 + _random.Next(4))],
        9 => [Pick("HGETALL", "HKEYS", "HVALS"), Key()],
        10 => ["HLEN", Key()],
        11 => ["HSTRLEN", Key(), Field()],
        12 => ["HEXISTS", Key(), Field()],
        13 or 14 or 15 => ["HDEL", Key(), .. Fields(1 + _random.Next(3))],
        16 or 17 or 18 => ["HINCRBY", Key(), Field(), _random.Next(5) == 0 ? Pick(OddNumbers) : Text(_random.Next(20) - 10)],
        19 or 20 => ["HINCRBYFLOAT", Key(), Field(), _random.Next(5) == 0 ? Pick(OddNumbers) : Decimal()],
        21 => MakeRandomField(),
        22 => MakeScan(),
        23 => ["OBJECT", "ENCODING", Key()],
        24 => ["HSTRLEN", Key(), Field()],
        _ => MakeGeneric(),
    };

    private string[] MakeRare() => _random.Next(5) switch
    {
        0 => ["CONFIG", "SET", "hash-max-listpack-entries", Pick("512", "8", "4", "0", "20")],
        1 => ["CONFIG", "SET", "hash-max-ziplist-value", Pick("64", "8", "200")],
        2 => ["HSET", Key(), .. Pairs(300)],
        3 => [Pick("HSET", "HMSET", "HGET", "HMGET", "HDEL", "HLEN", "HINCRBY", "HSETNX", "HRANDFIELD", "HSCAN", "HSTRLEN"), .. Enumerable.Repeat("absent", _random.Next(6))],
        _ => ["FLUSHALL"],
    };

    private string[] MakeRandomField()
    {
        List<string> command = ["HRANDFIELD", Key()];
        if (_random.Next(6) == 0) return [.. command];
        command.Add(_random.Next(5) == 0 ? Pick("abc", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "1.0") : Text(_random.Next(40)));
        if (_random.Next(2) == 0) command.Add(Pick("WITHVALUES", "withvalues", "bogus"));
        if (_random.Next(20) == 0) command.Add("1");
        return [.. command];
    }

    private string[] MakeScan()
    {
        List<string> command = ["HSCAN", Key(), Pick("0", "0", "0", "abc", "")];
        if (_random.Next(3) == 0) command.AddRange(["MATCH", Pick("*", "f*", "f1*", "nothing", "[0-5]*")]);
        command.AddRange(_random.Next(10) == 0 ? ["COUNT", Pick("0", "-1", "abc", "1.0")] : ["COUNT", "1000000"]);
        if (_random.Next(20) == 0) command.Add("bogus");
        return [.. command];
    }

    private string[] MakeGeneric() => _random.Next(11) switch
    {
        0 => ["DEL", Key()],
        1 => ["TYPE", Key()],
        2 => [Pick("RENAME", "RENAMENX"), Key(), Key()],
        3 => ["COPY", Key(), Key(), "replace"],
        4 => ["EXISTS", Key(), Key()],
        5 => ["EXPIRE", Key(), "100000"],
        6 => ["SET", "s", Value()],
        7 => ["APPEND", Key(), "x"],
        8 => [Pick("GET", "GETDEL", "INCR", "STRLEN", "GETSET", "LLEN"), Key(), .. Enumerable.Repeat("1", _random.Next(3))],
        9 => ["UNLINK", Key()],
        _ => ["SETNX", Key(), "x"],
    };

    private string Key() => _random.Next(25) switch
    {
        0 => "s",
        1 => "absent",
        2 or 3 => "{h}" + Text(_random.Next(2)),
        _ => "h" + Text(_random.Next(5)),
    };

    private IEnumerable<string> Pairs(int count) => Enumerable.Range(0, count).SelectMany(_ => new[] { Field(), Value() });

    private IEnumerable<string> Fields(int count) => Enumerable.Range(0, count).Select(_ => Field());

    private string Field() => _random.Next(12) switch
    {
        0 => Pick(OddNumbers),
        1 => new string('f', _random.Next(100)),
        < 4 => Text(_random.Next(30) - 10),
        _ => "f" + Text(_random.Next(20)),
    };

    private string Value() => _random.Next(12) switch
    {
        0 => Pick(OddNumbers),
        1 => Text(_random.NextInt64() >> _random.Next(64)),
        2 => new string('v', _random.Next(100)),
        3 => _random.Next(6) == 0 ? new string((char)('a' + _random.Next(3)), _random.Next(3000, 20_000)) : "\x00ff\0\r\n",
        4 => Decimal(),
        _ => Text(_random.Next(100)),
    };

    private string Decimal() => (_random.Next(2000) / 16.0 - 50).ToString(CultureInfo.InvariantCulture);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private string Pick(params string[] items) => items[_random.Next(items.Length)];
}
