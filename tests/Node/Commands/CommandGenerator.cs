using System.Globalization;

namespace Starling.Node.Tests.Commands;

/// <summary>
/// Makes string and generic commands from a seed: mostly valid ones on few keys, so that they meet, and often with a
/// wrong or odd argument. Never an expiry that could pass during a test: expiries are long past or far away.
/// </summary>
internal sealed class CommandGenerator(int seed) : ICommandGenerator
{
    private static readonly string[] OddIntegers =
    [
        "0", "1", "-1", "2", "-2", "5", "10", "100", "9999", "10000", "-0", "+1", " 1", "1 ", "01", "00", "1.0", "1e3", "", "abc", "0x10",
        "2147483647", "2147483648", "-2147483648", "-2147483649", "4294967296", "9223372036854775806", "9223372036854775807",
        "9223372036854775808", "-9223372036854775807", "-9223372036854775808", "-9223372036854775809", "18446744073709551615",
        "18446744073709551616", "99999999999999999999", "100000000000000000000", "1\0", "--1", "-",
    ];

    private static readonly string[] OddFloats =
    [
        "0", "-0", "1.5", "-1.5", "0.1", "-0.1", "0.2", "3.0e3", "3.123456789", "5.0e-324", "1e17", "1e18", "1e19", "1e20", "1e-17", "1e-18", "4e-18", "5e-18", "6e-18",
        "1e300", "-1e300", "1e308", "1e309", "1e400", "1e4000", "1e4932", "1.18973149535723176502e4932", "1.18973149535723176509e4932", "1e4933", "-1e4932", "1e5000", "1e-4950", "1e-4951", "1e-5000",
        "inf", "-inf", "+inf", "Infinity", "infinit", "nan", "-nan", "nan(1)", "0x10", "0x1.8p3", "0x.8", "0x", "0x1p", "0xp1", "0x1p-20", "-0x1fp2", "0x1p16384", "0x1p-16446",
        "1.", ".5", ".", "", "+", "-", "+.5", "-.e1", "1e", "1e+", "1e+5", "1E5", "e5", " 1", "1 ", "\t1", "1\0", "1,5", "abc", "1.5.2", "1_000", "00012.50",
        "9223372036854775807", "18446744073709551615", "18446744073709551616", "0.00000000000000000001", "123456789012345678901234567890.123456789012345678901234567890",
        "17179869184", "1.99999999999999999999999999999", "0.999999999999999999999", "12.3456789012345678",
    ];

    private static readonly string[] OddValues =
    [
        "", "a", "abc", "foobar", "hello world", "\0", "a\0b", "\x00ff\x00fe", "\r\n", "ohmytext", "mynewtext", "AACGT", "ACGTTACG", "0", "1", "-1", "12345678901234567890",
        new string('x', 44), new string('x', 45), new string('0', 20), new string('1', 19), new string('1', 20), new string('1', 21), new string('a', 300),
    ];

    private static readonly string[] Patterns =
    [
        "*", "k*", "*1", "k?", "k[0-3]", "k[^0-3]", "[a-m]*", "{t}*", "{t}1", "*{t}*", "k1", "", "\\k1", "k\\*", "[", "k[", "k[1-", "**1**", "f*", "?", "??", "[k]1", "k[1\\-3]", "*[]*", "k[3-1]", "zz*",
    ];

    private static readonly string[] ScanTypes = ["string", "STRING", "hash", "list", "zset", "stream", "none", "nonsense"];

    private static readonly string[] OddKeys = ["", "k\0", "\x00ff", "k*", "key with spaces", "{}x", "{t"];

    private readonly Random _random = new(seed);

    /// <summary>Every key that commands name.</summary>
    public IEnumerable<string> AllKeys =>
        [.. OddKeys, .. Enumerable.Range(0, 6).Select(i => "k" + Text(i)), .. Enumerable.Range(0, 3).SelectMany(i => new[] { "f" + Text(i), "{t}" + Text(i) }), "zz"];

    /// <summary>
    /// The next command; a command that might leave an expired key in place is followed by one that finds it.
    /// </summary>
    public IEnumerable<string[]> Next()
    {
        var command = Make();
        if (_random.Next(12) == 0) command[0] = RandomCase(command[0]);
        yield return command;
        for (var i = 1; i < command.Length; i++)
            if (command[i] is "1" or "1000" && i > 1 && IsAbsoluteExpiry(command[i - 1])) yield return ["EXISTS", command[1]];
    }

    public IEnumerable<string[]> Show(string key) => [["GET", key], ["TYPE", key], ["PEXPIRETIME", key], ["DEBUG", "DIGEST-VALUE", key]];

    /// <summary>Numbers, and texts that are nearly numbers.</summary>
    public List<string> Floats(int count) => [.. Enumerable.Range(0, count).Select(_ => Float())];

    private string[] Make() => _random.Next(15) switch
    {
        0 or 1 or 2 => MakeSet(),
        3 => MakeStringRead(),
        4 => MakeStringWrite(),
        5 => MakeIncrement(),
        6 => MakeRange(),
        7 => MakeMultiple(),
        8 => MakeExpire(),
        9 => MakeExpiryRead(),
        10 => MakeKeys(),
        11 => MakeCopy(),
        12 => MakeWalk(),
        13 => _random.Next(3) == 0 ? MakeOtherKind() : MakeRestore(),
        _ => _random.Next(8) switch
        {
            0 => MakeDatabase(),
            1 or 2 => MakeLcs(),
            3 => MakeWrongArity(),
            4 => MakeObject(),
            _ => MakeSet(),
        },
    };

    private string[] MakeSet()
    {
        List<string> command = ["SET", Key(), Value()];
        for (var options = _random.Next(4); options > 0; options--) AddSetOption(command);
        return [.. command];
    }

    private void AddSetOption(List<string> command)
    {
        switch (_random.Next(12))
        {
            case 0: command.Add(RandomCase("nx")); break;
            case 1: command.Add(RandomCase("xx")); break;
            case 2 or 3: command.Add(RandomCase("get")); break;
            case 4: command.Add(RandomCase("keepttl")); break;
            case 5: command.Add(Pick(["persist", "bogus", "ex", "px", "exat", "pxat", "", "g", "nxx"])); break;
            default: AddExpiry(command); break;
        }
    }

    private void AddExpiry(List<string> command)
    {
        var (unit, time) = _random.Next(4) switch
        {
            0 => ("ex", Far(1)),
            1 => ("px", Far(1000)),
            2 => ("exat", FarAt(1)),
            _ => ("pxat", FarAt(1000)),
        };
        command.Add(RandomCase(unit));
        if (_random.Next(8) == 0) time = Pick(["0", "-1", "abc", "", "9223372036854775807", "9223372036854775808", "9223372036854775", "9223372036854776", "-9223372036854775808", "1.5", "01"]);
        else if (unit.EndsWith("at", StringComparison.Ordinal) && _random.Next(8) == 0) time = unit == "exat" ? "1" : "1000";
        command.Add(time);
    }

    private string[] MakeStringRead() => _random.Next(5) switch
    {
        0 => ["GET", Key()],
        1 => ["STRLEN", Key()],
        2 => ["GETDEL", Key()],
        3 => ["GETSET", Key(), Value()],
        _ => MakeGetEx(),
    };

    private string[] MakeGetEx()
    {
        List<string> command = ["GETEX", Key()];
        for (var options = _random.Next(3); options > 0; options--)
        {
            if (_random.Next(4) == 0) command.Add(RandomCase("persist"));
            else if (_random.Next(10) == 0) command.Add(Pick(["keepttl", "get", "nx", "ex", ""]));
            else AddExpiry(command);
        }

        return [.. command];
    }

    private string[] MakeStringWrite() => _random.Next(5) switch
    {
        0 => ["SETNX", Key(), Value()],
        1 => ["SETEX", Key(), OddTime(1), Value()],
        2 => ["PSETEX", Key(), OddTime(1000), Value()],
        _ => ["APPEND", Key(), Value()],
    };

    private string[] MakeIncrement() => _random.Next(8) switch
    {
        0 => ["INCR", Key()],
        1 => ["DECR", Key()],
        2 => ["INCRBY", Key(), Integer()],
        3 => ["DECRBY", Key(), Integer()],
        _ => ["INCRBYFLOAT", FloatKey(), Float()],
    };

    private string[] MakeRange() => _random.Next(3) switch
    {
        0 => ["SETRANGE", Key(), _random.Next(3) == 0 ? Pick(["-1", "abc", "536870912", "9223372036854775807", "4294967295", ""]) : Text(_random.Next(30)), Value()],
        1 => ["SUBSTR", Key(), RangeIndex(), RangeIndex()],
        _ => ["GETRANGE", Key(), RangeIndex(), RangeIndex()],
    };

    private string[] MakeMultiple()
    {
        if (_random.Next(3) == 0) return ["MGET", .. Keys()];
        List<string> command = [_random.Next(2) == 0 ? "MSET" : "MSETNX"];
        for (var pairs = 1 + _random.Next(3); pairs > 0; pairs--) command.AddRange([Key(), Value()]);
        if (_random.Next(8) == 0) command.Add(Key());
        return [.. command];
    }

    private string[] MakeExpire()
    {
        if (_random.Next(5) == 0) return ["PERSIST", Key()];
        var name = Pick(["EXPIRE", "PEXPIRE", "EXPIREAT", "PEXPIREAT"]);
        var unit = name[0] == 'P' ? 1000 : 1;
        var time = name.EndsWith("AT", StringComparison.Ordinal) ? FarAt(unit) : Far(unit);
        if (_random.Next(4) == 0)
        {
            time = Pick([
                "0", "-1", "-100", "abc", "", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "9223372036854775",
                "9223372036854776", "-9223372036854775", "-9223372036854776", "9223370399119966", "1.5",
            ]);
        }

        List<string> command = [name, Key(), time];
        for (var options = _random.Next(3); options > 0; options--) command.Add(RandomCase(Pick(["nx", "xx", "gt", "lt", "nx", "xx", "gt", "lt", "bogus", "", "a\nb", "a\0b"])));
        return [.. command];
    }

    private string[] MakeExpiryRead() => [Pick(["TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"]), Key()];

    private string[] MakeKeys() => _random.Next(6) switch
    {
        0 => ["DEL", .. Keys()],
        1 => ["UNLINK", .. Keys()],
        2 => ["EXISTS", .. Keys()],
        3 => ["TOUCH", .. Keys()],
        4 => ["TYPE", Key()],
        _ => ["MGET", .. Keys()],
    };

    private string[] MakeCopy()
    {
        if (_random.Next(3) == 0) return ["MOVE", Key(), _random.Next(4) == 0 ? Integer() : Text(_random.Next(4))];

        // Within one family, so that what INCRBYFLOAT makes stays where encodings are not compared.
        var isFloat = _random.Next(4) == 0;
        string Name() => isFloat ? FloatKey() : PlainKey();
        if (_random.Next(2) == 0) return [Pick(["RENAME", "RENAMENX"]), Name(), Name()];
        List<string> command = ["COPY", Name(), Name()];
        for (var options = _random.Next(3); options > 0; options--)
        {
            if (_random.Next(2) == 0) command.Add(RandomCase("replace"));
            else if (_random.Next(6) == 0) command.Add(Pick(["db", "bogus", "", "replac"]));
            else command.AddRange([RandomCase("db"), _random.Next(4) == 0 ? Integer() : Text(_random.Next(4))]);
        }

        return [.. command];
    }

    private string[] MakeWalk()
    {
        switch (_random.Next(6))
        {
            case 0: return ["DBSIZE"];
            case 1: return ["RANDOMKEY"];
            case 2 or 3: return ["KEYS", Pick(Patterns)];
            default: break;
        }

        List<string> command = ["SCAN", _random.Next(6) == 0 ? Pick(["abc", "1x", " 1", "18446744073709551616", "--1", "-", "1 "]) : "0"];
        for (var options = _random.Next(3); options > 0; options--)
        {
            switch (_random.Next(8))
            {
                case 0: command.AddRange([RandomCase("count"), Pick(["0", "-1", "abc", ""])]); break;
                case 1: command.Add(Pick(["count", "match", "type", "bogus", "novalues"])); break;
                case 2 or 3: command.AddRange([RandomCase("type"), Pick(ScanTypes)]); break;
                default: command.AddRange([RandomCase("match"), Pick(Patterns)]); break;
            }
        }

        command.AddRange(["COUNT", "1000000"]);
        return [.. command];
    }

    private string[] MakeDatabase() => _random.Next(8) switch
    {
        0 => ["FLUSHDB"],
        1 => [Pick(["FLUSHDB", "FLUSHALL"]), Pick(["sync", "ASYNC", "bogus", ""])],
        2 => ["SWAPDB", _random.Next(4) == 0 ? Integer() : Text(_random.Next(4)), _random.Next(4) == 0 ? Integer() : Text(_random.Next(4))],
        3 => ["FLUSHALL", "sync", "async"],
        _ => ["SELECT", _random.Next(6) == 0 ? Integer() : Text(_random.Next(4))],
    };

    private string[] MakeLcs()
    {
        List<string> command = ["LCS", Key(), Key()];
        for (var options = _random.Next(4); options > 0; options--)
        {
            if (_random.Next(3) == 0) command.AddRange([RandomCase("minmatchlen"), _random.Next(4) == 0 ? Integer() : Text(_random.Next(5))]);
            else command.Add(RandomCase(Pick(["len", "idx", "withmatchlen", "idx", "withmatchlen", "minmatchlen", "bogus"])));
        }

        return [.. command];
    }

    private string[] MakeObject() => _random.Next(4) switch
    {
        0 => ["OBJECT", Pick(["FREQ", "freq"]), PlainKey()],
        1 => ["OBJECT", "REFCOUNT", PlainKey()],
        _ => ["OBJECT", RandomCase("encoding"), PlainKey()],
    };

    /// <summary>A value that commands of strings refuse.</summary>
    private string[] MakeOtherKind() => _random.Next(3) switch
    {
        0 => ["HSET", Key(), "field", Value()],
        1 => ["SADD", Key(), Text(_random.Next(5))],
        _ => ["ZADD", Key(), "1", Value()],
    };

    /// <summary>RESTORE of what is no payload, or of the number 10 as redis-server 7.0 writes it.</summary>
    private string[] MakeRestore()
    {
        var payload = _random.Next(4) switch
        {
            0 => "",
            1 => "\0\x00c0\x000a\x000a\0damaged!",
            2 => Value(),
            _ => "\0\x00c0\x000a\x000a\0n\x009fWE\x000e\x00ae\x0063\x00bb",
        };
        List<string> command = ["RESTORE", Key(), Pick(["0", "0", "100000000", "0", "0", "-1", "abc", "", "1.5", "9223372036854775808"]), payload];
        for (var options = _random.Next(3); options > 0; options--)
        {
            switch (_random.Next(6))
            {
                case 0 or 1: command.Add(RandomCase("replace")); break;
                case 2: command.AddRange([RandomCase("idletime"), _random.Next(3) == 0 ? Integer() : "100"]); break;
                case 3: command.AddRange([RandomCase("freq"), _random.Next(3) == 0 ? Integer() : "100"]); break;
                case 4: command.Add(Pick(["idletime", "freq", "bogus", "", "replac"])); break;
                default: command.Add("REPLACE"); break;
            }
        }

        return [.. command];
    }

    private string[] MakeWrongArity()
    {
        var name = Pick([
            "GET", "SET", "SETNX", "SETEX", "PSETEX", "GETSET", "GETDEL", "GETEX", "MGET", "MSET", "MSETNX", "INCR", "INCRBY", "DECRBY", "INCRBYFLOAT", "APPEND", "STRLEN",
            "GETRANGE", "SETRANGE", "SUBSTR", "LCS", "DEL", "UNLINK", "EXISTS", "TYPE", "TOUCH", "EXPIRE", "PEXPIREAT", "TTL", "PERSIST", "RENAME", "RENAMENX", "COPY", "MOVE",
            "RANDOMKEY", "KEYS", "SCAN", "DBSIZE", "SWAPDB", "OBJECT", "SELECT", "DUMP", "RESTORE", "PTTL", "EXPIRETIME", "PEXPIRETIME", "EXPIREAT", "PEXPIRE", "DECR",
        ]);
        List<string> command = [name];
        for (var arguments = _random.Next(7); arguments > 0; arguments--) command.Add("zz");
        return [.. command];
    }

    private string Key() => _random.Next(5) == 0 ? FloatKey() : PlainKey();

    private string PlainKey() => _random.Next(10) switch
    {
        0 => "{t}" + Text(_random.Next(3)),
        1 => Pick(OddKeys),
        _ => "k" + Text(_random.Next(6)),
    };

    private string FloatKey() => "f" + Text(_random.Next(3));

    private string[] Keys() => [.. Enumerable.Range(0, 1 + _random.Next(4)).Select(_ => Key())];

    private string Value() => _random.Next(6) switch
    {
        0 => Integer(),
        1 => Float(),
        2 => Text(_random.Next(20000) - 5000),
        3 => string.Concat(Enumerable.Range(0, _random.Next(30)).Select(_ => "abcd"[_random.Next(4)])),
        _ => Pick(OddValues),
    };

    private string Integer() => _random.Next(3) == 0 ? Text(_random.Next(2000) - 1000) : Pick(OddIntegers);

    private string Float() => _random.Next(3) switch
    {
        0 => Pick(OddFloats),
        1 => (_random.NextInt64(2_000_000_000_000) / 100.0 - 1e9).ToString("R", CultureInfo.InvariantCulture),
        _ => Digits(_random.Next(25)) + (_random.Next(2) == 0 ? "." + Digits(_random.Next(25)) : "") + (_random.Next(3) == 0 ? "e" + Text(_random.Next(80) - 40) : ""),
    };

    private string Digits(int count) =>
        (_random.Next(4) == 0 ? "-" : "") + string.Concat(Enumerable.Range(0, Math.Max(1, count)).Select(_ => (char)('0' + _random.Next(10))));

    private string RangeIndex() => _random.Next(6) == 0 ? Integer() : Text(_random.Next(60) - 30);

    private string OddTime(int unit) =>
        _random.Next(3) > 0 ? Far(unit) : Pick(["0", "-1", "abc", "", "9223372036854775807", "9223372036854775808", "9223372036854775", "9223372036854776", "-9223372036854775808"]);

    private string Far(int unit) => ((1000L + _random.Next(100_000)) * unit).ToString(CultureInfo.InvariantCulture);

    private string FarAt(int unit) => ((4_000_000_000L + _random.Next(100_000)) * unit).ToString(CultureInfo.InvariantCulture);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private T Pick<T>(T[] items) => items[_random.Next(items.Length)];

    private string RandomCase(string word) =>
        string.Concat(word.Select(c => _random.Next(2) == 0 ? char.ToUpperInvariant(c) : char.ToLowerInvariant(c)));

    private static bool IsAbsoluteExpiry(string word) =>
        word.Equals("exat", StringComparison.OrdinalIgnoreCase) || word.Equals("pxat", StringComparison.OrdinalIgnoreCase);
}
