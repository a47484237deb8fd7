using System.Text;

namespace Starling.ClusterBus.View;

/// <summary>The lines of CLUSTER NODES and CLUSTER REPLICAS.</summary>
public static class NodesReply
{
    private static readonly (NodeFlags Flag, string Word)[] FlagWords =
    [
        (NodeFlags.Myself, "myself"),
        (NodeFlags.Master, "master"),
        (NodeFlags.Replica, "slave"),
        (NodeFlags.PossiblyFailing, "fail?"),
        (NodeFlags.Failing, "fail"),
        (NodeFlags.Handshake, "handshake"),
        (NodeFlags.NoAddress, "noaddr"),
        (NodeFlags.NoFailover, "nofailover"),
    ];

    /// <summary>CLUSTER NODES: one line for each node, each ended by a newline.</summary>
    public static string Format(ClusterView view)
    {
        var text = new StringBuilder();
        foreach (var node in view.Nodes)
        {
            AppendNode(text, view, node, forFile: false);
            text.Append('\n');
        }

        return text.ToString();
    }

    /// <summary>The line of one node, without newline (CLUSTER REPLICAS gives one per replica).</summary>
    public static string FormatNode(ClusterView view, NodeRecord node)
    {
        var text = new StringBuilder();
        AppendNode(text, view, node, forFile: false);
        return text.ToString();
    }

    /// <summary>The flags as CLUSTER NODES shows them: "myself,master", "slave,fail?", "noflags".</summary>
    public static string FormatFlags(NodeFlags flags)
    {
        var text = new StringBuilder();
        foreach (var (flag, word) in FlagWords)
        {
            if ((flags & flag) == 0) continue;
            if (text.Length > 0) text.Append(',');
            text.Append(word);
        }

        return text.Length == 0 ? "noflags" : text.ToString();
    }

    internal static bool TryParseFlag(ReadOnlySpan<char> word, out NodeFlags flag)
    {
        flag = NodeFlags.None;
        if (word.Equals("noflags", StringComparison.OrdinalIgnoreCase)) return true;
        foreach (var (candidate, text) in FlagWords)
        {
            if (!word.Equals(text, StringComparison.OrdinalIgnoreCase)) continue;
            flag = candidate;
            return true;
        }

        return false;
    }

    internal static void AppendNode(StringBuilder text, ClusterView view, NodeRecord node, bool forFile)
    {
        var address = node.Address;
        text.Append(node.Id.ToString()).Append(' ').Append(address.Ip);
        text.Append(':').Append(address.ClientPort).Append('@').Append(address.BusPort);
        if (node.Hostname.Length > 0) text.Append(',').Append(node.Hostname);
        if (forFile) AppendAuxiliaryFields(text, node);
        text.Append(' ').Append(FormatFlags(node.Flags)).Append(' ');
        if (node.MasterId.IsNone) text.Append('-');
        else text.Append(node.MasterId.ToString());

        // A replica is shown with its master's epoch. In the file this node has its own: what it has told as a master it must
        // not fall back behind when it becomes one again without an election.
        var epoch = node.ConfigEpoch;
        if (node.IsReplica && !(forFile && node.IsMyself) && view.Find(node.MasterId) is { } master) epoch = master.ConfigEpoch;
        text.Append(' ').Append(node.PingSentAt).Append(' ').Append(node.PongReceivedAt).Append(' ').Append(epoch);
        text.Append(node.IsLinked || node.IsMyself ? " connected" : " disconnected");
        foreach (var (first, last) in node.Slots.Ranges())
        {
            text.Append(' ').Append(first);
            if (last > first) text.Append('-').Append(last);
        }

        if (node.IsMyself) AppendMoves(text, view);
    }

    private static void AppendAuxiliaryFields(StringBuilder text, NodeRecord node)
    {
        if (node.Hostname.Length == 0) text.Append(',');
        if (node.Address.Port != 0 && node.Address.TlsPort != 0) text.Append(",tls-port=").Append(node.Address.TlsPort);
        if (node.HumanName.Length > 0) text.Append(",nodename=").Append(node.HumanName);
        if (!node.ShardId.IsNone) text.Append(",shard-id=").Append(node.ShardId.ToString());
    }

    private static void AppendMoves(StringBuilder text, ClusterView view)
    {
        var slots = new SortedSet<int>(view.Migrating.Keys);
        slots.UnionWith(view.Importing.Keys);
        foreach (var slot in slots)
        {
            if (view.Migrating.TryGetValue(slot, out var target))
                text.Append(" [").Append(slot).Append("->-").Append(target.ToString()).Append(']');
            else text.Append(" [").Append(slot).Append("-<-").Append(view.Importing[slot].ToString()).Append(']');
        }
    }
}
