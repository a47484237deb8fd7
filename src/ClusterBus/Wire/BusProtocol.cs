namespace Starling.ClusterBus.Wire;

/// <summary>Constants of the cluster bus (Redis Cluster specification).</summary>
public static class BusProtocol
{
    /// <summary>The bus port is the client port plus this, unless cluster-port says otherwise.</summary>
    public const int PortOffset = 10000;
}
