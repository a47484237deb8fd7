using System.Globalization;
using Microsoft.Extensions.Time.Testing;
using Starling.Node.Tests.Persistence;
using Starling.Tests.Support;

namespace Starling.Node.Tests.Commands;

/// <summary>Keys with an expiry that clients write on a replica with replica-read-only no.</summary>
public sealed class ReplicaExpiryTests : IAsyncDisposable
{
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.UnixEpoch.AddYears(50));
    private readonly TestServer _server;
    private readonly RawConnection _client;

    public ReplicaExpiryTests()
    {
        _server = TestServer.Start(config => config.ReplicaReadOnly = false, _clock);
        _client = new RawConnection(_server.Port);
        _server.Node.ActiveExpiry.IsEnabled = false; // the tests say when
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public void What_clients_wrote_goes_when_it_expires_and_what_the_master_wrote_stays()
    {
        _client.CallAll([["SET", "of-master", "v", "PX", "100"], ["SET", "{t}of-master", "v", "PX", "100"]]);
        BecomeReplica();
        _client.CallAll(
        [
            ["SET", "short", "v", "PX", "100"], ["SET", "long", "v", "PX", "5000"], ["SET", "none", "v"],
            ["SET", "late", "v"], ["PEXPIRE", "late", "100"], ["SELECT", "3"], ["SET", "elsewhere", "v", "PX", "100"],
        ]);
        Run(0);
        Assert.Equal(4, _server.Node.ReplicaExpiry.Count);
        Assert.Contains("slave_expires_tracked_keys:4\r\n", _client.Call("INFO", "stats").Text, StringComparison.Ordinal);
        Run(100);
        Assert.Equal(1, _server.Node.Keyspace[3].Count);
        Run(1);
        Assert.Equal(0, _server.Node.Keyspace[3].Count);
        Assert.Equal(4, _server.Node.Keyspace[0].Count); // both of the master, long, none
        Assert.Equal(1, _server.Node.ReplicaExpiry.Count);
        Run(5000);
        Assert.Equal(3, _server.Node.Keyspace[0].Count);
        Assert.Equal(0, _server.Node.ReplicaExpiry.Count);
        Assert.Equal(4, _server.Node.Expiry.ExpiredKeys);
    }

    [Fact]
    public void A_later_expiry_counts_and_so_does_an_earlier_one()
    {
        BecomeReplica();
        _client.CallAll([["SET", "later", "v", "PX", "100"], ["SET", "earlier", "v", "PX", "9000"], ["SET", "never", "v", "PX", "100"]]);
        Run(0);
        _client.CallAll([["PEXPIRE", "later", "1000"], ["PEXPIRE", "earlier", "200"], ["PERSIST", "never"]]);
        Run(150);
        Assert.Equal(3, _server.Node.Keyspace[0].Count);
        Run(100);
        Assert.Equal(2, _server.Node.Keyspace[0].Count);
        Assert.Equal(1, _server.Node.ReplicaExpiry.Count);
        Run(1000);
        Assert.Equal("v", _client.Call("GET", "never").Text);
        Assert.Equal(1, _server.Node.Keyspace[0].Count);
        Assert.Equal(0, _server.Node.ReplicaExpiry.Count);
    }

    [Fact]
    public void An_expiry_that_is_put_off_again_and_again_takes_no_more_memory()
    {
        BecomeReplica();
        for (var i = 0; i < 5000; i++)
        {
            _client.Call("SET", "k", "v", "EX", "100000");
            Run(1);
        }

        Assert.Equal(1, _server.Node.ReplicaExpiry.Count);
        Assert.InRange(_server.Node.ReplicaExpiry.QueueLength, 1, 2000);
        Run(100_000_001);
        Assert.Equal(0, _server.Node.Keyspace[0].Count);
    }

    [Fact]
    public void Exchanged_databases_take_their_keys_along()
    {
        BecomeReplica();
        _client.CallAll([["SET", "k", "v", "PX", "100"], ["SWAPDB", "0", "5"], ["SET", "k", "v"]]);
        Run(101);
        Assert.Equal(0, _server.Node.Keyspace[5].Count);
        Assert.Equal(1, _server.Node.Keyspace[0].Count);
    }

    [Fact]
    public void A_master_forgets_what_it_remembered_as_a_replica()
    {
        BecomeReplica();
        _client.CallAll([["SET", "k", "v", "PX", "100"], ["REPLICAOF", "NO", "ONE"]]);
        Run(101);
        Assert.Equal(0, _server.Node.ReplicaExpiry.Count);
        _server.Node.ActiveExpiry.IsEnabled = true;
        Wait.Until("the active expiry has deleted it", () => _server.Node.Keyspace[0].Count == 0);
    }

    [Fact]
    public void Nothing_goes_while_writes_are_paused()
    {
        BecomeReplica();
        _client.CallAll([["SET", "k", "v", "PX", "100"], ["CLIENT", "PAUSE", "1000", "WRITE"]]);
        Run(500);
        Assert.Equal(1, _server.Node.Keyspace[0].Count);
        Run(600);
        Assert.Equal(0, _server.Node.Keyspace[0].Count);
    }

    /// <summary>The load begins when the run has already looked whether one is under way, and waits for the key's stripe.</summary>
    [Fact]
    public void Nothing_goes_while_a_data_set_is_loaded_and_what_has_expired_then_goes_afterwards()
    {
        BecomeReplica();
        _client.Call("SET", "k", "v", "PX", "100");
        Run(0);
        _clock.Advance(TimeSpan.FromMilliseconds(101));
        var keyspace = _server.Node.Keyspace;
        var run = new Thread(() => _server.Node.ReplicaExpiry.Run(_server.Node.NowMilliseconds)) { IsBackground = true };
        HeldLoad load;
        using (keyspace.LockSlot(keyspace.Key("k"u8).Slot))
        {
            run.Start();
            Wait.Until("the run waits for the key", () => (run.ThreadState & ThreadState.WaitSleepJoin) != 0);
            load = new HeldLoad(_server.Node.Persistence, new RdbEntry("other", "v"));
        }

        using (load)
        {
            Assert.True(run.Join(TimeSpan.FromSeconds(60)));
            Run(1);
            Assert.Equal(1, keyspace[0].Count);
            Assert.Equal(1, _server.Node.ReplicaExpiry.Count);
            load.Finish();
        }

        Assert.Equal(2, keyspace[0].Count);
        Run(1);
        Assert.Equal(1, keyspace[0].Count);
        Assert.Equal(0, _server.Node.ReplicaExpiry.Count);
    }

    [Fact]
    public void More_keys_than_a_run_takes_go_in_several()
    {
        BecomeReplica();
        _client.CallAll(
            [.. Enumerable.Range(0, 25_000).Select(i => new[] { "SET", "k" + i.ToString(CultureInfo.InvariantCulture), "v", "PX", "1" })]);
        _clock.Advance(TimeSpan.FromMilliseconds(2));
        for (var run = 0; run < 3; run++) _server.Node.ReplicaExpiry.Run(_server.Node.NowMilliseconds);
        Assert.Equal(0, _server.Node.Keyspace[0].Count);
        Assert.Equal(0, _server.Node.ReplicaExpiry.Count);
    }

    private void BecomeReplica() =>
        Assert.Equal("OK", _client.Call("REPLICAOF", "127.0.0.1", Ports.Take().ToString(CultureInfo.InvariantCulture)).Text);

    /// <summary>Lets time go by, and looks.</summary>
    private void Run(int milliseconds)
    {
        _clock.Advance(TimeSpan.FromMilliseconds(milliseconds));
        _server.Node.ReplicaExpiry.Run(_server.Node.NowMilliseconds);
    }
}
