namespace Starling.ClusterBus.View;

/// <summary>Where a node listens.</summary>
/// <param name="Ip">IP address (v4 or v6) as text, at most 45 characters; empty when not known.</param>
/// <param name="Port">Client port without TLS, 0 when there is none.</param>
/// <param name="BusPort">Cluster bus port.</param>
/// <param name="TlsPort">Client port with TLS, 0 when there is none.</param>
public readonly record struct NodeAddress(string Ip, int Port, int BusPort, int TlsPort = 0)
{
    /// <summary>No address.</summary>
    public static NodeAddress None => new("", 0, 0);

    /// <summary>
    /// The port shown in CLUSTER NODES and dialled by replicas: the one without TLS, or the other when it is the only
    /// one.
    /// </summary>
    public int ClientPort => Port != 0 ? Port : TlsPort;
}
