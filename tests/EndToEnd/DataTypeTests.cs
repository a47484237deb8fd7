using System.Globalization;
using FreeRedis;
using StackExchange.Redis;
using Starling.Tests.Support;

namespace Starling.EndToEnd.Tests;

/// <summary>Programs of others use every type as they would with redis-server.</summary>
public class DataTypeTests
{
    [Fact]
    public void Redis_py_uses_every_type()
    {
        using var server = ServerProcess.Start(ServerKind.Starling, "save ");
        var script = Path.Combine(AppContext.BaseDirectory, "PythonClients/redis_py_types.py");
        var (exitCode, output) = ProgramRun.Run("/usr/bin/python3", [script, Text(server.Port)]);
        Assert.True(exitCode == 0, output);
    }

    [Fact]
    public void Redis_py_subscribes_and_publishes()
    {
        using var server = ServerProcess.Start(ServerKind.Starling, "save ", "io-threads 2");
        var script = Path.Combine(AppContext.BaseDirectory, "PythonClients/redis_py_pubsub.py");
        var (exitCode, output) = ProgramRun.Run("/usr/bin/python3", [script, Text(server.Port)]);
        Assert.True(exitCode == 0, output);
    }

    [Fact]
    public void Ioredis_uses_every_type()
    {
        var clients = Path.Combine(Executables.RepositoryRoot, "tests/EndToEnd/NodeClients");
        var (installed, installation) = ProgramRun.Run(Executables.Find("npm"), ["ci", "--no-audit", "--no-fund"], folder: clients);
        Assert.True(installed == 0, installation);
        using var server = ServerProcess.Start(ServerKind.Starling, "save ");
        var (exitCode, output) = ProgramRun.Run(Executables.Find("node"), ["ioredis-types.mjs", Text(server.Port)], folder: clients);
        Assert.True(exitCode == 0, output);
    }

    [Fact]
    public void StackExchange_Redis_uses_every_type()
    {
        using var server = ServerProcess.Start(ServerKind.Starling, "save ");
        using var client = ConnectionMultiplexer.Connect($"127.0.0.1:{server.Port},syncTimeout=60000,connectTimeout=60000");
        var database = client.GetDatabase();
        database.HashSet("h", [new HashEntry("name", "ann"), new HashEntry("age", 7)]);
        Assert.Equal(10, database.HashIncrement("h", "age", 3));
        Assert.Equal(2, database.HashGetAll("h").Length);
        Assert.Equal(2, database.HashScan("h").Count());
        Assert.Equal(3, database.SetAdd("s", ["x", "y", "z"]));
        Assert.Equal(2, database.SetCombine(SetOperation.Difference, "s", "none").Length - 1);
        Assert.Equal(2, database.SortedSetAdd("z", [new SortedSetEntry("one", 1), new SortedSetEntry("two", 2.5)]));
        Assert.Equal(1, database.SortedSetRank("z", "two"));
        Assert.Equal("two", database.SortedSetRangeByScore("z", 2, double.PositiveInfinity)[0]);
        Assert.Equal(3, database.ListRightPush("l", ["a", "b", "c"]));
        Assert.Equal("a", database.ListLeftPop("l"));
        var id = database.StreamAdd("x", "field", "value");
        Assert.True(database.StreamCreateConsumerGroup("x", "group", "0-0"));
        Assert.Equal(id, database.StreamReadGroup("x", "group", "me", ">")[0].Id);
        Assert.Equal(1, database.StreamAcknowledge("x", "group", id));
        Assert.Equal(1, database.StreamInfo("x").Length);
        Assert.False(database.StringSetBit("b", 3, true));
        Assert.Equal(1, database.StringBitCount("b"));
        Assert.True(database.HyperLogLogAdd("p", ["a", "b"]));
        Assert.Equal(2, database.HyperLogLogLength("p"));
        Assert.True(database.GeoAdd("g", 13.361389, 38.115556, "Palermo"));
        Assert.Single(database.GeoSearch("g", 13.4, 38.1, new GeoSearchCircle(10, StackExchange.Redis.GeoUnit.Kilometers)));
        var transaction = database.CreateTransaction();
        transaction.AddCondition(Condition.HashEqual("h", "name", "ann"));
        var pushed = transaction.ListRightPushAsync("l", "d");
        Assert.True(transaction.Execute());
        Assert.Equal(3, database.Wait(pushed));
    }

    [Fact]
    public void FreeRedis_uses_every_type()
    {
        using var server = ServerProcess.Start(ServerKind.Starling, "save ");
        using var client = new RedisClient($"127.0.0.1:{server.Port}");
        client.Set("s", "value");
        Assert.Equal("value", client.Get("s"));
        Assert.Equal(2, client.HSet("h", new Dictionary<string, string> { ["a"] = "1", ["b"] = "2" }));
        Assert.Equal("1", client.HGetAll("h")["a"]);
        Assert.Equal(2, client.SAdd("t", "x", "y"));
        Assert.Equal(1, client.ZAdd("z", 1.5m, "one"));
        Assert.Equal(1.5m, client.ZScore("z", "one"));
        Assert.Equal(2, client.RPush("l", "a", "b"));
        Assert.NotEmpty(client.XAdd("x", "field", "value"));
        Assert.Equal(1, client.XLen("x"));
        using var transaction = client.Multi();
        transaction.Incr("n");
        transaction.HGet("h", "b");
        Assert.Equal([1L, "2"], transaction.Exec());
    }

    [Fact]
    public void Redis_benchmark_runs_its_usual_set()
    {
        using var server = ServerProcess.Start(ServerKind.Starling, "save ");
        var (exitCode, output) = ProgramRun.Run("redis-benchmark", ["-p", Text(server.Port), "-q", "-n", "2000", "-c", "10", "-P", "4"]);
        Assert.Equal(0, exitCode);
        Assert.DoesNotContain("ERR", output, StringComparison.Ordinal);
        foreach (var name in new[] { "PING_INLINE", "SET", "GET", "INCR", "LPUSH", "SADD", "HSET", "SPOP", "ZADD", "ZPOPMIN", "LRANGE_600", "MSET (10 keys)" })
            Assert.Matches($"{System.Text.RegularExpressions.Regex.Escape(name)}.*requests per second", output);
    }

    [Theory]
    [InlineData("--bigkeys", "Biggest")]
    [InlineData("--memkeys", "Biggest")]
    [InlineData("--hotkeys", "hot key found with counter")]
    public void Redis_cli_finds_large_and_hot_keys(string option, string expected)
    {
        using var server = ServerProcess.Start(ServerKind.Starling, "save ", "maxmemory-policy allkeys-lfu");
        using (var connection = new RespConnection(server.Port))
        {
            for (var i = 0; i < 100; i++)
            {
                connection.Text("RPUSH", "list", Text(i));
                connection.Text("HSET", "hash", Text(i), "value");
                connection.Text("SADD", "set", Text(i));
                connection.Text("ZADD", "sorted", Text(i), Text(i));
                connection.Text("XADD", "stream", "*", "field", "value");
                connection.Text("GET", "none");
            }
        }

        var (exitCode, output) = ProgramRun.Run(Executables.RedisCli, ["-p", Text(server.Port), option]);
        Assert.True(exitCode == 0, output);
        Assert.Contains(expected, output, StringComparison.Ordinal);
        foreach (var key in new[] { "list", "hash", "set", "sorted", "stream" }) Assert.Contains($"\"{key}\"", output, StringComparison.Ordinal);
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
