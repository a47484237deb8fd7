using System.Globalization;
using Starling.Tests.Support;

namespace Starling.Node.Tests.Commands;

/// <summary>What commands send to replicas, compared with redis-server command by command.</summary>
public sealed class EffectTests
{
    private const long ClockToleranceMilliseconds = 30_000;
    private const long FirstTimestamp = 1_500_000_000_000;

    [Fact]
    public Task Effects_equal_those_of_redis_server() => CompareAsync(seed => new CommandGenerator(seed));

    [Fact]
    public Task Effects_of_list_commands_equal_those_of_redis_server() =>
        CompareAsync(seed => new ListCommandGenerator(seed));

    [Fact]
    public Task Effects_of_sorted_set_commands_equal_those_of_redis_server() =>
        CompareAsync(seed => new SortedSetCommandGenerator(seed));

    [Fact]
    public Task Effects_of_geo_commands_equal_those_of_redis_server() => CompareAsync(seed => new GeoCommandGenerator(seed));

    [Fact]
    public Task Effects_of_sort_equal_those_of_redis_server() => CompareAsync(seed => new SortCommandGenerator(seed));

    [Fact]
    public Task Effects_of_bit_commands_equal_those_of_redis_server() => CompareAsync(seed => new BitCommandGenerator(seed));

    [Fact]
    public Task Effects_of_hyperloglogs_equal_those_of_redis_server() => CompareAsync(seed => new HyperLogLogGenerator(seed));

    [Fact]
    public Task Effects_of_set_commands_equal_those_of_redis_server() => CompareAsync(seed => new SetCommandGenerator(seed));

    /// <summary>But for what consumers read: older versions forget to tell some of it.</summary>
    [Fact]
    public Task Effects_of_stream_commands_equal_those_of_redis_server() =>
        CompareAsync(seed => new StreamCommandGenerator(seed, withGroups: false));

    /// <summary>Where the server deletes by itself, and where a command only says that it is time.</summary>
    [Theory]
    [InlineData("lazyfree-lazy-expire", "yes")]
    [InlineData("lazyfree-lazy-expire", "no")]
    [InlineData("lazyfree-lazy-server-del", "yes")]
    [InlineData("lazyfree-lazy-user-del", "yes")]
    public async Task Deletions_go_out_as_lazily_as_those_of_redis_server(string directive, string value)
    {
        await using var starling = TestServer.Start(config =>
        {
            config.EnableDebugCommand = "yes";
            config.ReplDisklessSyncDelay = 0;
        });
        using var redis = ServerProcess.Start(ServerKind.Redis, "save ", "repl-diskless-sync-delay 0");
        var expected = Deletions(redis.Port, directive, value);

        // Later versions do so; 7.0 leaves this one out.
        if (directive == "lazyfree-lazy-server-del")
            expected = expected.Replace("\"DEL\" \"restored\"", "\"UNLINK\" \"restored\"", StringComparison.Ordinal);
        Assert.Equal(expected, Deletions(starling.Port, directive, value));
    }

    /// <summary>A replica makes a consumer by the XCLAIM that it executes.</summary>
    [Fact]
    public async Task Consumers_are_told_of_by_what_they_claim_and_otherwise_by_themselves()
    {
        await using var server = TestServer.Start(config => config.ReplDisklessSyncDelay = 0);
        using var client = new RawConnection(server.Port);
        using var stream = new ReplicaStream(server.Port);
        client.CallAll(
        [
            ["XADD", "s", "1-0", "a", "1"], ["XGROUP", "CREATE", "s", "g", "0"], ["SET", "marker", "begin"],
            ["XREADGROUP", "GROUP", "g", "claims", "STREAMS", "s", ">"], ["XREADGROUP", "GROUP", "g", "finds-none", "STREAMS", "s", ">"],
            ["XREADGROUP", "GROUP", "g", "reads-again", "STREAMS", "s", "0"], ["XADD", "s", "2-0", "a", "1"],
            ["XREADGROUP", "GROUP", "g", "needs-no-ack", "NOACK", "STREAMS", "s", ">"], ["SET", "marker", "end"],
        ]);
        stream.ReadTo("begin");
        string[] expected =
        [
            "XCLAIM s g claims", "XGROUP SETID s g", "XGROUP CREATECONSUMER s g finds-none", "XGROUP CREATECONSUMER s g reads-again",
            "XADD s 2-0 a", "XGROUP CREATECONSUMER s g needs-no-ack", "XGROUP SETID s g",
        ];
        Assert.Equal(
            expected,
            stream.ReadTo("end").Where(command => command.Length > 1)
                .Select(command => string.Join(' ', command.Take(command[1] == "CREATECONSUMER" ? 5 : 4))));
    }

    private static string Deletions(int port, string directive, string value)
    {
        using var client = new RawConnection(port);
        using var stream = new ReplicaStream(port);
        client.CallAll([["CONFIG", "SET", directive, value], ["DEBUG", "SET-ACTIVE-EXPIRE", "0"], ["SET", "restored", "x"], ["SET", "k", "x", "PX", "1"]]);
        var dump = client.Call("DUMP", "restored").Text!;
        var due = TimeProvider.System.GetUtcNow().AddMilliseconds(5);
        while (TimeProvider.System.GetUtcNow() < due) client.Call("PING");
        client.CallAll(
        [
            ["SET", "marker", "begin"], ["GET", "k"], ["SET", "a", "x"], ["EXPIRE", "a", "-1"], ["SET", "b", "x"], ["GETEX", "b", "EXAT", "1"],
            ["RESTORE", "restored", "1", dump, "REPLACE", "ABSTTL"], ["SET", "c", "x"], ["DEL", "c"], ["SET", "d", "x"], ["UNLINK", "d"], ["RPUSH", "e", "x"],
            ["LPOP", "e"], ["RPUSH", "f", "x"], ["SORT", "none", "STORE", "f"], ["SET", "marker", "end"],
        ]);
        stream.ReadTo("begin");
        return string.Join('\n', stream.ReadTo("end").Select(CommandText.Printable));
    }

    private static async Task CompareAsync(Func<int, ICommandGenerator> generators)
    {
        await using var starling = TestServer.Start(config =>
        {
            config.EnableDebugCommand = "yes";
            config.ReplDisklessSyncDelay = 0;
        });
        using var redis = ServerProcess.Start(ServerKind.Redis, "save ", "repl-diskless-sync-delay 0");
        using var expectedClient = new RawConnection(redis.Port);
        using var actualClient = new RawConnection(starling.Port);
        using var expected = new ReplicaStream(redis.Port);
        using var actual = new ReplicaStream(starling.Port);
        var (first, count) = Seeds();
        for (var seed = first; seed < first + count; seed++)
        {
            var generator = generators(seed);
            List<string[]> batch = [["DEBUG", "SET-ACTIVE-EXPIRE", "0"], ["FLUSHALL"], ["SELECT", "0"]];
            for (var i = 0; i < 1500; i++)
            {
                // One command, then a marker: a difference names its command.
                var commands = generator.Next().ToList();
                batch.AddRange(commands);
                var marker = string.Create(CultureInfo.InvariantCulture, $"marker-{seed}-{i}");
                batch.Add(["SET", "marker", marker]);
            }

            expectedClient.CallAll(batch);
            actualClient.CallAll(batch);
            Compare(seed, batch, expected, actual);
        }
    }

    private static (int First, int Count) Seeds()
    {
        var seeds = Environment.GetEnvironmentVariable("STARLING_SEEDS")?.Split(' ');
        return seeds is null
            ? (1, 3)
            : (int.Parse(seeds[0], CultureInfo.InvariantCulture), int.Parse(seeds[1], CultureInfo.InvariantCulture));
    }

    private static void Compare(int seed, List<string[]> batch, ReplicaStream expected, ReplicaStream actual)
    {
        var start = 0;
        for (var i = 0; i < batch.Count; i++)
        {
            if (batch[i] is not ["SET", "marker", var marker]) continue;
            var wanted = expected.ReadTo(marker);
            var got = actual.ReadTo(marker);
            if (!AreEqual(wanted, got))
            {
                Assert.Fail(string.Create(CultureInfo.InvariantCulture, $"""
                    seed {seed}, commands
                      {string.Join("\n  ", batch.Skip(Math.Max(0, start - 12)).Take(i - Math.Max(0, start - 12)).Select(CommandText.Printable))}
                    redis-server sent
                      {string.Join("\n  ", wanted.Select(CommandText.Printable))}
                    starling sent
                      {string.Join("\n  ", got.Select(CommandText.Printable))}
                    """));
            }

            start = i + 1;
        }
    }

    private static bool AreEqual(List<string[]> expected, List<string[]> actual) =>
        expected.Count == actual.Count && expected.Zip(actual).All(pair => AreEqual(pair.First, Rewritten(pair.Second)));

    /// <summary>
    /// SET with PXAT goes out as it came since Redis 7.2, rewritten in the 7.0 that this is compared with.
    /// </summary>
    private static string[] Rewritten(string[] command)
    {
        var at = Array.FindLastIndex(command, word => word.Equals("pxat", StringComparison.OrdinalIgnoreCase));
        return command[0].Equals("set", StringComparison.OrdinalIgnoreCase) && at > 2
            ? ["SET", command[1], command[2], "PXAT", command[at + 1]]
            : command;
    }

    private static bool AreEqual(string[] expected, string[] actual) =>
        expected.Length == actual.Length
        && expected[0].Equals(actual[0], StringComparison.OrdinalIgnoreCase)
        && expected.Zip(actual).Skip(1).All(pair => pair.First == pair.Second || AreNear(pair.First, pair.Second));

    /// <summary>Expiries that each server computed from its own clock.</summary>
    private static bool AreNear(string expected, string actual) =>
        long.TryParse(expected, NumberStyles.None, CultureInfo.InvariantCulture, out var first)
        && long.TryParse(actual, NumberStyles.None, CultureInfo.InvariantCulture, out var second)
        && first >= FirstTimestamp && Math.Abs(first - second) <= ClockToleranceMilliseconds;
}
