namespace Starling.ClusterBus.Wire;

/// <summary>Flags of one message (the first of the header's three flag bytes).</summary>
[Flags]
public enum MessageFlags : byte
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>The sending master holds back writes for a manual failover: its offset is final.</summary>
    Paused = 1,

    /// <summary>Vote although the master is up: a manual failover.</summary>
    ForceAck = 2,

    /// <summary>The sender understands ping extensions, and there may be some in this message.</summary>
    ExtensionData = 4,
}
