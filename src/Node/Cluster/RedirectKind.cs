namespace Starling.Node.Cluster;

/// <summary>What a node does with a command about one slot.</summary>
public enum RedirectKind
{
    /// <summary>Executes it.</summary>
    None,

    /// <summary>-MOVED: another node owns the slot.</summary>
    Moved,

    /// <summary>-ASK: the keys have gone to the node that the slot moves to.</summary>
    Ask,

    /// <summary>-TRYAGAIN: of several keys some are here and some are not, while the slot moves.</summary>
    TryAgain,

    /// <summary>-CLUSTERDOWN: nobody owns the slot.</summary>
    NotServed,

    /// <summary>-CLUSTERDOWN: the cluster is down.</summary>
    Down,

    /// <summary>
    /// -CLUSTERDOWN: the cluster is down, and only reads are answered (cluster-allow-reads-when-down).
    /// </summary>
    DownForWrites,
}
