using System.Globalization;
using Starling.Node.Serving;

namespace Starling.Node.Tests.Execution;

/// <summary>
/// With several I/O threads a woken client runs a little later than the command that woke it: what others see meanwhile must be
/// what they would see if it had run at once. Here its thread is stopped in between.
/// </summary>
public sealed class KeyClaimTests
{
    [Fact]
    public async Task The_target_of_a_move_is_kept_for_who_was_woken()
    {
        await using var server = Start();
        var (waiter, other) = await PairAsync(server);
        await BlockAsync(server, waiter, "BLMOVE", "a", "b", "LEFT", "RIGHT", "0");
        using (Stop(waiter))
        {
            Assert.Equal(1, (await other.CallAsync("RPUSH", "a", "x")).Integer);
            await SendAndBeHeldAsync(other, "RPUSH", "b", "y");
        }

        Assert.Equal(2, (await other.Client.ReadAsync()).Integer);
        Assert.Equal("x", (await waiter.Client.ReadAsync()).Text);
        Assert.Equal("[x, y]", await other.TextAsync("LRANGE", "b", "0", "-1"));
        Assert.False(server.Node.Waiters.HasClaims);
    }

    [Fact]
    public async Task All_keys_of_a_woken_client_are_kept_for_it()
    {
        await using var server = Start();
        var (waiter, other) = await PairAsync(server);
        await BlockAsync(server, waiter, "BLPOP", "k2", "k1", "0");
        using (Stop(waiter))
        {
            await other.CallAsync("RPUSH", "k1", "x");
            await SendAndBeHeldAsync(other, "RPUSH", "k2", "z");
        }

        Assert.Equal("[k1, x]", (await waiter.Client.ReadAsync()).ToString());
        Assert.Equal(1, (await other.Client.ReadAsync()).Integer);
        Assert.Equal("[z]", await other.TextAsync("LRANGE", "k2", "0", "-1"));
    }

    [Theory]
    [InlineData("DBSIZE", "(integer) 0")]
    [InlineData("KEYS *", "[]")]
    [InlineData("KEYS k", "[]")]
    [InlineData("SCAN 0 COUNT 100", "[0, []]")]
    [InlineData("RANDOMKEY", "(nil)")]
    [InlineData("FLUSHALL", "OK")]
    [InlineData("FLUSHDB", "OK")]
    [InlineData("SWAPDB 0 1", "OK")]
    public async Task Commands_without_keys_see_the_keyspace_as_it_is_when_the_woken_have_been_served(string command, string expected)
    {
        await using var server = Start();
        var (waiter, other) = await PairAsync(server);
        await BlockAsync(server, waiter, "BLPOP", "k", "0");
        using (Stop(waiter))
        {
            await other.CallAsync("RPUSH", "k", "x");
            await SendAndBeHeldAsync(other, command.Split(' '));
        }

        Assert.Equal(expected, (await other.Client.ReadAsync()).ToString());
        Assert.Equal("[k, x]", (await waiter.Client.ReadAsync()).ToString());
        Assert.Contains(
            $"cmdstat_{command.Split(' ')[0].ToLowerInvariant()}:calls=1,", await other.TextAsync("INFO", "commandstats"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_transaction_made_ready_for_one_is_kept_while_another_is_served()
    {
        await using var server = Start();
        var (first, other) = await PairAsync(server);
        var second = await ConnectAsync(server);
        await BlockAsync(server, first, "BLPOP", "a", "0");
        await BlockAsync(server, second, "BLPOP", "b", "0");
        using (Stop(first))
        {
            await other.CallAsync("MULTI");
            await other.CallAsync("RPUSH", "a", "1");
            await other.CallAsync("RPUSH", "b", "2");
            Assert.Equal("[(integer) 1, (integer) 1]", await other.TextAsync("EXEC"));
            await SendAndBeHeldAsync(other, "LPOP", "b");
        }

        Assert.Null((await other.Client.ReadAsync()).Text);
        Assert.Equal("[a, 1]", (await first.Client.ReadAsync()).ToString());
        Assert.Equal("[b, 2]", (await second.Client.ReadAsync()).ToString());
    }

    [Fact]
    public async Task Who_is_woken_by_a_woken_client_is_served_before_others_look()
    {
        await using var server = Start();
        var (mover, other) = await PairAsync(server);
        var last = await ConnectAsync(server);
        await BlockAsync(server, mover, "BLMOVE", "a", "b", "LEFT", "RIGHT", "0");
        await BlockAsync(server, last, "BLMOVE", "b", "c", "LEFT", "RIGHT", "0");
        using (Stop(mover))
        {
            await other.CallAsync("RPUSH", "a", "x");
            await SendAndBeHeldAsync(other, "LRANGE", "c", "0", "-1");
        }

        Assert.Equal("[x]", (await other.Client.ReadAsync()).ToString());
        Assert.Equal("x", (await mover.Client.ReadAsync()).Text);
        Assert.Equal("x", (await last.Client.ReadAsync()).Text);
    }

    [Fact]
    public async Task Two_woken_clients_whose_keys_cross_do_not_wait_for_each_other()
    {
        await using var server = Start();
        var (there, other) = await PairAsync(server);
        var back = await ConnectAsync(server);
        for (var round = 0; round < 100; round++)
        {
            await BlockAsync(server, there, "BLMOVE", "a", "b", "LEFT", "RIGHT", "0");
            await BlockAsync(server, back, "BLMOVE", "b", "a", "LEFT", "RIGHT", "0");
            var third = await ConnectAsync(server);
            await other.Client.SendAsync("RPUSH a x\r\n");
            await third.Client.SendAsync("RPUSH b y\r\n");
            await other.Client.ReadAsync();
            await third.Client.ReadAsync();
            await there.Client.ReadAsync();
            await back.Client.ReadAsync();
            Assert.Equal("[(integer) 1, (integer) 1]", await CountsAsync(other));
            await other.CallAsync("DEL", "a", "b");
            third.Client.Dispose();
        }

        Assert.False(server.Node.Waiters.HasClaims);
    }

    [Fact]
    public async Task Who_was_held_back_before_it_could_wait_keeps_its_place()
    {
        await using var server = Start();
        var (early, other) = await PairAsync(server);
        var late = await ConnectAsync(server, apartFrom: early);
        await other.CallAsync("CLIENT", "PAUSE", "100000", "WRITE");
        await SendAndBeHeldAsync(early, "BLPOP", "k", "0");
        using (Stop(early))
        {
            await other.CallAsync("CLIENT", "UNPAUSE");
            await SendAndBeHeldAsync(late, "BLPOP", "k", "0");
        }

        await Eventually.True(() => server.Node.Waiters.Count == 2);
        await other.CallAsync("RPUSH", "k", "1");
        await other.CallAsync("RPUSH", "k", "2");
        Assert.Equal("[k, 1]", (await early.Client.ReadAsync()).ToString());
        Assert.Equal("[k, 2]", (await late.Client.ReadAsync()).ToString());
    }

    [Fact]
    public async Task After_a_pause_the_first_in_line_is_served_first_whoever_comes_back_first()
    {
        await using var server = Start();
        var (first, other) = await PairAsync(server);
        var second = await ConnectAsync(server, apartFrom: first);
        await BlockAsync(server, first, "BLPOP", "k", "0");
        await BlockAsync(server, second, "BLPOP", "k", "0");
        await other.CallAsync("MULTI");
        await other.CallAsync("RPUSH", "k", "1");
        await other.CallAsync("CLIENT", "PAUSE", "100000", "WRITE");
        await other.CallAsync("EXEC");
        await Eventually.True(() => !server.Node.Waiters.HasClaims);
        using (Stop(first))
        {
            await other.CallAsync("CLIENT", "UNPAUSE");
            await Eventually.True(() => server.Node.Clients.Line.Length == 2);
        }

        Assert.Equal("[k, 1]", (await first.Client.ReadAsync()).ToString());
        await other.CallAsync("RPUSH", "k", "2");
        Assert.Equal("[k, 2]", (await second.Client.ReadAsync()).ToString());
    }

    [Fact]
    public async Task A_transaction_that_changes_a_key_often_has_it_looked_at_once()
    {
        var looks = 0;
        var never = new Command(
            "never", 2, CommandFlags.Write | CommandFlags.Blocking, KeySpec.From(1),
            call => call.BlockOn(
                1, 1, 0, (in Slots.Keyspace.Entry _) => Interlocked.Increment(ref looks) < 0, static reply => reply.Null()))
        {
            Summary = "Waits for ever.",
        };
        await using var server = TestServer.Start(config => config.IoThreads = 2, commands: [never]);
        await BlockAsync(server, await ConnectAsync(server), "NEVER", "k");
        var other = await ConnectAsync(server);
        await other.CallAsync("MULTI");
        for (var i = 0; i < 100; i++) await other.CallAsync("RPUSH", "k", "v");
        await other.CallAsync("EXEC");
        Assert.Equal(1, looks);
    }

    [Fact]
    public async Task Only_blocking_commands_count_as_blocked()
    {
        await using var server = Start();
        var (blocked, other) = await PairAsync(server);
        var waits = await ConnectAsync(server);
        var paused = await ConnectAsync(server);
        await BlockAsync(server, blocked, "BLPOP", "k1", "k2", "0");
        await SendAndBeHeldAsync(waits, "WAIT", "3", "0");
        await other.CallAsync("CLIENT", "PAUSE", "100000", "WRITE");
        await SendAndBeHeldAsync(paused, "SET", "x", "1");
        var info = await other.TextAsync("INFO", "clients");
        Assert.Contains("blocked_clients:2\r\n", info, StringComparison.Ordinal);
        Assert.Contains("total_blocking_keys:2\r\n", info, StringComparison.Ordinal);
        var clients = (await other.TextAsync("CLIENT", "LIST")).Split('\n');
        Assert.Contains("flags=N ", LineOf(paused), StringComparison.Ordinal);
        Assert.Contains("flags=b ", LineOf(blocked), StringComparison.Ordinal);
        Assert.Contains("flags=b ", LineOf(waits), StringComparison.Ordinal);
        string LineOf(Peer peer) => Array.Find(clients, line => line.StartsWith($"id={peer.Id} ", StringComparison.Ordinal))!;
        await other.CallAsync("CLIENT", "UNPAUSE");
        await other.CallAsync("RPUSH", "k1", "v");
        await blocked.Client.ReadAsync();
        Assert.Contains("total_blocking_keys:0\r\n", await other.TextAsync("INFO", "clients"), StringComparison.Ordinal);
    }

    private static TestServer Start() => TestServer.Start(config => config.IoThreads = 4);

    private static async Task<string> CountsAsync(Peer peer)
    {
        await peer.CallAsync("MULTI");
        await peer.CallAsync("LLEN", "a");
        await peer.CallAsync("LLEN", "b");
        return await peer.TextAsync("EXEC");
    }

    private static async Task<Peer> ConnectAsync(TestServer server, Peer? apartFrom = null)
    {
        while (true)
        {
            var client = await server.ConnectAsync();
            var id = long.Parse((await client.CallAsync("CLIENT", "ID")).Text!, CultureInfo.InvariantCulture);
            var peer = new Peer(client, id, server.Node.Clients.Find(id)!);
            if (apartFrom is null || peer.Connection.Thread != apartFrom.Connection.Thread) return peer;
        }
    }

    /// <summary>Two clients on different threads.</summary>
    private static async Task<(Peer One, Peer Other)> PairAsync(TestServer server)
    {
        var one = await ConnectAsync(server);
        return (one, await ConnectAsync(server, apartFrom: one));
    }

    private static async Task BlockAsync(TestServer server, Peer peer, params string[] command)
    {
        var before = server.Node.Waiters.Count;
        await peer.Client.SendAsync(TestClient.Encode(command));
        await Eventually.True(() => server.Node.Waiters.Count == before + 1);
    }

    private static async Task SendAndBeHeldAsync(Peer peer, params string[] command)
    {
        await peer.Client.SendAsync(TestClient.Encode(command));
        await Eventually.True(() => peer.Connection.IsHeld);
    }

    private static Stopped Stop(Peer peer) => new(peer.Connection.Thread);

    private sealed record Peer(TestClient Client, long Id, ClientConnection Connection)
    {
        public Task<Starling.Resp.RespReply> CallAsync(params string[] command) => Client.CallAsync(command);

        public Task<string> TextAsync(params string[] command) => Client.TextAsync(command);
    }

    /// <summary>An I/O thread that does nothing until this is disposed.</summary>
    private sealed class Stopped : IIoTask, IDisposable
    {
        private readonly ManualResetEventSlim _stands = new();
        private readonly ManualResetEventSlim _goesOn = new();

        public Stopped(IoThread thread)
        {
            thread.Post(this);
            Assert.True(_stands.Wait(TimeSpan.FromMinutes(1)));
        }

        public void Run()
        {
            _stands.Set();
            _goesOn.Wait();
        }

        public void Dispose() => _goesOn.Set();
    }
}
