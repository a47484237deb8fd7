using Microsoft.Extensions.Logging.Abstractions;
using Starling.ClusterBus.View;
using Starling.Node.Cluster;
using Starling.Node.Execution;
using Starling.Node.Persistence;
using Starling.Node.Tests.Replication;
using Starling.Slots;
using Starling.Tests.Support;

namespace Starling.Node.Tests.Persistence;

/// <summary>DEBUG RELOAD while the disk takes its time.</summary>
public sealed class ReloadTests
{
    private const string Loading = "(error) LOADING Redis is loading the dataset in memory";

    private static readonly byte[] File = RdbBytes.Make([new RdbEntry("a", "new"), new RdbEntry("b", "new")]);

    [Fact]
    public async Task Clients_are_answered_LOADING_and_no_stripe_is_held_while_the_disk_is_at_work()
    {
        await using var server = Start();
        var client = await server.ConnectAsync();
        var reloading = await server.ConnectAsync();
        await client.CallAsync("SET", "a", "old");
        using var file = new PipedFile(PathOf(server));
        await reloading.SendAsync(TestClient.Encode("DEBUG", "RELOAD", "NOSAVE"));
        file.Write(File.AsSpan(0, File.Length / 2));
        string[][] refused =
        [
            ["PING"], ["GET", "a"], ["SET", "x", "1"], ["KEYS", "*"], ["DBSIZE"], ["FLUSHALL"], ["DEBUG", "POPULATE", "10"], ["SAVE"],
            ["DEBUG", "RELOAD"], ["BLPOP", "x", "1"], ["PSYNC", "?", "-1"],
        ];
        foreach (var command in refused) Assert.Equal(Loading, await client.TextAsync(command));
        Assert.Contains("loading:1", await client.TextAsync("INFO", "persistence"), StringComparison.Ordinal);
        var locking = new Thread(() =>
        {
            using (server.Node.Keyspace.LockAll())
            {
                // That it gets here is all.
            }
        })
        { IsBackground = true };
        locking.Start();
        Assert.True(locking.Join(TimeSpan.FromSeconds(30)));
        file.Write(File.AsSpan(File.Length / 2));
        file.End();
        Assert.Equal("OK", (await reloading.ReadAsync()).ToString());
        Assert.Equal("new", await client.TextAsync("GET", "a"));
        Assert.Equal("(integer) 2", await client.TextAsync("DBSIZE"));
        Assert.Contains("loading:0", await client.TextAsync("INFO", "persistence"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_waits_for_a_key_waits_on()
    {
        await using var server = Start();
        var client = await server.ConnectAsync();
        var reloading = await server.ConnectAsync();
        var waiting = await server.ConnectAsync();
        var impatient = await server.ConnectAsync();
        var waitingId = (await waiting.CallAsync("CLIENT", "ID")).Integer;
        await waiting.SendAsync(TestClient.Encode("BLPOP", "l", "0"));
        await impatient.SendAsync(TestClient.Encode("BLPOP", "l", "0.3"));
        await Eventually.True(() => server.Node.Waiters.Count == 2);
        using var file = new PipedFile(PathOf(server));
        await reloading.SendAsync(TestClient.Encode("DEBUG", "RELOAD", "NOSAVE"));
        file.Write(File.AsSpan(0, 9));

        // It comes again while the file is loaded, as it would when it was woken in vain.
        var connection = server.Node.Clients.Find(waitingId)!;
        connection.ScheduleResume();
        await Eventually.True(() => connection.Session.HeldBy == HoldReason.Keys);
        Assert.Equal("(nil)", (await impatient.ReadAsync()).ToString());
        file.Write(File.AsSpan(9));
        file.End();
        Assert.Equal("OK", (await reloading.ReadAsync()).ToString());
        await client.CallAsync("RPUSH", "l", "x");
        Assert.Equal("[l, x]", (await waiting.ReadAsync()).ToString());
    }

    [Fact]
    public async Task A_client_that_was_woken_before_has_its_element()
    {
        await using var server = Start();
        var client = await server.ConnectAsync();
        var waiting = new List<TestClient>();
        for (var i = 0; i < 4; i++) waiting.Add(await server.ConnectAsync());
        await client.CallAsync("SAVE");
        for (var round = 0; round < 50; round++)
        {
            foreach (var waiter in waiting) await waiter.SendAsync(TestClient.Encode("BLPOP", "l", "0"));
            await Eventually.True(() => server.Node.Waiters.Count == waiting.Count);
            await client.SendAsync(
                (byte[])[.. TestClient.Encode("RPUSH", "l", "1", "2", "3", "4"), .. TestClient.Encode("DEBUG", "RELOAD", "NOSAVE")]);
            Assert.Equal("(integer) 4", (await client.ReadAsync()).ToString());
            Assert.Equal("OK", (await client.ReadAsync()).ToString());
            foreach (var waiter in waiting) Assert.StartsWith("[l, ", (await waiter.ReadAsync()).ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_snapshot_that_is_to_begin_meanwhile_does_not()
    {
        using var host = new PersistenceHost();
        host.Set("a", "old");
        using var file = new PipedFile(host.File);
        var reload = Reload(host);
        file.Write(File.AsSpan(0, File.Length / 2));
        var target = new CollectingTarget();
        var session = host.Persistence.StartSnapshot(target, new SnapshotOptions { OnStart = () => throw new InvalidOperationException() });
        Assert.True(session.Wait(TimeSpan.FromSeconds(30)));
        Assert.Equal(SnapshotState.Cancelled, session.State);
        Assert.True(target.IsAbandoned);
        file.Write(File.AsSpan(File.Length / 2));
        file.End();
        Assert.Null(reload());
        Assert.Equal(2, host.All().Count);
    }

    [Fact]
    public void A_flush_that_the_bus_asks_for_comes_when_all_is_loaded()
    {
        using var host = new PersistenceHost();
        using var file = new PipedFile(host.File);
        var reload = Reload(host);
        file.Write(File.AsSpan(0, File.Length / 2));
        var flush = new Thread(() => new InternalClient(host.Server.Executor, host.Server.Persistence).FlushAll()) { IsBackground = true };
        flush.Start();
        Wait.Until("the flush waits", () => (flush.ThreadState & ThreadState.WaitSleepJoin) != 0);
        file.Write(File.AsSpan(File.Length / 2));
        file.End();
        Assert.Null(reload());
        Assert.True(flush.Join(TimeSpan.FromSeconds(30)));
        Assert.Empty(host.All());
    }

    [Fact]
    public void Keys_of_a_slot_that_was_lost_go_when_all_is_loaded()
    {
        using var host = new PersistenceHost(isCluster: true);
        host.Set("a", "old");
        var server = host.Server;
        var slots = new SlotSet();
        slots.Add(HashSlot.Of("a"u8));
        var cleaner = new SlotCleaner(server.Basics, server.Executor, host.Persistence, server.Cluster!, NullLogger.Instance);
        cleaner.Add(slots);
        using (var load = new HeldLoad(host.Persistence, new RdbEntry("a", "new"), new RdbEntry("b", "new")))
        {
            Assert.True(cleaner.DoPart());
            Assert.Equal(1, server.Keyspace[0].Count);
            load.Finish();
        }

        Assert.Equal(2, server.Keyspace[0].Count);
        Assert.False(cleaner.DoPart());
        Assert.Equal([new RdbEntry("b", "new")], host.All());
    }

    [Fact]
    public void The_masters_stream_waits_while_a_replica_reloads()
    {
        using var master = new StarlingNode();
        using var replica = new StarlingNode("--replicaof", $"127.0.0.1 {master.Port}");
        master.Client.Command("SET", "a", "old");
        SyncClient.WaitFor(() => replica.Text("GET", "a") == "old", () => replica.Log);
        using var file = new PipedFile(Path.Combine(replica.Directory, "dump.rdb"));
        using var reloading = new SyncClient(replica.Port);
        reloading.Send("DEBUG", "RELOAD", "NOSAVE");
        file.Write(File.AsSpan(0, File.Length / 2));
        var before = Received(replica);
        master.Client.Command("SET", "a", "last");
        master.Client.Command("SET", "b", "last");
        SyncClient.WaitFor(() => Received(replica) >= before + 50, () => replica.Log);
        file.Write(File.AsSpan(File.Length / 2));
        file.End();
        Assert.Equal("OK", reloading.Receive().Text);
        SyncClient.WaitFor(() => replica.Text("GET", "b") == "last", () => replica.Log);
        Assert.Equal("last", replica.Text("GET", "a"));
        SyncClient.WaitFor(
            () => replica.Client.Info("replication")["master_repl_offset"] == master.Client.Info("replication")["master_repl_offset"],
            () => replica.Log);
    }

    [Fact]
    public void A_damaged_file_ends_the_process_and_nobody_sees_a_part_of_it()
    {
        using var host = new PersistenceHost();
        host.Set("a", "old");
        var damaged = (byte[])File.Clone();
        damaged[^1] ^= 1; // of the checksum
        System.IO.File.WriteAllBytes(host.File, damaged);
        var isTerminated = false;
        host.Persistence.Terminate = () => isTerminated = true;
        Assert.Equal("ERR Error trying to load the RDB dump", host.Reload(save: false));
        Assert.True(isTerminated);
        Assert.True(host.Persistence.IsLoading);
        Assert.Contains("Terminating server after rdb file reading failure.", host.Lines);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Of_a_file_that_ends_early_or_is_missing_nothing_is_left(bool isThere)
    {
        using var host = new PersistenceHost();
        host.Set("old", "old");
        if (isThere) System.IO.File.WriteAllBytes(host.File, File[..^12]);
        Assert.Equal("ERR Error trying to load the RDB dump", host.Reload(save: false));
        Assert.False(host.Persistence.IsLoading);
        Assert.Empty(host.All());
    }

    [Fact]
    public void Where_the_file_cannot_be_written_nothing_changes()
    {
        using var host = new PersistenceHost();
        host.Set("old", "old");
        Directory.CreateDirectory(Path.Combine(host.File, "full"));
        Assert.Equal("ERR", host.Reload());
        Assert.False(host.Persistence.IsLoading);
        Assert.Equal([new RdbEntry("old", "old")], host.All());
    }

    [Fact]
    public void What_has_expired_in_the_file_is_logged_once_and_by_a_master_only()
    {
        using var host = new PersistenceHost();
        var replication = host.Server.Replication;
        replication.Start();
        replication.Log.CreateBacklog();
        host.Set(new RdbEntry("gone", "x") { ExpiresAt = 1 });
        Assert.Null(host.Reload());
        Assert.Empty(host.All());
        var effects = replication.Log.Offset;
        Assert.Equal("*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*2\r\n$3\r\nDEL\r\n$4\r\ngone\r\n".Length, effects);

        // It becomes a replica while it loads.
        replication.ReplicateFrom("127.0.0.1", 1);
        host.Persistence.BeforeExpiredInFile!();
        using (var scope = host.Server.Executor.Open(LockPlan.All))
            scope.Call.NoteAbsent(host.Server.Keyspace[0], host.Server.Keyspace.Key("gone"u8));
        Assert.Equal(effects, replication.Log.Offset);
        replication.Promote();
    }

    private static long Received(StarlingNode node) => long.Parse(
        node.Client.Info("stats")["total_net_repl_input_bytes"], System.Globalization.CultureInfo.InvariantCulture);

    private static Func<string?> Reload(PersistenceHost host)
    {
        string? error = null;
        var thread = new Thread(() => error = host.Reload(save: false)) { IsBackground = true };
        thread.Start();
        return () =>
        {
            Assert.True(thread.Join(TimeSpan.FromSeconds(60)));
            return error;
        };
    }

    private static string PathOf(TestServer server) => Path.Combine(server.Node.Config.Dir, "dump.rdb");

    private static TestServer Start() => TestServer.Start(config =>
    {
        config.Save = [];
        config.EnableDebugCommand = "yes";
        config.IoThreads = 2;
    });
}
