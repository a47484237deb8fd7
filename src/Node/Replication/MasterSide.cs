using Microsoft.Extensions.Logging;
using Starling.Node.Execution;
using Starling.Node.Serving;

namespace Starling.Node.Replication;

/// <summary>
/// What a master (or a replica that has replicas) does for its replicas: grants synchronisations, pings, times out,
/// keeps output limits, lets the backlog go.
/// </summary>
internal sealed class MasterSide(ReplicationService service, ShutdownService shutdown, ILogger logger)
{
    private int _secondsSincePing;
    private volatile int _goodReplicas;

    /// <summary>Replicas that are online and were heard of within min-replicas-max-lag, as of the last look.</summary>
    public int GoodReplicas => _goodReplicas;

    private NodeBasics Basics => service.Basics;

    private ReplicaSet Replicas => service.Replicas;

    /// <summary>
    /// PSYNC: goes on from the backlog when the replica's history and offset allow it; otherwise the replica begins to
    /// wait for a snapshot. Writes the reply (that of a full synchronisation comes at the snapshot's moment) and takes
    /// the connection over.
    /// </summary>
    public void Synchronize(CommandContext call, ReplicaLink link, string id, long from)
    {
        ReplicationMessages.AsksForSynchronization(logger, link.Name);
        if (TryPartial(call, link, id, from)) return;
        if (id != "?") service.Counters.CountPartialRefused();
        SynchronizeFully(call, link);
    }

    /// <summary>SYNC, or PSYNC that cannot be granted partially.</summary>
    public void SynchronizeFully(CommandContext call, ReplicaLink link)
    {
        link.WaitingSince = Basics.NowMilliseconds;
        using (Replicas.Membership.Enter())
        {
            if (!MaySynchronize(call)) return;
            service.Counters.CountFull();
            if (!service.Log.HasBacklog) service.BeginHistory(); // before anybody sees that it waits
            Replicas.Add(link);
            link.State = ReplicaState.WaitSnapshotStart;
        }

        call.Session.Connection!.TakeOver(new ReplicaOwner(service, link));
        service.Synchronizer.Enqueue(link);
    }

    /// <summary>
    /// False, with the error written, when this node has no data to give: it is a replica whose master is not there, or
    /// whose snapshot is being loaded, or a master that has lost its data while its replicas may have them. For the
    /// answer to hold, under the membership lock, which a load takes when it has begun.
    /// </summary>
    public bool MaySynchronize(CommandContext call)
    {
        if (call.Node.Cluster is { RefusesReplicas: true })
        {
            // Redis's word for "later": a replica that has data must not lose them to a master that has none.
            call.Reply.Error("NOMASTERLINK This master has lost its data; see cluster-allow-empty-master"u8);
            return false;
        }

        if (!service.IsReplica || service.IsLinkUp) return true;
        call.Reply.Error("NOMASTERLINK Can't SYNC while not connected with my master"u8);
        return false;
    }

    /// <summary>REPLCONF ACK.</summary>
    public void Acknowledge(ReplicaLink link, long offset, long fsyncOffset)
    {
        link.Acknowledge(offset, fsyncOffset, Basics.NowMilliseconds);
        if (link.StreamsOnAck && link.State == ReplicaState.Online)
        {
            link.StreamsOnAck = false;
            link.StartStream();
        }

        service.OnAcknowledged();
    }

    /// <summary>The replica has the snapshot and gets the stream from now on.</summary>
    public void PutOnline(ReplicaLink link)
    {
        link.AckTime = Basics.NowMilliseconds;
        link.State = ReplicaState.Online;
        CountGood(Basics.NowMilliseconds);
        ReplicationMessages.SynchronizationSucceeded(logger, link.Name);
    }

    /// <summary>Once a second: pings, signs of life, timeouts, the backlog's time to live.</summary>
    public void EverySecond(long now)
    {
        service.Link?.Start(); // when it was made there may have been no thread left for it
        if (service.Log.BacklogSize != Basics.Config.ReplBacklogSize) service.Log.BacklogSize = Basics.Config.ReplBacklogSize;
        if (++_secondsSincePing >= Basics.Config.ReplPingReplicaPeriod)
        {
            _secondsSincePing = 0;
            Ping(now);
        }

        foreach (var link in Replicas.Links)
        {
            link.SendSignOfLife();
            DropTimedOut(link, now);
            DropStuck(link);
        }

        FreeIdleBacklog(now);
    }

    /// <summary>Ten times a second: snapshots that are due, output limits, the number of good replicas.</summary>
    public void EveryTenth(long now)
    {
        CountGood(now);
        foreach (var link in Replicas.Links) KeepOutputLimit(link, now);
        service.Synchronizer.StartIfDue(now);
    }

    /// <summary>Brings <see cref="GoodReplicas"/> up to date.</summary>
    public void CountGood(long now) => _goodReplicas = Replicas.CountGood(now, Basics.Config.MinReplicasMaxLag);

    private bool TryPartial(CommandContext call, ReplicaLink link, string id, long from)
    {
        using (Replicas.Membership.Enter())
        {
            if (service.IsReplica && !service.IsLinkUp) return false;
            var history = service.History;
            if (!history.Covers(id, from))
            {
                LogRefusal(link, history, id, from);
                return false;
            }

            var cursor = from > 0 ? service.Log.TryAttach(from - 1) : null;
            if (cursor is null)
            {
                ReplicationMessages.LackOfBacklog(logger, link.Name, from);
                if (from > service.Log.Offset + 1) ReplicationMessages.OffsetBeyondEnd(logger, link.Name);
                return false;
            }

            call.Reply.Simple(System.Text.Encoding.ASCII.GetBytes(
                link.SupportsPsync2 ? "CONTINUE " + history.Id : "CONTINUE"));
            link.Attach(cursor);
            link.AckTime = Basics.NowMilliseconds;
            link.State = ReplicaState.Online;
            Replicas.Add(link);
            service.Counters.CountPartialAccepted();
            ReplicationMessages.PartialAccepted(logger, link.Name, cursor.Lag, from);
        }

        call.Session.Connection!.TakeOver(new ReplicaOwner(service, link));
        CountGood(Basics.NowMilliseconds);
        link.StartStream();
        return true;
    }

    private void LogRefusal(ReplicaLink link, ReplicationHistory history, string id, long from)
    {
        if (id == "?") ReplicationMessages.FullResyncRequested(logger, link.Name);
        else if (string.Equals(id, history.SecondId, StringComparison.OrdinalIgnoreCase))
            ReplicationMessages.BeyondSecondId(logger, from, history.SecondOffset);
        else ReplicationMessages.IdMismatch(logger, id, history.Id, history.SecondId);
    }

    private void Ping(long now)
    {
        // A manual failover waits for the replica to reach the master's offset, a shutdown saves it: it must stand
        // still.
        bool MayPing() =>
            !shutdown.IsUnderWay && !(Basics.Config.ClusterEnabled && Basics.Clients.IsPaused(now));
        if (Replicas.Links.Length == 0 || !service.TryAppendControl("*1\r\n$4\r\nPING\r\n"u8, MayPing)) return;
        service.Flush();
    }

    private void DropTimedOut(ReplicaLink link, long now)
    {
        if (link.State != ReplicaState.Online || link.IsPrePsync) return;
        if (now - link.LastAckAt <= Basics.Config.ReplTimeout * 1000L) return;
        ReplicationMessages.TimedOutStreaming(logger, link.Name);
        service.Drop(link);
    }

    /// <summary>Who pushes a snapshot waits for room without end: this ends it.</summary>
    private void DropStuck(ReplicaLink link)
    {
        if (link.StuckSince is not (> 0 and var since)) return;
        if (Basics.SteadyMilliseconds - since <= Basics.Config.ReplTimeout * 1000L) return;
        ReplicationMessages.TimedOutFullSync(logger, link.Name);
        service.Drop(link);
    }

    /// <summary>
    /// The limits of class replica, on what the connection has not sent and on what the log keeps for it. A hard limit
    /// below the backlog's size would cut off replicas that a partial synchronisation has just let in: the backlog's
    /// size counts then, as in Redis.
    /// </summary>
    private void KeepOutputLimit(ReplicaLink link, long now)
    {
        var limit = Basics.Config.ReplicaOutputBufferLimit;
        var used = link.OutputBytes;
        var isOver = limit.Hard > 0 && used >= Math.Max(limit.Hard, Basics.Config.ReplBacklogSize);
        if (limit.Soft > 0 && used >= limit.Soft)
        {
            if (link.SoftLimitSince == 0) link.SoftLimitSince = now;
            isOver |= now - link.SoftLimitSince > limit.SoftSeconds * 1000;
        }
        else
        {
            link.SoftLimitSince = 0;
        }

        if (!isOver) return;
        Basics.Stats.CountOutputLimit();
        ReplicationMessages.OutputLimitReached(logger, link.Transport.Description);
        service.Drop(link);
    }

    private void FreeIdleBacklog(long now)
    {
        var timeToLive = Basics.Config.ReplBacklogTtl;
        if (timeToLive == 0 || Replicas.Links.Length > 0 || !service.Log.HasBacklog || service.IsReplica) return;
        if (Replicas.EmptySince == 0 || now - Replicas.EmptySince <= timeToLive * 1000L) return;

        // Writes that run now look at the log under their stripes: without a backlog they are not in the history that
        // ends here.
        using (service.Executor.Open(LockPlan.All))
        {
            using (Replicas.Membership.Enter())
            {
                if (Replicas.Links.Length > 0 || service.IsReplica) return;
                service.EndHistory();
            }
        }

        ReplicationMessages.BacklogFreed(logger, timeToLive);
    }
}
