using Starling.ClusterBus.Wire;

namespace Starling.ClusterBus.Protocol;

/// <summary>
/// CLUSTER FAILOVER: the master pauses its writes until the replica has caught up, then the replica stands for
/// election.
/// </summary>
internal sealed class ManualFailover(MachineCore core)
{
    private const long Limit = 5000;
    private const long PingInterval = 100;

    private long _endsAt;
    private long? _masterOffset;
    private ClusterNode? _replica;
    private long _lastPingAt;
    private bool _wasPaused;

    public bool IsUnderWay => _endsAt != 0;

    /// <summary>
    /// On the replica: everything of the master's stream has been processed, or the user does not care.
    /// </summary>
    public bool CanStart { get; private set; }

    /// <summary>When <see cref="Tick"/> is to be called next, or <see cref="long.MaxValue"/>.</summary>
    public long NextAt => IsUnderWay && !CanStart ? core.Now + 10 : long.MaxValue;

    /// <summary>On the master: writes stand still for that replica to take over.</summary>
    public bool IsHandingOverTo(ClusterNode replica) => IsUnderWay && _replica == replica && core.Local.WritesPaused;

    /// <summary>CLUSTER FAILOVER on the replica. Returns an error text, or null.</summary>
    public string? Start(FailoverMode mode)
    {
        if (core.Myself.IsMaster) return "ERR You should send CLUSTER FAILOVER to a replica";
        if (core.Myself.Master is not { } master) return "ERR I'm a replica but my master is unknown to me";
        if (mode == FailoverMode.Default && (master.IsFailing || !master.IsLinked))
            return "ERR Master is down or failed, please use CLUSTER FAILOVER FORCE";
        if (mode == FailoverMode.Force && !core.ReplicaData.MayStand)
            return "ERR I have not synchronized with my master yet, please use CLUSTER FAILOVER TAKEOVER";
        Reset();
        _endsAt = core.Now + Limit;
        core.Election.Reset();
        switch (mode)
        {
            case FailoverMode.Takeover:
                core.Log(ClusterLogLevel.Warning, "Taking over the master (user request).");
                core.SlotClaims.BumpEpoch();
                core.Election.ReplaceMaster();
                break;
            case FailoverMode.Force:
                core.Log(ClusterLogLevel.Warning, "Forced failover user request accepted.");
                CanStart = true;
                core.AdvanceElection();
                break;
            case FailoverMode.Default:
                core.Log(ClusterLogLevel.Warning, "Manual failover user request accepted.");
                core.Messenger.Send(master.Link, BusType.ManualFailoverStart, BusBody.Empty.Instance);
                break;
        }

        return null;
    }

    /// <summary>MFSTART on the master: writes stop.</summary>
    public void StartPause(ClusterNode replica)
    {
        if (replica.Master != core.Myself) return;

        // A second one that asks finds the writes paused, and they stay so: the first may have all there is already.
        if (_replica is null) core.Emit(new ClusterEffect.PauseWrites());
        _endsAt = core.Now + Limit;
        _replica = replica;
        _wasPaused = false;
        core.Log(ClusterLogLevel.Warning, $"Manual failover requested by replica {replica}.");
        PingReplica();
    }

    /// <summary>On the replica: the master says that its writes stand still, and where.</summary>
    public void LearnMasterOffset(ClusterNode sender, BusMessage message)
    {
        if (!IsUnderWay || core.Myself.Master != sender || (message.MessageFlags & MessageFlags.Paused) == 0
            || _masterOffset == message.ReplicationOffset)
            return;
        _masterOffset = message.ReplicationOffset;
        core.Log(
            ClusterLogLevel.Notice,
            $"Received replication offset for paused master manual failover: {_masterOffset}");
        core.AdvanceElection();
    }

    /// <summary>
    /// On the replica: whether the offset is reached. Only what came over a link that is up is of the master's history;
    /// an offset beyond the master's is of another one.
    /// </summary>
    public void CheckOffset()
    {
        if (!IsUnderWay || CanStart || _masterOffset is not { } offset) return;
        if (!core.ReplicaData.IsLinkUp || core.Local.ReplicationOffset != offset) return;
        CanStart = true;
        core.Log(ClusterLogLevel.Notice, "All master replication stream processed, manual failover can start.");
    }

    /// <summary>Time limit; on the master, pings that carry the offset.</summary>
    public void Tick()
    {
        if (!IsUnderWay) return;
        if (core.Now > _endsAt)
        {
            core.Log(ClusterLogLevel.Warning, "Manual failover timed out.");
            Reset();
            return;
        }

        if (_replica is null) return;
        var isPaused = core.Local.WritesPaused;
        if (core.Now - _lastPingAt >= PingInterval || (isPaused && !_wasPaused)) PingReplica();
        _wasPaused = isPaused;
    }

    /// <summary>Ends it, whatever its state; writes go on.</summary>
    public void Reset()
    {
        if (_replica is not null) core.Emit(new ClusterEffect.ResumeWrites());
        _endsAt = 0;
        CanStart = false;
        _replica = null;
        _masterOffset = null;
    }

    private void PingReplica()
    {
        _lastPingAt = core.Now;
        core.Gossip.SendHeartbeat(_replica!.Link, BusType.Ping);
    }
}
