namespace Starling.ClusterBus.Host;

/// <summary>What <see cref="PacketReader.TryTake"/> found.</summary>
internal enum PacketStatus
{
    /// <summary>More bytes are needed.</summary>
    Incomplete,

    /// <summary>A packet.</summary>
    Packet,

    /// <summary>A packet that is too long to be kept and means nothing to a node; its bytes are thrown away.</summary>
    Skipped,

    /// <summary>Not the bus protocol; the link is to be closed.</summary>
    Malformed,
}
