namespace Starling.ClusterBus.Protocol;

/// <summary>
/// What this node's data set is worth to its shard while it is a replica: whose history it is of, whether it is whole,
/// and how old it is. Offsets of different histories cannot be compared, and a replica that took over with another
/// shard's data would make its own shard's data vanish.
/// </summary>
internal sealed class ReplicaData(MachineCore core)
{
    /// <summary>The node joined this shard, and no synchronisation with the master has ended since.</summary>
    private bool _isForeign;

    /// <summary>
    /// What the node has is of this shard's history all the same: it was the master until it was replaced. It may lack
    /// what its successor took and have what that never saw, so that its offset says nothing.
    /// </summary>
    private bool _wasMaster;

    /// <summary>
    /// When the shard's master was replaced while the data was fresh, until a synchronisation with the new one has ended.
    /// </summary>
    private long? _freshAt;

    /// <summary>The link to the master that this node follows now is up, and what it has is of its history.</summary>
    public bool IsLinkUp => core.IsReplicatingFromMaster && core.Local.IsLinkUp;

    /// <summary>
    /// This node may stand for election. redis-server asks for the age of the data alone, which a user can switch off;
    /// its replica then takes over with what it has from another master, or with half of a snapshot.
    /// </summary>
    public bool MayStand => !_isForeign && !core.Local.IsDataIncomplete;

    /// <summary>
    /// The offset that others are told and that ranks this node among its fellow replicas: 0 while what it has is of
    /// another shard, 1 while it is what a master had that was replaced. That is behind every fellow that can stand, and
    /// keeps a successor that has lost its data from emptying this node too.
    /// </summary>
    public long Offset
    {
        get
        {
            var local = core.Local;
            if (!core.Myself.IsReplica || !_isForeign) return local.ReplicationOffset;
            return _wasMaster && !local.IsDataIncomplete ? Math.Min(local.ReplicationOffset, 1) : 0;
        }
    }

    /// <summary>
    /// Milliseconds since the data was that of the shard's master. It counts from the last failover when that came
    /// while the data was fresh, and ends when the new master died: a replica that has not reached it yet is the best there
    /// is then, however long it takes until a majority is there to say so.
    /// </summary>
    public long Age
    {
        get
        {
            var age = core.Local.MasterDataAge;
            if (_freshAt is not { } at) return age;
            var end = core.Myself.Master is { IsFailing: true } master ? master.FailedAt : core.Now;
            return Math.Min(age, Math.Max(0, end - at));
        }
    }

    /// <summary>True when the age is beyond what cluster-replica-validity-factor allows.</summary>
    public bool IsTooOld
    {
        get
        {
            var options = core.Options;
            if (options.ReplicaValidityFactor == 0) return false;
            var age = Age;

            // The time it took to agree on FAIL is not the replica's fault.
            if (age > options.NodeTimeout) age -= options.NodeTimeout;
            return age > options.ReplicationPingPeriod + ((Int128)options.NodeTimeout * options.ReplicaValidityFactor);
        }
    }

    /// <summary>Takes in what the server reports. At the beginning of every call.</summary>
    public void Look()
    {
        if (!_isForeign && _freshAt is null) return;
        if (!core.Myself.IsReplica || (core.IsReplicatingFromMaster && core.Local.HasSynchronized)) Forget();
    }

    /// <summary>
    /// This node is about to follow another master. It may have followed one before, or have been a master.
    /// </summary>
    public void Follow(ClusterNode master)
    {
        var myself = core.Myself;
        if (myself.Master == master) return;

        // Who leaves an owner of slots goes to another shard, whatever the ids say: a replica of redis-server 7.2 that was
        // reset keeps that of its former shard.
        var isSameShard = myself.ShardId == master.ShardId && myself.Master is not { OwnsSlots: true };

        // A master that hands over by CLUSTER FAILOVER has all that the new one has. One that was replaced otherwise
        // cannot know for how long it was.
        var isContinued = myself.IsReplica ? isSameShard && !_isForeign : core.ManualFailover.IsHandingOverTo(master);
        var isFresh = isContinued && (myself.IsMaster || !IsTooOld);
        _wasMaster = isSameShard && (myself.IsMaster || _wasMaster);
        _isForeign = !isContinued;
        _freshAt = isFresh ? core.Now : null;
    }

    /// <summary>This node is a master: its data is the shard's.</summary>
    public void Forget()
    {
        _isForeign = _wasMaster = false;
        _freshAt = null;
    }
}
