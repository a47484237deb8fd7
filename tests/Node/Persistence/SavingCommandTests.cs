using Starling.Node.Persistence;

namespace Starling.Node.Tests.Persistence;

public sealed class SavingCommandTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task Saves_are_refused_while_one_is_under_way()
    {
        await using var server = TestServer.Start(config => config.Save = []);
        var client = await server.ConnectAsync();
        await client.TextAsync("SET", "a", "1");
        var target = new CollectingTarget();
        target.Gate.Reset();
        var ended = new ManualResetEventSlim();
        Assert.True(server.Node.Persistence.TryStartSave(target, background: true, _ => ended.Set()));
        Assert.Equal("(error) ERR Background save already in progress", await client.TextAsync("SAVE"));
        Assert.Equal("(error) ERR Background save already in progress", await client.TextAsync("BGSAVE"));
        Assert.Equal("(error) ERR Background save already in progress", await client.TextAsync("BGSAVE", "SCHEDULE"));
        Assert.Contains("rdb_bgsave_in_progress:1", await client.TextAsync("INFO", "persistence"), StringComparison.Ordinal);
        Assert.Equal("OK", await client.TextAsync("SET", "a", "2"));
        target.Gate.Set();
        Assert.True(ended.Wait(Patience));
        Assert.Equal([new RdbEntry("a", "1")], RdbBytes.Read(target.Bytes, out _));
        Assert.Equal("OK", await client.TextAsync("SAVE"));
        Assert.Equal("Background saving started", await client.TextAsync("BGSAVE"));
    }

    [Fact]
    public async Task Saves_go_on_beside_a_full_synchronisation()
    {
        await using var server = TestServer.Start(config => config.Save = []);
        var client = await server.ConnectAsync();
        await client.TextAsync("SET", "a", "1");
        var target = new CollectingTarget();
        target.Gate.Reset();
        var session = server.Node.Persistence.StartSnapshot(target, new SnapshotOptions());
        Assert.Contains("rdb_bgsave_in_progress:1", await client.TextAsync("INFO", "persistence"), StringComparison.Ordinal);
        Assert.Equal("OK", await client.TextAsync("SET", "a", "2"));
        Assert.Equal("OK", await client.TextAsync("SAVE"));
        Assert.Equal("Background saving started", await client.TextAsync("BGSAVE"));
        target.Gate.Set();
        Assert.True(session.Wait(Patience));
        Assert.Equal([new RdbEntry("a", "1")], RdbBytes.Read(target.Bytes, out _));
    }

    [Fact]
    public async Task Save_and_lastsave_reply_as_Redis()
    {
        await using var server = TestServer.Start(config => config.Save = []);
        var client = await server.ConnectAsync();
        await client.TextAsync("SET", "a", "1");
        Assert.Contains("rdb_changes_since_last_save:1", await client.TextAsync("INFO", "persistence"), StringComparison.Ordinal);
        Assert.Equal("OK", await client.TextAsync("SAVE"));
        Assert.Contains("rdb_changes_since_last_save:0", await client.TextAsync("INFO", "persistence"), StringComparison.Ordinal);
        var saved = server.Node.Persistence.LastSaveTime;
        Assert.Equal($"(integer) {saved}", await client.TextAsync("LASTSAVE"));
        Assert.Equal("(error) ERR syntax error", await client.TextAsync("BGSAVE", "NOW"));
        Assert.Equal("(error) ERR wrong number of arguments for 'save' command", await client.TextAsync("SAVE", "x"));
    }

    [Fact]
    public async Task Clients_are_answered_LOADING_while_a_data_set_is_loaded()
    {
        await using var server = TestServer.Start(config => config.Save = []);
        var client = await server.ConnectAsync();
        using var stream = new HeldStream(RdbBytes.Make([new RdbEntry("a", "1")]));
        var load = Task.Run(() => server.Node.Persistence.Load(stream, new RdbLoadOptions()));
        Assert.True(stream.Reached.Wait(Patience));
        Assert.Equal("(error) LOADING Redis is loading the dataset in memory", await client.TextAsync("GET", "a"));
        var info = await client.TextAsync("INFO", "persistence");
        Assert.Contains("loading:1", info, StringComparison.Ordinal);
        Assert.Contains("loading_eta_seconds:", info, StringComparison.Ordinal);
        stream.Gate.Set();
        Assert.True((await load).Succeeded);
        Assert.Equal("1", await client.TextAsync("GET", "a"));
    }

    [Fact]
    public async Task The_end_of_a_load_is_told_while_the_server_is_still_loading()
    {
        await using var server = TestServer.Start(config => config.Save = []);
        var persistence = server.Node.Persistence;
        var told = new List<(bool Succeeded, bool IsLoading)>();
        foreach (var bytes in new[] { RdbBytes.Make([new RdbEntry("a", "1")]), "REDIS0010"u8.ToArray() })
        {
            persistence.Load(
                new MemoryStream(bytes),
                new RdbLoadOptions { OnEnd = result => told.Add((result.Succeeded, persistence.IsLoading)) });
            Assert.False(persistence.IsLoading);
        }

        Assert.Equal([(true, true), (false, true)], told);
    }

    [Fact]
    public async Task Restore_with_a_duration_goes_to_the_log_with_a_point_in_time()
    {
        await using var server = TestServer.Start(config => config.Save = []);
        var log = server.Node.Replication.Log;
        log.CreateBacklog();
        using var cursor = log.AttachAtEnd();
        var client = await server.ConnectAsync();
        await client.SendAsync("RESTORE b 100000 \"\\x00\\xc0\\a\\n\\x00t\\xcdH\\xa2\\x83\\xab\\xce\\x92\"\r\n");
        Assert.Equal("OK", (await client.ReadAsync()).ToString());
        Assert.Equal("7", await client.TextAsync("GET", "b"));
        var expiry = (await client.TextAsync("PEXPIRETIME", "b")).Replace("(integer) ", "", StringComparison.Ordinal);
        Assert.True(cursor.TryRead(out var bytes));
        var effect = System.Text.Encoding.Latin1.GetString(bytes.Span);
        Assert.Contains($"RESTORE\r\n$1\r\nb\r\n$13\r\n{expiry}\r\n", effect, StringComparison.Ordinal);
        Assert.EndsWith("$6\r\nABSTTL\r\n", effect, StringComparison.Ordinal);
    }

    private sealed class HeldStream(byte[] bytes) : MemoryStream(bytes)
    {
        public ManualResetEventSlim Gate { get; } = new();

        public ManualResetEventSlim Reached { get; } = new();

        public override int Read(Span<byte> buffer)
        {
            Reached.Set();
            Gate.Wait();
            return base.Read(buffer);
        }
    }
}
