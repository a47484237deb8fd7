using System.Text;
using System.Text.RegularExpressions;
using Starling.Node.Tests.Replication;

namespace Starling.Node.Tests.Serving;

public sealed partial class MonitorTests
{
    private static readonly string[] Scenarios =
    [
        "SET q 1; get q; SELECT 3; SET x ~; SELECT 0; FOO; GET; GET a b; INCR q; INCR q; GET q",
        "MULTI; SET a 1; GET a; BLPOP zz 0; EXEC; MULTI; SET a 1; DISCARD; EXEC; WATCH a; UNWATCH",
        "AUTH x; AUTH a b; AUTH a b c; HELLO 2 AUTH default y; MIGRATE 127.0.0.1 1 k 0 1 AUTH pp",
        "CONFIG SET timeout 0; CLIENT LIST; CLIENT SETNAME z; SLOWLOG LEN; COMMAND COUNT; PING; DEBUG SLEEP 0; INFO server; LATENCY LATEST",
        "SUBSCRIBE a; UNSUBSCRIBE a; RESET; PUBLISH a b; BLPOP none 0.01; LPUSH l 1; BLPOP l 0; CLIENT ID; TIME; DBSIZE; KEYS *; SCAN 0",
        "SELECT 5; MULTI; SELECT 6; SET a 1; EXEC; RESET; QUIT",
    ];

    private static readonly string[] OwnScenarios =
    [
        "PING; PING a; GET a; SET a a; ECHO x; CLIENT SETNAME n; CLIENT GETNAME; CLIENT NO-EVICT ON; COMMAND COUNT x; FOO",
        "SELECT 4; HELLO 2 SETNAME x AUTH a b; PING; CLIENT REPLY OFF; PING; CLIENT REPLY ON; PING; CLIENT REPLY SKIP; PING; PING",
        "MULTI; PING; EXEC; MULTI; DISCARD; EXEC; MULTI; GET a; EXEC",
    ];

    public static TheoryData<string> All => [.. Scenarios];

    public static TheoryData<string> Own => [.. OwnScenarios];

    [Theory]
    [MemberData(nameof(All))]
    public void Lines_are_those_of_redis_server(string scenario)
    {
        using var redis = new RedisNode();
        using var starling = new StarlingNode();
        Assert.Equal(Shown(redis, scenario), Shown(starling, scenario));
    }

    [Theory]
    [MemberData(nameof(Own))]
    public void Who_monitors_is_answered_and_shown_its_own_commands_as_by_redis_server(string scenario)
    {
        using var redis = new RedisNode();
        using var starling = new StarlingNode();
        Assert.Equal(ShownToItself(redis, scenario), ShownToItself(starling, scenario));
    }

    [Fact]
    public void Arguments_are_quoted_as_by_redis_server()
    {
        using var redis = new RedisNode();
        using var starling = new StarlingNode();
        var bytes = new byte[256];
        for (var i = 0; i < bytes.Length; i++) bytes[i] = (byte)i;
        byte[] command = [.. "*3\r\n$3\r\nSET\r\n$0\r\n\r\n$256\r\n"u8, .. bytes, .. "\r\n"u8];
        Assert.Equal(ShownOf(redis, command), ShownOf(starling, command));
    }

    [Fact]
    public void MONITOR_inside_MULTI_is_refused_and_a_second_one_is_not_answered()
    {
        using var redis = new RedisNode();
        using var starling = new StarlingNode();
        foreach (TestNode node in new TestNode[] { redis, starling })
        {
            using var client = new SyncClient(node.Port);
            client.Command("MULTI");
            client.Command("MONITOR");
            Assert.Equal("[(error) ERR MONITOR isn't allowed for DENY BLOCKING client]", client.Command("EXEC").ToString());
            Assert.Equal("PONG", client.Text("PING"));
            Assert.Equal("OK", client.Text("MONITOR"));
            client.Send("MONITOR");
            Assert.Equal("PONG", client.Text("PING"));
            Assert.EndsWith("] \"PING\"", client.Receive().Text, StringComparison.Ordinal);
            Assert.Contains(" flags=O ", node.Client.Text("CLIENT", "LIST"), StringComparison.Ordinal);
            Assert.Equal("ERR wrong number of arguments for 'monitor' command", client.Text("MONITOR", "x"));
        }
    }

    [Fact]
    public void RESET_ends_it()
    {
        using var node = new StarlingNode();
        using var client = new SyncClient(node.Port);
        client.Command("MONITOR");
        Assert.Equal("RESET", client.Text("RESET"));
        node.Client.Command("SET", "a", "b");
        Assert.Equal("b", client.Text("GET", "a"));
        Assert.DoesNotContain(" flags=O ", node.Client.Text("CLIENT", "LIST"), StringComparison.Ordinal);
    }

    [Fact]
    public void Commands_on_one_key_are_shown_in_their_order_whatever_their_threads()
    {
        using var node = new StarlingNode("--io-threads", "3");
        using var monitor = new SyncClient(node.Port);
        monitor.Command("MONITOR");
        var writers = Enumerable.Range(0, 4).Select(writer => new Thread(() =>
        {
            using var client = new SyncClient(node.Port);
            for (var i = 0; i < 300; i++) client.Command("RPUSH", "list", $"{writer}-{i}");
        })).ToArray();
        foreach (var writer in writers) writer.Start();
        foreach (var writer in writers) writer.Join();
        node.Client.Command("ECHO", "end");
        var shown = new List<string>();
        for (var line = monitor.Receive().Text!; !line.EndsWith("\"ECHO\" \"end\"", StringComparison.Ordinal); line = monitor.Receive().Text!)
            shown.Add(line.Split('"')[5]);
        Assert.Equal(node.Client.Command("LRANGE", "list", "0", "-1").Elements.Select(element => element.Text), shown);
    }

    [Fact]
    public void Who_does_not_read_what_it_monitors_holds_nobody_up_and_is_closed_at_its_limit()
    {
        using var node = new StarlingNode("--client-output-buffer-limit", "normal 4mb 0 0");
        using var monitor = new SyncClient(node.Port);
        monitor.Command("MONITOR");
        var value = new string('x', 100_000);
        SyncClient.WaitFor(
            () =>
            {
                node.Client.Command("SET", "key", value);
                return !node.Client.Text("CLIENT", "LIST")!.Contains(" flags=O ", StringComparison.Ordinal);
            },
            () => node.Client.Text("CLIENT", "LIST")!);
        Assert.Equal("1", node.Client.Info("stats")["client_output_buffer_limit_disconnections"]);
    }

    private static string Shown(TestNode node, string scenario)
    {
        using var monitor = new SyncClient(node.Port);
        using var client = new SyncClient(node.Port);
        monitor.Command("MONITOR");
        foreach (var command in scenario.Split("; "))
        {
            client.Send(command.Split(' ').Select(word => word == "~" ? "" : word).ToArray());
            client.Receive();
        }

        return LinesToTheEnd(node, monitor);
    }

    private static string ShownOf(TestNode node, byte[] command)
    {
        using var monitor = new SyncClient(node.Port);
        monitor.Command("MONITOR");
        node.Client.SendRaw(command);
        node.Client.Receive();
        return LinesToTheEnd(node, monitor);
    }

    private static string LinesToTheEnd(TestNode node, SyncClient monitor)
    {
        node.Client.Command("ECHO", "end");
        var lines = new StringBuilder();
        string line;
        do lines.Append(Normal(line = monitor.Receive().Text!)).Append('\n');
        while (!line.EndsWith("\"ECHO\" \"end\"", StringComparison.Ordinal));
        return lines.ToString();
    }

    private static string ShownToItself(TestNode node, string scenario)
    {
        using var client = new SyncClient(node.Port);
        client.Command("MONITOR");
        client.SendRaw([.. scenario.Split("; ").SelectMany(command => SyncClient.Encode(command.Split(' '))), .. SyncClient.Encode("ECHO", "end")]);
        var lines = new StringBuilder();
        string line;
        do lines.Append(Normal(line = client.Receive().ToString())).Append('\n');
        while (!line.EndsWith("\"ECHO\" \"end\"", StringComparison.Ordinal));
        return lines.ToString();
    }

    private static string Normal(string line) => OwnWords().Replace(Moment().Replace(line, "TIME [$1 ADDRESS]"), "");

    [GeneratedRegex(@"^\d{10}\.\d{6} \[(\d+) 127\.0\.0\.1:\d+\]")]
    private static partial Regex Moment();

    [GeneratedRegex(@"version, [0-9.]+|id, \d+")]
    private static partial Regex OwnWords();
}
