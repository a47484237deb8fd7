namespace Starling.Node.Tests.Acl;

/// <summary>Makes rules, and calls that they are about, from a seed.</summary>
/// <param name="seed">The seed.</param>
/// <param name="commands">Commands and subcommands that both servers have.</param>
/// <param name="categories">The categories.</param>
internal sealed class AclRuleGenerator(int seed, string[] commands, string[] categories)
{
    private static readonly string[] Patterns = ["*", "k*", "k1", "w*", "?1", "[kw]2", "", "a\\*"];
    private static readonly string[] Keys = ["k1", "k2", "w1", "w2", "x", "a*"];
    private static readonly string[] Hash = ["ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb", new('0', 64), "zz"];
    private static readonly string[] Junk =
    [
        "foo", ")", "(", "%~", "%", "%X~a", "%RR~a", "+", "-", "+@", "-@foo", "+foo", "-select|0", "+config|foo", "+config|get|x", "+get|",
        "+config|", "<nope", "#12", "!12", "~a\tb", "&a b", "((+get))", "(on)", "(+foo)", "+@all|x", "", "()()",
    ];

    private readonly Random _random = new(seed);

    /// <summary>Rules for SETUSER.</summary>
    public string[] Rules()
    {
        var rules = Enumerable.Range(0, _random.Next(1, 14)).SelectMany(_ => Next(isInSelector: false));
        return [.. rules];
    }

    /// <summary>A call that users may be allowed or not.</summary>
    public string[] Call()
    {
        switch (_random.Next(26))
        {
            case 0: return ["GET", Key()];
            case 1: return ["SET", Key(), "v"];
            case 2: return ["SET", Key(), "v", "GET"];
            case 3: return ["MGET", Key(), Key(), Key()];
            case 4: return ["MSET", Key(), "v", Key(), "v"];
            case 5: return ["COPY", Key(), Key()];
            case 6: return ["RENAME", Key(), Key()];
            case 7: return ["TOUCH", Key(), Key()];
            case 8: return ["SORT", Key(), "BY", "w*"];
            case 9: return ["SORT", Key(), "STORE", Key()];
            case 10: return ["SORT_RO", Key(), "GET", Pick(["#", "w*", "x"])];
            case 11: return ["BITFIELD", Key(), Pick(["GET", "get"]), "u4", "0"];
            case 12: return ["BITFIELD", Key(), "SET", "u4", "0", "1"];
            case 13: return ["ZUNIONSTORE", Key(), "2", Key(), Key()];
            case 14: return ["SINTERCARD", "2", Key(), Key()];
            case 15: return ["LMOVE", Key(), Key(), "LEFT", "RIGHT"];
            case 16: return ["PUBLISH", Channel(), "m"];
            case 17: return ["SPUBLISH", Channel(), "m"];
            case 18: return ["CONFIG", "GET", "maxclients"];
            case 19: return ["SELECT", Pick(["0", "00", "x"])];
            case 20: return ["OBJECT", "ENCODING", Key()];
            case 21: return ["MEMORY", "USAGE", Key()];
            case 22: return ["GEORADIUS", Key(), "1", "1", "1", "m", "STORE", Key()];
            case 23: return ["XADD", Key(), "*", "a", "b"];
            case 24: return ["ACL", Pick(["WHOAMI", "GENPASS", "CAT"])];
            default: return [Pick(["DBSIZE", "PING", "UNLINK", "EXISTS", "STRLEN", "GETDEL"]), Key()];
        }
    }

    /// <summary>A call for DRYRUN only: it changes what the connection is.</summary>
    public string[] DryCall() => _random.Next(5) switch
    {
        0 => ["SUBSCRIBE", Channel(), Channel()],
        1 => ["PSUBSCRIBE", Channel()],
        2 => ["SSUBSCRIBE", Channel()],
        3 => [Pick(["UNSUBSCRIBE", "SUNSUBSCRIBE", "AUTH", "QUIT"]), Channel()],
        _ => Call(),
    };

    /// <summary>One of so many.</summary>
    public int Next(int count) => _random.Next(count);

    private string Key() => Pick(Keys);

    private string Channel() => Pick(["k1", "w1", "k*", "*", "x"]);

    private string Pick(string[] from) => from[_random.Next(from.Length)];

    private string Cased(string word) => _random.Next(8) == 0 ? word.ToUpperInvariant() : word;

    private IEnumerable<string> Next(bool isInSelector)
    {
        switch (_random.Next(isInSelector ? 18 : 26))
        {
            case <= 3: return [Pick(["+", "-"]) + Cased(Pick(commands))];
            case <= 6: return [Pick(["+", "-"]) + "@" + Cased(Pick(categories))];
            case 7: return [Cased(Pick(["+@all", "-@all", "allcommands", "nocommands"]))];
            case 8: return ["+" + Pick(["select|0", "select|x", "object|encoding", "debug|object", "ping|k1", "acl|whoami"])];
            case <= 12: return [Pick(["~", "%R~", "%W~", "%RW~", "%wr~", "%R"]) + Pick(Patterns)];
            case 13: return [Cased(Pick(["allkeys", "resetkeys", "~*"]))];
            case <= 15: return ["&" + Pick(Patterns)];
            case 16: return [Cased(Pick(["allchannels", "resetchannels", "&*"]))];
            case 17: return [_random.Next(4) == 0 && !isInSelector ? Pick(Junk) : "resetkeys"];
            case <= 20: return Selector();
            case 21: return [Cased(Pick(["nopass", "resetpass", "sanitize-payload", "skip-sanitize-payload", "clearselectors"]))];
            case 22: return [">" + Pick(["p", "q", "a", ""])];
            case 23: return [Pick(["<", "#", "!"]) + Pick(Hash)];
            case 24: return ["<" + Pick(["p", "q", "a"])];
            default: return ["on"];
        }
    }

    /// <summary>A selector, in one argument or several.</summary>
    private IEnumerable<string> Selector()
    {
        // No quotes and no empty rules: redis-server 7.0 takes what it cannot split for nothing.
        var rules = Enumerable.Range(0, _random.Next(5)).SelectMany(_ => Next(isInSelector: true)).Where(rule => rule.Length > 0).ToArray();
        var text = "(" + string.Join(' ', rules) + ")";
        if (_random.Next(3) > 0) return [text];
        return text.Split(' ');
    }
}
