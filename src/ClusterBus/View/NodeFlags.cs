namespace Starling.ClusterBus.View;

/// <summary>What is known of a node. The values are those of the bus (header and gossip sections).</summary>
[Flags]
public enum NodeFlags : ushort
{
    /// <summary>Nothing; written "noflags".</summary>
    None = 0,

    /// <summary>A master.</summary>
    Master = 1,

    /// <summary>A replica; written "slave".</summary>
    Replica = 2,

    /// <summary>PFAIL: this node does not answer us, which needs the agreement of others; written "fail?".</summary>
    PossiblyFailing = 4,

    /// <summary>FAIL: a majority of the masters agreed that the node does not answer; written "fail".</summary>
    Failing = 8,

    /// <summary>This node itself.</summary>
    Myself = 16,

    /// <summary>Its name is not known yet: the first PONG is awaited.</summary>
    Handshake = 32,

    /// <summary>Its address is not known; written "noaddr".</summary>
    NoAddress = 64,

    /// <summary>The next message to it is a MEET.</summary>
    Meet = 128,

    /// <summary>A master that replicas may migrate to.</summary>
    MigrateTo = 256,

    /// <summary>A replica that does not fail over; written "nofailover".</summary>
    NoFailover = 512,

    /// <summary>It announced that it understands ping extensions.</summary>
    ExtensionsSupported = 1024,
}
