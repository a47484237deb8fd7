namespace Starling.ClusterBus.Wire;

/// <summary>What the beginning of a receive buffer holds.</summary>
public enum FrameStatus
{
    /// <summary>Not a whole packet yet.</summary>
    Incomplete,

    /// <summary>A whole packet.</summary>
    Complete,

    /// <summary>
    /// Not the cluster bus, or a length out of bounds: log "Bad message length or signature received from Cluster bus."
    /// and close the link.
    /// </summary>
    Invalid,
}
