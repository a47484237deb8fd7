using System.Text.RegularExpressions;
using Starling.Node.Tests.PubSub;
using Starling.Tests.Support;

namespace Starling.Node.Tests.Tracking;

/// <summary>
/// What clients who track are sent, beside redis-server: the bytes are to be the same, at every client after every step. A step is
/// "client: command | command"; $x in it is the id of the client x.
/// </summary>
public sealed partial class TrackingComparisonTests
{
    private static readonly string[] Scenarios =
    [
        // Options that do not go together, or not with those in force.
        "a: CLIENT TRACKING | CLIENT TRACKING foo | CLIENT TRACKING ON foo | CLIENT TRACKING ON REDIRECT | CLIENT TRACKING ON REDIRECT x | CLIENT TRACKING ON PREFIX",
        "a: CLIENT TRACKING ON REDIRECT 99999 | CLIENT TRACKING ON REDIRECT 0 | CLIENT TRACKING ON REDIRECT -1 | CLIENT TRACKING OFF REDIRECT 99999",
        "a: CLIENT TRACKING ON REDIRECT $b REDIRECT $b | CLIENT TRACKING ON PREFIX a | CLIENT TRACKING ON OPTIN OPTOUT | CLIENT TRACKING ON BCAST OPTIN",
        "a: CLIENT TRACKING ON BCAST OPTIN OPTOUT PREFIX a PREFIX ab | CLIENT TRACKING OFF PREFIX a OPTIN BCAST OPTOUT | CLIENT TRACKING foo BCAST PREFIX a",
        "a: CLIENT TRACKING ON BCAST PREFIX ab PREFIX a | CLIENT TRACKING ON BCAST PREFIX a PREFIX ab | CLIENT TRACKING ON BCAST PREFIX a PREFIX a",
        "a: CLIENT CACHING YES | CLIENT CACHING foo | CLIENT CACHING | CLIENT CACHING YES NO | CLIENT TRACKINGINFO | CLIENT GETREDIR | CLIENT TRACKINGINFO x",
        "a: CLIENT TRACKING ON | CLIENT GETREDIR | CLIENT TRACKINGINFO | CLIENT CACHING YES | CLIENT CACHING NO | CLIENT CACHING foo | CLIENT TRACKING ON BCAST",
        "a: CLIENT TRACKING ON OPTIN | CLIENT TRACKINGINFO | CLIENT TRACKING ON OPTOUT | CLIENT CACHING NO | CLIENT CACHING YES | CLIENT TRACKINGINFO | GET x | CLIENT TRACKINGINFO",
        "a: CLIENT TRACKING ON OPTIN | CLIENT TRACKING ON NOLOOP | CLIENT TRACKING ON OPTOUT NOLOOP | CLIENT CACHING YES | CLIENT CACHING NO | CLIENT TRACKINGINFO",
        "a: CLIENT TRACKING ON REDIRECT $b | CLIENT TRACKINGINFO | HELLO 3 | CLIENT TRACKINGINFO | CLIENT TRACKING OFF | CLIENT TRACKINGINFO",
        "a: CLIENT TRACKING ON BCAST PREFIX b PREFIX a NOLOOP | CLIENT TRACKINGINFO | CLIENT TRACKING ON BCAST PREFIX c | CLIENT TRACKINGINFO | CLIENT TRACKING ON BCAST PREFIX a1",
        "a: CLIENT TRACKING ON BCAST PREFIX a | CLIENT TRACKING ON BCAST PREFIX a | CLIENT TRACKING ON BCAST | CLIENT TRACKINGINFO | CLIENT TRACKING ON BCAST PREFIX q | CLIENT TRACKING ON",
        "a: CLIENT TRACKING ON OPTIN REDIRECT $a | CLIENT TRACKINGINFO | RESET | CLIENT TRACKINGINFO",

        // What a client has read and what changes it.
        "a: HELLO 3 | CLIENT TRACKING ON | SET k 1 | GET k; b: SET k 2; b: SET k 3; a: GET k | SET k 4 | PING; a: MGET x y k; b: MSET x 1 y 2 k 3",
        "a: HELLO 3 | CLIENT TRACKING ON; a: GET k | MULTI | INCR k | GET k | DEL x | EXEC | PING; a: GET k; a: MULTI | SET k 1 | GET k | SET k 2 | EXEC",
        "a: HELLO 3 | CLIENT TRACKING ON | GET none | EXISTS e TTL; b: SET none 1 | SET e 1 | SET TTL 1; a: LRANGE e 0 1; b: DEL e; a: GET k | DEL k | GETEX k; b: SET k 1",
        "a: HELLO 3 | CLIENT TRACKING ON; b: SET k 1; a: GETSET k 2 | GETDEL k; b: SET k 1; a: TYPE k | OBJECT ENCODING k | STRLEN k; b: APPEND k 1 | PEXPIRE k 100000 | PERSIST k",
        "b: SET k 1; a: HELLO 3 | CLIENT TRACKING ON | GET k; b: PEXPIRE k 100000; a: GET k; b: PERSIST k; a: GET k; b: RENAME k l; a: GET k | GET l; b: SELECT 3 | SET k 1",
        "b: MSET k 1 l 2; a: HELLO 3 | CLIENT TRACKING ON | GET k | GET l; b: MOVE k 5; a: GET k; b: SWAPDB 0 5; b: COPY l m; a: GET m; b: COPY l m REPLACE; a: GET m; b: RESTORE m 0 x",
        "a: HELLO 3 | CLIENT TRACKING ON | XLEN s | LLEN l | HLEN h | SCARD t | ZCARD z | PFCOUNT p; b: XADD s 1-1 a 1 | RPUSH l 1 | HSET h a 1 | SADD t 1 | ZADD z 1 a | PFADD p a",
        "b: RPUSH l 1 | HSET h a 1 | SADD t 1; a: HELLO 3 | CLIENT TRACKING ON | LLEN l | HLEN h | SCARD t | SORT_RO l; b: LPOP l | HDEL h a | SPOP t",
        "a: HELLO 3 | CLIENT TRACKING ON | SUNION x y | ZUNION 2 v w; b: SADD y 1; b: ZADD v 1 a | ZADD w 1 a; a: SUNIONSTORE d x y | GET d; b: SADD x 1; b: DEL d",

        // Flushes: null instead of keys, for whoever tracks.
        "a: HELLO 3 | CLIENT TRACKING ON; b: CLIENT TRACKING ON REDIRECT $c; c: SUBSCRIBE foo; b: GET k; a: GET k | FLUSHALL | PING; b: FLUSHDB; b: FLUSHDB ASYNC | PING",
        "a: HELLO 3 | CLIENT TRACKING ON; a: MULTI | FLUSHALL | PING | EXEC | PING; a: MULTI | FLUSHALL | PING | FLUSHALL | EXEC | PING; a: FLUSHALL SYNC | PING",
        "d: HELLO 3 | CLIENT TRACKING ON BCAST PREFIX zz; e: HELLO 3 | CLIENT TRACKING ON NOLOOP | FLUSHALL | GET k; b: FLUSHALL ASYNC; b: SET k 1",
        "a: HELLO 3 | CLIENT TRACKING ON; a: EVAL \"return{redis.call('flushall'),1}\" 0",

        // Another client is told instead.
        "b: SUBSCRIBE __redis__:invalidate; a: CLIENT TRACKING ON REDIRECT $b; a: SET k 1 | GET k; a: SET k 2; a: GET k; b: PING; c: SET k 3; a: GET k; b: UNSUBSCRIBE; c: SET k 4",
        "a: CLIENT TRACKING ON REDIRECT $b | GET k; b: HELLO 3; c: SET k 5; a: GET k; b: RESET | SUBSCRIBE other; c: SET k 6; a: CLIENT INFO",
        "a: CLIENT TRACKING ON REDIRECT $b | GET k; b: QUIT; c: SET k 7; a: CLIENT TRACKINGINFO | GET k | CLIENT INFO; a: HELLO 3; c: SET k 8; a: GET k | SET k 9 | PING",
        "a: HELLO 3 | CLIENT TRACKING ON REDIRECT $b; b: QUIT; a: GET k; c: SET k 1; a: CLIENT TRACKINGINFO; a: CLIENT TRACKING ON | CLIENT TRACKINGINFO",
        "a: HELLO 3 | CLIENT TRACKING ON REDIRECT $a; a: GET k | SET k 1 | PING; a: GET k; b: SET k 2; a: GET k | FLUSHALL",

        // CLIENT CACHING holds for a command, a transaction or a script.
        "a: HELLO 3 | CLIENT TRACKING ON OPTIN | GET k; b: SET k 1; a: CLIENT CACHING YES | GET k | GET j; b: SET k 1 | SET j 1; a: CLIENT CACHING YES | CLIENT GETNAME | GET k; b: SET k 1",
        "a: HELLO 3 | CLIENT TRACKING ON OPTIN | CLIENT CACHING YES | PING | GET k; b: SET k 1; a: CLIENT CACHING YES | MULTI | GET k | GET j | EXEC | GET l; b: SET k 1 | SET j 1 | SET l 1",
        "a: HELLO 3 | CLIENT TRACKING ON OPTIN | MULTI | CLIENT CACHING YES | GET k | GET j | EXEC | GET l; b: SET k 1 | SET j 1 | SET l 1; a: MULTI | GET k | CLIENT CACHING YES | GET j | EXEC; b: SET k 1 | SET j 1",
        "a: HELLO 3 | CLIENT TRACKING ON OPTIN | CLIENT CACHING YES | MULTI | GET k | DISCARD | GET l | CLIENT TRACKINGINFO; b: SET l 1; a: CLIENT CACHING YES | FOO | CLIENT TRACKINGINFO | GET k; b: SET k 1",
        "a: HELLO 3 | CLIENT TRACKING ON OPTIN | CLIENT CACHING YES | GET | GET k; b: SET k 1; a: CLIENT CACHING YES | CLIENT FOO | GET k; b: SET k 1; a: CLIENT CACHING YES | CLIENT TRACKING ON OPTIN | GET k; b: SET k 1",
        "a: HELLO 3 | CLIENT TRACKING ON OPTOUT | GET k; b: SET k 1; a: CLIENT CACHING NO | GET k | GET j; b: SET k 1 | SET j 1; a: CLIENT CACHING NO | MULTI | GET k | EXEC | GET j; b: SET k 1 | SET j 1",
        "a: HELLO 3 | CLIENT TRACKING ON OPTIN | EVAL \"redis.call('get',KEYS[1])\" 1 k; b: SET k 1; a: CLIENT CACHING YES | EVAL \"redis.call('get',KEYS[1])redis.call('get',KEYS[2])\" 2 k j; b: MSET k 1 j 1",

        // NOLOOP and BCAST.
        "a: HELLO 3 | CLIENT TRACKING ON NOLOOP | GET k | SET k 1; b: SET k 2; a: GET k; b: SET k 2; a: GET k | EVAL \"return(redis.call('set',KEYS[1],1))\" 1 k; b: SET k 3",
        "a: HELLO 3 | CLIENT TRACKING ON BCAST; c: SUBSCRIBE q; b: HELLO 3 | CLIENT TRACKING ON BCAST PREFIX p: PREFIX q NOLOOP; d: CLIENT TRACKING ON BCAST REDIRECT $c; e: MSET c 1 b 2 a 3 p:1 1 q 1; b: SET p:1 1",
        "a: HELLO 3 | CLIENT TRACKING ON BCAST; a: SET x 1 | PING | GET x; b: DEL x none; b: MULTI | SET c 1 | SET a 1 | SET b 1 | EXEC; b: FLUSHALL; a: MULTI | SET zz 1 | CLIENT TRACKING OFF | EXEC; b: SET zz 2",
        "a: HELLO 3 | CLIENT TRACKING ON BCAST PREFIX ab | CLIENT TRACKING ON BCAST; b: SET abc 1; b: SET b 1; a: CLIENT TRACKING OFF; b: SET abc 1",
        "a: HELLO 3 | CLIENT TRACKING ON NOLOOP BCAST; b: DEBUG SET-ACTIVE-EXPIRE 0 | SET k 1 PX 20 | DEBUG SLEEP 0.05; a: GET k; b: MULTI | SET k 1 PX 20 | DEBUG SLEEP 0.05 | GET k | EXEC",

        // Expiry.
        "b: DEBUG SET-ACTIVE-EXPIRE 0 | SET k 1 PX 1500; a: HELLO 3 | CLIENT TRACKING ON | GET k; b: DEBUG SLEEP 1.6; a: MGET x k y | PING; b: SET k 1 PX 1500; a: GET k; b: DEBUG SLEEP 1.6; b: GET k; b: SET k 1",
        "b: SET k 1; a: HELLO 3 | CLIENT TRACKING ON | GET k; b: EXPIRE k -1; b: SET k 1; a: GET k; b: PEXPIREAT k 1; b: SET k 1; a: GET k; b: SET k 1 EX 100; a: GET k; b: GETEX k PERSIST",

        // What a client was told before does not change what it asks for now.
        "a: HELLO 3 | CLIENT TRACKING ON | GET k | RESET; b: SET k 1; a: HELLO 3 | CLIENT TRACKING ON | GET k; a: CLIENT TRACKING OFF; b: SET k 1; a: GET k | CLIENT TRACKING ON; b: SET k 2",
        "a: HELLO 3 | CLIENT TRACKING ON | GET k | CLIENT TRACKING OFF | CLIENT TRACKING ON; b: SET k 2; a: GET k | CLIENT TRACKING OFF | CLIENT TRACKING ON BCAST PREFIX q; b: SET k 2",
        "a: HELLO 3 | MULTI | CLIENT TRACKING ON | GET k | SET k 1 | CLIENT TRACKING OFF | EXEC; a: CLIENT TRACKING ON | GET k | HELLO 2; b: SET k 1; a: PING | HELLO 3 | PING",
        "a: HELLO 3 | CLIENT TRACKING ON | GET k; a: CLIENT REPLY OFF; b: SET k 1; a: GET k | SET k 2 | PING; a: CLIENT REPLY ON; a: GET k | CLIENT REPLY SKIP | SET k 3 | PING",
        "a: HELLO 3 | CLIENT TRACKING ON | GET k | CLIENT REPLY SKIP | SET k 4 | PING | GET k | CLIENT REPLY OFF | MULTI | SET k 1 | EXEC | CLIENT REPLY ON; a: GET k | CLIENT REPLY SKIP | FLUSHALL | PING",
    ];

    public static TheoryData<string> All => [.. Scenarios];

    [Theory]
    [MemberData(nameof(All))]
    public async Task Bytes_equal_those_of_redis_server(string scenario)
    {
        await using var starling = TestServer.Start(config => (config.EnableDebugCommand, config.IoThreads) = ("yes", 2));
        using var redis = ServerProcess.Start(ServerKind.Redis, "save ", "enable-debug-command yes");
        var steps = scenario.Split("; ");
        var expected = Play(redis.Port, steps);
        var actual = Play(starling.Port, steps);
        for (var i = 0; i < steps.Length; i++) Assert.Equal((steps[i], expected[i]), (steps[i], actual[i]));
    }

    /// <summary>Plays a scenario; what the clients read in each step.</summary>
    private static string[] Play(int port, string[] steps)
    {
        var clients = new SortedDictionary<string, (Dialog? Dialog, string Id)>(StringComparer.Ordinal);
        try
        {
            foreach (var name in steps.SelectMany(step => Names().Matches(step).Select(match => match.Groups[1].Value + match.Groups[2].Value)))
            {
                if (clients.ContainsKey(name)) continue;
                var dialog = new Dialog(port);
                clients[name] = (dialog, dialog.Say("CLIENT ID").Split('\r')[0][1..]);
            }

            return [.. steps.Select(step => Step(clients, step))];
        }
        finally
        {
            foreach (var (dialog, _) in clients.Values) dialog?.Dispose();
        }
    }

    private static string Step(SortedDictionary<string, (Dialog? Dialog, string Id)> clients, string step)
    {
        var (name, commands) = (step[..1], step[3..]);
        foreach (var (other, (_, id)) in clients) commands = commands.Replace("$" + other, id, StringComparison.Ordinal);
        var read = new List<string> { name + " reads " + clients[name].Dialog!.Say(commands.Split(" | ")) };
        if (read[0].EndsWith("<closed>", StringComparison.Ordinal))
        {
            clients[name].Dialog!.Dispose();
            clients[name] = (null, clients[name].Id);
        }

        // A message that came with the first of these may be behind it, but not behind the second.
        foreach (var (other, (dialog, _)) in clients)
            if (dialog is not null) read.Add(other + " reads " + Ends().Replace(dialog.Say() + dialog.Say(), ""));
        return Normal(clients, string.Join('\n', read));
    }

    /// <summary>Without what is the server's own in HELLO's reply and in CLIENT INFO, and with the clients' names for their ids.</summary>
    private static string Normal(SortedDictionary<string, (Dialog? Dialog, string Id)> clients, string text)
    {
        text = OwnWords().Replace(text, "");
        text = ClientLines().Replace(text, "flags=$1 redir=$2");
        foreach (var (name, (_, id)) in clients)
        {
            text = text.Replace("redirect\r\n:" + id + "\r", "redirect\r\n:" + name + "\r", StringComparison.Ordinal)
                .Replace("redir-broken\r\n:" + id + "\r", "redir-broken\r\n:" + name + "\r", StringComparison.Ordinal)
                .Replace("redir=" + id + " ", "redir=" + name + " ", StringComparison.Ordinal);
        }

        return text;
    }

    [GeneratedRegex(@"\$7\r\nversion\r\n\$\d+\r\n[^\r]*\r\n|\$2\r\nid\r\n:\d+\r\n")]
    private static partial Regex OwnWords();

    [GeneratedRegex(@"[$=]\d+\r\n(?:txt:)?id=\d+ .*? flags=(\S+) .*? redir=(\S+ )[^\n]*\n")]
    private static partial Regex ClientLines();

    [GeneratedRegex(@"[*>]3\r\n\$11\r\nunsubscribe\r\n\$13\r\nthe-end-of-it\r\n:\d+\r\n")]
    private static partial Regex Ends();

    [GeneratedRegex(@"^([a-z]):|\$([a-z])\b")]
    private static partial Regex Names();
}
