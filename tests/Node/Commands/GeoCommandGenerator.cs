using System.Globalization;

namespace Starling.Node.Tests.Commands;

/// <summary>
/// Makes geo commands from a seed: places all over the world, at its edges, and close together, sometimes with a wrong or odd
/// argument. No two places are the same, so that their order by distance is never a matter of chance.
/// </summary>
internal sealed class GeoCommandGenerator(int seed) : ICommandGenerator
{
    private static readonly (string Longitude, string Latitude)[] Odd =
    [
        ("181", "0"), ("-180.1", "0"), ("abc", "0"), ("0", "nan"), ("inf", "0"), ("0", "86"), ("0", "-85.06"), ("0", "1e400"), ("", "1"),
    ];

    private static readonly (string Longitude, string Latitude)[] Edges =
    [
        ("180", "0"), ("-180", "0.5"), ("179.999", "1"), ("-179.999", "1.5"), ("10", "85.05112878"), ("20", "-85.05112878"), ("0", "0"),
        ("30", "84.9"), ("-0.0001", "0.0001"), ("100", "66.5"), ("101", "-80.5"), ("2.349014", "48.864716"), ("-73.99", "40.73"),
    ];

    private readonly Random _random = new(seed);

    public IEnumerable<string> AllKeys => ["g0", "g1", "d0", "d1", "s", "absent"];

    public IEnumerable<string[]> Show(string key) =>
        [["ZRANGE", key, "0", "-1", "WITHSCORES"], ["GEOPOS", key, "p1", "p2", "p3"], ["DEBUG", "DIGEST-VALUE", key]];

    public IEnumerable<string[]> Next()
    {
        var command = Make();
        if (_random.Next(12) == 0) command[0] = command[0].ToLowerInvariant();
        yield return command;
    }

    private string[] Make() => _random.Next(22) switch
    {
        < 6 => MakeAdd(),
        6 => ["GEODIST", Key(), Member(), Member(), .. Maybe(2, Unit()), .. Maybe(40, "x")],
        7 => ["GEOHASH", Key(), Member(), Member()],
        8 => ["GEOPOS", Key(), Member(), Member()],
        < 14 => ["GEOSEARCH", Key(), .. Shape(), .. Options(stores: false)],
        14 => ["GEOSEARCHSTORE", Pick("d0", "d1", "g1"), Key(), .. Shape(), .. Options(stores: true), .. Maybe(3, "STOREDIST")],
        15 => [Pick("GEORADIUS", "GEORADIUS_RO"), Key(), .. Position(), Distance(), Unit(), .. Options(stores: false)],
        16 => [Pick("GEORADIUSBYMEMBER", "GEORADIUSBYMEMBER_RO"), Key(), Member(), Distance(), Unit(), .. Options(stores: false)],
        17 => [Pick("GEORADIUS", "GEORADIUS", "GEORADIUS_RO"), Key(), .. Position(), Distance(), Unit(), .. Options(stores: true), Pick("STORE", "storedist"), Pick("d0", "d1")],
        18 => ["GEORADIUSBYMEMBER", Key(), Member(), Distance(), Unit(), .. Options(stores: true), Pick("store", "STOREDIST"), Pick("d0", "d1")],
        19 => ["ZREM", Key(), Member()],
        20 => [Pick("ZCARD", "ZRANGE"), Pick("d0", "d1"), .. Maybe(2, "0", "-1")],
        _ => _random.Next(3) == 0 ? ["SET", "s", "x"] : ["DEL", Pick("d0", "d1", "g0")],
    };

    private string[] MakeAdd()
    {
        List<string> command = ["GEOADD", Key()];
        foreach (var option in new[] { "NX", "xx", "CH" })
            if (_random.Next(10) == 0) command.Add(option);
        for (var places = 1 + _random.Next(3); places > 0; places--) command.AddRange(Place());
        if (_random.Next(50) == 0) command.Add("x");
        return [.. command];
    }

    private string[] Shape()
    {
        List<string[]> options = [];
        if (_random.Next(30) > 0) options.Add(_random.Next(3) == 0 ? ["FROMMEMBER", Member()] : ["fromlonlat", .. Position()]);
        if (_random.Next(30) > 0) options.Add(_random.Next(2) == 0 ? ["BYRADIUS", Distance(), Unit()] : ["bybox", Distance(), Distance(), Unit()]);
        if (_random.Next(30) == 0) options.Add(["byradius", "1", "m"]);
        if (_random.Next(30) == 0) options.Add(["frommember", Member()]);
        if (_random.Next(2) == 0) options.Reverse();
        return [.. options.SelectMany(x => x)];
    }

    private string[] Options(bool stores)
    {
        List<string> options = [];
        foreach (var option in new[] { "WITHDIST", "withhash", "WITHCOORD" })
            if (_random.Next(stores ? 40 : 3) == 0) options.Add(option);
        if (_random.Next(3) == 0) options.AddRange(["COUNT", _random.Next(20) == 0 ? Pick("0", "-1", "x") : Pick("1", "2", "5", "100")]);
        if (_random.Next(12) == 0) options.Add("ANY");
        if (_random.Next(2) == 0) options.Add(Pick("ASC", "desc"));
        return [.. options];
    }

    /// <summary>Longitude, latitude and member; who has a place at an edge has none elsewhere.</summary>
    private string[] Place()
    {
        var edge = _random.Next(Edges.Length);
        return _random.Next(8) == 0
            ? [Edges[edge].Longitude, Edges[edge].Latitude, "e" + edge.ToString(CultureInfo.InvariantCulture)]
            : [.. Position(mayBeEdge: false), "p" + _random.Next(60).ToString(CultureInfo.InvariantCulture)];
    }

    private string[] Position(bool mayBeEdge = true)
    {
        var (longitude, latitude) = _random.Next(10) switch
        {
            0 when _random.Next(2) == 0 => Odd[_random.Next(Odd.Length)],
            0 or 1 when mayBeEdge => Edges[_random.Next(Edges.Length)],
            < 6 => (Text(12 + (2 * _random.NextDouble())), Text(37 + (2 * _random.NextDouble()))),
            _ => (Text(360 * (_random.NextDouble() - 0.5)), Text(170 * (_random.NextDouble() - 0.5))),
        };
        return [longitude, latitude];
    }

    private string Key() => _random.Next(25) switch
    {
        0 => "s",
        1 => "absent",
        _ => "g" + (char)('0' + _random.Next(2)),
    };

    private string Member() => _random.Next(20) == 0
        ? "e" + _random.Next(Edges.Length).ToString(CultureInfo.InvariantCulture)
        : "p" + _random.Next(60).ToString(CultureInfo.InvariantCulture);

    private string Unit() => _random.Next(30) == 0 ? Pick("cm", "") : Pick("m", "km", "FT", "mi", "KM");

    private string Distance() => _random.Next(20) == 0
        ? Pick("-1", "abc", "nan", "")
        : Pick("1", "10", "100", "200", "500", "5000", "20000", "0", "0.5", "1e6", "100000");

    private string[] Maybe(int oneIn, params string[] words) => _random.Next(oneIn) == 0 ? words : [];

    private static string Text(double number) => number.ToString("R", CultureInfo.InvariantCulture);

    private string Pick(params string[] items) => items[_random.Next(items.Length)];
}
