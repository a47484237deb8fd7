using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Starling.Node.Serving;
using Starling.Node.Tests.Replication;

namespace Starling.Node.Tests.Execution;

/// <summary>In which order commands run that a pause has held, and those that come when it is over.</summary>
public sealed class PauseOrderTests : IAsyncDisposable
{
    private const int LongPause = 100_000; // milliseconds

    private readonly ManualResetEventSlim _goOn = new();
    private readonly ManualResetEventSlim _isStalled = new();
    private readonly SkippingClock _clock = new();
    private readonly TestServer _server;

    public PauseOrderTests() => _server = TestServer.Start(
        config =>
        {
            config.Save = [];
            config.IoThreads = 2;
        },
        _clock,
        commands:
        [
            new Command("stall", 1, CommandFlags.None, KeySpec.None, call =>
            {
                _isStalled.Set();
                _goOn.Wait(TimeSpan.FromSeconds(60));
                call.Reply.Simple("OK"u8);
            })
            { Locks = LockMode.None, Group = "test", Summary = "Keeps its I/O thread." },
        ]);

    public async ValueTask DisposeAsync()
    {
        _goOn.Set();
        await _server.DisposeAsync();
        _goOn.Dispose();
        _isStalled.Dispose();
    }

    /// <summary>The thread of the waiting client is busy when the pause ends; the others' is not.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Nobody_who_comes_when_a_pause_is_over_is_before_who_was_held_by_it(bool endsByItself)
    {
        var (waiting, stalling, other) = await ConnectAsync();
        var reading = await ConnectBesideAsync(other);
        await other.CallAsync("CLIENT", "PAUSE", Text(LongPause), "WRITE");
        await waiting.SendAsync(TestClient.Encode("BLPOP", "l", "0"));
        await Eventually.True(() => Held() == 1);
        await stalling.SendAsync(TestClient.Encode("STALL"));
        await Eventually.True(() => _isStalled.IsSet);
        if (endsByItself) _clock.Skip(TimeSpan.FromMilliseconds(LongPause));
        else await other.CallAsync("CLIENT", "UNPAUSE");
        await other.SendAsync((byte[])[.. TestClient.Encode("RPUSH", "l", "x"), .. TestClient.Encode("LPOP", "l")]);
        await Eventually.True(() => Held() == 2);
        Assert.Equal("PONG", await reading.TextAsync("PING")); // a read is not held
        _goOn.Set();
        Assert.Equal("(integer) 1", (await other.ReadAsync()).ToString());
        Assert.Equal("(nil)", (await other.ReadAsync()).ToString());
        Assert.Equal("[l, x]", (await waiting.ReadAsync()).ToString());
    }

    [Fact]
    public async Task Who_leaves_the_line_lets_the_next_one_go()
    {
        var (waiting, stalling, other) = await ConnectAsync();
        await other.CallAsync("CLIENT", "PAUSE", Text(LongPause), "WRITE");
        await waiting.SendAsync(TestClient.Encode("BLPOP", "l", "0"));
        await Eventually.True(() => Held() == 1);
        await stalling.SendAsync(TestClient.Encode("STALL"));
        await Eventually.True(() => _isStalled.IsSet);
        await other.CallAsync("CLIENT", "UNPAUSE");
        await other.SendAsync(TestClient.Encode("RPUSH", "l", "x"));
        await Eventually.True(() => Held() == 2);
        waiting.Dispose();
        _goOn.Set();
        Assert.Equal("(integer) 1", (await other.ReadAsync()).ToString());
    }

    [Fact]
    public async Task What_a_pause_has_held_runs_in_the_order_in_which_it_came_as_in_redis_server()
    {
        using var redis = new RedisNode();
        for (var round = 0; round < 5; round++)
        {
            var expected = await ObserveAsync(redis.Port, "UNPAUSE");
            Assert.Equal(expected, await ObserveAsync(_server.Port, "UNPAUSE"));
            Assert.Equal(expected, await ObserveAsync(redis.Port, "await"));
            Assert.Equal(expected, await ObserveAsync(_server.Port, "await"));
        }
    }

    /// <summary>Pauses that come and go, clients on both threads that push and pop: nothing stays held.</summary>
    [Fact]
    public async Task No_client_stays_held()
    {
        var replies = new ConcurrentBag<string>();
        var clients = new List<Task>();
        for (var i = 0; i < 8; i++)
        {
            var client = await _server.ConnectAsync();
            var number = i;
            clients.Add(Task.Run(async () =>
            {
                for (var n = 0; n < 300; n++)
                {
                    replies.Add(number % 2 == 0
                        ? await client.TextAsync("RPUSH", "l", n.ToString(CultureInfo.InvariantCulture))
                        : await client.TextAsync("BLPOP", "l", "0"));
                }
            }));
        }

        var pausing = await _server.ConnectAsync();
        var all = Task.WhenAll(clients);
        for (var n = 0; !all.IsCompleted; n++)
        {
            await pausing.CallAsync("CLIENT", "PAUSE", (n % 3 == 0 ? 3 : 1000).ToString(CultureInfo.InvariantCulture), n % 2 == 0 ? "WRITE" : "ALL");
            if (n % 3 != 0) _server.Node.Clients.Unpause(Starling.Node.Commands.Clients.PauseReason);
        }

        await all;
        Assert.Equal(8 * 300, replies.Count);
        Assert.DoesNotContain(replies, reply => reply.StartsWith("(error)", StringComparison.Ordinal));
    }

    /// <summary>What clients are told whose commands a pause holds; a pause that was too short for that is made longer.</summary>
    private static async Task<string> ObserveAsync(int port, string end)
    {
        for (var pause = end == "await" ? 1000 : LongPause; ; pause *= 2)
            if (await TryObserveAsync(port, end, pause) is { } observed) return observed;
    }

    /// <summary>Null when the pause was over before every command had come.</summary>
    private static async Task<string?> TryObserveAsync(int port, string end, int pause)
    {
        const int Clients = 12;
        using var control = await TestClient.ConnectAsync(port);
        await control.CallAsync("DEL", "l", "log");
        var clients = new List<TestClient>();
        for (var i = 0; i < Clients; i++) clients.Add(await TestClient.ConnectAsync(port));
        var since = Stopwatch.StartNew();
        await control.CallAsync("CLIENT", "PAUSE", Text(pause), "WRITE");
        for (var i = 0; i < Clients; i++)
        {
            string[] command = (i % 4) switch
            {
                0 => ["BLPOP", "l", "60"],
                1 => ["RPUSH", "l", "x" + i],
                2 => ["LPOP", "l"],
                _ => ["RPUSH", "log", "y" + i],
            };
            var before = await BlockedAsync(control);
            await clients[i].SendAsync(TestClient.Encode(command));
            await Eventually.True(() => since.ElapsedMilliseconds >= pause || BlockedAsync(control).GetAwaiter().GetResult() > before);
        }

        // Some milliseconds less: the servers' clocks began a little later, and round.
        var isHeldByAll = since.ElapsedMilliseconds < pause - 10;
        if (end != "await") await control.CallAsync("CLIENT", "UNPAUSE");
        var replies = new List<string>();
        foreach (var client in clients)
        {
            replies.Add((await client.ReadAsync()).ToString());
            client.Dispose();
        }

        var log = await control.TextAsync("LRANGE", "log", "0", "-1");
        return isHeldByAll ? string.Join("; ", replies) + " | " + log : null;
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Number of clients whose commands the server has read; each of them has one.</summary>
    private static async Task<int> BlockedAsync(TestClient control) =>
        (await control.TextAsync("CLIENT", "LIST")).Split('\n').Count(line => !line.Contains("cmd=NULL", StringComparison.Ordinal)
            && !line.Contains("cmd=client", StringComparison.Ordinal));

    private int Held() => _server.Node.Clients.Snapshot().Count(connection => connection.IsHeld);

    /// <summary>Two clients on one I/O thread, and one on the other.</summary>
    private async Task<(TestClient Waiting, TestClient Stalling, TestClient Other)> ConnectAsync()
    {
        var waiting = await _server.ConnectAsync();
        var stalling = await ConnectBesideAsync(waiting);
        TestClient other;
        do other = await _server.ConnectAsync();
        while (await ThreadOf(other) == await ThreadOf(waiting));
        return (waiting, stalling, other);
    }

    private async Task<TestClient> ConnectBesideAsync(TestClient client)
    {
        var thread = await ThreadOf(client);
        while (true)
        {
            var beside = await _server.ConnectAsync();
            if (await ThreadOf(beside) == thread) return beside;
        }
    }

    private async Task<IoThread> ThreadOf(TestClient client) =>
        _server.Node.Clients.Find((await client.CallAsync("CLIENT", "ID")).Integer)!.Thread;

    /// <summary>The system's clock, which goes forward when told to.</summary>
    private sealed class SkippingClock : TimeProvider
    {
        private long _skipped;

        public void Skip(TimeSpan time) => Interlocked.Add(ref _skipped, time.Ticks);

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _skipped));

        public override long GetTimestamp() =>
            System.GetTimestamp() + (Interlocked.Read(ref _skipped) * System.TimestampFrequency / TimeSpan.TicksPerSecond);
    }
}
