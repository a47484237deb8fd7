using System.Globalization;
using Starling.Tests.Support;
using Xunit.Abstractions;

namespace Starling.Node.Tests.Commands;

/// <summary>
/// The same commands to redis-server and to this server: every reply must be the same, and so must the data afterwards. Every
/// other seed speaks RESP3. STARLING_DIFFERENTIAL_COMMANDS is the number of commands of each type (15,000 unless told),
/// STARLING_SEEDS ("from count") names the seeds instead, of 3,000 commands each.
/// </summary>
public sealed class DifferentialTests(ITestOutputHelper output)
{
    private const int CommandsPerSeed = 3000;
    private const int UsualCommands = 15_000;
    private const int MostDifferences = 20;

    /// <summary>The directives that generators change, back to what they were.</summary>
    private static readonly string[][] UsualEncodings =
    [
        ["CONFIG", "SET", "list-max-listpack-size", "-2"],
        ["CONFIG", "SET", "set-max-intset-entries", "512"],
        ["CONFIG", "SET", "list-compress-depth", "0"],
        ["CONFIG", "SET", "stream-node-max-entries", "100"],
        ["CONFIG", "SET", "stream-node-max-bytes", "4096"],
        ["CONFIG", "SET", "hll-sparse-max-bytes", "3000"],
        ["CONFIG", "SET", "zset-max-listpack-entries", "128"],
        ["CONFIG", "SET", "zset-max-listpack-value", "64"],
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
    public Task Replies_of_sort_equal_those_of_redis_server() =>
        CompareAsync(seed => new SortCommandGenerator(seed), hasTransactions: true);

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

    [Fact]
    public Task Replies_of_scripts_equal_those_of_redis_server() => CompareAsync(seed => new ScriptCommandGenerator(seed));

    [Fact]
    public async Task Replies_of_every_command_of_the_table_equal_those_of_redis_server()
    {
        using var redis = ServerProcess.Start(ServerKind.Redis, "save ");
        using var connection = new RawConnection(redis.Port);
        var table = TableCommand.Read(connection);
        Assert.True(table.Count > 150, $"only {table.Count} commands");
        await CompareAsync(seed => new TableCommandGenerator(seed, table));
    }

    private async Task CompareAsync(Func<int, ICommandGenerator> generators, bool hasTransactions = false)
    {
        await using var starling = TestServer.Start(config => config.EnableDebugCommand = "yes");
        using var redis = ServerProcess.Start(ServerKind.Redis, "save ");
        using var expected = new RawConnection(redis.Port);
        using var actual = new RawConnection(starling.Port);
        var (first, count) = Seeds();
        var differences = new List<string>();
        for (var seed = first; seed < first + count && differences.Count < MostDifferences; seed++)
        {
            var generator = hasTransactions ? generators(seed) : new TransactionMixer(generators(seed), seed);
            if (Difference(seed, generator, expected, actual) is { } difference) differences.Add(difference);
        }

        var all = string.Join("\n\n", differences);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"seeds {first} to {first + count - 1}, {CommandsPerSeed} commands each, {differences.Count} differ\n{all}"));
        Assert.True(differences.Count == 0, all);
    }

    private static (int First, int Count) Seeds()
    {
        if (Environment.GetEnvironmentVariable("STARLING_SEEDS")?.Split(' ') is { } seeds)
            return (int.Parse(seeds[0], CultureInfo.InvariantCulture), int.Parse(seeds[1], CultureInfo.InvariantCulture));
        var commands = Environment.GetEnvironmentVariable("STARLING_DIFFERENTIAL_COMMANDS") is { Length: > 0 } number
            ? int.Parse(number, CultureInfo.InvariantCulture)
            : UsualCommands;
        return (1, (commands + CommandsPerSeed - 1) / CommandsPerSeed);
    }

    private static string? Difference(int seed, ICommandGenerator generator, RawConnection expected, RawConnection actual)
    {
        List<string[]> history = [["HELLO", seed % 2 == 0 ? "3" : "2"], ["FLUSHALL"], ["SELECT", "0"], ["DEBUG", "SET-ACTIVE-EXPIRE", "0"]];
        while (history.Count < CommandsPerSeed) history.AddRange(generator.Next());
        for (var database = 0; database < 4; database++)
        {
            history.AddRange([["SELECT", database.ToString(CultureInfo.InvariantCulture)], ["DBSIZE"], ["KEYS", "*"]]);
            foreach (var key in generator.AllKeys) history.AddRange(generator.Show(key));
        }

        history.Add(["DEBUG", "DIGEST"]);
        history.AddRange(UsualEncodings);
        return FirstDifference(seed, history, expected.CallAll(history), actual.CallAll(history));
    }

    private static string? FirstDifference(int seed, List<string[]> history, RawReply[] expected, RawReply[] actual)
    {
        List<string[]> queued = [];
        for (var i = 0; i < history.Count; i++)
        {
            var name = history[i][0].ToUpperInvariant();
            var areEqual = name == "EXEC"
                ? ReplyComparison.AreEqual(queued, expected[i], actual[i])
                : ReplyComparison.AreEqual(history[i], expected[i], actual[i]);
            if (!areEqual) return ReplyComparison.Describe(seed, history, i, expected[i], actual[i]);
            if (name is "MULTI" or "EXEC" or "DISCARD" && expected[i].Type != '-') queued.Clear();
            if (expected[i] is { Type: '+', Text: "QUEUED" }) queued.Add(history[i]);
        }

        return null;
    }
}
