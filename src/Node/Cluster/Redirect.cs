namespace Starling.Node.Cluster;

/// <summary>A decision about a command on one slot.</summary>
/// <param name="Kind">What to do.</param>
/// <param name="Node">The number, in the routing table, of the node that MOVED and ASK name; otherwise -1.</param>
public readonly record struct Redirect(RedirectKind Kind, int Node)
{
    /// <summary>The command is executed here.</summary>
    public static Redirect Here => new(RedirectKind.None, RoutingTable.NoNode);

    /// <summary>A refusal that names no node.</summary>
    public static Redirect Refuse(RedirectKind kind) => new(kind, RoutingTable.NoNode);
}
