using Starling.Node.Commands;

namespace Starling.Node;

/// <summary>
/// What happens beyond a new value when CONFIG SET changes a directive that a whole server must follow.
/// </summary>
internal static class ConfigReactions
{
    private static readonly TimeSpan PeakPeriod = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan ClusterPeriod = TimeSpan.FromSeconds(1);

    /// <summary>Registers the reactions of a server.</summary>
    public static void Register(NodeServer server)
    {
        var config = server.Config;
        config.OnApply("port", () => server.Listener.Rebind());
        config.OnApply("bind", () => server.Listener.Rebind() is null ? null : "Failed to bind to specified addresses.");
        config.OnApply("notify-keyspace-events", () =>
        {
            server.KeyEvents.Choose(config.NotifyKeyspaceEvents);
            return null;
        });
        server.Keyspace.Freeing.FreesReplacedLazily = config.LazyFreeLazyServerDel;
        config.OnApply("lazyfree-lazy-server-del", () =>
        {
            server.Keyspace.Freeing.FreesReplacedLazily = config.LazyFreeLazyServerDel;
            return null;
        });
        config.OnApply("maxclients", () => server.Listener.CheckClients());
        config.OnChange("list-max-listpack-size", () => ChooseEncodings(server));
        ChooseEncodings(server);
        server.DebugSubcommands.Add(Configuration.RewriteEverything);
        server.Cron.Every(PeakPeriod, _ => server.Sections.NotePeak());
        server.Cron.Every(ClusterPeriod, _ => server.Sections.NoteClusterLinks());
    }

    private static void ChooseEncodings(NodeServer server) =>
        server.Keyspace.ChangeValueOptions(
            options => options with { ListMaxListpackSize = server.Config.ListMaxListpackSize });
}
