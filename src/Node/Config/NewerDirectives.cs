using static Starling.Node.Config.Row;

namespace Starling.Node.Config;

/// <summary>
/// Directives that came after Redis 7.2, in Redis or in Valkey, and that configurations and tests of those set. Not
/// part of what CONFIG GET answers
/// to a pattern.
/// </summary>
internal static class NewerDirectives
{
    public static readonly Directive[] Rows =
    [
        Text("unixsocketgroup", immutable: true),
        Text("availability-zone"),
        Text("cluster-announce-client-ipv4"),
        Text("cluster-announce-client-ipv6"),
        Number("max-new-connections-per-cycle", 1, 1000, 10),
        Number("max-new-tls-connections-per-cycle", 1, 1000, 1),
        Number("events-per-io-thread", 0, LargestInt, 2),
        Number("prefetch-batch-max-size", 0, 128, 16),
        Number("cluster-blacklist-ttl", 0, LargestLong, 60),
        Flag("extended-redis-compatibility"),
        Flag("dual-channel-replication-enabled"),
        Flag("cluster-slot-stats-enabled"),
        Flag("enable-debug-assert", immutable: true),
        new BooleanDirective("hide-user-data-from-log", new PendingSetting<bool>("hide-user-data-from-log", false))
        {
            IsHidden = true,
            RefusedBecause = "hide-user-data-from-log is not supported yet: logs might hold what it promises to hide",
        },
        Choice("log-format", "legacy", "logfmt"),
        Choice("log-timestamp-format", "legacy", "iso8601", "milliseconds"),
    ];

    private static BooleanDirective Flag(string name, bool immutable = false) =>
        new(name, new PendingSetting<bool>(name, false)) { IsHidden = true, IsImmutable = immutable };

    private static TextDirective Text(string name, bool immutable = false) =>
        new(name, new PendingSetting<string>(name, string.Empty)) { IsHidden = true, IsImmutable = immutable };

    private static NumberDirective Number(string name, long lowest, long highest, long initial) =>
        PendingNumber(name, lowest, highest, initial, hidden: true);

    private static ChoiceDirective Choice(string name, params string[] words) =>
        new(name, new PendingSetting<string>(name, words[0]), words) { IsHidden = true };
}
