using System.Globalization;

namespace Starling.Node.Tests.Commands;

/// <summary>
/// Makes stream commands from a seed, ids given and rising, on few keys and groups, sometimes with a wrong argument, and
/// with the sizes of nodes changing under them. What Redis answers otherwise since 7.0 (when consumers come to be,
/// XSETID, what XINFO tells of groups) is left out.
/// </summary>
/// <param name="seed">The seed.</param>
/// <param name="withGroups">Consumers read too.</param>
internal sealed class StreamCommandGenerator(int seed, bool withGroups = true) : ICommandGenerator
{
    private readonly Random _random = new(seed);
    private int _top = 1;

    public IEnumerable<string> AllKeys => ["{x}1", "{x}2", "x3", "s", "absent"];

    public IEnumerable<string[]> Show(string key) =>
        [["XRANGE", key, "-", "+"], ["XLEN", key], ["XPENDING", key, "g1"], ["DEBUG", "DIGEST-VALUE", key]];

    public IEnumerable<string[]> Next()
    {
        if (_random.Next(150) == 0) yield return MakeRare();
        var command = Make();
        if (_random.Next(12) == 0) command[0] = command[0].ToLowerInvariant();
        yield return command;
    }

    private string[] Make() => _random.Next(withGroups ? 30 : 18) switch
    {
        < 9 => MakeAdd(),
        9 or 10 => ["XTRIM", Key(), .. MakeTrim()],
        11 => ["XDEL", Key(), .. Ids(_random.Next(1, 5))],
        12 => ["XLEN", Key()],
        13 => ["XRANGE", Key(), Bound(), Bound(), .. MakeCount()],
        14 => ["XREVRANGE", Key(), Bound(), Bound(), .. MakeCount()],
        15 => ["XREAD", .. MakeCount(), .. MakeBlock(), "STREAMS", Key(), Key(), PlainId(), Pick("0", "$", PlainId())],
        16 => MakeGroup(),
        17 => _random.Next(3) > 0 ? ["XACK", Key(), Group(), .. Ids(_random.Next(1, 5))] : MakeGeneric(),
        < 22 => MakeReadGroup(),
        22 or 23 => ["XACK", Key(), Group(), .. Ids(_random.Next(1, 5))],
        24 or 25 => MakePending(),
        26 or 27 => MakeClaim(),
        28 => ["XAUTOCLAIM", Key(), Group(), Consumer(), Pick("0", "0", "1000000", "-1", "x"), Pick("-", "0", PlainId(), "(5"), .. MakeAutoOptions()],
        _ => MakeGroup(),
    };

    private string[] MakeRare() => _random.Next(5) switch
    {
        0 => ["CONFIG", "SET", "stream-node-max-entries", Pick("0", "1", "2", "5", "100")],
        1 => ["CONFIG", "SET", "stream-node-max-bytes", Pick("0", "100", "300", "4096", "16384")],
        2 => ["XSETID", Key(), Text(_top += 10) + "-0", .. _random.Next(2) == 0 ? [] : new[] { "ENTRIESADDED", Text(_random.Next(2000)) }],
        3 => [Pick("XADD", "XLEN", "XRANGE", "XDEL", "XTRIM", "XACK", "XPENDING", "XCLAIM", "XREADGROUP", "XSETID"), .. Enumerable.Repeat("absent", _random.Next(5))],
        _ => ["DEL", Key()],
    };

    private string[] MakeAdd()
    {
        var id = _random.Next(20) switch
        {
            < 14 => Text(_top += _random.Next(3)) + "-" + Text(_random.Next(6)),
            < 17 => Text(_top) + "-*",
            17 => Text(_top += _random.Next(1, 300)),
            _ => Id(),
        };
        var count = _random.Next(4) == 0 ? _random.Next(1, 4) : 1;
        List<string> command = ["XADD", Key()];
        if (_random.Next(6) == 0) command.AddRange(_random.Next(6) == 0 ? ["NOMKSTREAM"] : MakeTrim());
        command.Add(id);
        for (var i = 0; i < count; i++) command.AddRange([_random.Next(6) == 0 ? Value() : "field", Value()]);
        if (_random.Next(40) == 0) command.RemoveAt(command.Count - 1);
        return [.. command];
    }

    private string[] MakeTrim() => _random.Next(14) switch
    {
        < 2 => ["MAXLEN", Text(_random.Next(80))],
        < 5 => ["MAXLEN", "~", Text(_random.Next(80))],
        5 => ["maxlen", "=", Text(_random.Next(80))],
        6 => ["MINID", PlainId()],
        7 or 8 => ["MINID", "~", PlainId()],
        9 => ["MINID", "=", PlainId()],
        10 => ["MAXLEN", "~", Text(_random.Next(20)), "LIMIT", Text(_random.Next(300))],
        11 => ["LIMIT", "10", "MAXLEN", "~", "3"],
        12 => Pick<string[]>(["MAXLEN", "x"], ["MAXLEN", "-1"], ["LIMIT", "3"], ["MAXLEN", "3", "LIMIT", "3"]),
        _ => Pick<string[]>(["MAXLEN", "3", "MINID", "3"], ["MAXLEN", "~", "3", "LIMIT", "-1"], ["MINID", "+"], ["MAXLEN"], ["BOGUS"]),
    };

    private string[] MakeGroup() => _random.Next(12) switch
    {
        < 4 => ["XGROUP", "CREATE", Key(), Group(), Pick("0", "$", PlainId()), .. _random.Next(2) == 0 ? [] : new[] { "MKSTREAM" }],
        < 8 => ["XGROUP", "SETID", Key(), Group(), Pick("0", "$", PlainId(), "-"), .. _random.Next(4) > 0 ? [] : new[] { "ENTRIESREAD", Text(_random.Next(-2, 20)) }],
        8 => _random.Next(2) == 0 || !withGroups ? ["XGROUP", "DESTROY", Key(), Group()] : ["XGROUP", Pick("CREATECONSUMER", "DELCONSUMER"), Key(), Group(), "who never reads"],
        9 => withGroups ? ["XGROUP", "DELCONSUMER", Key(), Group(), Consumer()] : ["XGROUP", "CREATE", "s", "g1", "0"],
        10 => ["XGROUP", "CREATE", Key(), Group(), "0", Pick("BOGUS", "ENTRIESREAD")],
        _ => ["XGROUP", Pick("CREATE", "DESTROY", "SETID", "BOGUS"), Key()],
    };

    private string[] MakeReadGroup() =>
    [
        "XREADGROUP", "GROUP", Group(), Consumer(), .. MakeCount(), .. MakeBlock(), .. _random.Next(6) == 0 ? new[] { "NOACK" } : [],
        "STREAMS", Key(), _random.Next(4) > 0 ? ">" : Pick("0", PlainId(), "$", "18446744073709551615-18446744073709551615"),
    ];

    private string[] MakePending() => _random.Next(5) switch
    {
        0 => ["XPENDING", Key(), Group()],
        1 => ["XPENDING", Key(), Group(), "IDLE", Pick("100000000", "x"), Bound(), Bound(), "10"],
        2 => ["XPENDING", Key(), Group(), Bound()],
        _ => ["XPENDING", Key(), Group(), "-", "(0-1", Text(_random.Next(-1, 9)), Consumer()],
    };

    private string[] MakeClaim() =>
    [
        "XCLAIM", Key(), Group(), Consumer(), Pick("0", "0", "0", "100000000", "-5", "x"), .. Ids(_random.Next(1, 4)),
        .. _random.Next(9) switch
        {
            0 => new[] { "JUSTID" },
            1 => ["FORCE"],
            2 => ["FORCE", "justid"],
            3 => ["RETRYCOUNT", Text(_random.Next(9))],
            4 => ["IDLE", "5000"],
            5 => ["TIME", "12345"],
            6 => ["LASTID", PlainId()],
            7 => [Pick("BOGUS", "IDLE", "TIME")],
            _ => [],
        },
    ];

    private string[] MakeAutoOptions() => _random.Next(5) switch
    {
        0 => ["COUNT", Text(_random.Next(5))],
        1 => ["JUSTID"],
        2 => ["COUNT", "3", "JUSTID"],
        3 => _random.Next(5) == 0 ? ["BOGUS"] : [],
        _ => [],
    };

    private string[] MakeGeneric() => _random.Next(8) switch
    {
        0 => ["TYPE", Key()],
        1 => ["RENAME", "{x}1", "{x}2"],
        2 => ["COPY", "{x}1", "{x}2", "REPLACE"],
        3 => ["SET", "s", "string"],
        4 => ["EXPIRE", Key(), "100000"],
        5 => ["OBJECT", "ENCODING", Key()],
        6 => ["GET", Key()],
        _ => ["EXISTS", Key()],
    };

    private string[] MakeCount() => _random.Next(3) == 0 ? ["COUNT", Text(_random.Next(-1, 9))] : [];

    /// <summary>What waits, waits a few milliseconds at most.</summary>
    private string[] MakeBlock() => _random.Next(8) == 0 ? ["BLOCK", Pick("1", "2", "1", "-1", "x", "1.5")] : [];

    private IEnumerable<string> Ids(int count) => Enumerable.Range(0, count).Select(_ => Id());

    private string PlainId() => Text(Math.Max(0, _top - _random.Next(-3, 60))) + (_random.Next(2) == 0 ? "" : "-" + Text(_random.Next(5)));

    private string Id() => _random.Next(14) == 0
        ? Pick("-", "0", "x", "5-x", "-1", "0-0", "(5", "99999999999999999999", " 7", "+7", "1-2-3", "")
        : PlainId();

    private string Bound() => _random.Next(10) switch
    {
        0 or 1 => "-",
        2 or 3 => "+",
        4 => "(" + PlainId(),
        5 => Pick("(", "(-", "(+", "(18446744073709551615-18446744073709551615", "(0-0"),
        _ => Id(),
    };

    private string Value() => _random.Next(8) switch
    {
        0 => Text(_random.NextInt64() >> _random.Next(64)),
        1 => new string('v', _random.Next(200)),
        2 => "",
        3 => _random.Next(10) == 0 ? new string('w', _random.Next(5000)) : "\x00ff\0",
        _ => "value " + Text(_random.Next(50)),
    };

    private string Key() => _random.Next(40) == 0 ? Pick("s", "absent") : Pick("{x}1", "{x}2", "x3");

    private string Group() => Pick("g1", "g1", "g2", "another group");

    private string Consumer() => Pick("alice", "bob", "c");

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private T Pick<T>(params T[] items) => items[_random.Next(items.Length)];
}
