namespace Starling.ClusterBus.Wire;

/// <summary>Constants of the cluster bus (Redis Cluster specification).</summary>
public static class BusProtocol
{
    /// <summary>The bus port is the client port plus this, unless cluster-port says otherwise.</summary>
    public const int PortOffset = 10000;

    /// <summary>Version of the protocol.</summary>
    public const int Version = 1;

    /// <summary>Size in bytes of the header, with which every packet begins.</summary>
    public const int HeaderLength = 2256;

    /// <summary>Size in bytes of a gossip section.</summary>
    public const int GossipLength = 104;

    /// <summary>Size in bytes of an IP address field, the terminating zero byte included.</summary>
    public const int IpLength = 46;

    /// <summary>Number of message types.</summary>
    public const int TypeCount = 11;

    /// <summary>Redis's word for a type in CLUSTER INFO and logs: "ping", "auth-req", ...</summary>
    public static string NameOf(BusType type) => type switch
    {
        BusType.Ping => "ping",
        BusType.Pong => "pong",
        BusType.Meet => "meet",
        BusType.Fail => "fail",
        BusType.Publish => "publish",
        BusType.FailoverAuthRequest => "auth-req",
        BusType.FailoverAuthAck => "auth-ack",
        BusType.Update => "update",
        BusType.ManualFailoverStart => "mfstart",
        BusType.Module => "module",
        BusType.PublishShard => "publishshard",
    };
}
