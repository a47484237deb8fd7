using Starling.ClusterBus.View;

namespace Starling.ClusterBus.Protocol;

/// <summary>
/// What the machine knows of a node. Changed by the machine's parts only; others get <see cref="NodeRecord"/>.
/// </summary>
internal sealed class ClusterNode(NodeId id, NodeFlags flags, long createdAt)
{
    private SlotSet? _frozenSlots;

    public NodeId Id { get; set; } = id;

    public NodeId ShardId { get; set; }

    /// <summary>As a master it has told of which shard it is. A redis-server 7.0 never does.</summary>
    public bool HasToldShard { get; set; }

    public NodeFlags Flags { get; set; } = flags;

    public NodeAddress Address { get; set; } = NodeAddress.None;

    public string Hostname { get; set; } = "";

    public string HumanName { get; set; } = "";

    public ulong ConfigEpoch { get; set; }

    public SlotSet Slots { get; } = new();

    public ClusterNode? Master { get; set; }

    public List<ClusterNode> Replicas { get; } = [];

    public long CreatedAt { get; } = createdAt;

    public long PingSentAt { get; set; }

    public long PongReceivedAt { get; set; }

    /// <summary>When it last answered a ping of this node; what others tell of its pongs does not count.</summary>
    public long AnsweredAt { get; set; } = long.MinValue / 2;

    public long DataReceivedAt { get; set; }

    /// <summary>It has answered a ping since this node started, or since its disk was last stuck.</summary>
    public bool HasAnswered { get; set; }

    public long FailedAt { get; set; }

    /// <summary>When this node last voted for a replica of that master.</summary>
    public long VotedAt { get; set; }

    /// <summary>Since when the master has no working replica, or 0.</summary>
    public long OrphanedAt { get; set; }

    /// <summary>When it turned from replica to master before our eyes.</summary>
    public long PromotedAt { get; set; }

    public long ReplicationOffset { get; set; }

    /// <summary>Masters that report it as not reachable, and when they last did.</summary>
    public List<(ClusterNode Reporter, long At)> FailureReports { get; } = [];

    /// <summary>The link this node opened to it.</summary>
    public BusLink? Link { get; set; }

    /// <summary>The link it opened to this node.</summary>
    public BusLink? InboundLink { get; set; }

    /// <summary>The last heartbeat of this node that gossiped about it.</summary>
    public long LastGossipRound { get; set; }

    public bool IsMaster => (Flags & NodeFlags.Master) != 0;

    public bool IsReplica => (Flags & NodeFlags.Replica) != 0;

    public bool IsMyself => (Flags & NodeFlags.Myself) != 0;

    public bool IsFailing => (Flags & NodeFlags.Failing) != 0;

    public bool IsPossiblyFailing => (Flags & NodeFlags.PossiblyFailing) != 0;

    public bool IsInHandshake => (Flags & NodeFlags.Handshake) != 0;

    public bool HasAddress => (Flags & NodeFlags.NoAddress) == 0;

    /// <summary>Votes, and counts for the cluster's size.</summary>
    public bool OwnsSlots => IsMaster && Slots.Count > 0;

    public bool IsLinked => Link is { IsEstablished: true };

    /// <summary>A copy of the slots that is not changed any more.</summary>
    public SlotSet FrozenSlots => _frozenSlots ??= Slots.Copy();

    public void SlotsChanged() => _frozenSlots = null;

    /// <summary>Name and human name as log lines have them.</summary>
    public override string ToString() => $"{Id} ({HumanName})";

    /// <param name="wallOffset">What to add to the machine's time to get Unix time.</param>
    public NodeRecord ToRecord(long wallOffset) => new()
    {
        Id = Id,
        ShardId = ShardId,
        Flags = Flags,
        Address = Address,
        Hostname = Hostname,
        HumanName = HumanName,
        MasterId = Master?.Id ?? NodeId.None,
        ConfigEpoch = ConfigEpoch,
        ReplicationOffset = ReplicationOffset,
        PingSentAt = PingSentAt == 0 ? 0 : PingSentAt + wallOffset,
        PongReceivedAt = PongReceivedAt == 0 ? 0 : PongReceivedAt + wallOffset,
        FailedAt = FailedAt == 0 ? 0 : FailedAt + wallOffset,
        IsLinked = IsLinked || IsMyself,
        Slots = FrozenSlots,
    };
}
