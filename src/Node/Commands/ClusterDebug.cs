using Starling.ClusterBus.View;
using Starling.Node.Cluster;
using Starling.Node.Serving;

namespace Starling.Node.Commands;

/// <summary>The subcommands of DEBUG that tests of the cluster use.</summary>
internal static class ClusterDebug
{
    /// <summary>Adds them.</summary>
    public static void Register(DebugRegistry registry, ClusterService cluster)
    {
        registry.Add(new DebugSubcommand(
            "drop-cluster-packet-filter",
            3,
            3,
            [
                "DROP-CLUSTER-PACKET-FILTER <packet-type>",
                "    Drop all packets of a type that come on the cluster bus; -1 for none.",
            ],
            call => SetFilter(call, cluster)));
        registry.Add(new DebugSubcommand(
            "close-cluster-link-on-packet-drop",
            3,
            3,
            [
                "CLOSE-CLUSTER-LINK-ON-PACKET-DROP <0|1>",
                "    Close the link too when a packet is dropped by the filter.",
            ],
            call => SetClosing(call, cluster)));
        registry.Add(new DebugSubcommand(
            "clusterlink",
            5,
            5,
            ["CLUSTERLINK KILL <to|from|all> <node-id>", "    Close the links of the cluster bus to and from a node."],
            call => KillLinks(call, cluster)));
    }

    private static void SetFilter(CommandContext call, ClusterService cluster)
    {
        if (!call.TryInteger(2, out int type)) return;
        cluster.Host.DropFilter = type;
        call.Ok();
    }

    private static void SetClosing(CommandContext call, ClusterService cluster)
    {
        if (!call.TryInteger(2, out int value)) return;
        cluster.Host.ClosesLinkOnDrop = value != 0;
        call.Ok();
    }

    private static void KillLinks(CommandContext call, ClusterService cluster)
    {
        var (to, from, all) = (call.Is(3, "to"u8), call.Is(3, "from"u8), call.Is(3, "all"u8));
        if (!call.Is(2, "kill"u8) || !(to || from || all))
        {
            call.SyntaxError();
            return;
        }

        if (!NodeId.TryParse(call[4], out var node) || cluster.Host.Snapshot().Find(node) is null)
        {
            call.ErrorQuoting("ERR Unknown node "u8, call[4], ""u8);
            return;
        }

        cluster.Host.KillLinks(node, from || all, to || all);
        if (call.MayBlock) cluster.AwaitBus(call);
        else call.Ok();
    }
}
