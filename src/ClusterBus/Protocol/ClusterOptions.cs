namespace Starling.ClusterBus.Protocol;

/// <summary>The cluster-* directives the machine needs, and what this node announces. Times in milliseconds.</summary>
public sealed record ClusterOptions
{
    /// <summary>The longest <see cref="NodeTimeout"/>, ten years: small multiples of it are still numbers.</summary>
    public const long LongestTimeout = 315_360_000_000;

    /// <summary>
    /// cluster-node-timeout, 1 to <see cref="LongestTimeout"/>; what is beyond is taken for the nearest of these.
    /// </summary>
    public long NodeTimeout
    {
        get;
        init => field = Math.Clamp(value, 1, LongestTimeout);
    } = 15000;

    /// <summary>
    /// cluster-ping-interval: a node whose last PONG is older is pinged; 0 for half the node timeout.
    /// </summary>
    public long PingInterval { get; init; }

    /// <summary>cluster-replica-validity-factor; 0 switches the data-age limit off.</summary>
    public int ReplicaValidityFactor { get; init; } = 10;

    /// <summary>repl-ping-replica-period in milliseconds: part of the data-age limit.</summary>
    public long ReplicationPingPeriod { get; init; } = 10000;

    /// <summary>cluster-migration-barrier.</summary>
    public int MigrationBarrier { get; init; } = 1;

    /// <summary>cluster-allow-replica-migration.</summary>
    public bool AllowReplicaMigration { get; init; } = true;

    /// <summary>
    /// cluster-allow-empty-master: a master that starts without its data goes on, and its replicas load its emptiness.
    /// </summary>
    public bool AllowEmptyMaster { get; init; }

    /// <summary>cluster-require-full-coverage.</summary>
    public bool RequireFullCoverage { get; init; } = true;

    /// <summary>cluster-replica-no-failover.</summary>
    public bool ReplicaNoFailover { get; init; }

    /// <summary>Client port that is announced (cluster-announce-port, or port).</summary>
    public int Port { get; init; }

    /// <summary>Client port with TLS that is announced (cluster-announce-tls-port, or tls-port), 0 for none.</summary>
    public int TlsPort { get; init; }

    /// <summary>Bus port that is announced (cluster-announce-bus-port, cluster-port, or port + 10000).</summary>
    public int BusPort { get; init; }

    /// <summary>cluster-announce-ip; empty to learn it from the sockets.</summary>
    public string AnnounceIp { get; init; } = "";

    /// <summary>cluster-announce-hostname; empty for none.</summary>
    public string AnnounceHostname { get; init; } = "";

    /// <summary>cluster-announce-human-nodename; empty for none.</summary>
    public string AnnounceHumanName { get; init; } = "";
}
