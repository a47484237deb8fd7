using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Starling.Node.Config;
using Starling.Node.Eviction;
using Starling.Node.Tests.Commands;
using Starling.Tests.Support;

namespace Starling.Node.Tests.Eviction;

/// <summary>
/// Eviction with a limit of one byte, which every key is too much for: what may go goes, whatever else is in the process.
/// </summary>
public sealed class EvictionTests
{
    private const string OutOfMemory = "(error) OOM command not allowed when used memory > 'maxmemory'.";

    [Theory]
    [InlineData("allkeys-lru", 0)]
    [InlineData("allkeys-lfu", 0)]
    [InlineData("allkeys-random", 0)]
    [InlineData("volatile-lru", 100)]
    [InlineData("volatile-lfu", 100)]
    [InlineData("volatile-random", 100)]
    [InlineData("volatile-ttl", 100)]
    [InlineData("noeviction", 200)]
    public async Task Only_keys_that_the_policy_lets_go_are_evicted(string policy, long left)
    {
        await using var server = TestServer.Start(config => config.MaxMemoryPolicy = policy);
        using var client = new RawConnection(server.Port);
        Fill(client);
        client.Call("CONFIG", "SET", "maxmemory", "1");
        Assert.Equal("OOM command not allowed when used memory > 'maxmemory'.", client.Call("SET", "k", "v").Text);
        Assert.Equal(left, client.Call("DBSIZE").Number);
        Assert.Equal(200 - left, Field(client, "evicted_keys"));
        for (var i = 0; i < 100; i++) Assert.Equal(left > 0 ? 1 : 0, client.Call("EXISTS", "keeps" + Text(i)).Number);
    }

    [Fact]
    public async Task Few_keys_that_may_go_are_found_among_many_that_may_not()
    {
        await using var server = TestServer.Start(config => config.MaxMemoryPolicy = "volatile-random");
        using var client = new RawConnection(server.Port);
        client.CallAll([.. Enumerable.Range(0, 20_000).Select(i => new[] { "SET", "{t}" + Text(i), "v" })]);
        client.CallAll([["EXPIRE", "{t}77", "1000"], ["SELECT", "3"], ["SET", "other", "v", "EX", "1000"], ["SELECT", "0"]]);
        client.Call("CONFIG", "SET", "maxmemory", "1");
        client.Call("PING");
        Assert.Equal(19_999, client.Call("DBSIZE").Number);
        Assert.Equal(2, Field(client, "evicted_keys"));
    }

    /// <summary>Sixteen turns a key, when one database of sixteen has keys: a busy thread gets that far in an hour.</summary>
    [Fact]
    public void Databases_take_turns_for_ever()
    {
        var config = new ServerConfig { Save = [], MaxMemoryPolicy = "allkeys-random" };
        var node = new NodeServer(config, NullLoggerFactory.Instance, TimeProvider.System);
        foreach (var index in (int[])[0, 7])
        {
            var key = node.Keyspace.Key("k"u8);
            using (node.Keyspace.LockSlot(key.Slot)) node.Keyspace[index].SetString(key, "v"u8, long.MaxValue / 2, 0);
        }

        var thread = new EvictionThread(node.Executor.NewCall()) { NextDatabase = int.MaxValue - 3 };
        thread.Begin(node.NowMilliseconds, EvictionPolicy.Parse("allkeys-random"));
        var evictor = new KeyEvictor(node.Basics, node.Executor, _ => true);
        Assert.True(evictor.TryEvict(thread));
        Assert.True(evictor.TryEvict(thread));
        Assert.False(evictor.TryEvict(thread));
    }

    /// <summary>
    /// Writes are paused when the eviction has already looked whether they are, and waits for its first key: who pauses them and
    /// takes every stripe once relies on an offset that stands still.
    /// </summary>
    [Theory]
    [InlineData("allkeys-lru")]
    [InlineData("allkeys-random")]
    [InlineData("volatile-ttl")]
    public void Nothing_is_evicted_once_writes_are_paused(string policy)
    {
        var config = new ServerConfig { Databases = 1, Save = [], MaxMemory = 1, MaxMemoryPolicy = policy };
        var node = new NodeServer(config, NullLoggerFactory.Instance, TimeProvider.System);
        node.Replication.Log.CreateBacklog();
        for (var i = 0; i < 10; i++)
        {
            var key = node.Keyspace.Key(System.Text.Encoding.ASCII.GetBytes(Text(i)));
            using (node.Keyspace.LockSlot(key.Slot)) node.Keyspace[0].SetString(key, "v"u8, long.MaxValue / 2, 0);
        }

        var hasRoom = false;
        var eviction = new Thread(() => hasRoom = node.Evictor.TryMakeRoom(node.NowMilliseconds)) { IsBackground = true };
        using (node.Keyspace.LockAll())
        {
            eviction.Start();
            Wait.Until("the eviction waits for a key", () => (eviction.ThreadState & ThreadState.WaitSleepJoin) != 0);
            node.Clients.PauseWrites("test", long.MaxValue);
        }

        Assert.True(eviction.Join(TimeSpan.FromSeconds(60)));
        Assert.True(hasRoom); // nobody is refused for what may go later
        Assert.Equal(10, node.Keyspace[0].Count);
        Assert.Equal(0, node.Replication.Log.Offset);
        node.Clients.Unpause("test");
        node.Evictor.TryMakeRoom(node.NowMilliseconds);
        Assert.Equal(0, node.Keyspace[0].Count);
        Assert.NotEqual(0, node.Replication.Log.Offset);
        node.Keyspace.Dispose();
    }

    [Fact]
    public async Task What_takes_no_memory_is_executed_without_any_left()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.CallAsync("SET", "k", "v");
        await client.CallAsync("CONFIG", "SET", "maxmemory", "1");
        Assert.Equal("v", await client.TextAsync("GET", "k"));
        Assert.Equal(OutOfMemory, await client.TextAsync("SET", "k", "v"));
        Assert.Equal("OK", await client.TextAsync("MULTI"));
        Assert.Equal(OutOfMemory, await client.TextAsync("GET", "k"));
        Assert.StartsWith("(error) EXECABORT", await client.TextAsync("EXEC"), StringComparison.Ordinal);
        Assert.Equal("(integer) 1", await client.TextAsync("DEL", "k"));
        await client.CallAsync("CONFIG", "SET", "maxmemory", "0");
        Assert.Equal("OK", await client.TextAsync("SET", "k", "v"));
    }

    [Fact]
    public async Task A_transaction_that_takes_memory_is_refused_as_a_whole()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        var other = await server.ConnectAsync();
        await client.CallAsync("MULTI");
        await client.CallAsync("SET", "k", "v");
        await other.CallAsync("CONFIG", "SET", "maxmemory", "1");
        Assert.Equal(
            "(error) EXECABORT Transaction discarded because of: OOM command not allowed when used memory > 'maxmemory'.",
            await client.TextAsync("EXEC"));
        Assert.Equal("(integer) 0", await client.TextAsync("EXISTS", "k"));
    }

    [Theory]
    [InlineData("no", "DEL")]
    [InlineData("yes", "UNLINK")]
    public async Task An_evicted_key_goes_to_replicas_and_listeners_and_fails_who_watches_it(string lazy, string effect)
    {
        var events = new List<string>();
        await using var server = TestServer.Start(
            config =>
            {
                config.ReplDisklessSyncDelay = 0;
                config.NotifyKeyspaceEvents = "KEA";
                config.MaxMemoryPolicy = "volatile-ttl";
            },
            prepare: node => node.KeyEvents.ListenWith(recorded => events.Add(recorded.Event.ToString())));
        using var client = new RawConnection(server.Port);
        using var watcher = new RawConnection(server.Port);
        using var stream = new ReplicaStream(server.Port);
        client.CallAll([["CONFIG", "SET", "lazyfree-lazy-eviction", lazy], ["SET", "marker", "begin"], ["SET", "k", "v", "EX", "1000"]]);
        watcher.CallAll([["WATCH", "k"], ["MULTI"], ["GET", "marker"]]);
        client.CallAll([["CONFIG", "SET", "maxmemory", "1"], ["PING"], ["CONFIG", "SET", "maxmemory", "0"], ["SET", "marker", "end"]]);
        stream.ReadTo("begin");
        Assert.Contains(stream.ReadTo("end"), command => command is [var name, "k"] && name == effect);
        Assert.Contains("evicted", events);
        Assert.Equal("-1", watcher.Call("EXEC").Text);
    }

    [Fact]
    public async Task The_key_that_expires_first_goes_first()
    {
        await using var server = TestServer.Start(config => (config.MaxMemoryPolicy, config.ReplDisklessSyncDelay) = ("volatile-ttl", 0));
        using var client = new RawConnection(server.Port);
        using var stream = new ReplicaStream(server.Port);
        client.Call("SET", "marker", "begin");
        for (var i = 0; i < 5; i++) client.Call("SET", "{t}" + Text(i), "v", "EX", Text(1000 + (10 * i)));
        client.CallAll([["CONFIG", "SET", "maxmemory", "1"], ["PING"], ["CONFIG", "SET", "maxmemory", "0"], ["SET", "marker", "end"]]);
        stream.ReadTo("begin");
        var deleted = stream.ReadTo("end").Where(command => command[0] == "DEL").Select(command => command[1]).ToList();
        Assert.Equal(["{t}0", "{t}1", "{t}2", "{t}3", "{t}4"], deleted);
    }

    [Fact]
    public async Task Frequencies_grow_with_accesses_and_fall_with_time()
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        await using var server = TestServer.Start(config => (config.MaxMemoryPolicy, config.LfuLogFactor) = ("allkeys-lfu", 0), clock);
        var client = await server.ConnectAsync();
        await client.CallAsync("SET", "k", "v");
        Assert.Equal("(integer) 5", await client.TextAsync("OBJECT", "FREQ", "k"));
        for (var i = 0; i < 10; i++) await client.CallAsync("GET", "k");
        Assert.Equal("(integer) 15", await client.TextAsync("OBJECT", "FREQ", "k"));
        await client.CallAsync("SET", "k", "other");
        Assert.Equal("(integer) 16", await client.TextAsync("OBJECT", "FREQ", "k"));
        clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal("(integer) 6", await client.TextAsync("OBJECT", "FREQ", "k"));
        clock.Advance(TimeSpan.FromMinutes(100));
        Assert.Equal("(integer) 0", await client.TextAsync("OBJECT", "FREQ", "k"));
        Assert.StartsWith("(error) ERR An LFU maxmemory policy is selected", await client.TextAsync("OBJECT", "IDLETIME", "k"), StringComparison.Ordinal);
        await client.CallAsync("CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
        Assert.StartsWith("(error) ERR An LFU maxmemory policy is not selected", await client.TextAsync("OBJECT", "FREQ", "k"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Restore_gives_a_key_the_frequency_or_the_idle_time_that_it_names()
    {
        await using var server = TestServer.Start();
        using var client = new RawConnection(server.Port);
        client.Call("SET", "k", "v");
        var payload = client.Call("DUMP", "k").Text!;
        client.Call("RESTORE", "idle", "0", payload, "IDLETIME", "500");
        Assert.InRange(client.Call("OBJECT", "IDLETIME", "idle").Number, 500, 560);
        client.Call("CONFIG", "SET", "maxmemory-policy", "volatile-lfu");
        client.Call("RESTORE", "frequent", "0", payload, "FREQ", "123");
        Assert.InRange(client.Call("OBJECT", "FREQ", "frequent").Number, 122, 123);
    }

    [Fact]
    public async Task A_replica_leaves_eviction_to_its_master_unless_it_is_told_otherwise()
    {
        await using var master = TestServer.Start(config => config.ReplDisklessSyncDelay = 0);
        await using var replica = TestServer.Start(config =>
        {
            config.ReplicaOf = new MasterAddress("127.0.0.1", master.Port);
            config.MaxMemoryPolicy = "allkeys-random";
        }, master.Node.Clock);
        using var source = new RawConnection(master.Port);
        using var client = new RawConnection(replica.Port);
        source.Call("SET", "k", "v");
        await Eventually.True(() => client.Call("EXISTS", "k").Text == "1");
        client.Call("CONFIG", "SET", "maxmemory", "1");
        client.Call("PING");
        Assert.Equal(1, client.Call("EXISTS", "k").Number);
        client.Call("CONFIG", "SET", "replica-ignore-maxmemory", "no");
        await Eventually.True(() => client.Call("EXISTS", "k").Text == "0");
        Assert.Equal(1, source.Call("EXISTS", "k").Number);
    }

    [Fact]
    public async Task Clients_that_take_too_much_are_closed_the_largest_first_and_none_that_must_stay()
    {
        await using var server = TestServer.Start();
        using var watcher = new RawConnection(server.Port);
        var small = await server.ConnectAsync();
        var large = await server.ConnectAsync();
        watcher.Call("CLIENT", "NO-EVICT", "ON");
        await small.CallAsync("PING");
        await large.SendAsync("*2\r\n$4\r\nECHO\r\n$8000000\r\n" + new string('x', 2_000_000));
        watcher.Call("CONFIG", "SET", "maxmemory-clients", "1mb");
        await large.WaitForCloseAsync();
        Assert.Equal("PONG", await small.TextAsync("PING"));
        Assert.Equal("PONG", watcher.Call("PING").Text);
        Assert.Equal(1, Field(watcher, "evicted_clients"));
    }

    private static void Fill(RawConnection client)
    {
        for (var i = 0; i < 100; i++)
            client.CallAll([["SET", "keeps" + Text(i), "v"], ["SET", "expires" + Text(i), "v", "EX", "1000"]]);
    }

    private static long Field(RawConnection client, string name) =>
        long.Parse(client.Call("INFO", "stats").Text!.Split(name + ":")[1].Split('\r')[0], CultureInfo.InvariantCulture);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
