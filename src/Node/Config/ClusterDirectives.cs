using static Starling.Node.Config.Row;

namespace Starling.Node.Config;

/// <summary>Directives about the cluster.</summary>
internal static class ClusterDirectives
{
    private const int LongestHostname = 256;

    public static readonly Directive[] Rows =
    [
        new BooleanDirective("cluster-enabled", In(c => c.ClusterEnabled, (c, v) => c.ClusterEnabled = v)) { IsImmutable = true },
        new TextDirective("cluster-config-file", In(c => c.ClusterConfigFile, (c, v) => c.ClusterConfigFile = v)) { IsImmutable = true },
        new NumberDirective("cluster-port", In(c => c.ClusterPort, (c, v) => c.ClusterPort = v), 0, 65535, NumberFormat.Integer)
        {
            IsImmutable = true,
        },
        new NumberDirective(
            "cluster-node-timeout",
            In(c => c.ClusterNodeTimeout, (c, v) => c.ClusterNodeTimeout = v),
            0,
            LargestLong,
            NumberFormat.Integer),
        new NumberDirective(
            "cluster-ping-interval",
            In(c => c.ClusterPingInterval, (c, v) => c.ClusterPingInterval = v),
            0,
            LargestLong,
            NumberFormat.Integer) { IsHidden = true },
        new NumberDirective(
            "cluster-replica-validity-factor",
            In(c => c.ClusterReplicaValidityFactor, (c, v) => c.ClusterReplicaValidityFactor = v),
            0,
            LargestInt,
            NumberFormat.Integer) { Aliases = ["cluster-slave-validity-factor"] },
        new NumberDirective(
            "cluster-migration-barrier",
            In(c => c.ClusterMigrationBarrier, (c, v) => c.ClusterMigrationBarrier = v),
            0,
            LargestInt,
            NumberFormat.Integer),
        new BooleanDirective(
            "cluster-allow-replica-migration",
            In(c => c.ClusterAllowReplicaMigration, (c, v) => c.ClusterAllowReplicaMigration = v)),
        new BooleanDirective(
            "cluster-allow-empty-master",
            In(c => c.ClusterAllowEmptyMaster, (c, v) => c.ClusterAllowEmptyMaster = v)),
        new BooleanDirective(
            "cluster-require-full-coverage",
            In(c => c.ClusterRequireFullCoverage, (c, v) => c.ClusterRequireFullCoverage = v)),
        new BooleanDirective(
            "cluster-replica-no-failover",
            In(c => c.ClusterReplicaNoFailover, (c, v) => c.ClusterReplicaNoFailover = v)) { Aliases = ["cluster-slave-no-failover"] },
        new BooleanDirective(
            "cluster-allow-reads-when-down",
            In(c => c.ClusterAllowReadsWhenDown, (c, v) => c.ClusterAllowReadsWhenDown = v)),
        new BooleanDirective(
            "cluster-allow-pubsubshard-when-down",
            In(c => c.ClusterAllowPubSubShardWhenDown, (c, v) => c.ClusterAllowPubSubShardWhenDown = v)),
        new NumberDirective(
            "cluster-link-sendbuf-limit",
            In(c => c.ClusterLinkSendbufLimit, (c, v) => c.ClusterLinkSendbufLimit = v),
            0,
            ulong.MaxValue,
            NumberFormat.Memory),
        new TextDirective("cluster-announce-ip", InOptional(c => c.ClusterAnnounceIp, (c, v) => c.ClusterAnnounceIp = v))
        {
            Check = CheckAnnouncedIp,
        },
        AnnouncedPort("cluster-announce-port", c => c.ClusterAnnouncePort, (c, v) => c.ClusterAnnouncePort = v),
        AnnouncedPort("cluster-announce-tls-port", c => c.ClusterAnnounceTlsPort, (c, v) => c.ClusterAnnounceTlsPort = v),
        AnnouncedPort("cluster-announce-bus-port", c => c.ClusterAnnounceBusPort, (c, v) => c.ClusterAnnounceBusPort = v),
        new TextDirective("cluster-announce-hostname", In(c => c.ClusterAnnounceHostname, (c, v) => c.ClusterAnnounceHostname = v))
        {
            Check = CheckHostname,
        },
        new TextDirective(
            "cluster-announce-human-nodename",
            In(c => c.ClusterAnnounceHumanNodename, (c, v) => c.ClusterAnnounceHumanNodename = v)) { Check = CheckNodeName },
        new ChoiceDirective(
            "cluster-preferred-endpoint-type",
            In(c => c.ClusterPreferredEndpointType, (c, v) => c.ClusterPreferredEndpointType = v),
            "ip",
            "hostname",
            "unknown-endpoint"),
    ];

    private static NumberDirective AnnouncedPort(string name, Func<ServerConfig, int> get, Action<ServerConfig, int> set) =>
        new(name, In(get, set), 0, 65535, NumberFormat.Integer);

    /// <summary>What would tear a line of nodes.conf apart is refused here; with redis-server the node does not start again.</summary>
    private static string? CheckAnnouncedIp(string address) =>
        address.Any(c => c is <= ' ' or ',' or '"' or '\'' or '\x7f')
            ? "An address or a host name contains no spaces, commas, quotation marks or control characters"
            : null;

    private static string? CheckHostname(string name)
    {
        if (name.Length >= LongestHostname) return "Hostnames must be less than 256 characters";
        return name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.')
            ? null
            : "Hostnames may only contain alphanumeric characters, hyphens or dots";
    }

    /// <summary>The name goes into nodes.conf, whose own separators it must not hold.</summary>
    private static string? CheckNodeName(string name) =>
        name.All(c => c is > ' ' and < '\x7f' && !"=,\"'".Contains(c, StringComparison.Ordinal))
            ? null
            : "Announced human node name contained invalid character";
}
