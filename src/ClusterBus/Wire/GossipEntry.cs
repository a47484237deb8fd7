using Starling.ClusterBus.View;

namespace Starling.ClusterBus.Wire;

/// <summary>A gossip section: what the sender knows of another node.</summary>
/// <param name="Node">The node.</param>
/// <param name="PingSentSeconds">When the sender's unanswered ping to it was sent, Unix seconds, or 0.</param>
/// <param name="PongReceivedSeconds">When the sender received its last PONG, Unix seconds, or 0.</param>
/// <param name="Address">Where it listens.</param>
/// <param name="Flags">Its role and health as the sender sees them.</param>
public readonly record struct GossipEntry(
    NodeId Node, uint PingSentSeconds, uint PongReceivedSeconds, NodeAddress Address, NodeFlags Flags);
