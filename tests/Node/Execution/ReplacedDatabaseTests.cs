using System.Diagnostics;
using System.Globalization;
using Starling.Node.Execution;
using Starling.Node.Tests.Replication;

namespace Starling.Node.Tests.Execution;

/// <summary>
/// FLUSHALL, FLUSHDB and SWAPDB while many keys are watched and waited for: what is looked at under every stripe is bounded, and all
/// see what redis-server's clients see.
/// </summary>
public sealed class ReplacedDatabaseTests
{
    private const int ManyWatches = 100_000;
    private const int ManyWaits = 10_000;
    private const int Beyond = 700; // more than are looked at at once: see WatchTable.MostVisits, KeyWaiters.MostVisits
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(1);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Every_stripe_is_held_for_a_moment_only_however_many_keys_are_watched(bool isFlush)
    {
        using var server = new StarlingNode();
        Fill(server, ManyWatches / 2);
        using var client = new SyncClient(server.Port);
        Assert.Equal("OK", client.Text(["WATCH", .. Keys(ManyWatches)]));
        Assert.InRange(ShortestHold(server, isFlush), TimeSpan.Zero, Longest);
        Assert.Equal("OK", client.Text("MULTI"));
        Assert.True(client.Command("EXEC").IsNull);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Every_stripe_is_held_for_a_moment_only_however_many_keys_are_waited_for(bool isFlush)
    {
        using var server = new StarlingNode();
        using var client = new SyncClient(server.Port);
        client.Send(["BLPOP", .. Keys(ManyWaits), "0"]);
        SyncClient.WaitFor(() => server.Node.Waiters.Count == 1, () => "the client waits");
        Assert.InRange(ShortestHold(server, isFlush), TimeSpan.Zero, Longest);
        Assert.Equal("(integer) 1", server.Client.Command("RPUSH", "k9", "a").ToString());
        Assert.Equal("[k9, a]", client.Receive().ToString());
    }

    [Theory]
    [InlineData("FLUSHALL")]
    [InlineData("FLUSHDB")]
    [InlineData("SWAPDB 0 1")]
    [InlineData("SWAPDB 1 0")]
    [InlineData("SWAPDB 0 2")]
    [InlineData("SWAPDB 0 0")]
    public void Who_watches_fails_when_its_key_was_there_or_is_there_now_as_in_redis(string change)
    {
        using var redis = new RedisNode();
        using var starling = new StarlingNode();
        foreach (var crowd in (int[])[0, Beyond])
            foreach (var key in (string[])["absent", "here", "there", "both", "expired", "expired-there", "removed"])
                Assert.Equal(AfterChange(redis, change, key, crowd), AfterChange(starling, change, key, crowd));
    }

    [Fact]
    public void A_flush_behind_an_exchange_that_was_not_looked_at_fails_who_may_have_had_a_key_in_between()
    {
        using var redis = new RedisNode();
        using var starling = new StarlingNode();
        Assert.Equal(Outcome(redis), Outcome(starling));

        static string Outcome(TestNode server)
        {
            using var crowd = Crowd(server, Beyond);
            using var watcher = new SyncClient(server.Port);
            server.Client.Command("SELECT", "1");
            server.Client.Command("SET", "k", "there");
            watcher.Command("WATCH", "k");
            server.Client.Command("SWAPDB", "0", "1");
            server.Client.Command("FLUSHALL");
            watcher.Command("MULTI");
            return watcher.Command("EXEC").ToString();
        }
    }

    [Fact]
    public void A_key_that_comes_and_goes_after_the_exchange_fails_who_watches_it()
    {
        using var server = new StarlingNode();
        using var crowd = Crowd(server, Beyond);
        using var watcher = new SyncClient(server.Port);
        watcher.Command("WATCH", "k");
        server.Client.Command("SWAPDB", "0", "1");
        server.Client.Command("SET", "k", "v");
        server.Client.Command("DEL", "k");
        watcher.Command("MULTI");
        Assert.True(watcher.Command("EXEC").IsNull);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(Beyond)]
    public void An_exchange_that_brings_a_list_serves_who_waits_for_it(int keys)
    {
        using var server = new StarlingNode();
        using var waiter = new SyncClient(server.Port);
        using var other = new SyncClient(server.Port);
        other.Send("BLMOVE", "src", "dst", "LEFT", "LEFT", "0"); // a command with keys of two stripes
        waiter.Send(["BLPOP", .. Keys(keys), "0"]);
        SyncClient.WaitFor(() => server.Node.Waiters.Count == 2, () => "both wait");
        server.Client.Command("SELECT", "1");
        server.Client.Command("RPUSH", string.Create(CultureInfo.InvariantCulture, $"k{keys - 1}"), "a");
        server.Client.Command("RPUSH", "src", "b");
        Assert.Equal("OK", server.Client.Text("SWAPDB", "0", "1"));
        Assert.Equal(string.Create(CultureInfo.InvariantCulture, $"[k{keys - 1}, a]"), waiter.Receive().ToString());
        Assert.Equal("b", other.Receive().Text);
        Assert.Equal(0, server.Node.Waiters.Count);
        Assert.False(server.Node.Waiters.HasClaims);
    }

    [Theory]
    [InlineData(10, "FLUSHALL")]
    [InlineData(Beyond, "FLUSHALL")]
    [InlineData(Beyond, "FLUSHDB")]
    [InlineData(Beyond, "SWAPDB 0 1")]
    [InlineData(Beyond, "MULTI|SET other 1|FLUSHALL|EXEC")]
    public void Who_reads_with_a_group_is_told_that_its_stream_is_gone(int readers, string change)
    {
        using var server = new StarlingNode();
        var clients = new List<SyncClient>();
        var keys = Keys(readers);
        try
        {
            foreach (var key in keys) server.Client.Command("XGROUP", "CREATE", key, "g", "$", "MKSTREAM");
            foreach (var some in keys.Chunk(70))
            {
                var client = new SyncClient(server.Port);
                clients.Add(client);
                client.Send(["XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", .. some, .. some.Select(_ => ">")]);
            }

            SyncClient.WaitFor(() => server.Node.Waiters.Count == clients.Count, () => "all wait");
            foreach (var command in change.Split('|')) server.Client.Command(command.Split(' '));
            foreach (var client in clients)
                Assert.StartsWith("(error) NOGROUP No such key 'k", client.Receive().ToString(), StringComparison.Ordinal);
            Assert.Equal(0, server.Node.Waiters.WatchedKeyCount);
        }
        finally
        {
            clients.ForEach(client => client.Dispose());
        }
    }

    /// <summary>The shortest of some times for which every stripe is held; whatever else runs here makes single ones longer.</summary>
    private static TimeSpan ShortestHold(StarlingNode server, bool isFlush)
    {
        var node = server.Node;
        var shortest = TimeSpan.MaxValue;
        for (var i = 0; i < 10; i++)
        {
            using var scope = node.Executor.Open(LockPlan.All);
            var start = Stopwatch.GetTimestamp();
            if (isFlush) scope.Call.DeleteAll(node.Keyspace[0], DeleteReason.Flushed, lazily: true);
            else scope.Call.Swap(0, 1);
            scope.Call.ServeWaiters();
            var time = Stopwatch.GetElapsedTime(start);
            if (time < shortest) shortest = time;
        }

        return shortest;
    }

    private static string AfterChange(TestNode server, string change, string key, int crowdSize)
    {
        var admin = server.Client;
        admin.Command("FLUSHALL");
        admin.Command("DEBUG", "SET-ACTIVE-EXPIRE", "0");
        Select(admin, 1);
        foreach (var there in (string[])["there", "both"]) admin.Command("SET", there, "1");
        admin.Command("SET", "expired-there", "1", "PX", "1");
        Select(admin, 0);
        foreach (var here in (string[])["here", "both", "removed"]) admin.Command("SET", here, "1");
        admin.Command("SET", "expired", "1", "PX", "1");
        AwaitNextMilliseconds(admin); // the time of two keys is to be over, without anybody having looked at them

        using var crowd = Crowd(server, crowdSize);
        using var watcher = new SyncClient(server.Port);
        watcher.Command("CLIENT", "SETNAME", "watcher");
        watcher.Command("WATCH", key);
        if (key == "removed") admin.Command("DEL", key);
        var reply = admin.Command(change.Split(' ')).ToString();
        var line = Array.Find(admin.Text("CLIENT", "LIST")!.Split('\n'), line => line.Contains("name=watcher", StringComparison.Ordinal))!;
        var isDirty = line.Contains("flags=d", StringComparison.Ordinal);
        watcher.Command("MULTI");
        watcher.Command("PING");
        var outcome = watcher.Command("EXEC").ToString();

        // Whoever watches an absent key hears of an exchange beyond what is looked at once at its EXEC.
        return crowdSize > 0 && change.StartsWith("SWAPDB", StringComparison.Ordinal) ? $"{key} {reply} {outcome}" : $"{key} {reply} {isDirty} {outcome}";
    }

    private static void AwaitNextMilliseconds(SyncClient client)
    {
        var since = Now();
        Assert.True(SpinWait.SpinUntil(() => Now() > since + 1, TimeSpan.FromMinutes(1)));

        long Now()
        {
            var parts = client.Command("TIME").Elements.Select(part => long.Parse(part.Text!, CultureInfo.InvariantCulture)).ToArray();
            return (parts[0] * 1000) + (parts[1] / 1000);
        }
    }

    private static SyncClient Crowd(TestNode server, int size)
    {
        var crowd = new SyncClient(server.Port);
        if (size > 0) crowd.Command(["WATCH", .. Keys(size)]);
        return crowd;
    }

    private static void Select(SyncClient client, int database) =>
        client.Command("SELECT", database.ToString(CultureInfo.InvariantCulture));

    private static string[] Keys(int count) =>
        [.. Enumerable.Range(0, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"k{i}"))];

    private static void Fill(StarlingNode server, int keys)
    {
        foreach (var some in Keys(keys).Chunk(5_000))
            Assert.Equal("OK", server.Client.Text(["MSET", .. some.SelectMany(key => (string[])[key, "v"])]));
    }
}
