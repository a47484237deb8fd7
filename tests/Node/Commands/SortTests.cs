using System.Globalization;
using Starling.Node.Tests.Replication;
using Starling.Tests.Support;

namespace Starling.Node.Tests.Commands;

/// <summary>SORT and SORT_RO beyond what the differential tests send: numbers, other keys, events' neighbours.</summary>
public sealed class SortTests
{
    private static readonly string Zeros = new('0', 400);

    /// <summary>Numbers at the edges of the range, in text.</summary>
    private static readonly string[] EdgeNumbers =
    [
        "1e308", "1.7976931348623157e308", "1.7976931348623158e308", "1.7976931348623159e308", "1.8e308", "-1e309", "1e999", "1e99999999999999999999",
        "0x1.fffffffffffff7p1023", "0x1.fffffffffffff8p1023", "0x1p1024", "0x1p99999999999999999999", "2.2250738585072014e-308", "1e-307", "1e-310",
        "5e-324", "2e-324", "1e-99999999999999999999", "0x1p-1074", "0x1p-1075", "0x3p-1075", "0x1.8p-1074", "0x0.8p-1073", "0x1.0000000000001p-1023",
        "0x0p-99999", "0e99999999999999999999", "0." + Zeros + "1e400", "0." + Zeros + "1e401", "1" + Zeros + "e-400", "1" + Zeros, "0x1" + Zeros,
        "0x1" + Zeros + "p-1600", "0x0." + Zeros + "1p1604", SmallestSubnormal, SmallestSubnormal + "0", SmallestSubnormal + "1", "0" + SmallestSubnormal,
        "0x1.00000000000008p0", "0x1.000000000000080000000000000001p0", "9007199254740993", "9007199254740993.00000000000000000000001", "0.1", "-0x.8p1",
    ];

    /// <summary>2^-1074, to the last digit.</summary>
    private static string SmallestSubnormal =>
        "0." + System.Numerics.BigInteger.Pow(5, 1074).ToString(CultureInfo.InvariantCulture).PadLeft(1074, '0');

    [Fact]
    public async Task Numbers_at_the_edges_of_the_range_are_read_and_ordered_as_redis_server_does()
    {
        await using var starling = TestServer.Start();
        using var redis = ServerProcess.Start(ServerKind.Redis, "save ");
        var taken = new List<string>();
        foreach (var number in EdgeNumbers)
        {
            // A connection each: redis-server takes an error of the number before for one of the next.
            using var expected = new RawConnection(redis.Port);
            using var actual = new RawConnection(starling.Port);
            string[][] commands = [["DEL", "n"], ["RPUSH", "n", number], ["SORT", "n"]];
            var replies = expected.CallAll(commands);
            Assert.Equal((number, replies[2].ToString()), (number, actual.CallAll(commands)[2].ToString()));
            if (replies[2].Type == '*') taken.Add(number);
        }

        using var last = new RawConnection(redis.Port);
        using var ours = new RawConnection(starling.Port);
        Assert.InRange(taken.Count, EdgeNumbers.Length / 2, EdgeNumbers.Length - 10);
        List<string[]> all = [["DEL", "n"], ["RPUSH", "n", .. taken], ["SORT", "n"]];
        Assert.Equal(last.CallAll(all)[2].ToString(), ours.CallAll(all)[2].ToString());
    }

    [Fact]
    public async Task A_cluster_sorts_without_patterns_as_redis_server_does()
    {
        using var theirs = ServerProcess.StartClusterNode(ServerKind.Redis);
        await using var ours = TestServer.Start(config => (config.ClusterEnabled, config.Databases, config.Port, config.ClusterNodeTimeout) = (true, 1, Ports.Take(), 2000));
        using var expected = new RawConnection(theirs.Port);
        using var actual = new RawConnection(ours.Port);
        foreach (var connection in new[] { expected, actual })
        {
            connection.Call("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
            while (!connection.Call("CLUSTER", "INFO").Text!.Contains("cluster_state:ok", StringComparison.Ordinal)) connection.Call("PING");
        }

        string[] lines =
        [
            "RPUSH {a}l 3 1 2", "SET {a}s x", "SORT {a}l", "SORT {a}l BY nosort DESC", "SORT {a}l bogus GET #", "SORT {a}l LIMIT x 1 GET #",
            "SORT {a}s", "SORT {a}l STORE {a}m", "SORT {a}l STORE b", "SORT {a}l BY nosort STORE {a}m DESC", "LRANGE {a}m 0 -1",
        ];
        foreach (var line in lines)
            Assert.Equal((line, expected.Call(line.Split(' ')).ToString()), (line, actual.Call(line.Split(' ')).ToString()));
    }

    /// <summary>As since 7.4; 7.0 denied them all.</summary>
    [Fact]
    public async Task In_a_cluster_patterns_lead_to_keys_of_the_sorted_ones_slot_only()
    {
        await using var server = TestServer.Start(
            config => (config.ClusterEnabled, config.Databases, config.Port, config.ClusterNodeTimeout) = (true, 1, Ports.Take(), 2000));
        using var client = new RawConnection(server.Port);
        client.Call("CLUSTER", "ADDSLOTSRANGE", "0", "16383");
        while (!client.Call("CLUSTER", "INFO").Text!.Contains("cluster_state:ok", StringComparison.Ordinal)) client.Call("PING");
        string[] lines =
        [
            "RPUSH {a}l 3 1 2", "MSET {a}w1 20 {a}w2 30 {a}w3 10 {a}o1 x {a}o2 y {a}o3 z", "HSET {a}h3 {b} f", "RPUSH a 1", "SET {a}s x",
        ];
        foreach (var line in lines) client.Call(line.Split(' '));

        (string Line, string Reply)[] served =
        [
            ("SORT {a}l BY {a}w*", "3 1 2"), ("SORT {a}l BY {a}w* GET #", "3 1 2"), ("SORT_RO {a}l BY {a}w* GET {a}o* GET #", "z 3 x 1 y 2"),
            ("SORT {a}l GET {a}h*->{b} LIMIT 2 1", "f"), ("SORT a BY {a}w* GET {a}o*", "x"), ("SORT {a}l BY nosort GET a LIMIT 0 1", ""),
        ];
        foreach (var (line, reply) in served)
            Assert.Equal((line, reply), (line, string.Join(' ', client.Call(line.Split(' ')).Items.Select(item => item.Text))));

        (string Line, string Option)[] denied =
        [
            ("SORT {a}l BY w*", "BY"), ("SORT {a}l BY {b}w*", "BY"), ("SORT {a}l BY {a*}", "BY"), ("SORT {a}l BY *{a}", "BY"),
            ("SORT {a}l BY {}{a}*", "BY"),
            ("SORT_RO {a}l BY {a}w* GET o*", "GET"), ("SORT {a}l GET x", "GET"), ("SORT {a}l GET *->{a}", "GET"), ("SORT {a}s BY w*", "BY"),
        ];
        foreach (var (line, option) in denied)
        {
            Assert.Equal(
                (line, $"ERR {option} option of SORT denied in Cluster mode when keys formed by the pattern may be in different slots."),
                (line, client.Call(line.Split(' ')).Text));
        }
    }

    [Fact]
    public async Task Expired_keys_that_by_and_get_come_upon_go_as_in_redis_server()
    {
        await using var starling = TestServer.Start(config =>
        {
            config.EnableDebugCommand = "yes";
            config.ReplDisklessSyncDelay = 0;
        });
        using var redis = ServerProcess.Start(ServerKind.Redis, "save ", "repl-diskless-sync-delay 0");
        Assert.Equal(ObserveExpired(redis.Port), ObserveExpired(starling.Port));
    }

    [Fact]
    public async Task Sort_by_sees_the_weights_of_all_slots_as_of_one_moment()
    {
        const int rounds = 400;
        await using var server = TestServer.Start(config => config.IoThreads = 2);
        var sorter = await server.ConnectAsync();
        var writer = await server.ConnectAsync();
        var names = Enumerable.Range(0, 50).Select(Text).ToArray();
        string[] rising = ["MSET", .. names.SelectMany((name, i) => new[] { "w" + name, Text(i) })];
        string[] falling = ["MSET", .. names.SelectMany((name, i) => new[] { "w" + name, Text(-i) })];
        await sorter.CallAsync(["RPUSH", "l", .. names]);
        await writer.CallAsync(rising);
        var writing = Task.Run(async () =>
        {
            for (var i = 0; i < rounds; i++) await writer.CallAsync(i % 2 == 0 ? falling : rising);
        });
        var up = $"[{string.Join(", ", names)}]";
        var down = $"[{string.Join(", ", names.Reverse())}]";
        while (!writing.IsCompleted) Assert.Contains(await sorter.TextAsync("SORT_RO", "l", "BY", "w*"), new[] { up, down });
        await writing;
    }

    [Theory]
    [InlineData("SORT", "l", "BY", "w*", "GET", "o*", "STORE", "d")]
    [InlineData("SORT", "l", "STORE", "store", "DESC")]
    public async Task In_a_transaction_sort_may_touch_keys_of_any_slot(params string[] sort)
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.CallAsync("RPUSH", "l", "1", "2", "3");
        await client.CallAsync("MSET", "w1", "3", "w2", "2", "w3", "1", "o1", "a", "o2", "b", "o3", "c");
        await client.CallAsync("MULTI");
        await client.CallAsync(sort);
        await client.CallAsync("GET", "w1");
        Assert.Equal("[(integer) 3, 3]", await client.TextAsync("EXEC"));
        Assert.Equal(
            sort.Length > 6 ? "[c, b, a]" : "[3, 2, 1]", await client.TextAsync("LRANGE", sort.Length > 6 ? "d" : "store", "0", "-1"));
    }

    [Fact]
    public async Task A_client_that_waits_is_served_by_what_sort_stores()
    {
        await using var server = TestServer.Start();
        var waiter = await server.ConnectAsync();
        var client = await server.ConnectAsync();
        await client.CallAsync("RPUSH", "l", "2", "1");
        await waiter.SendAsync(TestClient.Encode("BLPOP", "d", "0"));
        await Eventually.True(() => server.Node.Waiters.Count == 1);
        Assert.Equal("(integer) 2", await client.TextAsync("SORT", "l", "STORE", "d"));
        Assert.Equal("[d, 1]", (await waiter.ReadAsync()).ToString());
        Assert.Equal("[2]", await client.TextAsync("LRANGE", "d", "0", "-1"));
    }

    [Fact]
    public async Task A_long_list_can_be_sorted_into_itself()
    {
        const int count = 20_000;
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        var numbers = Enumerable.Range(0, count).Select(i => i * 7919 % count).ToArray();
        await client.CallAsync(["RPUSH", "l", .. numbers.Select(Text)]);
        Assert.Equal("(integer) 20000", await client.TextAsync("SORT", "l", "STORE", "l", "DESC"));
        var expected = string.Join(", ", Enumerable.Range(0, count).Reverse().Select(Text));
        Assert.Equal($"[{expected}]", await client.TextAsync("LRANGE", "l", "0", "-1"));
    }

    [Theory]
    [MemberData(nameof(ReplicationPairTests.Pairs), MemberType = typeof(ReplicationPairTests))]
    public void A_replica_stores_what_its_master_has_sorted(bool masterIsRedis, bool replicaIsRedis)
    {
        const int seed = 7;
        using var master = TestNode.Start(masterIsRedis, "--enable-debug-command", "yes");
        using var replica = TestNode.Start(replicaIsRedis, "--enable-debug-command", "yes");
        replica.ReplicaOf(master);
        replica.WaitForLink();
        using var client = new RawConnection(master.Port);
        var generator = new SortCommandGenerator(seed);
        var commands = new List<string[]>();
        while (commands.Count < 2000) commands.AddRange(generator.Next().Where(x => x[0] != "FLUSHALL"));
        client.CallAll(commands);
        replica.WaitForOffsetOf(master);
        Assert.NotEqual("0", master.Text("DBSIZE"));
        Assert.Equal(master.Text("DEBUG", "DIGEST"), replica.Text("DEBUG", "DIGEST"));
    }

    /// <summary>Replies, hits and misses, and what replicas are told.</summary>
    private static string ObserveExpired(int port)
    {
        using var client = new RawConnection(port);
        using var replica = new ReplicaStream(port);
        client.CallAll(
        [
            ["DEBUG", "SET-ACTIVE-EXPIRE", "0"], ["RPUSH", "l", "1", "2", "3", "4"], ["MSET", "w2", "0", "w3", "x", "o2", "b"], ["RPUSH", "o3", "x"],
            ["SET", "w1", "9", "PX", "1"], ["SET", "w4", "-1"], ["SET", "o1", "a", "PX", "1"], ["SET", "d", "x", "PX", "1"],
        ]);
        var due = TimeProvider.System.GetUtcNow().AddMilliseconds(5);
        while (TimeProvider.System.GetUtcNow() < due) client.Call("PING");
        List<string[]> commands =
        [
            ["CONFIG", "RESETSTAT"], ["SET", "marker", "begin"], ["SORT", "l", "BY", "w*", "ALPHA", "GET", "o*", "GET", "#", "GET", "none", "STORE", "d"],
            ["LRANGE", "d", "0", "-1"], ["DBSIZE"], ["SORT_RO", "l", "BY", "w*"], ["SORT_RO", "l", "BY", "o*->f", "LIMIT", "1", "2"], ["SORT", "none", "STORE", "d"],
            ["SORT", "none", "STORE", "d"], ["SET", "marker", "end"],
        ];
        var replies = client.CallAll(commands);
        var stats = client.Call("INFO", "stats").Text!.Split("\r\n").Where(x => x.StartsWith("keyspace_", StringComparison.Ordinal) || x.StartsWith("expired_keys", StringComparison.Ordinal));
        replica.ReadTo("begin");
        var stream = replica.ReadTo("end").Select(CommandText.Printable);
        return string.Join('\n', [.. replies.Select(x => x.ToString()), .. stats, .. stream]);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
