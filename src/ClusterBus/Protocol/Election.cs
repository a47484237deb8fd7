using Starling.ClusterBus.View;
using Starling.ClusterBus.Wire;

namespace Starling.ClusterBus.Protocol;

/// <summary>How a replica takes the place of its failing master: as candidate, and as voter.</summary>
internal sealed class Election(MachineCore core)
{
    private const int FixedDelay = 500;
    private const int RandomDelay = 500;
    private const int DelayPerRank = 1000;
    private const long MinimumTimeout = 2000;
    private const long RelogPeriod = 10_000;

    private readonly SortedSet<NodeId> _voters = [];
    private long _startAt = long.MinValue / 2;
    private bool _isAsked;
    private int _rank;
    private ulong _epoch;
    private Obstacle _obstacle;
    private long _obstacleLoggedAt;

    private enum Obstacle
    {
        None,
        NotSynchronized,
        DataAge,
        WaitingDelay,
        Expired,
        WaitingVotes,
    }

    /// <summary>When something is to be done next, or <see cref="long.MaxValue"/>.</summary>
    public long NextAt => !_isAsked && _startAt > core.Now ? _startAt : long.MaxValue;

    private long Timeout => Math.Max(core.Options.NodeTimeout * 2, MinimumTimeout);

    /// <summary>Forgets the attempt under way.</summary>
    public void Reset()
    {
        _startAt = long.MinValue / 2;
        _isAsked = false;
        _voters.Clear();
        _obstacle = Obstacle.None;
    }

    /// <summary>Goes one step further as candidate, where there is one to go.</summary>
    public void Advance()
    {
        var isManual = core.ManualFailover.CanStart;
        if (!MustFailOver(isManual))
        {
            _obstacle = Obstacle.None;
            return;
        }

        if (!core.ReplicaData.MayStand)
        {
            Report(Obstacle.NotSynchronized);
            return;
        }

        if (!isManual && core.ReplicaData.IsTooOld)
        {
            Report(Obstacle.DataAge);
            return;
        }

        if (core.Now - _startAt > Timeout * 2)
        {
            Schedule();
            if (core.Now < _startAt) return;
        }

        if (!_isAsked && !core.ManualFailover.IsUnderWay) DelayForRank();
        if (core.Now < _startAt)
        {
            Report(Obstacle.WaitingDelay);
            return;
        }

        if (core.Now - _startAt > Timeout)
        {
            Report(Obstacle.Expired);
            return;
        }

        if (!_isAsked) AskForVotes();
        else if (_voters.Count >= core.State.Quorum) Win();
        else Report(Obstacle.WaitingVotes);
    }

    /// <summary>FAILOVER_AUTH_ACK.</summary>
    public void CountVote(ClusterNode voter, BusMessage message)
    {
        if (!core.Myself.IsReplica || !_isAsked || !voter.OwnsSlots || message.CurrentEpoch < _epoch) return;
        _voters.Add(voter.Id);
        core.AdvanceElection();
    }

    /// <summary>FAILOVER_AUTH_REQUEST: votes where the rules allow it.</summary>
    public void Vote(ClusterNode candidate, BusMessage request, BusLink link)
    {
        var state = core.State;
        if (!core.Myself.OwnsSlots) return;
        if (WhyNot(candidate, request) is { } reason)
        {
            core.Log(ClusterLogLevel.Warning, $"Failover auth denied to {candidate}: {reason}");
            return;
        }

        state.LastVoteEpoch = state.CurrentEpoch;
        candidate.Master!.VotedAt = core.Now;
        core.Persist(sync: true);
        core.Log(ClusterLogLevel.Notice, $"Failover auth granted to {candidate} for epoch {state.CurrentEpoch}");
        var way = candidate.IsLinked ? candidate.Link : link;
        core.Messenger.SendWhenDurable(way, BusType.FailoverAuthAck, BusBody.Empty.Instance);
    }

    /// <summary>Takes over role and slots of the master. The config epoch is a new one already.</summary>
    public void ReplaceMaster()
    {
        if (core.Myself is not { IsReplica: true, Master: { } old } myself) return;
        core.Persist(sync: true);
        core.SetAsMaster(myself);
        core.StopReplicatingWhenDurable();
        core.State.MoveAll(old, myself);
        Reset();
        core.Health.Update();
        core.ViewChanged();
        core.Gossip.AnnounceWhenDurable();
        core.ManualFailover.Reset();
    }

    private string? WhyNot(ClusterNode candidate, BusMessage request)
    {
        var state = core.State;
        if (request.CurrentEpoch < state.CurrentEpoch)
            return $"reqEpoch ({request.CurrentEpoch}) < curEpoch({state.CurrentEpoch})";
        if (state.LastVoteEpoch >= state.CurrentEpoch) return $"already voted for epoch {state.CurrentEpoch}";
        if (candidate.IsMaster) return "it is a master node";
        if (candidate.Master is not { } master) return "I don't know its master";
        var mayReplace = master.IsFailing || (master.IsMyself && core.LostData.IsWaiting)
            || (request.MessageFlags & MessageFlags.ForceAck) != 0;
        if (!mayReplace) return "its master is up";
        var wait = (core.Options.NodeTimeout * 2) - (core.Now - master.VotedAt);
        if (wait > 0) return $"can't vote about this master before {wait} milliseconds";
        for (var slot = request.Slots.Next(0); slot >= 0; slot = request.Slots.Next(slot + 1))
        {
            if (state.IsUnclaimed(slot) || state.OwnerOf(slot)!.ConfigEpoch <= request.ConfigEpoch) continue;
            return $"slot {slot} epoch ({state.OwnerOf(slot)!.ConfigEpoch}) > reqEpoch ({request.ConfigEpoch})";
        }

        return null;
    }

    private bool MustFailOver(bool isManual) =>
        core.Myself is { IsReplica: true, Master: { } master }
        && !master.Slots.IsEmpty
        && (isManual || (master.IsFailing && !core.Options.ReplicaNoFailover));

    private void Schedule()
    {
        Reset();
        if (core.ManualFailover.IsUnderWay)
        {
            _rank = 0;
            _startAt = core.Now;
        }
        else
        {
            _rank = Rank();
            _startAt = core.Now + FixedDelay + core.Random.Next(RandomDelay) + (_rank * DelayPerRank);
        }

        core.Log(
            ClusterLogLevel.Notice,
            $"Start of election delayed for {_startAt - core.Now} milliseconds (rank #{_rank}, offset "
            + $"{core.ReplicaData.Offset}).");
        core.Gossip.BroadcastPongToFellowReplicas();
    }

    /// <summary>
    /// How many fellow replicas that could stand have more of the master's data, or as much and a lower node id: so no two of them ask for
    /// votes in the same moment and split the masters between them.
    /// </summary>
    private int Rank()
    {
        var rank = 0;
        var offset = core.ReplicaData.Offset;
        foreach (var replica in core.Myself.Master!.Replicas)
        {
            if (replica.IsMyself || replica.IsFailing || (replica.Flags & NodeFlags.NoFailover) != 0) continue;
            if (replica.ReplicationOffset > offset || (replica.ReplicationOffset == offset && replica.Id < core.Myself.Id)) rank++;
        }

        return rank;
    }

    private void DelayForRank()
    {
        var rank = Rank();
        if (rank <= _rank) return;
        var delay = (rank - _rank) * DelayPerRank;
        _startAt += delay;
        _rank = rank;
        core.Log(ClusterLogLevel.Notice, $"Replica rank updated to #{rank}, added {delay} milliseconds of delay.");
    }

    private void AskForVotes()
    {
        core.State.CurrentEpoch++;
        _epoch = core.State.CurrentEpoch;
        _isAsked = true;
        core.Persist(sync: true);
        core.ViewChanged();
        core.Log(ClusterLogLevel.Notice, $"Starting a failover election for epoch {_epoch}.");
        var flags = core.ManualFailover.IsUnderWay ? MessageFlags.ForceAck : MessageFlags.None;
        core.Messenger.BroadcastWhenDurable(BusType.FailoverAuthRequest, BusBody.Empty.Instance, flags);
    }

    private void Win()
    {
        core.Log(ClusterLogLevel.Notice, "Failover election won: I'm the new master.");
        var myself = core.Myself;
        if (myself.ConfigEpoch < _epoch)
        {
            myself.ConfigEpoch = _epoch;
            core.Log(ClusterLogLevel.Notice, $"configEpoch set to {_epoch} after successful failover");
        }

        ReplaceMaster();
    }

    private void Report(Obstacle obstacle)
    {
        if (obstacle == _obstacle && core.Now - _obstacleLoggedAt < RelogPeriod) return;
        _obstacle = obstacle;

        // A failover that takes its normal time is not worth a line.
        if (core.Myself.Master is { IsFailing: true } master
            && core.Now - master.FailedAt < core.Options.NodeTimeout + 5000)
            return;
        _obstacleLoggedAt = core.Now;
        var text = obstacle switch
        {
            Obstacle.NotSynchronized => "No synchronization with the master has ended yet.",
            Obstacle.DataAge => "Disconnected from master for longer than allowed. "
                + "Please check the 'cluster-replica-validity-factor' configuration option.",
            Obstacle.WaitingDelay => "Waiting the delay before I can start a new failover.",
            Obstacle.Expired => "Failover attempt expired.",
            _ => "Waiting for votes, but majority still not reached.",
        };
        core.Log(ClusterLogLevel.Notice, $"Currently unable to failover: {text}");
        if (obstacle is Obstacle.WaitingVotes or Obstacle.Expired)
            core.Log(
                ClusterLogLevel.Notice,
                $"Needed quorum: {core.State.Quorum}. Number of votes received so far: {_voters.Count}");
    }
}
