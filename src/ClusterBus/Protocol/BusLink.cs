namespace Starling.ClusterBus.Protocol;

/// <summary>One TCP link of the bus.</summary>
internal sealed class BusLink(LinkId id, ClusterNode? node, bool isInbound, long createdAt)
{
    public LinkId Id { get; } = id;

    /// <summary>The other end; null for an accepted link until a known node spoke on it.</summary>
    public ClusterNode? Node { get; set; } = node;

    public bool IsInbound { get; } = isInbound;

    public long CreatedAt { get; } = createdAt;

    public bool IsEstablished { get; set; }

    public string RemoteIp { get; set; } = "";

    public string LocalIp { get; set; } = "";
}
