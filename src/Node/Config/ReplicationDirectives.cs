using static Starling.Node.Config.Row;

namespace Starling.Node.Config;

/// <summary>Directives about replication.</summary>
internal static class ReplicationDirectives
{
    public static readonly Directive[] Rows =
    [
        new ReplicaOfDirective { IsImmutable = true, Aliases = ["slaveof"] },
        new TextDirective("masterauth", InOptional(c => c.MasterAuth, (c, v) => c.MasterAuth = v))
        {
            IsSensitive = true,
            HiddenAliases = ["primaryauth"],
        },
        new TextDirective("masteruser", InOptional(c => c.MasterUser, (c, v) => c.MasterUser = v))
        {
            IsSensitive = true,
            HiddenAliases = ["primaryuser"],
        },
        new BooleanDirective("replica-read-only", In(c => c.ReplicaReadOnly, (c, v) => c.ReplicaReadOnly = v))
        {
            Aliases = ["slave-read-only"],
        },
        new BooleanDirective(
            "replica-serve-stale-data",
            In(c => c.ReplicaServeStaleData, (c, v) => c.ReplicaServeStaleData = v)) { Aliases = ["slave-serve-stale-data"] },
        new NumberDirective(
            "replica-priority",
            In(c => c.ReplicaPriority, (c, v) => c.ReplicaPriority = v),
            0,
            LargestInt,
            NumberFormat.Integer) { Aliases = ["slave-priority"] },
        new TextDirective("replica-announce-ip", InOptional(c => c.ReplicaAnnounceIp, (c, v) => c.ReplicaAnnounceIp = v))
        {
            Aliases = ["slave-announce-ip"],
        },
        new NumberDirective(
            "replica-announce-port",
            In(c => c.ReplicaAnnouncePort, (c, v) => c.ReplicaAnnouncePort = v),
            0,
            65535,
            NumberFormat.Integer) { Aliases = ["slave-announce-port"] },
        PendingFlag("replica-announced", true),
        new NumberDirective(
            "repl-backlog-size",
            In(c => c.ReplBacklogSize, (c, v) => c.ReplBacklogSize = Math.Max(v, ServerConfig.LeastReplBacklogSize)),
            1,
            LargestLong,
            NumberFormat.Memory),
        new NumberDirective(
            "repl-backlog-ttl",
            In(c => c.ReplBacklogTtl, (c, v) => c.ReplBacklogTtl = v),
            0,
            LargestInt,
            NumberFormat.Integer),
        new NumberDirective("repl-timeout", In(c => c.ReplTimeout, (c, v) => c.ReplTimeout = v), 1, LargestInt, NumberFormat.Integer),
        new NumberDirective(
            "repl-ping-replica-period",
            In(c => c.ReplPingReplicaPeriod, (c, v) => c.ReplPingReplicaPeriod = v),
            1,
            LargestInt,
            NumberFormat.Integer) { Aliases = ["repl-ping-slave-period"] },
        new BooleanDirective("repl-diskless-sync", In(c => c.ReplDisklessSync, (c, v) => c.ReplDisklessSync = v)),
        new NumberDirective(
            "repl-diskless-sync-delay",
            In(c => c.ReplDisklessSyncDelay, (c, v) => c.ReplDisklessSyncDelay = v),
            0,
            LargestInt,
            NumberFormat.Integer),
        new NumberDirective(
            "repl-diskless-sync-max-replicas",
            In(c => c.ReplDisklessSyncMaxReplicas, (c, v) => c.ReplDisklessSyncMaxReplicas = v),
            0,
            LargestInt,
            NumberFormat.Integer),
        new ChoiceDirective(
            "repl-diskless-load",
            In(c => c.ReplDisklessLoad, (c, v) => c.ReplDisklessLoad = v),
            "disabled",
            "on-empty-db",
            "swapdb") { IsDeniedWhileLoading = true },
        new NumberDirective(
            "min-replicas-to-write",
            In(c => c.MinReplicasToWrite, (c, v) => c.MinReplicasToWrite = v),
            0,
            LargestInt,
            NumberFormat.Integer) { Aliases = ["min-slaves-to-write"] },
        new NumberDirective(
            "min-replicas-max-lag",
            In(c => c.MinReplicasMaxLag, (c, v) => c.MinReplicasMaxLag = v),
            0,
            LargestInt,
            NumberFormat.Integer) { Aliases = ["min-slaves-max-lag"] },
        new NumberDirective("write-acks", In(c => c.WriteAcks, (c, v) => c.WriteAcks = v), 0, LargestInt, NumberFormat.Integer),
        PendingFlag("repl-disable-tcp-nodelay", false),
        new BooleanDirective("replica-lazy-flush", In(c => c.ReplicaLazyFlush, (c, v) => c.ReplicaLazyFlush = v))
        {
            Aliases = ["slave-lazy-flush"],
        },
        new BooleanDirective(
            "replica-ignore-maxmemory",
            In(c => c.ReplicaIgnoreMaxMemory, (c, v) => c.ReplicaIgnoreMaxMemory = v))
        {
            Aliases = ["slave-ignore-maxmemory"],
        },
        PendingFlag("replica-ignore-disk-write-errors", false),
        PendingChoice("propagation-error-behavior", "ignore", immutable: false, "ignore", "panic", "panic-on-replicas"),
    ];
}
