using Starling.ClusterBus.View;

namespace Starling.ClusterBus.Wire;

/// <summary>Ping extension: the sender was told to forget a node (CLUSTER FORGET).</summary>
/// <param name="Node">The node.</param>
/// <param name="Seconds">How long it must not be learned again from gossip.</param>
public readonly record struct ForgottenNode(NodeId Node, ulong Seconds);
