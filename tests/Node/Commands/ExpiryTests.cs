using System.Globalization;
using Microsoft.Extensions.Time.Testing;
using Starling.Tests.Support;

namespace Starling.Node.Tests.Commands;

public sealed class ExpiryTests
{
    [Fact]
    public async Task Expired_keys_go_without_being_asked_for()
    {
        await using var server = TestServer.Start();
        using var client = new RawConnection(server.Port);
        var commands = new List<string[]>();
        for (var i = 0; i < 3000; i++)
        {
            commands.Add(["SET", Name("kept", i), "v"]);
            commands.Add(["SET", Name("later", i), "v", "EX", "10000"]);
            commands.Add(["SET", Name("gone", i), "v", "PX", "1"]);
            commands.Add(["SET", "{tag}" + Name("gone", i), "v", "PX", "1"]);
        }

        client.CallAll(commands);
        Wait.Until("the expired keys are gone", () => client.Call("DBSIZE").Number == 6000);
        Assert.Equal(6000, server.Node.Expiry.ExpiredKeys);
        Assert.Equal(3000, server.Node.Keyspace[0].ExpiringCount);
        Assert.Contains("expired_keys:6000\r\n", client.Call("INFO", "stats").Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_database_is_looked_at()
    {
        await using var server = TestServer.Start();
        using var client = new RawConnection(server.Port);
        for (var database = 0; database < 16; database++)
            client.CallAll([["SELECT", Text(database)], ["SET", "a", "b", "PX", "1"], ["SET", "c", "d"]]);
        Wait.Until("the expired keys are gone", () => Enumerable.Range(0, 16).All(i => server.Node.Keyspace[i].Count == 1));
    }

    [Fact]
    public async Task The_mean_time_to_live_is_estimated_from_what_is_looked_at()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50));
        await using var server = TestServer.Start(clock: clock);
        using var client = new RawConnection(server.Port);
        var commands = new List<string[]>();
        for (var i = 0; i < 500; i++)
        {
            commands.Add(["SET", Name("kept", i), "v"]);
            commands.Add(["SET", Name("k", i), "v", "PX", "60000"]);
        }

        client.CallAll([.. commands, ["SELECT", "2"], ["SET", "far", "v", "PXAT", Text(long.MaxValue / 2)]]);
        Wait.Until("both are estimated", () => Estimate(0) == 60_000 && Estimate(2) > 1L << 40);
        Assert.Contains("db0:keys=1000,expires=500,avg_ttl=60000\r\n", client.Call("INFO", "keyspace").Text, StringComparison.Ordinal);
        clock.Advance(TimeSpan.FromSeconds(30));
        Wait.Until("it follows the time", () => Estimate(0) < 50_000);
        client.Call("SWAPDB", "0", "3");
        Assert.InRange(Estimate(3), 29_000, 50_000);
        client.Call("FLUSHALL");
        Wait.Until("there is nothing to estimate", () => Estimate(3) == 0 && Estimate(2) == 0);

        long Estimate(int database) => server.Node.ActiveExpiry.TimeToLive.Of(server.Node.Keyspace[database]);
    }

    [Fact]
    public async Task Debug_set_active_expire_0_leaves_expired_keys_to_those_who_ask()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50));
        await using var server = TestServer.Start(config => config.EnableDebugCommand = "yes", clock);
        using var client = new RawConnection(server.Port);
        client.CallAll([["DEBUG", "SET-ACTIVE-EXPIRE", "0"], ["SET", "a", "b", "PX", "10"], ["SET", "c", "d", "PX", "10"]]);
        clock.Advance(TimeSpan.FromSeconds(1));
        server.Node.ActiveExpiry.Run(server.Node.NowMilliseconds);
        Assert.Equal(2, client.Call("DBSIZE").Number);
        Assert.Null(client.Call("GET", "a").Text);
        Assert.Equal(1, client.Call("DBSIZE").Number);
        client.Call("DEBUG", "SET-ACTIVE-EXPIRE", "1");
        Wait.Until("the other key is gone too", () => client.Call("DBSIZE").Number == 0);
    }

    [Fact]
    public async Task A_key_lives_through_its_last_millisecond()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50));
        await using var server = TestServer.Start(clock: clock);
        using var client = new RawConnection(server.Port);
        client.Call("SET", "a", "b", "PX", "10");
        clock.Advance(TimeSpan.FromMilliseconds(10));
        Assert.Equal("b", client.Call("GET", "a").Text);
        Assert.Equal(0, client.Call("PTTL", "a").Number);
        clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Null(client.Call("GET", "a").Text);
        Assert.Equal(-2, client.Call("PTTL", "a").Number);
    }

    [Fact]
    public async Task A_run_ends_when_its_time_is_up()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50));
        await using var server = TestServer.Start(config => config.EnableDebugCommand = "yes", clock);
        using var client = new RawConnection(server.Port);
        client.Call("DEBUG", "SET-ACTIVE-EXPIRE", "0");
        client.CallAll([.. Enumerable.Range(0, 5000).Select(i => new[] { "SET", Name("k", i), "v", "PX", "1" })]);
        clock.Advance(TimeSpan.FromSeconds(1));
        clock.AutoAdvanceAmount = TimeSpan.FromMilliseconds(10);
        server.Node.ActiveExpiry.IsEnabled = true;
        var now = server.Node.NowMilliseconds;
        server.Node.ActiveExpiry.Run(now);
        var left = server.Node.Keyspace[0].Count;
        Assert.InRange(left, 1, 4999);
        Assert.DoesNotContain("expired_time_cap_reached_count:0\r\n", Info(client), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_expires_goes_to_replicas_as_del()
    {
        await using var server = TestServer.Start(config => config.ReplDisklessSyncDelay = 0);
        using var client = new RawConnection(server.Port);
        using var replica = new ReplicaStream(server.Port);
        client.CallAll([["SET", "a", "v", "PX", "1"]]);
        Wait.Until("the expired key is gone", () => client.Call("DBSIZE").Number == 0);
        client.Call("SET", "end", "marker");
        var commands = replica.ReadTo("marker");
        Assert.Equal(["SELECT", "SET", "DEL"], commands.Select(c => c[0]));
        Assert.Equal(["DEL", "a"], commands[2]);
    }

    [Fact]
    public async Task A_replica_keeps_what_has_expired_and_does_not_show_it()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50));
        await using var server = TestServer.Start(clock: clock);
        using var client = new RawConnection(server.Port);
        client.Call("SET", "a", "b", "PX", "10");
        client.Call("REPLICAOF", "127.0.0.1", "1");
        clock.Advance(TimeSpan.FromSeconds(1));
        server.Node.ActiveExpiry.Run(server.Node.NowMilliseconds);
        Assert.Null(client.Call("GET", "a").Text);
        Assert.Equal(0, client.Call("EXISTS", "a").Number);
        Assert.Empty(client.Call("KEYS", "*").Items);
        Assert.Empty(client.Call("SCAN", "0").Items[1].Items);
        Assert.Null(client.Call("RANDOMKEY").Text);
        Assert.Equal(1, client.Call("DBSIZE").Number);
        client.Call("REPLICAOF", "NO", "ONE");
        Wait.Until("the master that it has become deletes it", () => client.Call("DBSIZE").Number == 0);
    }

    [Fact]
    public async Task A_pause_of_writes_holds_back_expiry_too()
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(50));
        await using var server = TestServer.Start(clock: clock);
        using var client = new RawConnection(server.Port);
        client.Call("SET", "a", "b", "PX", "10");
        client.Call("CLIENT", "PAUSE", "100000", "WRITE");
        clock.Advance(TimeSpan.FromSeconds(1));
        server.Node.ActiveExpiry.Run(server.Node.NowMilliseconds);
        Assert.Null(client.Call("GET", "a").Text);
        Assert.Equal(1, client.Call("DBSIZE").Number);
        client.Call("CLIENT", "UNPAUSE");
        Wait.Until("the key is gone", () => client.Call("DBSIZE").Number == 0);
    }

    [Fact]
    public async Task A_transaction_fails_when_the_key_it_watches_expires_in_the_background()
    {
        await using var server = TestServer.Start();
        using var client = new RawConnection(server.Port);
        client.CallAll([["SET", "a", "b", "PX", "1000"], ["WATCH", "a"]]);
        using var other = new RawConnection(server.Port);
        Wait.Until("the key is gone", () => other.Call("DBSIZE").Number == 0);
        var replies = client.CallAll([["MULTI"], ["SET", "a", "c"], ["EXEC"]]);
        Assert.Equal("-1", replies[2].Text);
        Assert.Equal(0, other.Call("EXISTS", "a").Number);
    }

    private static string Info(RawConnection client) => client.Call("INFO", "stats").Text!;

    private static string Name(string prefix, int number) => prefix + ":" + Text(number);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
