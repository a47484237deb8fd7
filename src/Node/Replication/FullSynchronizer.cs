using Microsoft.Extensions.Logging;
using Starling.Node.Persistence;
using Starling.Slots;

namespace Starling.Node.Replication;

/// <summary>
/// Starts snapshots for the replicas that wait for one: streamed to their connections as they are made, or to a file
/// that is sent when it is whole. Replicas that wait at the moment of the snapshot share it; one that comes later and
/// cannot join gets a snapshot of its own beside it.
/// </summary>
internal sealed class FullSynchronizer(ReplicationService service, ILogger logger)
{
    // Guards the fields. A leaf: a snapshot, which takes every stripe, is started outside of it.
    private readonly RankedLock _lock = new(LockRank.Leaf, nameof(FullSynchronizer));
    private bool _isStarting;
    private FileSnapshotTarget? _file;
    private int _kicked;

    private NodeBasics Basics => service.Basics;

    /// <summary>
    /// A replica has begun to wait. Lets it join a snapshot that is being written to a file, if that serves it;
    /// otherwise one starts as soon as it may, whatever others are under way.
    /// </summary>
    public void Enqueue(ReplicaLink link)
    {
        if (link.ExcludesData)
        {
            ThreadPool.UnsafeQueueUserWorkItem(_ => EmptySnapshot.Serve(service, link, logger), state: null);
            return;
        }

        FileSnapshotTarget? file;
        using (_lock.Enter()) file = _file;
        if (file is not null && file.TryJoin(link))
        {
            ReplicationMessages.JoinsSnapshot(logger);
            return;
        }

        if (IsStreamed(link) && Basics.Config.ReplDisklessSyncDelay > 0) ReplicationMessages.DelaysSnapshot(logger);
        StartSoon();
    }

    /// <summary>
    /// Starts a snapshot on another thread when one is due: a caller on an I/O thread does not take every stripe.
    /// </summary>
    public void StartSoon()
    {
        if (Interlocked.Exchange(ref _kicked, 1) != 0) return;
        ThreadPool.UnsafeQueueUserWorkItem(
            static synchronizer =>
            {
                Volatile.Write(ref synchronizer._kicked, 0);
                synchronizer.StartIfDue(synchronizer.Basics.NowMilliseconds);
            },
            this,
            preferLocal: false);
    }

    /// <summary>
    /// Starts a snapshot when replicas wait and have waited long enough. Holds no stripe; takes every stripe.
    /// </summary>
    public void StartIfDue(long now)
    {
        bool streamed;
        if (service.Persistence.IsLoading) return; // it is asked again, ten times a second
        using (_lock.Enter())
        {
            if (_isStarting || !IsDue(now, out streamed)) return;
            _isStarting = true;
        }

        ReplicationMessages.StartsSnapshot(logger, streamed ? "replicas sockets" : "disk");
        try
        {
            if (streamed) StartStreamed();
            else StartFile();
        }
        finally
        {
            using (_lock.Enter()) _isStarting = false; // whatever has failed, the next one may begin
        }

        // For those that came after the moment.
        StartSoon();
    }

    /// <summary>True when the replica gets the snapshot streamed as it is made.</summary>
    public bool IsStreamed(ReplicaLink link) => link.SupportsEof && Basics.Config.ReplDisklessSync;

    /// <summary>
    /// The replicas that wait for a snapshot of one kind become those that are served by it. Under every stripe.
    /// </summary>
    public ReplicaLink[] Claim(bool streamed, Action<ReplicaLink> serve)
    {
        using (service.Replicas.Membership.Enter())
        {
            var claimed = new List<ReplicaLink>();
            foreach (var link in service.Replicas.Links)
            {
                if (!WaitsForData(link) || (streamed && !link.SupportsEof)) continue;
                link.IsStreamedSnapshot = streamed;
                link.State = ReplicaState.WaitSnapshotEnd;
                serve(link);
                claimed.Add(link);
            }

            return [.. claimed];
        }
    }

    /// <summary>A file is complete or given up: nobody joins it any more.</summary>
    private void End(FileSnapshotTarget file)
    {
        using (_lock.Enter())
        {
            if (_file == file) _file = null;
        }
    }

    private static bool WaitsForData(ReplicaLink link) => link.State == ReplicaState.WaitSnapshotStart && !link.ExcludesData;

    private bool IsDue(long now, out bool streamed)
    {
        streamed = Basics.Config.ReplDisklessSync;
        var waiting = 0;
        var longest = 0L;
        foreach (var link in service.Replicas.Links)
        {
            if (!WaitsForData(link)) continue;
            waiting++;
            longest = Math.Max(longest, now - link.WaitingSince);
            streamed &= link.SupportsEof;
        }

        if (waiting == 0) return false;
        if (!streamed) return true;
        var enough = Basics.Config.ReplDisklessSyncMaxReplicas;
        return longest >= Basics.Config.ReplDisklessSyncDelay * 1000L || (enough > 0 && waiting >= enough);
    }

    private void StartStreamed()
    {
        var target = new SocketSnapshotTarget(service, this, logger);
        service.Persistence.StartSnapshot(target, new SnapshotOptions { OnStart = target.Begin, OnStarted = target.Announce });
    }

    private void StartFile()
    {
        FileSnapshotTarget target;
        try
        {
            target = new FileSnapshotTarget(service, this, logger);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            ReplicationMessages.ReadErrorSendingFile(logger, SystemErrors.Explain(failure));
            Claim(streamed: false, link => service.Drop(link));
            return;
        }

        using (_lock.Enter()) _file = target;
        service.Persistence.StartSnapshot(
            target,
            new SnapshotOptions { OnStart = target.Begin, OnStarted = target.Announce, OnEnd = _ => End(target) });
    }
}
