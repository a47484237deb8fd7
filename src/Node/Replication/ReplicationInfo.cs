using System.Globalization;
using Starling.Node.Telemetry;

namespace Starling.Node.Replication;

/// <summary>
/// The fields of INFO replication, in Redis's order, and those of INFO stats that are about replication.
/// </summary>
internal sealed class ReplicationInfo(ReplicationService service)
{
    private NodeBasics Basics => service.Basics;

    /// <summary>Adds the fields to INFO, and tells a shutdown whom it waits for.</summary>
    public void Register(ShutdownService shutdown)
    {
        Basics.Info.Add("replication", WriteReplication);
        Basics.Info.Add("stats", WriteStats);
        Basics.Info.AddReset(service.Counters.Reset);
        shutdown.Replicas = Lags;
    }

    /// <summary>INFO replication.</summary>
    public void WriteReplication(InfoWriter info)
    {
        var link = service.Link;
        info.Field("role", link is null ? "master" : "slave");
        if (link is not null) WriteMaster(info, link);
        WriteReplicas(info);
        var history = service.History;
        var log = service.Log;
        info.Field("master_failover_state", "no-failover");
        info.Field("master_replid", history.Id);
        info.Field("master_replid2", history.SecondId);
        info.Field("master_repl_offset", log.Offset);
        info.Field("second_repl_offset", history.SecondOffset);
        var hasBacklog = log.HasBacklog;
        var first = log.FirstPosition;
        info.Field("repl_backlog_active", hasBacklog);
        info.Field("repl_backlog_size", Basics.Config.ReplBacklogSize);
        info.Field("repl_backlog_first_byte_offset", hasBacklog ? first + 1 : 0);
        info.Field("repl_backlog_histlen", hasBacklog ? Math.Max(0, log.Offset - first) : 0);
    }

    /// <summary>INFO stats.</summary>
    public void WriteStats(InfoWriter info)
    {
        info.Field("sync_full", service.Counters.Full);
        info.Field("sync_partial_ok", service.Counters.PartialAccepted);
        info.Field("sync_partial_err", service.Counters.PartialRefused);
    }

    /// <summary>How far each replica is behind, for a shutdown.</summary>
    public IReadOnlyList<ReplicaLag> Lags()
    {
        var lags = new List<ReplicaLag>();
        var now = Basics.NowMilliseconds;
        foreach (var replica in service.Replicas.Links)
        {
            if (replica.StateName is not { } state) continue;
            var isOnline = replica.State == ReplicaState.Online;
            lags.Add(new ReplicaLag(
                replica.Name,
                Math.Max(0, service.Log.Offset - replica.AckedOffset),
                isOnline ? Math.Max(0, now - replica.AckTime) / 1000 : 0,
                state));
        }

        return lags;
    }

    private static string Percent(double part) => part.ToString("F2", CultureInfo.InvariantCulture);

    private void WriteMaster(InfoWriter info, MasterLink link)
    {
        var now = Basics.NowMilliseconds;
        var state = link.State;
        var isUp = state == MasterLinkState.Connected;
        info.Field("master_host", link.Host);
        info.Field("master_port", link.Port);
        info.Field("master_link_status", isUp ? "up" : "down");
        info.Field("master_last_io_seconds_ago", isUp ? (Basics.SteadyMilliseconds - link.LastRead) / 1000 : -1);
        info.Field("master_sync_in_progress", state == MasterLinkState.Transfer);
        info.Field("slave_read_repl_offset", service.Offset);
        info.Field("slave_repl_offset", service.Offset);
        if (state == MasterLinkState.Transfer)
        {
            var progress = link.Progress;
            var total = progress.Total;
            var read = progress.Read;
            info.Field("master_sync_total_bytes", total);
            info.Field("master_sync_read_bytes", read);
            info.Field("master_sync_left_bytes", total - read);
            info.Field("master_sync_perc", Percent(total > 0 ? 100.0 * read / total : 0));
            info.Field("master_sync_last_io_seconds_ago", Math.Max(0, now - progress.LastReadAt) / 1000);
        }

        if (!isUp)
            info.Field("master_link_down_since_seconds", link.DownSince == 0 ? -1 : (Basics.SteadyMilliseconds - link.DownSince) / 1000);
        info.Field("slave_priority", Basics.Config.ReplicaPriority);
        info.Field("slave_read_only", Basics.Config.ReplicaReadOnly);
        info.Field("replica_announced", true);
    }

    private void WriteReplicas(InfoWriter info)
    {
        var links = service.Replicas.Links;
        var now = Basics.NowMilliseconds;
        info.Field("connected_slaves", links.Length);
        if (Basics.Config.MinReplicasToWrite > 0 && Basics.Config.MinReplicasMaxLag > 0)
            info.Field("min_slaves_good_slaves", service.GoodReplicas);
        var index = 0;
        foreach (var replica in links)
        {
            if (replica.StateName is not { } state) continue;
            var lag = replica.State == ReplicaState.Online ? Math.Max(0, now - replica.LastAckAt) / 1000 : 0;
            info.Field(
                string.Create(CultureInfo.InvariantCulture, $"slave{index++}"),
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"ip={replica.Address},port={replica.ListeningPort},state={state},offset={replica.AckedOffset},lag={lag}"));
        }
    }
}
