using System.Globalization;
using System.Text;
using Starling.Node.Tests.Replication;
using Starling.Resp;

namespace Starling.Node.Tests.Telemetry;

public sealed class SlowLogTests
{
    /// <summary>Commands of one client; "~" stands for an empty argument, "#n" for n letters.</summary>
    private static readonly string[] Scenarios =
    [
        "GET a; set b 1; Get; FOO; PING a b c; INCR b; INCR b; GET b; SET q #128; SET q #129; SET q #5000",
        "MULTI; GET a; SET a b; LPUSH a 1; EXEC; GET a; MULTI; GET; EXEC; MULTI; DISCARD; EXEC; WATCH a; UNWATCH",
        "AUTH a b c; AUTH a; AUTH a b; HELLO 3 AUTH default; HELLO 3 AUTH default x; HELLO 2 AUTH a b; HELLO 9 AUTH a b",
        "HELLO 2 AUTH default x AUTH default y foo; MULTI; AUTH a b; HELLO 2 AUTH a b; EXEC",
        "CONFIG SET masteruser joe; CONFIG SET masterauth ~ timeout 0; CONFIG SET foo 1 requirepass x; CONFIG SET requirepass x requirepass y",
        "CONFIG SET requirepass; CONFIG SET timeout 0 requirepass; CONFIG GET requirepass",
        "MIGRATE 127.0.0.1 1 k 0 1 auth pw auth2 u; MIGRATE 127.0.0.1 1 k 0 1 auth2 u p; MIGRATE 127.0.0.1 1 k 0 abc auth2 u p",
        "CLIENT SETNAME x; CLIENT KILL ID 0; PING; HELLO 3 SETNAME y; ECHO z; RESET; ECHO z",
        "ACL SETUSER joe on >secret +@all; ACL GETUSER joe; ACL SETUSER joe (x; ACL SETUSER a b; ACL DELUSER joe",
        "SLOWLOG LEN; SLOWLOG GET 0; SLOWLOG GET -2; SLOWLOG; SLOWLOG HELP; SLOWLOG FOO; SLOWLOG LEN 1",
        "BLPOP none 0.01; WAIT 1 1; LPUSH here 1 2; BLPOP here 0; BRPOPLPUSH here there 0; SELECT 1; SELECT 0",
        "LPUSH l 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30",
        "LPUSH l 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31",
        "LPUSH l 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35",
        "SUBSCRIBE a; PSUBSCRIBE b; UNSUBSCRIBE a; PUNSUBSCRIBE b; PUBLISH a b; SPUBLISH a b",
    ];

    public static TheoryData<string> All => [.. Scenarios];

    [Theory]
    [MemberData(nameof(All))]
    public void Entries_are_those_of_redis_server(string scenario)
    {
        using var redis = new RedisNode();
        using var starling = new StarlingNode();
        Assert.Equal(Logged(redis, scenario), Logged(starling, scenario));
    }

    [Theory]
    [InlineData("SLOWLOG HELP")]
    [InlineData("SLOWLOG GET -2")]
    [InlineData("SLOWLOG GET abc")]
    [InlineData("SLOWLOG GET 1 2")]
    [InlineData("SLOWLOG GET")]
    [InlineData("SLOWLOG LEN")]
    [InlineData("SLOWLOG LEN 1")]
    [InlineData("SLOWLOG RESET")]
    [InlineData("SLOWLOG FOO")]
    [InlineData("SLOWLOG")]
    [InlineData("CONFIG HELP")]
    [InlineData("COMMAND GETKEYS SLOWLOG GET 1")]
    public void Replies_are_those_of_redis_server(string command)
    {
        using var redis = new RedisNode("--slowlog-log-slower-than", "-1");
        using var starling = new StarlingNode("--slowlog-log-slower-than", "-1");
        Assert.Equal(redis.Client.Command(command.Split(' ')).ToString(), starling.Client.Command(command.Split(' ')).ToString());
    }

    [Fact]
    public void A_command_faster_than_the_threshold_is_not_logged_and_a_slower_one_is_with_its_time()
    {
        using var node = new StarlingNode("--slowlog-log-slower-than", "100000");
        var client = node.Client;
        client.Command("SET", "key", "value");
        client.Command("DEBUG", "SLEEP", "0.2");
        client.Command("MULTI");
        client.Command("DEBUG", "SLEEP", "0.3");
        client.Command("EXEC");
        client.Command("GET", "key");
        var entries = client.Command("SLOWLOG", "GET").Elements;
        Assert.Equal(2, entries.Count);
        Assert.Equal(["DEBUG SLEEP 0.3", "DEBUG SLEEP 0.2"], entries.Select(entry => Words(entry.Elements[3])));
        Assert.InRange(entries[1].Elements[2].Integer, 200_000, 60_000_000);
        Assert.InRange(entries[0].Elements[2].Integer, 300_000, 60_000_000);
        Assert.Equal(client.Socket.LocalEndPoint!.ToString()!.Replace("[::ffff:", "", StringComparison.Ordinal).Replace("]", "", StringComparison.Ordinal),
            entries[0].Elements[4].Text);
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        Assert.InRange(entries[0].Elements[1].Integer, now - 120, now + 1);
    }

    [Fact]
    public void In_a_pipeline_the_slow_command_is_logged_and_not_its_neighbours()
    {
        using var node = new StarlingNode("--slowlog-log-slower-than", "-1");
        var client = node.Client;
        for (var i = 0; i < 200; i++)
            client.Command(["SADD", "set" + (i % 2), .. Enumerable.Range(i * 5000, 5000).Select(x => x.ToString(CultureInfo.InvariantCulture))]);
        client.Command("CONFIG", "SET", "slowlog-log-slower-than", "20000");
        client.Command("CONFIG", "RESETSTAT");
        byte[] pipeline =
        [
            .. SyncClient.Encode("SINTERSTORE", "a", "none", "set0"), .. SyncClient.Encode("SINTERSTORE", "b", "none", "set0"),
            .. SyncClient.Encode("SUNIONSTORE", "c", "set0", "set1"), .. SyncClient.Encode("SINTERSTORE", "d", "none", "set0"),
            .. SyncClient.Encode("GET", "a"), .. SyncClient.Encode("GET", "b"),
        ];
        AssertLogsAlone("SUNIONSTORE c set0 set1", client, pipeline, replies: 6);
    }

    [Fact]
    public void Large_values_in_a_pipeline_of_short_commands_are_measured_by_themselves()
    {
        using var node = new StarlingNode("--slowlog-log-slower-than", "-1");
        var client = node.Client;
        client.Command("SET", "large", new string('x', 200_000_000));
        client.Command("CONFIG", "SET", "slowlog-log-slower-than", "10000");
        AssertLogsAlone(
            "GET large", client, [.. SyncClient.Encode("GET", "a"), .. SyncClient.Encode("GET", "large"), .. SyncClient.Encode("GET", "b")], replies: 3);
    }

    [Fact]
    public void The_length_is_bounded_at_once_and_RESET_empties_the_log()
    {
        using var node = new StarlingNode("--slowlog-log-slower-than", "0", "--slowlog-max-len", "5");
        var client = node.Client;
        for (var i = 0; i < 20; i++) client.Command("PING");
        Assert.Equal(5, client.Command("SLOWLOG", "LEN").Integer);
        client.Command("CONFIG", "SET", "slowlog-max-len", "2");
        Assert.Equal(2, client.Command("SLOWLOG", "LEN").Integer);
        var newest = client.Command("SLOWLOG", "GET", "1").Elements[0].Elements[0].Integer;
        client.Command("CONFIG", "SET", "slowlog-log-slower-than", "-1");
        client.Command("SLOWLOG", "RESET");
        Assert.Equal(0, client.Command("SLOWLOG", "LEN").Integer);
        client.Command("CONFIG", "SET", "slowlog-log-slower-than", "0");
        client.Command("PING");
        Assert.True(client.Command("SLOWLOG", "GET", "1").Elements[0].Elements[0].Integer > newest);
        client.Command("CONFIG", "SET", "slowlog-max-len", "0");
        Assert.Equal(0, client.Command("SLOWLOG", "LEN").Integer);
    }

    [Fact]
    public void Work_that_a_command_waits_for_is_its_time()
    {
        using var node = new StarlingNode("--slowlog-log-slower-than", "0");
        node.Client.Command("SET", "key", "value");
        node.Client.Command("SLOWLOG", "RESET");
        node.Client.Command("SAVE");
        var logged = node.Client.Command("SLOWLOG", "GET").Elements;
        Assert.Equal(["SAVE", "SLOWLOG RESET"], logged.Select(entry => Words(entry.Elements[3])));
        var stats = node.Client.Info("commandstats");
        Assert.StartsWith("calls=1,", stats["cmdstat_save"], StringComparison.Ordinal);
        Assert.Contains($"usec={logged[0].Elements[2].Integer},", stats["cmdstat_save"], StringComparison.Ordinal);
    }

    [Fact]
    public void EXEC_counts_the_time_of_its_commands_too()
    {
        using var node = new StarlingNode();
        node.Client.Command("MULTI");
        node.Client.Command("DEBUG", "SLEEP", "0.1");
        node.Client.Command("EXEC");
        var usec = node.Client.Info("commandstats")["cmdstat_exec"].Split(',')[1]["usec=".Length..];
        Assert.InRange(long.Parse(usec, CultureInfo.InvariantCulture), 100_000, 60_000_000);
    }

    private static string Logged(TestNode node, string scenario)
    {
        using var client = new SyncClient(node.Port);
        node.Client.Command("CONFIG", "SET", "slowlog-log-slower-than", "0");
        node.Client.Command("SLOWLOG", "RESET");
        foreach (var command in scenario.Split("; ")) Say(client, command);
        var text = new StringBuilder();
        foreach (var entry in node.Client.Command("SLOWLOG", "GET", "-1").Elements.Reverse())
            text.Append(Words(entry.Elements[3])).Append(" by ").Append(entry.Elements[5].Text).Append('\n');
        return text.ToString();
    }

    private static void Say(SyncClient client, string command)
    {
        client.Send(command.Split(' ').Select(word => word == "~" ? "" : word[0] == '#' ? new string('x', int.Parse(word[1..], CultureInfo.InvariantCulture)) : word).ToArray());
        client.Receive();
    }

    /// <summary>
    /// Of a pipeline one command is logged. A machine that stalls makes any command slow: it must be so once in some tries, and one
    /// that is given its neighbours' time is never alone.
    /// </summary>
    private static void AssertLogsAlone(string slow, SyncClient client, byte[] pipeline, int replies)
    {
        string[] logged = [];
        for (var i = 0; i < 20 && !logged.SequenceEqual([slow]); i++)
        {
            client.Command("SLOWLOG", "RESET");
            client.SendRaw(pipeline);
            for (var reply = 0; reply < replies; reply++) client.Receive();
            logged = [.. client.Command("SLOWLOG", "GET").Elements.Select(entry => Words(entry.Elements[3]))];
        }

        Assert.Equal([slow], logged);
    }

    private static string Words(RespReply arguments) => string.Join(' ', arguments.Elements.Select(item => item.Text));
}
