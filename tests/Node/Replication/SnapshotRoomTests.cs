using Microsoft.Extensions.Logging.Abstractions;
using Starling.Node.Replication;
using Starling.Node.Tests.Persistence;
using Starling.Tests.Support;

namespace Starling.Node.Tests.Replication;

/// <summary>Who pushes a snapshot waits to be told of room.</summary>
public sealed class SnapshotRoomTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(100); // a hundred times what polling would take

    private readonly PersistenceHost _host = new();
    private readonly FullTransport _transport = new();
    private readonly ReplicaLink _link;
    private readonly CancellationTokenSource _cancellation = new();
    private Exception? _failure;

    public SnapshotRoomTests()
    {
        Replication.Log.CreateBacklog();
        _link = Waiting(_transport);
    }

    private ReplicationService Replication => _host.Server.Replication;

    public void Dispose()
    {
        _cancellation.Dispose();
        _host.Dispose();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Who_waits_for_room_looks_again_when_it_is_told_and_only_then(bool isStreamed)
    {
        var saver = Send(isStreamed);
        for (var round = 0; round < 3; round++)
        {
            Assert.True(_transport.AwaitLook(Patience));
            Assert.False(_transport.AwaitLook(Moment));
            _link.NoteSent(now: 1); // not enough has gone
        }

        Assert.True(_transport.AwaitLook(Patience));
        _transport.Pending = 0;
        Assert.False(_transport.AwaitLook(Moment));
        _link.NoteSent(now: 1);
        Assert.True(_transport.AwaitLook(Patience));
        if (!isStreamed)
        {
            // Of the file it waits for the last byte too.
            Wait.Until("the file is pushed", () => _transport.Pending > 0);
            _transport.Pending = 0;
            _link.NoteSent(now: 1);
        }

        Assert.True(saver.Join(Patience));
        Assert.Null(_failure);
        Assert.Equal(isStreamed ? ReplicaState.WaitSnapshotEnd : ReplicaState.Online, _link.State);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_replica_that_goes_ends_the_wait_at_once(bool isStreamed)
    {
        var saver = Send(isStreamed);
        Assert.True(_transport.AwaitLook(Patience));
        Replication.Drop(_link);
        Assert.True(saver.Join(Patience));
        if (isStreamed) Assert.Equal("no replica is left", Assert.IsType<IOException>(_failure).Message);
    }

    [Fact]
    public void A_cancelled_snapshot_ends_the_wait_at_once()
    {
        var saver = Send(isStreamed: true);
        Assert.True(_transport.AwaitLook(Patience));
        _cancellation.Cancel();
        Assert.True(saver.Join(Patience));
        Assert.IsType<OperationCanceledException>(_failure);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_replica_that_takes_nothing_for_too_long_is_dropped(bool isStreamed)
    {
        _host.Server.Config.ReplTimeout = 0;
        var saver = Send(isStreamed);
        Wait.Until("somebody waits", () => _link.StuckSince != 0);
        Wait.Until(
            "the replica is dropped",
            () =>
            {
                Replication.AsMaster.EverySecond(_host.Server.NowMilliseconds);
                return _link.State == ReplicaState.Closed;
            });
        Assert.True(saver.Join(Patience));
        Assert.Contains(_host.Lines, line => line.StartsWith("Disconnecting timedout replica (full sync)", StringComparison.Ordinal));
    }

    [Fact]
    public void A_replica_is_late_only_while_somebody_waits_for_it_and_it_takes_nothing()
    {
        Assert.Equal(0, _link.StuckSince);
        _link.NoteSent(now: 3);
        Assert.Equal(0, _link.StuckSince);
        _link.NoteStuck(now: 5);
        _link.NoteStuck(now: 7);
        Assert.Equal(5, _link.StuckSince);
        _link.NoteSent(now: 9);
        Assert.Equal(9, _link.StuckSince);
        _link.NoteUnstuck();
        _link.NoteSent(now: 11);
        Assert.Equal(0, _link.StuckSince);
    }

    /// <summary>Room comes at every point of the look and the wait; a notice that was lost would leave the saver waiting.</summary>
    [Fact]
    public void No_notice_of_room_is_lost()
    {
        const int Pieces = 50_000;
        var target = new SocketSnapshotTarget(Replication, Replication.Synchronizer, NullLogger.Instance);
        using (_host.Server.Keyspace.LockAll()) target.Begin();
        var hasEnded = false;
        var reader = new Thread(() =>
        {
            while (!Volatile.Read(ref hasEnded))
            {
                if (_transport.Pending < ReplicaLink.HighWater) continue;
                _transport.Pending = 0;
                _link.NoteSent(now: 1);
            }
        })
        { IsBackground = true };
        reader.Start();
        var piece = new byte[4];
        var saver = new Thread(() =>
        {
            for (var i = 0; i < Pieces; i++)
            {
                _transport.Pending = ReplicaLink.HighWater;
                target.Write(piece, CancellationToken.None);
            }
        })
        { IsBackground = true };
        saver.Start();
        Assert.True(saver.Join(Patience));
        Volatile.Write(ref hasEnded, true);
        Assert.True(reader.Join(Patience));
    }

    /// <summary>Sends a snapshot of one byte to a replica whose output is full.</summary>
    private Thread Send(bool isStreamed)
    {
        _transport.Pending = ReplicaLink.HighWater;
        if (isStreamed)
        {
            var target = new SocketSnapshotTarget(Replication, Replication.Synchronizer, NullLogger.Instance);
            using (_host.Server.Keyspace.LockAll()) target.Begin();
            return Start(() => target.Write("x"u8, _cancellation.Token));
        }

        var file = new FileSnapshotTarget(Replication, Replication.Synchronizer, NullLogger.Instance);
        using (_host.Server.Keyspace.LockAll()) file.Begin();
        file.Write("x"u8, CancellationToken.None);
        return Start(file.Send);
    }

    private Thread Start(Action work)
    {
        var thread = new Thread(() =>
        {
            try
            {
                work();
            }
            catch (Exception failure) when (failure is IOException or OperationCanceledException)
            {
                _failure = failure;
            }
        })
        { IsBackground = true };
        thread.Start();
        return thread;
    }

    private ReplicaLink Waiting(IReplicaTransport transport)
    {
        var link = new ReplicaLink(transport) { SupportsEof = true };
        using (Replication.Replicas.Membership.Enter())
        {
            Replication.Replicas.Add(link);
            link.State = ReplicaState.WaitSnapshotStart;
        }

        return link;
    }
}
