using System.Globalization;
using Starling.Resp;

namespace Starling.Node.Tests.PubSub;

/// <summary>Several I/O threads: subscribers come and go while others publish.</summary>
public sealed class StressTests
{
    private const int Publishers = 3;
    private const int Messages = 4000; // of each publisher

    /// <summary>With keyspace events recorded, messages go the way of events; without, straight to their subscribers.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("KEA")]
    public async Task Who_stays_gets_every_message_and_those_of_one_publisher_in_their_order(string events)
    {
        await using var server = TestServer.Start(config =>
        {
            config.IoThreads = 4;
            config.NotifyKeyspaceEvents = events;
        });
        var done = 0;
        var stayers = new List<Task<int>>();
        for (var i = 0; i < 6; i++)
        {
            var client = await server.ConnectAsync();
            if (i % 3 == 1) await client.CallAsync("HELLO", "3");
            await client.CallAsync(i % 2 == 0 ? "SUBSCRIBE" : "PSUBSCRIBE", i % 2 == 0 ? "news" : "ne*");
            stayers.Add(Task.Run(() => ReadAll(client)));
        }

        var goers = Enumerable.Range(0, 4).Select(i => Task.Run(() => ComeAndGo(server, i, () => Volatile.Read(ref done) != 0))).ToArray();
        var publishers = Enumerable.Range(0, Publishers).Select(i => Task.Run(() => Publish(server, i))).ToArray();
        await Task.WhenAll(publishers);
        foreach (var stayer in stayers) Assert.Equal(Publishers * Messages, await stayer);
        Volatile.Write(ref done, 1);
        await Task.WhenAll(goers);
    }

    private static async Task Publish(TestServer server, int number)
    {
        const int Depth = 20;
        var client = await server.ConnectAsync();
        for (var first = 0; first < Messages; first += Depth)
        {
            var writer = new RespWriter();
            for (var i = first; i < first + Depth; i++)
            {
                // Some in transactions, beside changes.
                var isTransaction = i % 10 == 3;
                if (isTransaction) Write(writer, "MULTI");
                if (i % 5 == 3) Write(writer, "SET", "k" + i, "v");
                Write(writer, "PUBLISH", "news", string.Create(CultureInfo.InvariantCulture, $"{number}:{i}"));
                if (isTransaction) Write(writer, "EXEC");
            }

            await client.SendAsync(writer.ToArray());
            for (var i = first; i < first + Depth; i++)
                for (var replies = (i % 10 == 3 ? 3 : 1) + (i % 5 == 3 ? 1 : 0); replies > 0; replies--)
                    Assert.False((await client.ReadAsync()).IsError);
        }
    }

    private static void Write(RespWriter writer, params string[] arguments)
    {
        writer.Array(arguments.Length);
        foreach (var argument in arguments) writer.Bulk(argument);
    }

    /// <summary>Reads until the last message of every publisher has come; returns how many there were.</summary>
    private static async Task<int> ReadAll(TestClient client)
    {
        var next = new int[Publishers];
        var count = 0;
        while (next.Any(number => number < Messages))
        {
            var message = await client.ReadAsync();
            var parts = message[message.Elements.Count - 1].Text!.Split(':');
            var publisher = int.Parse(parts[0], CultureInfo.InvariantCulture);
            Assert.Equal(next[publisher]++, int.Parse(parts[1], CultureInfo.InvariantCulture));
            count++;
        }

        return count;
    }

    /// <summary>Subscribes and leaves, by all ways there are; what it reads in between is in order too.</summary>
    private static async Task ComeAndGo(TestServer server, int number, Func<bool> isDone)
    {
        var random = new Random(number);
        while (!isDone())
        {
            using var client = await TestClient.ConnectAsync(server.Port);
            if (random.Next(2) == 0) await client.CallAsync("HELLO", "3");
            var byPattern = random.Next(2) == 0;
            await client.CallAsync(byPattern ? "PSUBSCRIBE" : "SUBSCRIBE", byPattern ? "*s" : "news");
            var last = Enumerable.Repeat(-1, Publishers).ToArray();
            await client.SendAsync((byPattern ? "PUNSUBSCRIBE" : "UNSUBSCRIBE") + "\r\n");
            while (true)
            {
                var message = await client.ReadAsync();
                if (message[0].Text!.Contains("unsubscribe", StringComparison.Ordinal)) break;
                var parts = message[message.Elements.Count - 1].Text!.Split(':');
                var (publisher, index) = (int.Parse(parts[0], CultureInfo.InvariantCulture), int.Parse(parts[1], CultureInfo.InvariantCulture));
                Assert.True(last[publisher] < 0 || index == last[publisher] + 1, "a message was lost, or came out of order");
                last[publisher] = index;
            }

            // Some leave without a word.
            if (random.Next(2) == 0) await client.CallAsync("SUBSCRIBE", "news");
        }
    }
}
