using System.Globalization;

namespace Starling.Node.Tests.Commands;

/// <summary>
/// Makes HyperLogLog commands from a seed, of which some become dense, some are overwritten in parts, and some keys are of
/// another kind. The bytes of each are compared.
/// </summary>
internal sealed class HyperLogLogGenerator(int seed) : ICommandGenerator
{
    private readonly Random _random = new(seed);

    public IEnumerable<string> AllKeys => [.. Enumerable.Range(0, 6).Select(i => "h" + Text(i)), "{h}0", "{h}1", "broken", "l", "s", "absent"];

    public IEnumerable<string[]> Show(string key) => [["GET", key], ["PFCOUNT", key], ["GET", key], ["TTL", key]];

    public IEnumerable<string[]> Next()
    {
        var command = Make();
        if (_random.Next(12) == 0) command[0] = command[0].ToLowerInvariant();
        yield return command;
        if (command.Length > 1 && _random.Next(3) == 0) yield return ["GET", command[1]];
    }

    private string[] Make() => _random.Next(40) switch
    {
        < 16 => ["PFADD", Key(), .. Elements()],
        < 21 => ["PFCOUNT", Key()],
        < 25 => ["PFCOUNT", .. Keys()],
        < 30 => ["PFMERGE", Key(), .. Keys().Skip(_random.Next(2))],
        30 or 31 => ["PFDEBUG", Pick("ENCODING", "decode", "TODENSE", "encoding", "bogus", "GETREG"), Key()],
        32 => ["CONFIG", "SET", "hll-sparse-max-bytes", Pick("3000", "3000", "0", "19", "100", "16000")],
        33 => Break(),
        _ => MakeOther(),
    };

    private string[] MakeOther() => _random.Next(9) switch
    {
        0 => ["DEL", Key()],
        1 => ["COPY", Key(), Key(), "REPLACE"],
        2 => ["RPUSH", "l", "x"],
        3 => ["SET", "s", Pick("", "abc", "12345", "HYLL", "HYLL\x0001\0\0\0\0\0\0\0\0\0\0\0", "HYLL\0\0\0\0\0\0\0\0\0\0\0\0\0")],
        4 => ["EXPIRE", Key(), "5000"],
        5 => [Pick("PFADD", "PFCOUNT", "PFMERGE", "PFDEBUG"), .. Enumerable.Repeat("absent", _random.Next(4))],
        6 => ["STRLEN", Key()],
        7 => ["PFADD", Key()],
        _ => ["DEL", "broken"],
    };

    /// <summary>
    /// Changes a copy by hand, in its header or behind its last run: elsewhere redis-server 7.0 may read beyond the end.
    /// </summary>
    private string[] Break() => _random.Next(4) switch
    {
        0 => ["COPY", Key(), "broken", "REPLACE"],
        1 => ["SETRANGE", "broken", Text(_random.Next(16)), ((char)_random.Next(256)).ToString()],
        2 => ["APPEND", "broken", ((char)_random.Next(64)).ToString()],
        _ => ["APPEND", "broken", ((char)(128 + _random.Next(128))).ToString()],
    };

    private IEnumerable<string> Elements()
    {
        var count = _random.Next(30) == 0 ? 2000 : _random.Next(4) == 0 ? 60 : _random.Next(5);
        var most = _random.Next(3) == 0 ? 1 << 20 : 200;
        return Enumerable.Range(0, count).Select(_ => new string('e', _random.Next(12)) + Text(_random.Next(most)));
    }

    private IEnumerable<string> Keys() => Enumerable.Range(0, 1 + _random.Next(4)).Select(_ => Key());

    private string Key() => _random.Next(40) switch
    {
        0 => "l",
        1 => "s",
        2 => "absent",
        3 or 4 => "broken",
        < 8 => "{h}" + Text(_random.Next(2)),
        _ => "h" + Text(_random.Next(6)),
    };

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private string Pick(params string[] items) => items[_random.Next(items.Length)];
}
