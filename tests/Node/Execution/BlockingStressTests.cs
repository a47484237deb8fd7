using System.Globalization;

namespace Starling.Node.Tests.Execution;

/// <summary>
/// Clients that wait for lists on several I/O threads, against a model that serves them as Redis does: at once after the
/// command that woke them. Others try all the time to see or take what they are to get.
/// </summary>
public sealed class BlockingStressTests(Xunit.Abstractions.ITestOutputHelper output)
{
    private const int Rounds = 60;
    private const int Keys = 4;
    private const int Clients = 6;

    [Fact]
    public async Task Everybody_gets_what_the_model_says_and_nobody_else_sees_it()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        await using var server = TestServer.Start(config => config.IoThreads = 4);
        var clients = new List<TestClient>();
        for (var i = 0; i < Clients; i++) clients.Add(await server.ConnectAsync());
        var pusher = await server.ConnectAsync();
        using var stop = new CancellationTokenSource();
        var thieves = Enumerable.Range(0, 3).Select(i => StealAsync(server, i, stop.Token)).ToArray();
        var random = new Random(seed);
        for (var round = 0; round < Rounds; round++) await PlayRoundAsync(server, clients, pusher, random);
        await stop.CancelAsync();
        await Task.WhenAll(thieves);
        Assert.Equal(0, server.Node.Waiters.Count);
        Assert.False(server.Node.Waiters.HasClaims);
    }

    private static async Task PlayRoundAsync(TestServer server, List<TestClient> clients, TestClient pusher, Random random)
    {
        var model = new Model();
        for (var i = 0; i < clients.Count; i++)
        {
            var command = MakeCommand(random);
            var count = server.Node.Waiters.Count;
            await clients[i].SendAsync(TestClient.Encode(command));
            await Eventually.True(() => server.Node.Waiters.Count == count + 1);
            model.Block(i, command);
        }

        // One element at a time, and only for who waits: nothing is ever left but what is moved to a target.
        var pushes = new List<(string Key, string Value)>();
        while (model.Waiting.Count > 0)
        {
            var awaited = model.Waiting[random.Next(model.Waiting.Count)].Keys;
            var key = awaited[random.Next(awaited.Length)];
            var value = pushes.Count.ToString(CultureInfo.InvariantCulture);
            pushes.Add((key, value));
            model.Push(key, value);
        }

        await pusher.SendAsync(string.Concat(pushes.Select(push => $"RPUSH {push.Key} {push.Value}\r\n")));
        foreach (var _ in pushes) Assert.Equal(1, (await pusher.ReadAsync()).Integer);
        for (var i = 0; i < clients.Count; i++) Assert.Equal(model.Replies[i], (await clients[i].ReadAsync()).ToString());
        foreach (var (key, left) in model.Left)
            Assert.Equal($"[{string.Join(", ", left)}]", await pusher.TextAsync("LRANGE", key, "0", "-1"));
        await pusher.CallAsync("DEL", "sink", "k0");
    }

    private static string[] MakeCommand(Random random)
    {
        var keys = Enumerable.Range(0, Keys).Select(i => $"k{i}").ToArray();
        random.Shuffle(keys);
        return random.Next(3) switch
        {
            0 => ["BLMOVE", keys[0], random.Next(2) == 0 ? "sink" : "k0", "LEFT", "RIGHT", "0"],
            1 => ["BLPOP", keys[0], "0"],
            _ => ["BLPOP", .. keys.Take(random.Next(2, Keys + 1)), "0"],
        };
    }

    /// <summary>Asks in every way for the keys that are no targets; none must ever be there.</summary>
    private static async Task StealAsync(TestServer server, int kind, CancellationToken stop)
    {
        var client = await server.ConnectAsync();
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            var key = $"k{1 + (i % (Keys - 1))}";
            var seen = kind switch
            {
                0 => await client.TextAsync("LPOP", key),
                1 => await client.TextAsync("EXISTS", "k1", "k2", "k3"),
                _ => await client.TextAsync("KEYS", "k[123]"),
            };
            Assert.True(seen is "(nil)" or "(integer) 0" or "[]", seen);
        }
    }

    /// <summary>What one thread would do.</summary>
    private sealed class Model
    {
        public List<(int Client, string[] Command, string[] Keys)> Waiting { get; } = [];

        public Dictionary<int, string> Replies { get; } = [];

        /// <summary>What was moved to where nobody waits, the targets of moves.</summary>
        public Dictionary<string, List<string>> Left { get; } = new() { ["sink"] = [], ["k0"] = [] };

        public void Block(int client, string[] command) =>
            Waiting.Add((client, command, command[0] == "BLPOP" ? command[1..^1] : [command[1]]));

        /// <summary>An element comes to a list that is empty.</summary>
        public void Push(string key, string value)
        {
            while (true)
            {
                var place = Waiting.FindIndex(waiter => waiter.Keys.Contains(key));
                if (place < 0)
                {
                    Left[key].Add(value);
                    return;
                }

                var (client, command, _) = Waiting[place];
                Waiting.RemoveAt(place);
                Replies[client] = command[0] == "BLPOP" ? $"[{key}, {value}]" : value;
                if (command[0] == "BLPOP") return;
                key = command[2];
            }
        }
    }
}
