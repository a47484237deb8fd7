using Starling.ClusterBus.View;

namespace Starling.ClusterBus.Host;

/// <summary>A link of the bus at a moment (CLUSTER LINKS).</summary>
/// <param name="IsInbound">The other node made it.</param>
/// <param name="Node">The node at the other end.</param>
/// <param name="CreatedAt">Milliseconds of Unix time.</param>
/// <param name="IsWriting">Bytes wait to be sent.</param>
/// <param name="SendBufferAllocated">Bytes of memory of the send queue.</param>
/// <param name="SendBufferUsed">Bytes in the send queue.</param>
public sealed record LinkDescription(
    bool IsInbound, NodeId Node, long CreatedAt, bool IsWriting, long SendBufferAllocated, long SendBufferUsed);
