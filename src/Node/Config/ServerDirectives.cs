using static Starling.Node.Config.Row;

namespace Starling.Node.Config;

/// <summary>Directives about the process, its sockets, its clients and its log.</summary>
internal static class ServerDirectives
{
    public static readonly Directive[] Rows =
    [
        // Network
        new BindDirective(),
        new TextDirective("bind-source-addr", InOptional(c => c.BindSourceAddr, (c, v) => c.BindSourceAddr = v)),
        new NumberDirective("port", In(c => c.Port, (c, v) => c.Port = v), 0, 65535, NumberFormat.Integer),
        new NumberDirective("tcp-backlog", In(c => c.TcpBacklog, (c, v) => c.TcpBacklog = v), 0, LargestInt, NumberFormat.Integer)
        {
            IsImmutable = true,
        },
        new TextDirective("unixsocket", InOptional(c => c.UnixSocket, (c, v) => c.UnixSocket = v)) { IsImmutable = true },
        new NumberDirective("unixsocketperm", In(c => c.UnixSocketPerm, (c, v) => c.UnixSocketPerm = v), 0, 511, NumberFormat.Octal)
        {
            IsImmutable = true,
        },
        new NumberDirective("timeout", In(c => c.Timeout, (c, v) => c.Timeout = v), 0, LargestInt, NumberFormat.Integer),
        new NumberDirective("tcp-keepalive", In(c => c.TcpKeepAlive, (c, v) => c.TcpKeepAlive = v), 0, LargestInt, NumberFormat.Integer),
        new BooleanDirective("protected-mode", In(c => c.ProtectedMode, (c, v) => c.ProtectedMode = v)),
        PendingNumber("socket-mark-id", 0, uint.MaxValue, 0, immutable: true),

        // The process
        new BooleanDirective("daemonize", In(c => c.Daemonize, (c, v) => c.Daemonize = v)) { IsImmutable = true },
        new ChoiceDirective("supervised", In(c => c.Supervised, (c, v) => c.Supervised = v), "upstart", "systemd", "auto", "no")
        {
            IsImmutable = true,
        },
        new TextDirective("pidfile", InOptional(c => c.PidFile, (c, v) => c.PidFile = v)) { IsImmutable = true },
        new NumberDirective("databases", In(c => c.Databases, (c, v) => c.Databases = v), 1, LargestInt, NumberFormat.Integer)
        {
            IsImmutable = true,
        },
        new NumberDirective(
            "io-threads",
            In(c => c.IoThreads == 0 ? ServerConfig.DefaultIoThreads : c.IoThreads, (c, v) => c.IoThreads = v),
            1,
            128,
            NumberFormat.Integer) { IsImmutable = true },
        new ChoiceDirective("io-transport", In(c => c.IoTransport, (c, v) => c.IoTransport = v), "auto", "io_uring", "epoll")
        {
            IsImmutable = true,
        },
        new NumberDirective("hz", In(c => c.Hz, (c, v) => c.Hz = Math.Clamp(v, 1, 500)), 0, LargestInt, NumberFormat.Integer),
        new NumberDirective(
            "shutdown-timeout",
            In(c => c.ShutdownTimeout, (c, v) => c.ShutdownTimeout = v),
            0,
            LargestInt,
            NumberFormat.Integer),
        new ShutdownFlagsDirective("shutdown-on-sigint", In(c => c.ShutdownOnSigint, (c, v) => c.ShutdownOnSigint = v)),
        new ShutdownFlagsDirective("shutdown-on-sigterm", In(c => c.ShutdownOnSigterm, (c, v) => c.ShutdownOnSigterm = v)),
        PendingFlag("io-threads-do-reads", false, immutable: true),
        PendingFlag("always-show-logo", false, immutable: true),
        PendingFlag("set-proc-title", true, immutable: true),
        new TextDirective("proc-title-template", new PendingSetting<string>("proc-title-template", "{title} {listen-addr} {server-mode}"))
        {
            Check = CheckProcessTitle,
        },
        PendingText("locale-collate", string.Empty),
        PendingFlag("dynamic-hz", true),
        PendingText("server-cpulist", string.Empty, immutable: true, "server_cpulist"),
        PendingText("bio-cpulist", string.Empty, immutable: true, "bio_cpulist"),
        PendingText("aof-rewrite-cpulist", string.Empty, immutable: true, "aof_rewrite_cpulist"),
        PendingText("bgsave-cpulist", string.Empty, immutable: true, "bgsave_cpulist"),
        new TextDirective("ignore-warnings", new PendingSetting<string>("ignore-warnings", string.Empty)) { HasEmptyValue = true },
        new ChoiceDirective("oom-score-adj", new PendingSetting<string>("oom-score-adj", "no"), "no", "yes", "relative", "absolute")
        {
            Synonyms = new Dictionary<string, string>(StringComparer.Ordinal) { ["relative"] = "yes" },
        },
        new OomScoreAdjValuesDirective(),
        PendingFlag("disable-thp", true, immutable: true),
        PendingFlag("jemalloc-bg-thread", true),
        PendingFlag("crash-log-enabled", true),
        PendingFlag("crash-memcheck-enabled", true),
        new BooleanDirective("use-exit-on-panic", new PendingSetting<bool>("use-exit-on-panic", false)) { IsHidden = true },
        new BooleanDirective("lua-enable-deprecated-api", new PendingSetting<bool>("lua-enable-deprecated-api", false))
        {
            IsHidden = true,
            IsImmutable = true,
        },
        PendingNumber("watchdog-period", 0, LargestInt, 0, hidden: true),

        // Logging
        new ChoiceDirective(
            "loglevel",
            In(c => c.LogLevel, (c, v) => c.LogLevel = v),
            "debug",
            "verbose",
            "notice",
            "warning",
            "nothing"),
        new TextDirective("logfile", In(c => c.LogFile, (c, v) => c.LogFile = v)) { IsImmutable = true, HasEmptyValue = true },
        PendingFlag("syslog-enabled", false, immutable: true),
        PendingText("syslog-ident", "redis", immutable: true),
        PendingChoice(
            "syslog-facility",
            "local0",
            immutable: true,
            "user",
            "local0",
            "local1",
            "local2",
            "local3",
            "local4",
            "local5",
            "local6",
            "local7"),

        // Clients
        new NumberDirective("maxclients", In(c => (long)c.MaxClients, SetMaxClients), 1, uint.MaxValue, NumberFormat.Integer),
        new NumberDirective(
            "proto-max-bulk-len",
            In(c => c.ProtoMaxBulkLen, (c, v) => c.ProtoMaxBulkLen = v),
            1024 * 1024,
            LargestLong,
            NumberFormat.Memory),
        new NumberDirective(
            "client-query-buffer-limit",
            In(c => c.ClientQueryBufferLimit, (c, v) => c.ClientQueryBufferLimit = v),
            1024 * 1024,
            LargestLong,
            NumberFormat.Memory),
        new OutputBufferLimitDirective(),
        new NumberDirective(
            "maxmemory-clients",
            In(c => c.MaxMemoryClients, (c, v) => c.MaxMemoryClients = v),
            -100,
            LargestLong,
            NumberFormat.MemoryOrPercent),
        new NumberDirective(
            "tracking-table-max-keys",
            In(c => c.TrackingTableMaxKeys, (c, v) => c.TrackingTableMaxKeys = v),
            0,
            LargestLong,
            NumberFormat.Integer),
        new NumberDirective(
            "busy-reply-threshold",
            In(c => c.BusyReplyThreshold, (c, v) => c.BusyReplyThreshold = v),
            0,
            LargestLong,
            NumberFormat.Integer) { Aliases = ["lua-time-limit"] },

        // Watching it run
        new NumberDirective(
            "slowlog-log-slower-than",
            In(c => c.SlowLogSlowerThan, (c, v) => c.SlowLogSlowerThan = v),
            -1,
            LargestLong,
            NumberFormat.Integer),
        new NumberDirective(
            "slowlog-max-len",
            In(c => c.SlowLogMaxLength, (c, v) => c.SlowLogMaxLength = v),
            0,
            LargestLong,
            NumberFormat.Integer),
        new NumberDirective(
            "latency-monitor-threshold",
            In(c => c.LatencyMonitorThreshold, (c, v) => c.LatencyMonitorThreshold = v),
            0,
            LargestLong,
            NumberFormat.Integer),
        new BooleanDirective("latency-tracking", In(c => c.LatencyTracking, (c, v) => c.LatencyTracking = v)),
        new PercentilesDirective(),
        new NotifyKeyspaceEventsDirective(),
    ];

    /// <summary>More clients than 2^31 cannot be counted, nor opened.</summary>
    private static void SetMaxClients(ServerConfig config, long value) => config.MaxClients = (int)Math.Min(value, int.MaxValue);

    private static string? CheckProcessTitle(string template)
    {
        string[] variables =
        [
            "{title}", "{listen-addr}", "{server-mode}", "{port}", "{tls-port}", "{unixsocket}", "{config-file}",
        ];
        var rest = template;
        foreach (var variable in variables) rest = rest.Replace(variable, string.Empty, StringComparison.Ordinal);

        // As Redis tries it: without a title it must leave something to show.
        var shown = template.Replace("{title}", string.Empty, StringComparison.Ordinal);
        return rest.Contains('{', StringComparison.Ordinal) || shown.AsSpan().Trim(' ').IsEmpty
            ? "template format is invalid or contains unknown variables"
            : null;
    }
}
