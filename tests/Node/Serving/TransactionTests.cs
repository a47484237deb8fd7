using FsCheck;
using FsCheck.Fluent;
using Starling.Node.Commands;
using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Resp;

namespace Starling.Node.Tests.Serving;

public sealed class TransactionTests
{
    [Fact]
    public async Task Exec_runs_what_was_queued_and_answers_all_at_once()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        Assert.Equal("OK", await client.TextAsync("MULTI"));
        Assert.Equal("QUEUED", await client.TextAsync("SET", "a", "1"));
        Assert.Equal("QUEUED", await client.TextAsync("INCR", "a"));
        Assert.Equal("QUEUED", await client.TextAsync("GET", "a"));
        Assert.Equal("[OK, (integer) 2, 2]", await client.TextAsync("EXEC"));
        Assert.Equal("(error) ERR EXEC without MULTI", await client.TextAsync("EXEC"));
    }

    [Fact]
    public async Task A_refused_command_aborts_the_transaction()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.CallAsync("MULTI");
        Assert.StartsWith("(error) ERR unknown command", await client.TextAsync("NOPE"), StringComparison.Ordinal);
        Assert.Equal("QUEUED", await client.TextAsync("SET", "a", "1"));
        Assert.Equal(
            "(error) EXECABORT Transaction discarded because of previous errors.", await client.TextAsync("EXEC"));
        Assert.Equal("(nil)", await client.TextAsync("GET", "a"));
    }

    [Fact]
    public async Task An_exec_with_too_many_arguments_ends_the_transaction()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        const string refused = "(error) EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command";
        Assert.Equal(refused, await client.TextAsync("EXEC", "now"));
        await client.CallAsync("MULTI");
        await client.CallAsync("SET", "a", "1");
        Assert.Equal(refused, await client.TextAsync("EXEC", "now"));
        Assert.Equal("(nil)", await client.TextAsync("GET", "a"));
        var statistics = (await client.TextAsync("INFO", "commandstats")).Split("\r\n");
        var exec = Array.Find(statistics, line => line.StartsWith("cmdstat_exec:", StringComparison.Ordinal));
        Assert.EndsWith(",rejected_calls=2,failed_calls=0", exec, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_error_inside_exec_does_not_stop_the_rest()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.CallAsync("MULTI");
        await client.CallAsync("SET", "a", "x");
        await client.CallAsync("INCR", "a");
        await client.CallAsync("SET", "b", "y");
        Assert.Equal("[OK, (error) ERR value is not an integer or out of range, OK]", await client.TextAsync("EXEC"));
        Assert.Equal("y", await client.TextAsync("GET", "b"));
    }

    [Theory]
    [InlineData("SET", "w", "2")]
    [InlineData("DEL", "w")]
    [InlineData("FLUSHALL")]
    [InlineData("FLUSHDB")]
    [InlineData("SWAPDB", "0", "1")]
    [InlineData("EXPIRE", "w", "100")]
    [InlineData("RENAME", "w", "v")]
    public async Task A_watched_key_that_changes_fails_the_transaction(params string[] change)
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        var other = await server.ConnectAsync();
        await client.CallAsync("SET", "w", "1");
        await client.CallAsync("WATCH", "w");
        Assert.False((await other.CallAsync(change)).IsError);
        await client.CallAsync("MULTI");
        await client.CallAsync("SET", "w", "3");
        Assert.Equal("(nil)", await client.TextAsync("EXEC"));
        await client.CallAsync("MULTI");
        await client.CallAsync("PING");
        Assert.Equal("[PONG]", await client.TextAsync("EXEC"));
        Assert.False(server.Node.Watches.IsInUse);
    }

    [Theory]
    [InlineData("FLUSHALL")]
    [InlineData("SET", "other", "1")]
    [InlineData("SWAPDB", "0", "1")]
    [InlineData("GET", "w")]
    public async Task What_does_not_concern_a_watched_key_does_not_fail_the_transaction(params string[] change)
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        var other = await server.ConnectAsync();
        await client.CallAsync("WATCH", "w");
        Assert.False((await other.CallAsync(change)).IsError);
        await client.CallAsync("MULTI");
        await client.CallAsync("PING");
        Assert.Equal("[PONG]", await client.TextAsync("EXEC"));
    }

    [Fact]
    public async Task Swapdb_brings_a_watched_key_from_the_other_database()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        var other = await server.ConnectAsync();
        await other.CallAsync("SELECT", "1");
        await other.CallAsync("SET", "w", "there");
        await client.CallAsync("WATCH", "w");
        await other.CallAsync("SWAPDB", "0", "1");
        await client.CallAsync("MULTI");
        Assert.Equal("(nil)", await client.TextAsync("EXEC"));
    }

    [Fact]
    public async Task Swapdb_that_brings_an_expired_key_changes_nothing_for_who_watches_it()
    {
        await using var server = TestServer.Start(config => config.EnableDebugCommand = "yes");
        var client = await server.ConnectAsync();
        await client.CallAsync("DEBUG", "SET-ACTIVE-EXPIRE", "0");
        await client.CallAsync("SELECT", "1");
        await client.CallAsync("SET", "w", "stale", "PX", "1");
        await Task.Delay(20);
        await client.CallAsync("SELECT", "0");
        await client.CallAsync("WATCH", "w");
        Assert.Equal("OK", await client.TextAsync("SWAPDB", "0", "1"));
        await client.CallAsync("MULTI");
        await client.CallAsync("PING");
        Assert.Equal("[PONG]", await client.TextAsync("EXEC"));
    }

    [Fact]
    public async Task The_effects_of_a_transaction_reach_the_log_as_one_with_their_databases()
    {
        await using var server = TestServer.Start();
        var log = server.Node.Replication.Log;
        log.CreateBacklog();
        using var cursor = log.AttachAtEnd();
        var client = await server.ConnectAsync();
        await client.SendAsync(
            "MULTI\r\nSET a 1\r\nSELECT 2\r\nSET b 2\r\nGET b\r\nEXEC\r\nSET c 3\r\nGET c\r\nMULTI\r\nDEL c\r\nEXEC\r\n");
        for (var i = 0; i < 11; i++) await client.ReadAsync();
        var text = new System.Text.StringBuilder();
        while (cursor.TryRead(out var bytes) && bytes.Length > 0)
        {
            text.Append(System.Text.Encoding.ASCII.GetString(bytes.Span));
            cursor.Advance(bytes.Length);
        }

        var replies = new Resp.RespReplyReader();
        replies.Append(System.Text.Encoding.ASCII.GetBytes(text.ToString()));
        var commands = new List<string>();
        while (replies.TryRead(out var command)) commands.Add(string.Join(' ', command.Elements));
        Assert.Equal(
            ["MULTI", "SELECT 0", "SET a 1", "SELECT 2", "SET b 2", "EXEC", "SET c 3", "DEL c"], commands);
    }

    [Fact]
    public async Task A_watched_key_that_expires_fails_the_transaction()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.CallAsync("SET", "w", "1", "PX", "1000");
        await client.CallAsync("WATCH", "w");
        while ((await client.CallAsync("EXISTS", "w")).Integer != 0) await Task.Delay(5);
        await client.CallAsync("MULTI");
        await client.CallAsync("PING");
        Assert.Equal("(nil)", await client.TextAsync("EXEC"));
    }

    [Fact]
    public async Task Unwatch_discard_and_disconnecting_end_watches()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.CallAsync("WATCH", "a", "b", "a");
        Assert.Equal(2, server.Node.Watches.Count);
        await client.CallAsync("UNWATCH");
        Assert.False(server.Node.Watches.IsInUse);
        await client.CallAsync("WATCH", "a");
        await client.CallAsync("MULTI");
        Assert.Equal("(error) ERR WATCH inside MULTI is not allowed", await client.TextAsync("WATCH", "b"));
        Assert.Equal("(error) ERR MULTI calls can not be nested", await client.TextAsync("MULTI"));
        await client.CallAsync("DISCARD");
        Assert.False(server.Node.Watches.IsInUse);
        await client.CallAsync("WATCH", "a");
        client.Dispose();
        await Eventually.True(() => !server.Node.Watches.IsInUse);
    }

    [Fact]
    public async Task Transactions_of_many_clients_are_atomic()
    {
        await using var server = TestServer.Start();
        const int Clients = 4;
        const int Rounds = 300;
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async _ =>
        {
            var client = await server.ConnectAsync();
            for (var i = 0; i < Rounds; i++)
            {
                await client.CallAsync("MULTI");
                await client.CallAsync("INCR", "x");
                await client.CallAsync("INCR", "y");
                var reply = await client.CallAsync("EXEC");
                Assert.Equal(reply[0].Integer, reply[1].Integer);
            }
        }));
        var reader = await server.ConnectAsync();
        Assert.Equal("1200", await reader.TextAsync("GET", "x"));
    }

    [Fact]
    public async Task Optimistic_increments_of_many_clients_lose_nothing()
    {
        await using var server = TestServer.Start();
        const int Clients = 4;
        const int Each = 50;
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async _ =>
        {
            var client = await server.ConnectAsync();
            for (var done = 0; done < Each;)
            {
                await client.CallAsync("WATCH", "n");
                var value = await client.CallAsync("GET", "n");
                var next = value.IsNull ? 1 : int.Parse(value.Text!, System.Globalization.CultureInfo.InvariantCulture) + 1;
                await client.CallAsync("MULTI");
                await client.CallAsync("SET", "n", next.ToString(System.Globalization.CultureInfo.InvariantCulture));
                if (!(await client.CallAsync("EXEC")).IsNull) done++;
            }
        }));
        var reader = await server.ConnectAsync();
        Assert.Equal("200", await reader.TextAsync("GET", "n"));
    }

    [Fact]
    public async Task Queued_arguments_count_as_query()
    {
        await using var server = TestServer.Start(config => config.ClientQueryBufferLimit = 1 << 20);
        var client = await server.ConnectAsync();
        await client.CallAsync("MULTI");
        Assert.Equal("QUEUED", await client.TextAsync("SET", "a", new string('v', 600_000)));
        await client.SendAsync(TestClient.Encode("SET", "b", new string('v', 600_000)));
        await client.WaitForCloseAsync();
        Assert.Equal(1, server.Node.Stats.QueryLimitDisconnections);
        Assert.Equal(0, server.Node.Keyspace[0].Count);
    }

    [Fact]
    public void A_transaction_takes_no_more_than_the_log_does_at_once()
    {
        var transaction = new Transaction(new BufferPool(TimeProvider.System.GetTimestamp), maxEffectBytes: 10_000);
        var set = Arguments("SET", "key", new string('v', 3000));
        for (var i = 0; i < 3; i++)
        {
            Assert.True(transaction.Fits(set));
            transaction.Add(ServerCommands.Rows[0], ServerCommands.Rows[0].Flags, set);
        }

        Assert.False(transaction.Fits(set));
        Assert.True(transaction.Fits(Arguments("PING")));
    }

    [Fact]
    public void An_effect_is_never_longer_than_was_reckoned() =>
        Prop.ForAll<NonNull<string>[], bool>((arguments, changesDatabase) =>
        {
            var list = Arguments(["SET", .. arguments.Select(argument => argument.Get)]);
            var effects = new EffectBuffer();
            effects.Call(0, list);
            effects.Call(changesDatabase ? int.MaxValue : 0, list);
            Assert.InRange(effects.Piece(0).Length, 1, 2 * EffectBuffer.LengthOf(list));
        }).QuickCheckThrowOnFailure();

    private static ArgumentList Arguments(params string[] texts)
    {
        var bytes = TestClient.Encode(texts);
        var list = new ArgumentList();
        var start = 0;
        Assert.Equal(RequestStatus.Command, new RequestReader { MaxBulkLength = 1 << 20 }.Read(bytes, ref start, bytes.Length, list));
        return list;
    }
}
