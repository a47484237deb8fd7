using System.Globalization;
using Starling.Resp;

namespace Starling.Node.Tests.Tracking;

/// <summary>Several I/O threads: clients cache what they read, drop what they are told of, while others write.</summary>
public sealed class CoherenceTests
{
    private const int Keys = 8;
    private const int Reads = 4000; // of each client who caches
    private const int Depth = 16; // of its pipeline

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_cache_keeps_a_value_that_is_not_the_last_one(bool isBroadcast)
    {
        await using var server = TestServer.Start(config => config.IoThreads = 3);
        var done = 0;
        var writers = Enumerable.Range(0, 3).Select(i => Task.Run(() => WriteAsync(server, i, () => Volatile.Read(ref done) != 0))).ToArray();
        var readers = new List<(TestClient Client, Dictionary<string, string> Cache)>();
        for (var i = 0; i < 4; i++)
        {
            var client = await server.ConnectAsync();
            await client.CallAsync("HELLO", "3");
            await client.CallAsync(isBroadcast ? ["CLIENT", "TRACKING", "ON", "BCAST"] : ["CLIENT", "TRACKING", "ON"]);
            readers.Add((client, new Dictionary<string, string>(StringComparer.Ordinal)));
        }

        await Task.WhenAll(readers.Select((reader, i) => Task.Run(() => CacheAsync(reader.Client, reader.Cache, i))));
        Volatile.Write(ref done, 1);
        await Task.WhenAll(writers);
        var other = await server.ConnectAsync();
        foreach (var (client, cache) in readers)
        {
            await client.SendAsync("ECHO end\r\n");
            for (var reply = await client.ReadAsync(); reply.ToString() != "end"; reply = await client.ReadAsync()) Drop(cache, reply);
            foreach (var (key, value) in cache) Assert.Equal((key, await other.TextAsync("GET", key)), (key, value));
        }
    }

    private static async Task CacheAsync(TestClient client, Dictionary<string, string> cache, int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < Reads; i += Depth)
        {
            var asked = Enumerable.Range(0, Depth).Select(_ => Name(random.Next(Keys))).ToArray();
            await client.SendAsync(string.Concat(asked.Select(key => "GET " + key + "\r\n")));
            for (var answered = 0; answered < Depth;)
            {
                var reply = await client.ReadAsync();
                if (reply.Kind == RespKind.Push) Drop(cache, reply);
                else cache[asked[answered++]] = reply.ToString();
            }
        }
    }

    private static async Task WriteAsync(TestServer server, int seed, Func<bool> isDone)
    {
        var client = await server.ConnectAsync();
        var random = new Random(1000 + seed);
        while (!isDone()) await client.CallAsync("INCR", Name(random.Next(Keys)));
    }

    private static void Drop(Dictionary<string, string> cache, RespReply push)
    {
        Assert.Equal("invalidate", push.Elements[0].Text);
        foreach (var key in push.Elements[1].Elements) cache.Remove(key.Text!);
    }

    private static string Name(int number) => "key" + number.ToString(CultureInfo.InvariantCulture);
}
