using System.Globalization;
using System.Text;
using Starling.ClusterBus.Host;
using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.View;
using Starling.ClusterBus.Wire;

namespace Starling.Node.Cluster;

/// <summary>The text of CLUSTER INFO.</summary>
internal static class ClusterInfo
{
    /// <summary>The text as of now.</summary>
    public static string Text(BusHost host)
    {
        var view = host.Snapshot();
        var text = new StringBuilder();
        int ok = 0, possiblyFailing = 0, failing = 0;
        foreach (var node in view.Nodes)
        {
            var count = node.Slots.Count;
            if (node.IsFailing) failing += count;
            else if (node.IsPossiblyFailing) possiblyFailing += count;
            else ok += count;
        }

        var myself = view.Myself;
        var master = myself.IsReplica ? view.Find(myself.MasterId) : null;
        text.Append("cluster_state:").Append(view.Health == ClusterHealth.Ok ? "ok" : "fail").Append("\r\n");
        Field(text, "cluster_slots_assigned", ok + possiblyFailing + failing);
        Field(text, "cluster_slots_ok", ok);
        Field(text, "cluster_slots_pfail", possiblyFailing);
        Field(text, "cluster_slots_fail", failing);
        Field(text, "cluster_known_nodes", view.Nodes.Count);
        Field(text, "cluster_size", view.Size);
        Field(text, "cluster_current_epoch", (long)view.CurrentEpoch);
        Field(text, "cluster_my_epoch", (long)(master ?? myself).ConfigEpoch);
        Messages(text, host.Statistics.Sent, "sent");
        Messages(text, host.Statistics.Received, "received");
        Field(text, "total_cluster_links_buffer_limit_exceeded", host.SendBufferLimitExceeded);
        return text.ToString();
    }

    /// <summary>Why cluster_state is fail, in a word; "none" when it is ok.</summary>
    public static string ReasonOf(ClusterHealth health) => health switch
    {
        ClusterHealth.Ok => "none",
        ClusterHealth.SlotsNotCovered => "slots-not-covered",
        ClusterHealth.NoMajority => "no-majority",
        ClusterHealth.DiskStuck => "disk-stuck",
        ClusterHealth.DataLost => "data-lost",
    };

    private static void Messages(StringBuilder text, Func<BusType, long> count, string direction)
    {
        long total = 0;
        foreach (var type in Enum.GetValues<BusType>())
        {
            var number = count(type);
            total += number;
            if (number != 0) Field(text, $"cluster_stats_messages_{BusStatistics.NameOf(type)}_{direction}", number);
        }

        Field(text, "cluster_stats_messages_" + direction, total);
    }

    private static void Field(StringBuilder text, string name, long value) =>
        text.Append(name).Append(':').Append(value.ToString(CultureInfo.InvariantCulture)).Append("\r\n");
}
