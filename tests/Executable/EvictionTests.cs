using System.Globalization;
using Starling.Tests.Support;

namespace Starling.Executable.Tests;

/// <summary>A server that evicts under full load, in a process of its own, so that its memory is its own too.</summary>
public sealed class EvictionTests
{
    private const long Limit = 32 << 20;
    private const int Batches = 400;
    private const int Batch = 256;

    [Theory]
    [InlineData("allkeys-lru")]
    [InlineData("allkeys-lfu")]
    [InlineData("allkeys-random")]
    [InlineData("volatile-ttl")]
    public void Memory_stays_within_a_hundredth_of_the_limit(string policy)
    {
        using var server = ServerProcess.Start(
            ServerKind.Starling, "save ", "maxmemory " + Limit.ToString(CultureInfo.InvariantCulture), "maxmemory-policy " + policy);
        using var client = server.Connect();
        var random = new Random(161803);
        for (var i = 0; i < Batches; i++)
        {
            for (var j = 0; j < Batch; j++)
            {
                var length = random.Next(20) == 0 ? 5000 : random.Next(300);
                client.Send("SET", "key:" + random.Next(1_000_000).ToString(CultureInfo.InvariantCulture), new string('v', length), "EX", "10000");
            }

            for (var j = 0; j < Batch; j++) Assert.Equal("OK", client.Read());
            if (i % 10 == 0) Assert.InRange(Field(server, "memory", "used_memory"), 0, Limit + (Limit / 100));
        }

        Assert.InRange(Field(server, "memory", "used_memory_peak"), Limit / 2, Limit + (Limit / 100));
        Assert.True(Field(server, "stats", "evicted_keys") > 10_000);
    }

    [Fact]
    public void Garbage_evicts_nothing()
    {
        using var server = ServerProcess.Start(ServerKind.Starling, "save ", "maxmemory-policy allkeys-lru");
        using var client = server.Connect();
        var limit = Field(server, "memory", "used_memory") + (1 << 20);
        Assert.Equal("OK", client.Call("CONFIG", "SET", "maxmemory", limit.ToString(CultureInfo.InvariantCulture)));
        for (var i = 0; i < 100; i++) Assert.Equal("OK", client.Call("SET", "key:" + i.ToString(CultureInfo.InvariantCulture), "v"));

        // Each leaves some tens of kilobytes of it.
        for (var i = 0; i < 3000; i++) client.Call("INFO");
        Assert.Equal(100L, client.Call("DBSIZE"));
        Assert.Equal(0, Field(server, "stats", "evicted_keys"));
    }

    [Theory]
    [InlineData("allkeys-lru")]
    [InlineData("volatile-random")]
    public void Few_keys_make_room_for_as_many(string policy)
    {
        using var server = ServerProcess.Start(ServerKind.Starling, "save ", "maxmemory-policy " + policy);
        using var client = server.Connect();
        var limit = Field(server, "memory", "used_memory") + (100 << 10);
        Assert.Equal("OK", client.Call("CONFIG", "SET", "maxmemory", limit.ToString(CultureInfo.InvariantCulture)));
        var keys = 0;
        for (; Field(server, "memory", "used_memory") + 5000 <= limit; keys++)
            Assert.Equal("OK", client.Call("SETEX", "key:" + keys.ToString(CultureInfo.InvariantCulture), "10000", "v"));
        for (var i = 0; i < keys; i++)
            Assert.Equal("OK", client.Call("SETEX", "other:" + i.ToString(CultureInfo.InvariantCulture), "10000", "v"));
        Assert.InRange((long)client.Call("DBSIZE")!, keys - 2, keys + keys);
        Assert.InRange(Field(server, "memory", "used_memory"), 0, limit + 5000);
    }

    private static long Field(ServerProcess server, string section, string field) =>
        long.Parse(server.Info(section, field)!, CultureInfo.InvariantCulture);
}
