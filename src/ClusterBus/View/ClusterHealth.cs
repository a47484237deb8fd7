namespace Starling.ClusterBus.View;

/// <summary>Whether this node accepts queries (cluster_state), and why not.</summary>
public enum ClusterHealth
{
    /// <summary>cluster_state:ok.</summary>
    Ok,

    /// <summary>
    /// cluster_state:fail, a slot has no owner or its owner is FAIL ("CLUSTERDOWN Hash slot not served" or "The cluster
    /// is down").
    /// </summary>
    SlotsNotCovered,

    /// <summary>cluster_state:fail, the majority of the masters is out of reach, or was until a moment ago.</summary>
    NoMajority,

    /// <summary>cluster_state:fail, the disk has not taken nodes.conf for the node timeout.</summary>
    DiskStuck,

    /// <summary>
    /// cluster_state:fail, this master has started without its data, and nobody may load its emptiness.
    /// </summary>
    DataLost,
}
