using System.Diagnostics;
using System.Globalization;
using Starling.Node.Execution;
using Starling.Node.Serving;

namespace Starling.Node.Telemetry;

/// <summary>The sections of INFO that serving knows, and its periodic work.</summary>
internal static class ServingTelemetry
{
    /// <summary>Adds both to a node.</summary>
    public static void Register(NodeBasics basics, WatchTable watches, KeyWaiters waiters)
    {
        basics.Info.Add("clients", writer => WriteClients(basics, watches, waiters, writer));
        basics.Info.Add("stats", writer => WriteStats(basics, writer));
        basics.Info.Add("memory", writer => WriteMemory(basics, writer));
        basics.Info.Add("commandstats", writer => WriteCommandStats(basics, writer));
        basics.Info.Add("latencystats", writer => WriteLatencyStats(basics, writer));
        basics.Info.Add("errorstats", writer => WriteErrorStats(basics, writer));
        basics.Info.AddReset(basics.Stats.Reset);
        basics.Cron.Every(TimeSpan.FromMilliseconds(100), basics.Stats.Sample);
        basics.Cron.Every(TimeSpan.FromMilliseconds(1000), now => CheckClients(basics, now));
        basics.Cron.Every(TimeSpan.FromMilliseconds(1000), basics.Clients.Line.EndOverdue);
        var collector = new BurstCollector(basics.Buffers);
        basics.Cron.Every(BurstCollector.Period, _ =>
        {
            basics.Process.Sample();
            basics.Buffers.HeapBytes = basics.Process.HeapBytes;
            collector.Run();
        });
    }

    private static void WriteClients(NodeBasics basics, WatchTable watches, KeyWaiters waiters, InfoWriter writer)
    {
        var connections = basics.Clients.Snapshot();
        writer.Field("connected_clients", connections.Count(c => c.Session.Kind != ClientKind.Replica));
        writer.Field("maxclients", basics.Config.MaxClients);
        writer.Field("client_recent_max_input_buffer", connections.Select(c => c.InputCapacity).DefaultIfEmpty().Max());
        writer.Field("client_recent_max_output_buffer", connections.Select(c => c.PendingBytes).DefaultIfEmpty().Max());
        writer.Field("blocked_clients", connections.Count(c => c.IsBlocked));
        writer.Field("pubsub_clients", connections.Count(c => c.Session.Kind == ClientKind.PubSub));
        writer.Field("watching_clients", connections.Count(c => NodeSession.Of(c).WatchedKeys.Count > 0));
        writer.Field("clients_in_timeout_table", 0);
        writer.Field("total_watched_keys", watches.Count);
        writer.Field("total_blocking_keys", waiters.KeyCount);
        writer.Field("total_blocking_keys_on_nokey", waiters.WatchedKeyCount);
    }

    private static void WriteStats(NodeBasics basics, InfoWriter writer)
    {
        var stats = basics.Stats;
        writer.Field("total_connections_received", stats.ConnectionsReceived);
        writer.Field("total_commands_processed", stats.CommandsProcessed);
        writer.Field("instantaneous_ops_per_sec", stats.InstantaneousCommands);
        writer.Field("total_net_input_bytes", stats.NetInputBytes);
        writer.Field("total_net_output_bytes", stats.NetOutputBytes);
        writer.Field("instantaneous_input_kbps", Kilo(stats.InstantaneousInputBytes));
        writer.Field("instantaneous_output_kbps", Kilo(stats.InstantaneousOutputBytes));
        writer.Field("total_net_repl_input_bytes", stats.ReplicationInputBytes);
        writer.Field("total_net_repl_output_bytes", stats.ReplicationOutputBytes);
        writer.Field("instantaneous_input_repl_kbps", Kilo(stats.InstantaneousReplicationInputBytes));
        writer.Field("instantaneous_output_repl_kbps", Kilo(stats.InstantaneousReplicationOutputBytes));
        writer.Field("total_reads_processed", stats.Reads);
        writer.Field("total_writes_processed", stats.Writes);
        writer.Field("io_threaded_reads_processed", stats.Reads);
        writer.Field("io_threaded_writes_processed", stats.Writes);
        writer.Field("rejected_connections", stats.RejectedConnections);
        writer.Field("keyspace_hits", stats.KeyspaceHits);
        writer.Field("keyspace_misses", stats.KeyspaceMisses);
        writer.Field("total_error_replies", stats.ErrorReplies);
        writer.Field("client_query_buffer_limit_disconnections", stats.QueryLimitDisconnections);
        writer.Field("client_output_buffer_limit_disconnections", stats.OutputLimitDisconnections);
    }

    private static void WriteMemory(NodeBasics basics, InfoWriter writer)
    {
        var (replicas, others) = MemoryReporter.ClientBytes(basics);
        writer.Field("mem_clients_slaves", replicas);
        writer.Field("mem_clients_normal", others);
    }

    private static string Kilo(long bytes) => (bytes / 1024.0).ToString("0.00", CultureInfo.InvariantCulture);

    private static void WriteCommandStats(NodeBasics basics, InfoWriter writer)
    {
        foreach (var command in basics.Commands.All)
        {
            var counters = basics.Stats.Of(command);
            if (counters.Calls == 0 && counters.Rejected == 0 && counters.Failed == 0) continue;
            var microseconds = (long)(counters.Ticks * 1e6 / Stopwatch.Frequency);
            var each = counters.Calls == 0 ? 0 : (double)microseconds / counters.Calls;
            writer.Field("cmdstat_" + command.FullName, string.Create(
                CultureInfo.InvariantCulture,
                $"calls={counters.Calls},usec={microseconds},usec_per_call={each:0.00}"
                + $",rejected_calls={counters.Rejected},failed_calls={counters.Failed}"));
        }
    }

    private static void WriteLatencyStats(NodeBasics basics, InfoWriter writer)
    {
        if (!basics.Config.LatencyTracking) return;
        var percentiles = basics.Config.LatencyTrackingInfoPercentiles.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        foreach (var command in basics.Commands.All)
        {
            if (basics.Stats.LatencyOf(command) is not { } latency) continue;
            writer.Field("latency_percentiles_usec_" + command.FullName, string.Join(',', percentiles.Select(percentile =>
            {
                var value = latency.ValueAt(double.Parse(percentile, CultureInfo.InvariantCulture)) / 1000.0;
                return string.Create(CultureInfo.InvariantCulture, $"p{percentile}={value:0.000}");
            })));
        }
    }

    private static void WriteErrorStats(NodeBasics basics, InfoWriter writer)
    {
        foreach (var (code, count) in basics.Stats.Errors.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            writer.Field("errorstat_" + code, string.Create(CultureInfo.InvariantCulture, $"count={count}"));
    }

    private static void CheckClients(NodeBasics basics, long now)
    {
        var timeout = basics.Config.Timeout * 1000L;
        foreach (var connection in basics.Clients.Snapshot())
        {
            connection.Output.CheckLimits();
            if (timeout == 0 || connection.Session.Kind != ClientKind.Normal || connection.IsHeld) continue;
            if (NodeSession.Of(connection).Monitor is not null) continue;
            if (now - connection.Session.LastInteraction <= timeout) continue;
            ServingLog.ClosingIdle(basics.Loggers.CreateLogger("Serving"));
            connection.Close();
        }
    }
}
