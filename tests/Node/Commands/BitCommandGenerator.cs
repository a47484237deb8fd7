using System.Globalization;

namespace Starling.Node.Tests.Commands;

/// <summary>
/// Makes bitmap and bitfield commands from a seed: mostly valid ones on few short strings, often with an odd argument or on a
/// key of another kind.
/// </summary>
internal sealed class BitCommandGenerator(int seed) : ICommandGenerator
{
    private static readonly string[] OddIntegers =
    [
        "-0", "+1", " 1", "01", "1.0", "", "abc", "1\0", "-1", "2", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "4294967296", "34359738368",
    ];

    private static readonly string[] OddTypes = ["i0", "u0", "i65", "u64", "i", "u", "x8", "", "I8", "i08", "i-1", "u 8", "8"];

    private readonly Random _random = new(seed);

    public IEnumerable<string> AllKeys => [.. Enumerable.Range(0, 5).Select(i => "b" + Text(i)), "{b}0", "{b}1", "l", "absent"];

    /// <summary>Redis 7.2 has other encodings of lists.</summary>
    public IEnumerable<string[]> Show(string key) =>
        [["GET", key], ["TTL", key], .. key == "l" ? Array.Empty<string[]>() : [["OBJECT", "ENCODING", key]], ["DEBUG", "DIGEST-VALUE", key]];

    public IEnumerable<string[]> Next()
    {
        var command = Make();
        if (_random.Next(12) == 0) command[0] = command[0].ToLowerInvariant();

        // One that fails makes a string longer, which redis-server does not tell its replicas.
        if (command[0] is "BITFIELD" && command.Contains("FAIL")) yield return ["SETBIT", command[1], "520", "0"];
        yield return command;
    }

    private string[] Make() => _random.Next(22) switch
    {
        < 4 => ["SETBIT", Key(), Offset(), _random.Next(10) == 0 ? Pick(OddIntegers) : Text(_random.Next(2))],
        4 => ["GETBIT", Key(), Offset()],
        5 or 6 => [.. new[] { "BITCOUNT", Key() }, .. Range()],
        7 or 8 => [.. new[] { "BITPOS", Key(), _random.Next(12) == 0 ? Pick(OddIntegers) : Text(_random.Next(2)) }, .. Range(optionalEnd: true)],
        9 or 10 or 11 => MakeBitOp(),
        < 18 => MakeBitField(),
        18 => ["SET", Key(), _random.Next(5) == 0 ? Text(_random.Next()) : Bytes(_random.Next(_random.Next(10) == 0 ? 9000 : 60))],
        19 => ["APPEND", Key(), Bytes(_random.Next(6))],
        _ => MakeOther(),
    };

    private string[] MakeOther() => _random.Next(8) switch
    {
        0 => ["RPUSH", "l", "x"],
        1 => ["DEL", Key()],
        2 => ["EXPIRE", Key(), "5000"],
        3 => ["OBJECT", "ENCODING", "b" + Text(_random.Next(5))],
        4 => ["SETRANGE", Key(), Text(_random.Next(40)), Bytes(_random.Next(4))],
        5 => [Pick("SETBIT", "GETBIT", "BITCOUNT", "BITPOS", "BITOP", "BITFIELD", "BITFIELD_RO"), .. Enumerable.Repeat("absent", _random.Next(6))],
        _ => ["GET", Key()],
    };

    private string[] MakeBitOp()
    {
        var name = Pick("AND", "OR", "XOR", "NOT", "and", "Or", "xor", "AND", "OR", "bogus");
        var sources = name == "NOT" && _random.Next(8) > 0 ? 1 : 1 + _random.Next(_random.Next(20) == 0 ? 40 : 4);
        return ["BITOP", name, Key(), .. Enumerable.Range(0, sources).Select(_ => Key())];
    }

    private string[] MakeBitField()
    {
        List<string> command = [_random.Next(8) == 0 ? "BITFIELD_RO" : "BITFIELD", Key()];
        for (var operations = _random.Next(5); operations > 0; operations--)
        {
            switch (_random.Next(command[0] == "BITFIELD_RO" && _random.Next(6) > 0 ? 1 : 8))
            {
                case 0 or 1: command.AddRange([Pick("GET", "get"), Type(), FieldOffset()]); break;
                case 2 or 3: command.AddRange([Pick("SET", "Set"), Type(), FieldOffset(), NewValue()]); break;
                case 4 or 5: command.AddRange(["INCRBY", Type(), FieldOffset(), Value()]); break;
                case 6: command.AddRange(["OVERFLOW", Pick("WRAP", "SAT", "FAIL", "sat", "bogus", "FAIL")]); break;
                default: command.Add(_random.Next(5) == 0 ? Pick("GET", "OVERFLOW", "bogus", "") : "OVERFLOW"); command.Add("WRAP"); break;
            }
        }

        return [.. command];
    }

    private IEnumerable<string> Range(bool optionalEnd = false)
    {
        var count = _random.Next(6);
        if (count == 0) yield break;
        if (count == 5 && _random.Next(4) == 0) yield return Index();
        yield return Index();
        if (count == 1 && (optionalEnd || _random.Next(6) == 0)) yield break;
        yield return Index();
        if (count > 2) yield return Pick("BIT", "byte", "bit", "BYTE", "Bit", "BIT", "bogus");
    }

    private string Index() => _random.Next(14) == 0 ? Pick(OddIntegers) : Text(_random.Next(140) - 70);

    private string Offset() => _random.Next(14) == 0 ? Pick(OddIntegers.Except(["4294967296"]).ToArray()) : Text(_random.Next(500));

    private string FieldOffset() => _random.Next(14) switch
    {
        0 => Pick("-1", "#-1", "#", "##1", "abc", "#abc", "", "9223372036854775807", "9223372036854775808", "4294967296"),
        < 5 => "#" + Text(_random.Next(8)),
        _ => Text(_random.Next(450)),
    };

    private string Type() => _random.Next(24) == 0 ? Pick(OddTypes) : _random.Next(2) == 0 ? "i" + Text(1 + _random.Next(64)) : "u" + Text(1 + _random.Next(63));

    private string Value() => _random.Next(4) switch
    {
        0 => Pick("0", "1", "-1", "127", "128", "-128", "-129", "255", "256", "9223372036854775807", "-9223372036854775808", "abc", "9223372036854775808"),
        1 => _random.NextInt64(long.MinValue, long.MaxValue).ToString(CultureInfo.InvariantCulture),
        _ => Text(_random.Next(600) - 300),
    };

    /// <summary>A value for SET. Of one far below -2^62, redis-server 7.0 thinks that it is above what the field may hold,
    /// and with OVERFLOW SAT takes the greatest value for it, where the least is documented.</summary>
    private string NewValue()
    {
        const long Least = -(1L << 62);
        var value = Value();
        return long.TryParse(value, CultureInfo.InvariantCulture, out var number) && number < Least ? Least.ToString(CultureInfo.InvariantCulture) : value;
    }

    private string Key() => _random.Next(40) switch
    {
        0 => "l",
        1 => "absent",
        < 6 => "{b}" + Text(_random.Next(2)),
        _ => "b" + Text(_random.Next(5)),
    };

    private string Bytes(int count)
    {
        var filler = Pick("\0", "\x00ff", "");
        return string.Concat(Enumerable.Range(0, count).Select(_ => filler.Length > 0 && _random.Next(8) > 0 ? filler[0] : (char)_random.Next(256)));
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private string Pick(params string[] items) => items[_random.Next(items.Length)];
}
