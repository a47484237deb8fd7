namespace Starling.ClusterBus.View;

/// <summary>The lines of CLUSTER NODES and CLUSTER REPLICAS.</summary>
public static class NodesReply
{
    /// <summary>CLUSTER NODES: one line for each node, each ended by a newline.</summary>
    public static string Format(ClusterView view) => throw new NotSupportedException($"{view}");

    /// <summary>The line of one node, without newline (CLUSTER REPLICAS gives one per replica).</summary>
    public static string FormatNode(ClusterView view, NodeRecord node) => throw new NotSupportedException($"{view} {node}");

    /// <summary>The flags as CLUSTER NODES shows them: "myself,master", "slave,fail?", "noflags".</summary>
    public static string FormatFlags(NodeFlags flags) => throw new NotSupportedException($"{flags}");
}
