using System.Globalization;
using Starling.Node.Execution;
using Starling.Node.Serving;

namespace Starling.Node.Tests.Execution;

/// <summary>Clients that wait for keys, with a command that takes one string: the smallest that can block.</summary>
public sealed class KeyWaiterTests
{
    private static readonly Command Take = new(
        "take", -3, CommandFlags.Write | CommandFlags.Blocking, new KeySpec(1, -2, 1), TakeOne)
    {
        Summary = "Takes a string.",
    };

    [Fact]
    public async Task A_client_that_waits_gets_the_key_when_it_comes()
    {
        await using var server = TestServer.Start(commands: [Take]);
        var waiter = await BlockAsync(server, "TAKE", "a", "k", "0");
        var other = await server.ConnectAsync();
        Assert.Equal("OK", await other.TextAsync("SET", "k", "v"));
        Assert.Equal("v", (await waiter.ReadAsync()).Text);
        Assert.Equal("(integer) 0", await other.TextAsync("EXISTS", "k"));
        Assert.Equal(0, server.Node.Waiters.Count);
    }

    [Fact]
    public async Task What_a_wait_held_counts_as_dropped_when_it_ends()
    {
        await using var server = TestServer.Start(commands: [Take]);
        string[] keys = [.. Enumerable.Range(0, 500).Select(i => new string('k', 100) + i.ToString(CultureInfo.InvariantCulture))];
        var waiter = await BlockAsync(server, ["TAKE", .. keys, "0"]);
        var before = server.Node.Basics.Buffers.DroppedBytes;
        waiter.Dispose();
        await Eventually.True(() => server.Node.Waiters.Count == 0);
        Assert.InRange(server.Node.Basics.Buffers.DroppedBytes - before, 2 * 500 * 100, 1_000_000);
    }

    [Fact]
    public async Task Who_came_first_is_served_first()
    {
        await using var server = TestServer.Start(commands: [Take]);
        var waiters = new List<TestClient>();
        for (var i = 0; i < 5; i++) waiters.Add(await BlockAsync(server, "TAKE", "k", "0"));
        var other = await server.ConnectAsync();
        for (var i = 0; i < 5; i++)
        {
            await other.CallAsync("SET", "k", i.ToString(CultureInfo.InvariantCulture));
            Assert.Equal(i.ToString(CultureInfo.InvariantCulture), (await waiters[i].ReadAsync()).Text);
        }
    }

    [Fact]
    public async Task Nobody_takes_what_a_client_was_woken_for()
    {
        await using var server = TestServer.Start(commands: [Take]);
        for (var round = 0; round < 200; round++)
        {
            var waiter = await BlockAsync(server, "TAKE", "k", "0");
            var other = await server.ConnectAsync();
            await other.SendAsync("SET k 1\r\nGETDEL k\r\nEXISTS k\r\n");
            Assert.Equal("OK", (await other.ReadAsync()).Text);
            Assert.Null((await other.ReadAsync()).Text);
            Assert.Equal("0", (await other.ReadAsync()).Text);
            Assert.Equal("1", (await waiter.ReadAsync()).Text);
            waiter.Dispose();
            other.Dispose();
        }
    }

    [Fact]
    public async Task Inside_a_transaction_the_waiting_client_is_served_at_its_end()
    {
        await using var server = TestServer.Start(commands: [Take]);
        var waiter = await BlockAsync(server, "TAKE", "k", "0");
        var other = await server.ConnectAsync();
        await other.CallAsync("MULTI");
        await other.CallAsync("SET", "k", "first");
        await other.CallAsync("SET", "k", "second");
        await other.CallAsync("TAKE", "missing", "0");
        Assert.Equal("[OK, OK, (nil)]", await other.TextAsync("EXEC"));
        Assert.Equal("second", (await waiter.ReadAsync()).Text);
    }

    [Fact]
    public async Task A_chain_of_wakes_is_complete_before_the_next_command_of_who_began_it()
    {
        await using var server = TestServer.Start(config => config.IoThreads = 1);
        for (var round = 0; round < 50; round++)
        {
            var there = await BlockAsync(server, "BRPOPLPUSH", "a", "b", "0");
            var back = await BlockAsync(server, "BRPOPLPUSH", "b", "a", "0");
            var other = await server.ConnectAsync();
            await other.SendAsync("RPUSH a 42\r\nLRANGE a 0 -1\r\nDEL a\r\n");
            Assert.Equal(1, (await other.ReadAsync()).Integer);
            Assert.Equal("[42]", (await other.ReadAsync()).ToString());
            Assert.Equal(1, (await other.ReadAsync()).Integer);
            Assert.Equal("42", (await there.ReadAsync()).Text);
            Assert.Equal("42", (await back.ReadAsync()).Text);
            there.Dispose();
            back.Dispose();
            other.Dispose();
        }
    }

    [Fact]
    public async Task One_key_serves_all_it_can_before_the_next_key_serves_anybody()
    {
        await using var server = TestServer.Start(config => config.IoThreads = 1);
        var one = await BlockAsync(server, "BLMPOP", "0", "2", "a", "b", "LEFT", "COUNT", "1");
        var two = await BlockAsync(server, "BLMPOP", "0", "2", "a", "b", "RIGHT", "COUNT", "10");
        var three = await BlockAsync(server, "BLMPOP", "0", "2", "a", "b", "LEFT", "COUNT", "10");
        var four = await BlockAsync(server, "BLMPOP", "0", "2", "a", "b", "RIGHT", "COUNT", "1");
        var other = await server.ConnectAsync();
        await other.CallAsync("MULTI");
        await other.CallAsync("LPUSH", "a", "1", "2", "3");
        await other.CallAsync("LPUSH", "b", "4", "5");
        await other.CallAsync("EXEC");
        Assert.Equal("[a, [3]]", (await one.ReadAsync()).ToString());
        Assert.Equal("[a, [1, 2]]", (await two.ReadAsync()).ToString());
        Assert.Equal("[b, [5, 4]]", (await three.ReadAsync()).ToString());
        await other.CallAsync("LPUSH", "b", "6", "7");
        Assert.Equal("[b, [6]]", (await four.ReadAsync()).ToString());
        Assert.False(server.Node.Waiters.HasClaims);
        Assert.Equal("[7]", await other.TextAsync("LRANGE", "b", "0", "-1"));
    }

    [Fact]
    public async Task A_transaction_that_makes_many_keys_ready_serves_everybody()
    {
        const int Count = 2000;
        await using var server = TestServer.Start(config => config.IoThreads = 1, commands: [Take]);
        var waiters = new List<TestClient>();
        foreach (var i in (int[])[0, 7, 1000, 1999])
            waiters.Add(await BlockAsync(server, "TAKE", $"k{i}", "0"));
        var all = await BlockAsync(server, ["TAKE", .. Enumerable.Range(0, Count).Select(i => $"k{i}"), "0"]);
        var other = await server.ConnectAsync();
        await other.CallAsync("MULTI");
        for (var i = 0; i < Count; i++) await other.SendAsync($"SET k{i} {i}\r\n");
        for (var i = 0; i < Count; i++) Assert.Equal("QUEUED", (await other.ReadAsync()).Text);
        Assert.Equal(Count, (await other.CallAsync("EXEC")).Elements.Count);
        Assert.Equal("0", (await waiters[0].ReadAsync()).Text);
        Assert.Equal("1", (await all.ReadAsync()).Text);
        Assert.Equal("7", (await waiters[1].ReadAsync()).Text);
        Assert.Equal("1000", (await waiters[2].ReadAsync()).Text);
        Assert.Equal("1999", (await waiters[3].ReadAsync()).Text);
        Assert.Equal($"(integer) {Count - 5}", await other.TextAsync("DBSIZE"));
        Assert.False(server.Node.Waiters.HasClaims);
    }

    [Fact]
    public async Task A_key_that_has_expired_wakes_nobody_and_stays_for_who_asks_for_it()
    {
        await using var server = TestServer.Start(prepare: node => node.ActiveExpiry.IsEnabled = false);
        var log = server.Node.Replication.Log;
        log.CreateBacklog();
        var waiter = await BlockAsync(server, "BLPOP", "k", "0");
        var other = await server.ConnectAsync();
        await other.CallAsync("SELECT", "1");
        await other.CallAsync("RPUSH", "k", "v");
        await other.CallAsync("PEXPIRE", "k", "1");
        await Eventually.True(() => ExpiredIn(server, "k"));
        await other.CallAsync("SWAPDB", "0", "1");
        var offset = log.Offset;
        Assert.Equal("PONG", await other.TextAsync("PING"));
        Assert.Equal(offset, log.Offset);
        Assert.Equal(1, server.Node.Waiters.Count);
        await other.CallAsync("SELECT", "0");
        Assert.Equal("(integer) 0", await other.TextAsync("EXISTS", "k"));
        Assert.True(log.Offset > offset);
        await other.CallAsync("RPUSH", "k", "w");
        Assert.Equal("[k, w]", (await waiter.ReadAsync()).ToString());
    }

    [Fact]
    public async Task A_wait_ends_at_its_time_and_the_client_goes_on()
    {
        await using var server = TestServer.Start(commands: [Take]);
        var client = await server.ConnectAsync();
        await client.SendAsync("TAKE k 30\r\nPING\r\n");
        Assert.Null((await client.ReadAsync()).Text);
        Assert.Equal("PONG", (await client.ReadAsync()).Text);
        Assert.Equal(0, server.Node.Waiters.Count);
    }

    [Fact]
    public async Task A_client_that_goes_leaves_its_place_to_the_next()
    {
        await using var server = TestServer.Start(commands: [Take]);
        var first = await BlockAsync(server, "TAKE", "k", "0");
        var second = await BlockAsync(server, "TAKE", "k", "0");
        first.Dispose();
        await Eventually.True(() => server.Node.Waiters.Count == 1);
        var other = await server.ConnectAsync();
        await other.CallAsync("SET", "k", "v");
        Assert.Equal("v", (await second.ReadAsync()).Text);
    }

    [Theory]
    [InlineData("RENAME old k")]
    [InlineData("COPY old k")]
    [InlineData("RESTORE")]
    [InlineData("MSET x 1 k v")]
    public async Task Whatever_makes_the_key_wakes_who_waits_for_it(string command)
    {
        await using var server = TestServer.Start(commands: [Take]);
        var other = await server.ConnectAsync();
        await other.CallAsync("SET", "old", "v");
        var waiter = await BlockAsync(server, "TAKE", "k", "0");
        if (command == "RESTORE") await RestoreAsync(server, "old", "k");
        else await other.CallAsync(command.Split(' '));
        Assert.Equal("v", (await waiter.ReadAsync()).Text);
    }

    [Fact]
    public async Task Another_database_does_not_wake_until_it_is_swapped_in()
    {
        await using var server = TestServer.Start(commands: [Take]);
        var waiter = await BlockAsync(server, "TAKE", "k", "0");
        var other = await server.ConnectAsync();
        await other.CallAsync("SELECT", "1");
        await other.CallAsync("SET", "k", "v");
        await other.CallAsync("PING");
        Assert.Equal(1, server.Node.Waiters.Count);
        await other.CallAsync("SWAPDB", "0", "1");
        Assert.Equal("v", (await waiter.ReadAsync()).Text);
    }

    [Theory]
    [InlineData("", "(nil)")]
    [InlineData("TIMEOUT", "(nil)")]
    [InlineData("ERROR", "(error) UNBLOCKED client unblocked via CLIENT UNBLOCK")]
    public async Task Unblock_ends_a_wait(string reason, string expected)
    {
        await using var server = TestServer.Start(commands: [Take]);
        var client = await server.ConnectAsync();
        var id = (await client.CallAsync("CLIENT", "ID")).Text!;
        await client.SendAsync("TAKE k 0\r\nPING\r\n");
        await Eventually.True(() => server.Node.Waiters.Count == 1);
        var other = await server.ConnectAsync();
        string[] command = reason.Length == 0 ? ["CLIENT", "UNBLOCK", id] : ["CLIENT", "UNBLOCK", id, reason];
        Assert.Equal("(integer) 1", await other.TextAsync(command));
        Assert.Equal(expected, (await client.ReadAsync()).ToString());
        Assert.Equal("PONG", (await client.ReadAsync()).Text);
        Assert.Equal("(integer) 0", await other.TextAsync(command));
        Assert.Equal("(error) ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR", await other.TextAsync("CLIENT", "UNBLOCK", id, "x"));
    }

    [Fact]
    public async Task A_client_that_does_not_read_its_replies_keeps_no_key_from_others()
    {
        await using var server = TestServer.Start(config => config.IoThreads = 1, commands: [Take]);
        var other = await server.ConnectAsync();
        await other.CallAsync("SET", "big", new string('x', 100_000));
        var lazy = await server.ConnectAsync();
        await lazy.SendAsync(string.Concat(Enumerable.Repeat("GET big\r\n", 300)) + "TAKE k 0\r\n");
        await Eventually.True(() => server.Node.Waiters.Count == 1);
        await other.SendAsync("SET k v\r\nEXISTS k\r\n");
        Assert.Equal("OK", (await other.ReadAsync()).Text);
        Assert.Equal(0, (await other.ReadAsync()).Integer);
        for (var i = 0; i < 300; i++) Assert.Equal(100_000, (await lazy.ReadAsync()).Text!.Length);
        Assert.Equal("v", (await lazy.ReadAsync()).Text);
    }

    [Fact]
    public async Task A_blocked_command_is_counted_once()
    {
        await using var server = TestServer.Start(commands: [Take]);
        var waiter = await BlockAsync(server, "TAKE", "k", "0");
        var other = await server.ConnectAsync();
        await other.CallAsync("SET", "k", "v");
        await waiter.ReadAsync();
        Assert.Contains("cmdstat_take:calls=1,", (await other.CallAsync("INFO", "commandstats")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Becoming_a_replica_ends_every_wait()
    {
        await using var server = TestServer.Start(commands: [Take]);
        var waiter = await BlockAsync(server, "TAKE", "k", "0");
        var other = await server.ConnectAsync();
        await other.CallAsync("REPLICAOF", "127.0.0.1", "1");
        Assert.StartsWith("(error) UNBLOCKED force unblock from blocking operation", (await waiter.ReadAsync()).ToString(), StringComparison.Ordinal);
        await waiter.WaitForCloseAsync();
    }

    [Fact]
    public async Task A_pause_holds_a_woken_client_but_not_who_only_reads_its_key()
    {
        await using var server = TestServer.Start(commands: [Take]);
        var waiter = await BlockAsync(server, "TAKE", "k", "0");
        var other = await server.ConnectAsync();
        await other.CallAsync("MULTI");
        await other.CallAsync("SET", "k", "v");
        await other.CallAsync("CLIENT", "PAUSE", "100000", "WRITE");
        await other.CallAsync("EXEC");
        Assert.Equal("v", await other.TextAsync("GET", "k"));
        await other.CallAsync("CLIENT", "UNPAUSE");
        Assert.Equal("v", (await waiter.ReadAsync()).Text);
        Assert.Equal("(nil)", await other.TextAsync("GET", "k"));
        Assert.False(server.Node.Waiters.HasClaims);
    }

    /// <summary>A password that is set while it waits is for who comes later: it was let in when there was none.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(20)] // more arguments than who has not given the password may send
    public async Task Who_waits_is_served_though_a_password_was_set_meanwhile(int keys)
    {
        await using var server = TestServer.Start(config => config.RequirePass = "first");
        var other = await server.ConnectAsync();
        await other.CallAsync("AUTH", "first");
        var waiter = await server.ConnectAsync();
        Assert.StartsWith("(error) NOAUTH", await waiter.TextAsync("PING"), StringComparison.Ordinal);
        await other.CallAsync("CONFIG", "SET", "requirepass", "");
        string[] command = ["BLPOP", .. Enumerable.Range(0, keys).Select(i => "k" + i.ToString(CultureInfo.InvariantCulture)), "0"];
        await waiter.SendAsync(TestClient.Encode(command));
        await Eventually.True(() => server.Node.Waiters.Count == 1);
        await other.CallAsync("CONFIG", "SET", "requirepass", "second");
        Assert.Equal(1, (await other.CallAsync("RPUSH", "k0", "v")).Integer);
        Assert.Equal("[k0, v]", (await waiter.ReadAsync()).ToString());
        Assert.StartsWith("(error) NOAUTH", await waiter.TextAsync("PING"), StringComparison.Ordinal);
        Assert.Equal(0, server.Node.Waiters.Count);
        Assert.False(server.Node.Waiters.HasClaims);
        Assert.Equal("OK", await other.TextAsync("FLUSHALL"));
    }

    [Fact]
    public async Task Many_producers_and_consumers_lose_and_double_nothing()
    {
        await using var server = TestServer.Start(config => config.IoThreads = 2, commands: [Take]);
        const int Workers = 6;
        const int Rounds = 300;
        var taken = new System.Collections.Concurrent.ConcurrentDictionary<string, int>();
        var consumers = Enumerable.Range(0, Workers).Select(async _ =>
        {
            var client = await server.ConnectAsync();
            for (var i = 0; i < Rounds; i++)
            {
                var value = (await client.CallAsync("TAKE", "q1", "q2", "0")).Text!;
                taken.AddOrUpdate(value, 1, (_, count) => count + 1);
            }
        }).ToList();
        var producers = Enumerable.Range(0, Workers).Select(async worker =>
        {
            var client = await server.ConnectAsync();
            for (var i = 0; i < Rounds;)
            {
                // SETNX: a value that nobody has taken yet must not be overwritten.
                var queue = (worker + i) % 2 == 0 ? "q1" : "q2";
                if ((await client.CallAsync("SETNX", queue, $"{worker}-{i}")).Integer == 1) i++;
            }
        }).ToList();
        await Task.WhenAll(producers).WaitAsync(TimeSpan.FromMinutes(2), server.Node.Clock);
        await Task.WhenAll(consumers).WaitAsync(TimeSpan.FromMinutes(2), server.Node.Clock);
        Assert.Equal(Workers * Rounds, taken.Count);
        Assert.All(taken, pair => Assert.Equal(1, pair.Value));
        Assert.False(server.Node.Waiters.HasClaims);
    }

    private static bool ExpiredIn(TestServer server, string name)
    {
        var key = server.Node.Keyspace.Key(System.Text.Encoding.ASCII.GetBytes(name));
        using var held = server.Node.Keyspace.LockSlot(key.Slot);
        return server.Node.Keyspace[1].TryFind(key, out var entry) && entry.ExpiresAt < server.Node.NowMilliseconds;
    }

    private static void TakeOne(CommandContext call)
    {
        for (var i = 1; i < call.Count - 1; i++)
        {
            var key = call.Key(i);
            if (!call.TryWrite(key, out var entry)) continue;
            call.Reply.Bulk(entry.String);
            call.Delete(key, DeleteReason.Command);
            call.Effect("DEL"u8, call[i]);
            return;
        }

        var timeout = long.Parse(call[call.Count - 1], CultureInfo.InvariantCulture);
        call.BlockOn(1, call.Count - 2, timeout == 0 ? 0 : call.Now + timeout, static (in Slots.Keyspace.Entry _) => true,
            static reply => reply.Null());
    }

    private static async Task<TestClient> BlockAsync(TestServer server, params string[] command)
    {
        var before = server.Node.Waiters.Count;
        var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Encode(command));
        await Eventually.True(() => server.Node.Waiters.Count == before + 1);
        return client;
    }

    private static async Task RestoreAsync(TestServer server, string from, string to)
    {
        var client = await server.ConnectAsync();
        var payload = (await client.CallAsync("DUMP", from)).Bytes;
        var writer = new Starling.Resp.RespWriter();
        writer.Array(4);
        writer.Bulk("RESTORE");
        writer.Bulk(to);
        writer.Bulk("0");
        writer.Bulk(payload);
        await client.SendAsync(writer.ToArray());
        await client.ReadAsync();
    }
}
