using System.Globalization;
using Starling.Tests.Support;
using Xunit.Abstractions;

namespace Starling.Node.Tests.Commands;

/// <summary>
/// The same commands to redis-server and to this server: every reply must be the same, and so must the data afterwards.
/// STARLING_SEEDS ("from count") runs other seeds than the fixed few.
/// </summary>
public sealed class DifferentialTests(ITestOutputHelper output)
{
    private const int CommandsPerSeed = 3000;

    /// <summary>The directives that generators change, back to what they were.</summary>
    private static readonly string[][] UsualEncodings =
    [
        ["CONFIG", "SET", "list-max-listpack-size", "-2"],
        ["CONFIG", "SET", "set-max-intset-entries", "512"],
        ["CONFIG", "SET", "zset-max-listpack-entries", "128"],
        ["CONFIG", "SET", "hash-max-listpack-entries", "512"],
        ["CONFIG", "SET", "hash-max-listpack-value", "64"],
    ];

    [Fact]
    public Task Replies_equal_those_of_redis_server() => CompareAsync(seed => new CommandGenerator(seed));

    [Fact]
    public Task Replies_of_list_commands_equal_those_of_redis_server() =>
        CompareAsync(seed => new ListCommandGenerator(seed));

    [Fact]
    public Task Replies_of_hash_commands_equal_those_of_redis_server() =>
        CompareAsync(seed => new HashCommandGenerator(seed));

    [Fact]
    public Task Replies_of_sort_equal_those_of_redis_server() => CompareAsync(seed => new SortCommandGenerator(seed));

    [Fact]
    public Task Replies_of_bit_commands_equal_those_of_redis_server() => CompareAsync(seed => new BitCommandGenerator(seed));

    [Fact]
    public Task Replies_and_bytes_of_hyperloglogs_equal_those_of_redis_server() =>
        CompareAsync(seed => new HyperLogLogGenerator(seed));

    [Fact]
    public Task Replies_of_set_commands_equal_those_of_redis_server() => CompareAsync(seed => new SetCommandGenerator(seed));

    [Fact]
    public Task Replies_of_sorted_set_commands_equal_those_of_redis_server() =>
        CompareAsync(seed => new SortedSetCommandGenerator(seed));

    [Fact]
    public Task Replies_of_geo_commands_equal_those_of_redis_server() => CompareAsync(seed => new GeoCommandGenerator(seed));

    [Fact]
    public Task Replies_of_stream_commands_equal_those_of_redis_server() =>
        CompareAsync(seed => new StreamCommandGenerator(seed));

    private async Task CompareAsync(Func<int, ICommandGenerator> generators)
    {
        await using var starling = TestServer.Start(config => config.EnableDebugCommand = "yes");
        using var redis = ServerProcess.Start(ServerKind.Redis, "save ");
        using var expected = new RawConnection(redis.Port);
        using var actual = new RawConnection(starling.Port);
        var (first, count) = Seeds();
        for (var seed = first; seed < first + count; seed++)
        {
            var difference = Difference(seed, generators(seed), expected, actual);
            if (difference is null) continue;
            output.WriteLine(difference);
            Assert.Fail(difference);
        }
    }

    private static (int First, int Count) Seeds()
    {
        var seeds = Environment.GetEnvironmentVariable("STARLING_SEEDS")?.Split(' ');
        return seeds is null
            ? (1, 5)
            : (int.Parse(seeds[0], CultureInfo.InvariantCulture), int.Parse(seeds[1], CultureInfo.InvariantCulture));
    }

    private static string? Difference(int seed, ICommandGenerator generator, RawConnection expected, RawConnection actual)
    {
        List<string[]> history = [["FLUSHALL"], ["SELECT", "0"], ["DEBUG", "SET-ACTIVE-EXPIRE", "0"]];
        while (history.Count < CommandsPerSeed) history.AddRange(generator.Next());
        for (var database = 0; database < 4; database++)
        {
            history.AddRange([["SELECT", database.ToString(CultureInfo.InvariantCulture)], ["DBSIZE"], ["KEYS", "*"]]);
            foreach (var key in generator.AllKeys) history.AddRange(generator.Show(key));
        }

        history.Add(["DEBUG", "DIGEST"]);
        history.AddRange(UsualEncodings);
        var expectedReplies = expected.CallAll(history);
        var actualReplies = actual.CallAll(history);
        for (var i = 0; i < history.Count; i++)
        {
            if (!ReplyComparison.AreEqual(history[i], expectedReplies[i], actualReplies[i]))
                return ReplyComparison.Describe(seed, history, i, expectedReplies[i], actualReplies[i]);
        }

        return null;
    }
}
