using Starling.ClusterBus.View;

namespace Starling.ClusterBus.Wire;

/// <summary>One message of the bus: the header's fields and the body.</summary>
public sealed record BusMessage
{
    /// <summary>The type; decides what kind the <see cref="Body"/> is.</summary>
    public required BusType Type { get; init; }

    /// <summary>The sender.</summary>
    public required NodeId Sender { get; init; }

    /// <summary>The sender's current epoch.</summary>
    public ulong CurrentEpoch { get; init; }

    /// <summary>The sender's config epoch; of a replica, its master's.</summary>
    public ulong ConfigEpoch { get; init; }

    /// <summary>The sender's replication offset; of a replica, the one it has processed.</summary>
    public long ReplicationOffset { get; init; }

    /// <summary>The sender's slots; of a replica, its master's. Not to be changed.</summary>
    public required SlotSet Slots { get; init; }

    /// <summary>The sender's master, or none.</summary>
    public NodeId Master { get; init; }

    /// <summary>
    /// The sender's address. Its IP is empty when it did not announce one: the link's other end counts then.
    /// </summary>
    public NodeAddress Address { get; init; } = NodeAddress.None;

    /// <summary>The sender's flags.</summary>
    public NodeFlags Flags { get; init; }

    /// <summary>The sender's cluster_state is fail.</summary>
    public bool IsClusterDown { get; init; }

    /// <summary>Flags of the message.</summary>
    public MessageFlags MessageFlags { get; init; }

    /// <summary>What follows the header.</summary>
    public required BusBody Body { get; init; }
}
