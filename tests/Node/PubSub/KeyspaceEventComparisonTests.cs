using System.Globalization;
using Starling.Node.Tests.Commands;
using Starling.Tests.Support;

namespace Starling.Node.Tests.PubSub;

/// <summary>The same random commands at this server and at redis-server: their keyspace events are to be the same.</summary>
public sealed class KeyspaceEventComparisonTests
{
    private const int CommandsPerSeed = 500;
    private const int Seeds = 6;
    private const string Mark = "__keymark";

    [Fact]
    public Task Events_of_string_and_generic_commands() => CompareAsync(seed => new CommandGenerator(seed));

    [Fact]
    public Task Events_of_list_commands() => CompareAsync(seed => new ListCommandGenerator(seed));

    [Fact]
    public Task Events_of_hash_commands() => CompareAsync(seed => new HashCommandGenerator(seed));

    [Fact]
    public Task Events_of_set_commands() => CompareAsync(seed => new SetCommandGenerator(seed));

    [Fact]
    public Task Events_of_sorted_set_commands() => CompareAsync(seed => new SortedSetCommandGenerator(seed));

    [Fact]
    public Task Events_of_stream_commands() => CompareAsync(seed => new StreamCommandGenerator(seed));

    [Fact]
    public Task Events_of_geo_commands() => CompareAsync(seed => new GeoCommandGenerator(seed));

    [Fact]
    public Task Events_of_bit_commands() => CompareAsync(seed => new BitCommandGenerator(seed));

    [Fact]
    public Task Events_of_hyperloglog_commands() => CompareAsync(seed => new HyperLogLogGenerator(seed));

    [Fact]
    public Task Events_of_sort() => CompareAsync(seed => new SortCommandGenerator(seed));

    /// <summary>Keys that are read and are not there, or have expired.</summary>
    [Theory]
    [InlineData("GET none; MGET none none2 none; STRLEN none; GETRANGE none 0 1; GETDEL none; GETEX none PERSIST; SUBSTR none 0 1; LCS none none2")]
    [InlineData("EXISTS none none2; TTL none; PTTL none; TYPE none; TOUCH none; EXPIRETIME none; DUMP none; OBJECT ENCODING none; DEL none; EXPIRE none 1")]
    [InlineData("HGET none f; HGETALL none; HMGET none f; HLEN none; HEXISTS none f; HSCAN none 0; HRANDFIELD none; HDEL none f; HSTRLEN none f")]
    [InlineData("LLEN none; LRANGE none 0 1; LINDEX none 0; LPOS none a; LPOP none; LREM none 0 a; LSET none 0 a; RPOPLPUSH none none2")]
    [InlineData("SCARD none; SMEMBERS none; SISMEMBER none a; SRANDMEMBER none; SSCAN none 0; SINTER none none2; SUNION none none2; SINTERSTORE s none none2; SPOP none")]
    [InlineData("ZCARD none; ZSCORE none a; ZRANGE none 0 1; ZRANK none a; ZCOUNT none 0 1; ZSCAN none 0; ZUNION 2 none none2; ZUNIONSTORE z 2 none none2; ZPOPMIN none")]
    [InlineData("GETBIT none 1; BITCOUNT none; BITPOS none 1; PFCOUNT none; XLEN none; XRANGE none - +; XREAD STREAMS none 0; SETBIT new 1 1; INCR new; APPEND other a")]
    [InlineData("SET here 1; GET here; PEXPIREAT here 1; GET here; RENAME none none2; COPY none none2; MOVE none 1; SORT none; RESTORE here 0 x; GEOPOS none a")]
    public async Task Misses_and_new_keys_are_told_as_redis_server_tells_them(string script)
    {
        await using var starling = TestServer.Start();
        using var redis = ServerProcess.Start(ServerKind.Redis, "save ");
        List<string[]> commands = [.. script.Split("; ").Select(command => command.Split(' '))];
        var (expected, actual) = (Events(redis.Port, commands, "KEAmn"), Events(starling.Port, commands, "KEAmn"));
        for (var i = 0; i < commands.Count; i++) Assert.Equal((string.Join(' ', commands[i]), expected[i]), (string.Join(' ', commands[i]), actual[i]));
        Assert.Contains(expected, events => events.Contains("keymiss", StringComparison.Ordinal));
    }

    private static async Task CompareAsync(Func<int, ICommandGenerator> generators)
    {
        await using var starling = TestServer.Start(config => config.EnableDebugCommand = "yes");
        using var redis = ServerProcess.Start(ServerKind.Redis, "save ");
        var differences = new List<string>();
        for (var seed = 1; seed <= Seeds; seed++)
        {
            var generator = new TransactionMixer(generators(seed), seed);
            List<string[]> commands = [["FLUSHALL"], ["SELECT", "0"], ["DEBUG", "SET-ACTIVE-EXPIRE", "0"]];
            while (commands.Count < CommandsPerSeed) commands.AddRange(generator.Next());
            var classes = seed % 3 == 0 ? "KEg$lshzxet" : "KEAn";
            var (expected, actual) = (Events(redis.Port, commands, classes), Events(starling.Port, commands, classes));
            for (var i = 0; i < commands.Count; i++)
            {
                // When a consumer that reads or claims comes to be was changed by Redis 7.2.
                if (expected[i] == actual[i] || (expected[i] + actual[i]).Contains("xgroup-createconsumer", StringComparison.Ordinal)) continue;
                var all = commands.Take(i + 1).TakeLast(8).Select(command => string.Join(' ', command.Select(CommandText.Printable)));
                differences.Add($"seed {seed}, {string.Join("; ", all)}\n  redis-server: {expected[i]}\n  starling:     {actual[i]}");
            }
        }

        Assert.True(differences.Count == 0, string.Join("\n", differences.Take(20)) + $"\n{differences.Count} in all");
    }

    /// <summary>The events of each command, as text. Those of a transaction are its EXEC's.</summary>
    private static string[] Events(int port, List<string[]> commands, string classes)
    {
        using var caller = new RawConnection(port);
        using var subscriber = new RawConnection(port);
        caller.Call("CONFIG", "SET", "notify-keyspace-events", classes);
        subscriber.Call("PSUBSCRIBE", "__key*");
        var isTransaction = false;
        var told = new string[commands.Count];
        for (var i = 0; i < commands.Count; i++)
        {
            var reply = caller.Call(commands[i]);
            var name = commands[i][0].ToUpperInvariant();
            isTransaction = name == "MULTI" || (isTransaction && name is not ("EXEC" or "DISCARD"));
            told[i] = "";
            if (isTransaction || (name == "QUIT" && reply.Type == '+')) continue;
            caller.Call("PUBLISH", Mark, i.ToString(CultureInfo.InvariantCulture));
            told[i] = string.Join(", ", Read(subscriber));
        }

        caller.Call("CONFIG", "SET", "notify-keyspace-events", "");
        return told;
    }

    private static List<string> Read(RawConnection subscriber)
    {
        var events = new List<string>();
        while (true)
        {
            var message = subscriber.Read();
            if (message.Items[2].Text == Mark) return events;
            events.Add($"{CommandText.Printable(message.Items[2].Text!)}={CommandText.Printable(message.Items[3].Text!)}");
        }
    }
}
