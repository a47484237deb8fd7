using Starling.Node.Commands;
using Starling.Node.Config;
using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Node.Telemetry;

namespace Starling.Node;

/// <summary>
/// What happens beyond a new value when CONFIG SET changes a directive that a whole server must follow.
/// </summary>
internal static class ConfigReactions
{
    private static readonly TimeSpan ClusterPeriod = TimeSpan.FromSeconds(1);

    /// <summary>Registers the reactions of a node.</summary>
    public static void Register(
        NodeBasics basics, ClientListener listener, KeyEventQueue keyEvents, DebugRegistry debugSubcommands, ServerSections sections)
    {
        var config = basics.Config;
        config.OnApply("port", () => listener.Rebind());
        config.OnApply(
            "tls-port",
            () => config.ClusterEnabled && config.Tls.Port != 0 ? NodeServer.NoTlsInCluster : listener.Rebind());
        foreach (var directive in SecurityDirectives.TlsNames) config.OnApply(directive, listener.RenewTls);
        config.OnApply("bind", () => listener.Rebind() is null ? null : "Failed to bind to specified addresses.");
        config.OnApply("notify-keyspace-events", () =>
        {
            keyEvents.Choose(config.NotifyKeyspaceEvents);
            return null;
        });
        basics.Keyspace.Freeing.FreesReplacedLazily = config.LazyFreeLazyServerDel;
        config.OnApply("lazyfree-lazy-server-del", () =>
        {
            basics.Keyspace.Freeing.FreesReplacedLazily = config.LazyFreeLazyServerDel;
            return null;
        });
        config.OnApply("maxclients", () => listener.CheckClients());
        config.OnChange("list-max-listpack-size", () => ChooseEncodings(basics));
        config.OnChange("hash-max-listpack-entries", () => ChooseEncodings(basics));
        config.OnChange("hash-max-listpack-value", () => ChooseEncodings(basics));
        config.OnChange("zset-max-listpack-entries", () => ChooseEncodings(basics));
        config.OnChange("zset-max-listpack-value", () => ChooseEncodings(basics));
        foreach (var directive in new[] { "set-max-intset-entries", "set-max-listpack-entries", "set-max-listpack-value" })
            config.OnChange(directive, () => ChooseEncodings(basics));
        config.OnChange("stream-node-max-bytes", () => ChooseEncodings(basics));
        config.OnChange("stream-node-max-entries", () => ChooseEncodings(basics));
        ChooseEncodings(basics);
        debugSubcommands.Add(Configuration.RewriteEverything);
        debugSubcommands.Add(DebugCommands.PauseCron(basics.Cron));
        debugSubcommands.Add(Commands.Replication.ChangeReplicationId);
        basics.Cron.Every(ClusterPeriod, _ => sections.NoteClusterLinks());
    }

    private static void ChooseEncodings(NodeBasics basics) =>
        basics.Keyspace.ChangeValueOptions(
            options => options with
            {
                ListMaxListpackSize = basics.Config.ListMaxListpackSize,
                HashMaxListpackEntries = basics.Config.HashMaxListpackEntries,
                HashMaxListpackValue = basics.Config.HashMaxListpackValue,
                SortedSetMaxListpackEntries = basics.Config.SortedSetMaxListpackEntries,
                SortedSetMaxListpackValue = basics.Config.SortedSetMaxListpackValue,
                SetMaxIntsetEntries = basics.Config.SetMaxIntsetEntries,
                SetMaxListpackEntries = basics.Config.SetMaxListpackEntries,
                SetMaxListpackValue = basics.Config.SetMaxListpackValue,
                StreamNodeMaxBytes = basics.Config.StreamNodeMaxBytes,
                StreamNodeMaxEntries = basics.Config.StreamNodeMaxEntries,
            });
}
