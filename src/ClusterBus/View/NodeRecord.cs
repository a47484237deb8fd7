namespace Starling.ClusterBus.View;

/// <summary>One node as this node saw it at a moment. Immutable; all times are Unix milliseconds.</summary>
public sealed record NodeRecord
{
    /// <summary>The name; random while <see cref="IsInHandshake"/>.</summary>
    public required NodeId Id { get; init; }

    /// <summary>The shard (master and its replicas share one); <see cref="NodeId.None"/> when not known.</summary>
    public NodeId ShardId { get; init; }

    /// <summary>Role and health.</summary>
    public NodeFlags Flags { get; init; }

    /// <summary>Where it listens.</summary>
    public NodeAddress Address { get; init; } = NodeAddress.None;

    /// <summary>cluster-announce-hostname of the node; empty when it has none.</summary>
    public string Hostname { get; init; } = "";

    /// <summary>cluster-announce-human-nodename of the node; empty when it has none.</summary>
    public string HumanName { get; init; } = "";

    /// <summary>The master it replicates; none for a master, or when not known.</summary>
    public NodeId MasterId { get; init; }

    /// <summary>
    /// The highest config epoch it announced (a replica announces its master's; kept as 0 when read from nodes.conf).
    /// </summary>
    public ulong ConfigEpoch { get; init; }

    /// <summary>The replication offset it announced last.</summary>
    public long ReplicationOffset { get; init; }

    /// <summary>When the ping was sent that is still unanswered, or 0.</summary>
    public long PingSentAt { get; init; }

    /// <summary>When the last PONG was received, or 0.</summary>
    public long PongReceivedAt { get; init; }

    /// <summary>When it was marked FAIL, or 0.</summary>
    public long FailedAt { get; init; }

    /// <summary>True when there is an outbound link to it; true for this node itself.</summary>
    public bool IsLinked { get; init; }

    /// <summary>The slots it owns. Never changed after the record is made.</summary>
    public SlotSet Slots { get; init; } = new();

    /// <summary>It is a master.</summary>
    public bool IsMaster => (Flags & NodeFlags.Master) != 0;

    /// <summary>It is a replica.</summary>
    public bool IsReplica => (Flags & NodeFlags.Replica) != 0;

    /// <summary>It is this node.</summary>
    public bool IsMyself => (Flags & NodeFlags.Myself) != 0;

    /// <summary>FAIL.</summary>
    public bool IsFailing => (Flags & NodeFlags.Failing) != 0;

    /// <summary>PFAIL.</summary>
    public bool IsPossiblyFailing => (Flags & NodeFlags.PossiblyFailing) != 0;

    /// <summary>The name is not known yet.</summary>
    public bool IsInHandshake => (Flags & NodeFlags.Handshake) != 0;
}
