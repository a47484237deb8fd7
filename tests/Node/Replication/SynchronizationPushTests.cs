using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Starling.Node.Replication;
using Starling.Node.Tests.Persistence;
using Starling.Tests.Support;

namespace Starling.Node.Tests.Replication;

/// <summary>What a full synchronisation pushes: under which locks, and in which order.</summary>
public sealed class SynchronizationPushTests : IDisposable
{
    private readonly PersistenceHost _host = new();
    private readonly ConcurrentQueue<string> _pushed = new();
    private readonly ConcurrentQueue<string> _underLocks = new();

    public SynchronizationPushTests()
    {
        _host.Server.Config.ReplDisklessSyncDelay = 0;
        Replication.Log.CreateBacklog();
    }

    private ReplicationService Replication => _host.Server.Replication;

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData(true, "$EOF:")]
    [InlineData(false, "$")]
    public void A_snapshot_is_announced_when_the_locks_of_its_moment_have_gone(bool isStreamed, string head)
    {
        _host.Server.Config.ReplDisklessSync = isStreamed;
        var link = Waiting();
        Replication.AsMaster.EverySecond(_host.Server.NowMilliseconds);
        Replication.Synchronizer.Enqueue(link);
        AwaitFile(link);
        Assert.Equal("\n", _pushed.ElementAt(0));
        Assert.StartsWith("+FULLRESYNC ", _pushed.ElementAt(1), StringComparison.Ordinal);
        Assert.StartsWith(head, _pushed.ElementAt(2), StringComparison.Ordinal);
        Assert.Empty(_underLocks);
    }

    [Fact]
    public void An_empty_snapshot_is_pushed_when_the_locks_of_its_moment_have_gone()
    {
        var link = Waiting();
        link.ExcludesData = true;
        Replication.Synchronizer.Enqueue(link);
        AwaitFile(link);
        Assert.StartsWith("+FULLRESYNC ", _pushed.First(), StringComparison.Ordinal);
        Assert.Empty(_underLocks);
    }

    [Fact]
    public void Who_joins_a_file_is_told_so_under_no_lock_and_before_the_file()
    {
        Waiting();
        var target = new FileSnapshotTarget(Replication, Replication.Synchronizer, NullLogger.Instance);
        using (_host.Server.Keyspace.LockAll()) target.Begin();
        target.Announce();
        _pushed.Clear();
        var joined = Waiting();
        Assert.True(target.TryJoin(joined));
        Assert.StartsWith("+FULLRESYNC ", Assert.Single(_pushed), StringComparison.Ordinal);
        Replication.AsMaster.EverySecond(_host.Server.NowMilliseconds);
        Assert.Equal(3, _pushed.Count); // both wait still
        target.Write("x"u8, CancellationToken.None);
        target.Complete(CancellationToken.None);
        AwaitFile(joined);
        Assert.Empty(_underLocks);
    }

    [Fact]
    public void No_sign_of_life_lands_behind_the_first_bytes_of_a_snapshot()
    {
        for (var round = 0; round < 300; round++)
        {
            _pushed.Clear();
            var link = Waiting(checksLocks: false);
            var hasEnded = false;
            var cron = new Thread(() =>
            {
                while (!Volatile.Read(ref hasEnded)) link.SendSignOfLife();
            })
            { IsBackground = true };
            cron.Start();
            SpinWait.SpinUntil(() => !_pushed.IsEmpty);
            var target = new SocketSnapshotTarget(Replication, Replication.Synchronizer, NullLogger.Instance);
            using (_host.Server.Keyspace.LockAll()) target.Begin();
            target.Announce();
            target.Write("x"u8, CancellationToken.None);
            Volatile.Write(ref hasEnded, true);
            cron.Join();
            Assert.Equal(["\n", "+FULLRESYNC", "$EOF", "x"], _pushed.Select(text => text.Split(' ', ':')[0]).Distinct());
            Assert.Equal("x", _pushed.Last());
            Replication.Drop(link);
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Who_makes_the_backlog_while_a_snapshot_begins_is_served_by_it(bool isStreamed)
    {
        using (Replication.Replicas.Membership.Enter()) Replication.EndHistory();
        ReplicaLink link;
        Thread saver;
        using (Replication.Replicas.Membership.Enter())
        {
            link = Waiting(checksLocks: false);
            saver = new Thread(() => Begin(isStreamed)) { IsBackground = true };
            saver.Start();
            Wait.Until("the saver waits for its turn", () => saver.ThreadState.HasFlag(ThreadState.WaitSleepJoin));
            Replication.BeginHistory();
        }

        saver.Join();
        link.Deliver();
        Assert.Equal(ReplicaState.WaitSnapshotEnd, link.State);
        Assert.StartsWith("+FULLRESYNC " + Replication.History.Id, _pushed.First(), StringComparison.Ordinal);
    }

    private void Begin(bool isStreamed)
    {
        var streamed = new SocketSnapshotTarget(Replication, Replication.Synchronizer, NullLogger.Instance);
        var file = new FileSnapshotTarget(Replication, Replication.Synchronizer, NullLogger.Instance);
        using (_host.Server.Keyspace.LockAll())
        {
            if (isStreamed) streamed.Begin();
            else file.Begin();
        }
    }

    private void AwaitFile(ReplicaLink link) => Wait.Until(
        "the replica has its snapshot",
        () =>
        {
            link.NoteSent(_host.Server.Basics.SteadyMilliseconds);
            return link.State == ReplicaState.Online;
        });

    private ReplicaLink Waiting(bool checksLocks = true)
    {
        var transport = new RecordingTransport(bytes =>
        {
            _pushed.Enqueue(Encoding.Latin1.GetString(bytes));
            if (checksLocks) CheckLocks();
        });
        var link = new ReplicaLink(transport) { SupportsEof = true };
        using (Replication.Replicas.Membership.Enter())
        {
            Replication.Replicas.Add(link);
            link.State = ReplicaState.WaitSnapshotStart;
        }

        return link;
    }

    private void CheckLocks()
    {
        if (Replication.Replicas.Membership.IsHeldByCurrentThread) _underLocks.Enqueue("membership");
        var other = new Thread(() =>
        {
            using (_host.Server.Keyspace.LockAll())
            {
                // Whoever pushes holds none, or this does not come to an end before it goes on.
            }
        })
        { IsBackground = true };
        other.Start();
        if (!other.Join(TimeSpan.FromSeconds(1))) _underLocks.Enqueue("a stripe");
    }

    /// <summary>A replica's connection that takes everything at once, and tells what.</summary>
    private sealed class RecordingTransport(Action<byte[]> onPush) : IReplicaTransport
    {
        public long PendingBytes => 0;

        public long LastReadAt => 0;

        public bool IsOpen { get; private set; } = true;

        public string RemoteAddress => "127.0.0.1";

        public string Description => "recording";

        public void Push(ReadOnlySpan<byte> bytes) => onPush(bytes.ToArray());

        public int TrySendStream(ReadOnlySpan<byte> bytes) => bytes.Length;

        public void Close() => IsOpen = false;

        public void CloseAfterOutput() => IsOpen = false;
    }
}
