using System.Text.RegularExpressions;
using Starling.Node.Tests.Replication;

namespace Starling.Node.Tests.Telemetry;

public sealed class CommandStatsTests
{
    private static readonly string[] Scenarios =
    [
        "SET a 1; GET a; GET; GET a b; FOO; LPUSH a 1; INCR a; INCRBY a x; CONFIG FOO; CONFIG GET; CONFIG GET port x; PING a b c",
        "MULTI; SET a 1; LPUSH a 1; GET; EXEC; MULTI; SET a 1; LPUSH a 1; EXEC; EXEC; DISCARD; MULTI; MULTI; DISCARD; MULTI; FOO; EXEC",
        "CONFIG SET maxmemory 1; SET a 1; GET a; MULTI; SET b 1; EXEC; LPUSH a 1; CONFIG SET maxmemory 0; SET a 1",
        "AUTH a; AUTH a b; AUTH a b c; HELLO 9; HELLO 2 FOO; CLIENT KILL ID 0; CLIENT KILL FOO BAR; CLIENT FOO; CLIENT; SELECT 99; SELECT x",
        "CONFIG SET min-replicas-to-write 1; SET a 1; GET a; CONFIG SET min-replicas-to-write 0; RESTORE a 0 x; DUMP a; OBJECT FREQ a; OBJECT FOO",
        "BLPOP none 0.01; BLPOP none x; XREAD BLOCK 1 STREAMS s 0; WAIT 1 1; WAIT x 1; SUBSCRIBE a; GET a; UNSUBSCRIBE a; GET a; SUBSCRIBE",
        "MULTI; BLPOP none 1; SUBSCRIBE a; EXEC; UNSUBSCRIBE; WATCH a; MULTI; WATCH a; EXEC; SLOWLOG GET x; LATENCY GRAPH x; MONITOR x",
        "SET k v; LPUSH k 1; SADD k 1; HSET k a b; ZADD k 1 a; XADD k * a b; EXPIRE k x; SORT k; CLUSTER INFO; CLUSTER SLOTS; ASKING; READONLY; DEBUG FOO",
    ];

    public static TheoryData<string> All => [.. Scenarios];

    [Theory]
    [MemberData(nameof(All))]
    public void Calls_rejections_failures_and_errors_count_as_in_redis_server(string scenario)
    {
        using var redis = new RedisNode();
        using var starling = new StarlingNode();
        Assert.Equal(Counted(redis, scenario), Counted(starling, scenario));
    }

    private static string Counted(TestNode node, string scenario)
    {
        using var client = new SyncClient(node.Port);
        node.Client.Command("CONFIG", "RESETSTAT");
        foreach (var command in scenario.Split("; ")) client.Command(command.Split(' '));
        var lines = node.Client.Text("INFO", "commandstats", "errorstats", "stats")!.Split("\r\n")
            .Where(line => line.StartsWith("cmdstat_", StringComparison.Ordinal) || line.StartsWith("errorstat_", StringComparison.Ordinal)
                || line.StartsWith("total_error_replies", StringComparison.Ordinal))
            .Select(line => Regex.Replace(line, "usec=[0-9]+,usec_per_call=[0-9.]+,", "", RegexOptions.None, TimeSpan.FromSeconds(10)));
        return string.Join('\n', lines.Order(StringComparer.Ordinal));
    }
}
