using System.Globalization;
using Starling.Node.Config;
using Starling.Node.Serving;

namespace Starling.Node.Telemetry;

/// <summary>The sections of INFO about the process as a whole: server, memory, cpu, cluster, keyspace.</summary>
public sealed class ServerSections
{
    private const long SecondsPerDay = 86400;

    private readonly NodeBasics _basics;
    private readonly NodeParts _node;
    private readonly MemoryReporter _reporter;
    private readonly IoThreads _threads;
    private long _startedAt;
    private int _clusterLinks;

    /// <summary>Makes the sections and adds them to the node's INFO.</summary>
    internal ServerSections(NodeBasics basics, NodeParts node, IoThreads threads)
    {
        (_basics, _node, _reporter, _threads) = (basics, node, node.MemoryReports, threads);
        basics.Info.Add("server", WriteServer);
        basics.Info.Add("memory", WriteMemory);
        basics.Info.Add("cpu", WriteCpu);
        basics.Info.Add("stats", info => info.Field("migrate_cached_sockets", node.Migrations.CachedConnections));
        basics.Info.Add("clients", info => info.Field("cluster_connections", Volatile.Read(ref _clusterLinks)));
        basics.Info.Add("cluster", info => info.Field("cluster_enabled", basics.Config.ClusterEnabled));
        basics.Info.Add("keyspace", WriteKeyspace);
        basics.Info.AddReset(basics.Memory.ResetPeak);
    }

    /// <summary>Notes when the server started and what memory it took then.</summary>
    public void NoteStart()
    {
        _startedAt = _basics.NowMilliseconds;
        _basics.Memory.NoteStart();
        _basics.Process.NoteStart(_basics.Keyspace.UsedBytes);
    }

    /// <summary>
    /// Notes the links of the cluster bus. The bus may be writing to the disk meanwhile, so this waits for it, and INFO
    /// does not.
    /// </summary>
    public void NoteClusterLinks()
    {
        if (_node.Cluster is not { } cluster) return;
        var links = cluster.Host.DescribeLinks();
        Volatile.Write(ref _clusterLinks, links.Count);
        _reporter.ClusterLinkBytes = links.Sum(link => link.SendBufferAllocated);
    }

    private void WriteServer(InfoWriter info)
    {
        var config = _basics.Config;
        var now = _basics.NowMilliseconds;
        var uptime = Math.Max(0, (now - _startedAt) / 1000);
        info.Field("redis_version", ServerVersion.Redis);
        info.Field("starling_version", ServerVersion.Starling);
        info.Field("redis_git_sha1", "00000000");
        info.Field("redis_git_dirty", 0);
        info.Field("redis_build_id", "starling" + ServerVersion.Starling);
        info.Field("redis_mode", config.ClusterEnabled ? "cluster" : "standalone");
        info.Field("os", ProcessStatistics.OperatingSystem);
        info.Field("arch_bits", IntPtr.Size * 8);
        info.Field("monotonic_clock", "POSIX clock_gettime");
        info.Field("multiplexing_api", _threads.Api);
        info.Field("atomicvar_api", "dotnet-interlocked");
        info.Field("gcc_version", "0.0.0");
        info.Field("process_id", Environment.ProcessId);
        info.Field("process_supervised", config.Supervised == "auto" ? "no" : config.Supervised);
        info.Field("run_id", _basics.RunId);
        info.Field("tcp_port", config.Port != 0 ? config.Port : config.Tls.Port);
        info.Field("server_time_usec", _basics.Clock.GetUtcNow().Subtract(DateTimeOffset.UnixEpoch).Ticks / 10);
        info.Field("uptime_in_seconds", uptime);
        info.Field("uptime_in_days", uptime / SecondsPerDay);
        info.Field("hz", config.Hz);
        info.Field("configured_hz", config.Hz);
        info.Field("lru_clock", (now / 1000) & 0xFFFFFF);
        info.Field("executable", Environment.ProcessPath ?? string.Empty);
        info.Field("config_file", config.File ?? string.Empty);
        info.Field("io_threads_active", (config.IoThreads == 0 ? ServerConfig.DefaultIoThreads : config.IoThreads) > 1);
        WriteListeners(info, config);
    }

    private static void WriteListeners(InfoWriter info, ServerConfig config)
    {
        var number = 0;
        if (config.Port != 0) WriteTcp("tcp", config.Port);
        if (config.UnixSocket is { } path) info.Field(Name(), $"name=unix,bind={path}");
        if (config.Tls.Port != 0) WriteTcp("tls", config.Tls.Port);

        void WriteTcp(string kind, int port)
        {
            var addresses = string.Concat(config.Bind.Select(address => ",bind=" + address));
            info.Field(Name(), string.Create(CultureInfo.InvariantCulture, $"name={kind}{addresses},port={port}"));
        }

        string Name() => "listener" + number++.ToString(CultureInfo.InvariantCulture);
    }

    private void WriteMemory(InfoWriter info)
    {
        var report = _reporter.Report();
        info.Bytes("used_memory", report.Used);
        info.Bytes("used_memory_rss", report.Resident);
        info.Bytes("used_memory_peak", report.Peak);
        info.Field("used_memory_peak_perc", InfoFormat.Fixed(report.PeakPercent, 2) + "%");
        info.Field("used_memory_overhead", report.Overhead);
        info.Field("used_memory_startup", report.Start);
        info.Field("used_memory_dataset", report.DataSet);
        info.Field("used_memory_dataset_perc", InfoFormat.Fixed(report.DataSetPercent, 2) + "%");
        info.Field("allocator_allocated", report.Used);
        info.Field("allocator_active", report.Active);
        info.Field("allocator_resident", report.Held);
        info.Bytes("total_system_memory", ProcessStatistics.SystemMemoryBytes);
        info.Bytes("maxmemory", _basics.Config.MaxMemory);
        info.Field("maxmemory_policy", _basics.Config.MaxMemoryPolicy);
        info.Field("allocator_frag_ratio", InfoFormat.Ratio(report.Active, report.Used));
        info.Field("allocator_frag_bytes", report.Active - report.Used);
        info.Field("allocator_rss_ratio", InfoFormat.Ratio(report.Held, report.Active));
        info.Field("allocator_rss_bytes", report.Held - report.Active);
        info.Field("rss_overhead_ratio", InfoFormat.Ratio(report.Resident, report.Held));
        info.Field("rss_overhead_bytes", report.Resident - report.Held);
        info.Field("mem_fragmentation_ratio", InfoFormat.Ratio(report.Resident, report.Used));
        info.Field("mem_fragmentation_bytes", report.Resident - report.Used);
        info.Field("mem_replication_backlog", report.Backlog);
        info.Field("mem_total_replication_buffers", report.Backlog);
        info.Field("mem_cluster_links", _reporter.ClusterLinkBytes);
        info.Field("mem_allocator", "starling-" + ServerVersion.Starling);
    }

    private static void WriteCpu(InfoWriter info)
    {
        var cpu = Environment.CpuUsage;
        var (system, user) = ProcessStatistics.MainThreadCpu;
        info.Field("used_cpu_sys", InfoFormat.Fixed(cpu.PrivilegedTime.TotalSeconds, 6));
        info.Field("used_cpu_user", InfoFormat.Fixed(cpu.UserTime.TotalSeconds, 6));
        info.Field("used_cpu_sys_main_thread", InfoFormat.Fixed(system, 6));
        info.Field("used_cpu_user_main_thread", InfoFormat.Fixed(user, 6));
    }

    private void WriteKeyspace(InfoWriter info)
    {
        var keyspace = _basics.Keyspace;
        for (var i = 0; i < keyspace.DatabaseCount; i++)
        {
            var database = keyspace[i];
            var keys = database.Count;
            var expiring = database.ExpiringCount;
            if (keys == 0 && expiring == 0) continue;
            var name = "db" + i.ToString(CultureInfo.InvariantCulture);
            var timeToLive = _node.ActiveExpiry.TimeToLive.Of(database);
            info.Field(name, string.Create(
                CultureInfo.InvariantCulture, $"keys={keys},expires={expiring},avg_ttl={timeToLive}"));
        }
    }
}
