using Microsoft.Extensions.Logging;
using Starling.Node.Acl;
using Starling.Node.Cluster;
using Starling.Node.Commands;
using Starling.Node.Config;
using Starling.Node.Eviction;
using Starling.Node.Execution;
using Starling.Node.Expiry;
using Starling.Node.Freeing;
using Starling.Node.Maintenance;
using Starling.Node.Persistence;
using Starling.Node.PubSub;
using Starling.Node.Replication;
using Starling.Node.Scripting;
using Starling.Node.Serving;
using Starling.Node.Telemetry;
using Starling.Node.Tracking;
using Starling.Resp;
using Starling.Slots.Keyspace;

namespace Starling.Node;

/// <summary>A server node: owns the parts and wires them.</summary>
public sealed class NodeServer
{
    /// <summary>Makes a server from its configuration; nothing is started yet.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="loggers">Makes loggers.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="commands">Commands beyond those of <see cref="ServerCommands"/>.</param>
    public NodeServer(ServerConfig config, ILoggerFactory loggers, TimeProvider clock, IReadOnlyList<Command>? commands = null)
    {
        Basics = new NodeBasics(config, loggers, clock, ServerCommands.Table(commands));
        Freeing = new BackgroundFreeing(Keyspace, config, Info);
        Watches = new WatchTable(config.DatabasesInUse, Basics.Buffers);
        Waiters = new KeyWaiters(Basics);
        Executor = new Executor(Basics, Waiters);
        Scripts = new ScriptService(Basics);
        Keyspace.OnLongWait = Scripts.ServeMeanwhile;
        Publisher = new Publisher(Basics);
        Tracking = new TrackingService(Basics, Executor);
        AccessControl = new AccessControl(Basics, Publisher);
        KeyEvents.ListenWith(Publisher.Deliver);
        KeyEvents.PublishWith(Publisher.Publish);
        ServingTelemetry.Register(Basics, Watches, Waiters);
        Persistence = new PersistenceService(Basics, Executor, Waiters, Freeing)
        {
            KeepsExpired = WillBeReplica,
            Libraries = Scripts.Functions,
        };
        KeyEvents.Watch(Keyspace, () => Persistence.IsLoading);
        Shutdown = new ShutdownService(Basics, Executor, Persistence, Stop) { EndScripts = Scripts.EndAll };
        Replication = new ReplicationService(Basics, Executor, Persistence, Shutdown);
        Replication.BecameReplica += () => Waiters.EndAll(WaitEnd.RoleChanged);
        Expiry = new KeyExpiry(Basics, Persistence, Replication);
        ReplicaExpiry = new ReplicaExpiry(Basics, Executor, Persistence, Replication);
        ActiveExpiry = new ActiveExpiry(Basics, Executor, Expiry, ReplicaExpiry);
        Evictor = new Evictor(Basics, Executor, Persistence, Replication);
        _ = new ClientEviction(Basics);
        ActiveDefragmentation = new ActiveDefragmentation(Basics);
        Migrations = new MigrateService(Basics, Executor, Replication, Shutdown);
        if (config.ClusterEnabled)
        {
            Cluster = new ClusterService(Basics, Executor, Persistence, Replication, Migrations, Publisher);
            _ = new BlockedClientCheck(Cron, Waiters, Cluster);
            ClusterDebug.Register(DebugSubcommands, Cluster);
        }

        var parts = GatherParts();
        Executor.Attach(parts);
        IoThreads = new IoThreads(
            config.IoThreads == 0 ? ServerConfig.DefaultIoThreads : config.IoThreads,
            loggers.CreateLogger("Serving"),
            beforeReplies: BeforeReplies,
            config.IoTransport switch
            {
                "io_uring" => IoTransport.IoUring,
                "epoll" => IoTransport.Epoll,
                _ => IoTransport.Auto,
            });
        Sections = new ServerSections(Basics, parts, IoThreads);
        var host = new ServingHost(parts, (reason, error) => Fail(reason, error));
        Serving = new ServingParts(host, Basics.Clients, Basics.Stats, Basics.Commits);
        Listener = new ClientListener(Serving, IoThreads, Cron);
        ConfigReactions.Register(Basics, Listener, KeyEvents, DebugSubcommands, Sections);
    }

    /// <summary>Why a cluster node has no port of encrypted connections.</summary>
    internal const string NoTlsInCluster = "tls-port is not supported in cluster mode yet: nodes would lead encrypted clients to ports that are not.";

    /// <summary>What every part stands on.</summary>
    public NodeBasics Basics { get; }

    /// <summary>The configuration in force.</summary>
    public ServerConfig Config => Basics.Config;

    /// <summary>Forty hexadecimal digits that no other run of a server has: INFO's run_id.</summary>
    public string RunId => Basics.RunId;

    /// <summary>Makes loggers.</summary>
    public ILoggerFactory Loggers => Basics.Loggers;

    /// <summary>The clock.</summary>
    public TimeProvider Clock => Basics.Clock;

    /// <summary>The data.</summary>
    public Keyspace Keyspace => Basics.Keyspace;

    /// <summary>Frees in the background what was deleted.</summary>
    public BackgroundFreeing Freeing { get; }

    /// <summary>INFO's sections.</summary>
    public InfoRegistry Info => Basics.Info;

    /// <summary>INFO's sections about the process.</summary>
    public ServerSections Sections { get; }

    /// <summary>Shuts the server down in order.</summary>
    public ShutdownService Shutdown { get; }

    /// <summary>Periodic work.</summary>
    public ServerCron Cron => Basics.Cron;

    /// <summary>What the connections of clients share.</summary>
    public ServingParts Serving { get; }

    /// <summary>The connected clients.</summary>
    public ClientRegistry Clients => Basics.Clients;

    /// <summary>The commands.</summary>
    public CommandTable Commands => Basics.Commands;

    /// <summary>The counters.</summary>
    public ServerStats Stats => Basics.Stats;

    /// <summary>The buffers of connections.</summary>
    public BufferPool Buffers => Basics.Buffers;

    /// <summary>What replies to writes wait for.</summary>
    public CommitGate Commits => Basics.Commits;

    /// <summary>Where every command enters.</summary>
    public Executor Executor { get; }

    /// <summary>The threads that serve the connections of clients.</summary>
    public IoThreads IoThreads { get; }

    /// <summary>The listening sockets of clients.</summary>
    public ClientListener Listener { get; }

    /// <summary>Keyspace events on their way.</summary>
    public KeyEventQueue KeyEvents { get; } = new();

    /// <summary>The users.</summary>
    public AccessControl AccessControl { get; }

    /// <summary>Gives messages and keyspace events to their subscribers.</summary>
    public Publisher Publisher { get; }

    /// <summary>The scripts that clients have sent.</summary>
    internal ScriptService Scripts { get; }

    /// <summary>Who waits for which key.</summary>
    internal KeyWaiters Waiters { get; }

    /// <summary>Who tracks which keys.</summary>
    internal TrackingService Tracking { get; }

    /// <summary>Who watches which key.</summary>
    internal WatchTable Watches { get; }

    /// <summary>RDB files and streams.</summary>
    public PersistenceService Persistence { get; }

    /// <summary>The replication role and log.</summary>
    public ReplicationService Replication { get; }

    /// <summary>Judges and deletes expired keys.</summary>
    public KeyExpiry Expiry { get; }

    /// <summary>Deletes expired keys that clients wrote on a writable replica.</summary>
    public ReplicaExpiry ReplicaExpiry { get; }

    /// <summary>Deletes expired keys in the background.</summary>
    public ActiveExpiry ActiveExpiry { get; }

    /// <summary>Evicts keys when memory is short.</summary>
    internal Evictor Evictor { get; }

    /// <summary>Gives memory back in the background.</summary>
    public ActiveDefragmentation ActiveDefragmentation { get; }

    /// <summary>Subcommands of DEBUG that other parts bring.</summary>
    public DebugRegistry DebugSubcommands { get; } = new();

    /// <summary>MIGRATE's transfers.</summary>
    public MigrateService Migrations { get; }

    /// <summary>The cluster, or null when cluster-enabled is no.</summary>
    public ClusterService? Cluster { get; }

    /// <summary>
    /// Ends the process at once because its state can no longer be relied on; gets the reason and what was thrown. The
    /// data set is not saved. Any thread, with locks held.
    /// </summary>
    public Action<string, Exception> Fail { get; set; } = static (reason, error) => Environment.FailFast(reason, error);

    /// <summary>Milliseconds of Unix time.</summary>
    public long NowMilliseconds => Basics.NowMilliseconds;

    /// <summary>
    /// Starts every part in order: listeners first, so that clients are answered LOADING, then the data set, then what
    /// changes it. Returns when clients are served.
    /// </summary>
    /// <param name="ephemeralPort">Listens on a port that the system picks, and puts it into the configuration; for
    /// tests.</param>
    /// <exception cref="ServerStartException">It cannot start; the message is for the operator.</exception>
    public void Start(bool ephemeralPort = false)
    {
        var log = Loggers.CreateLogger("server");
        Sections.NoteStart();
        KeyEvents.Choose(Config.NotifyKeyspaceEvents);
        AccessControl.LoadAtStart();
        if (Config.ClusterEnabled && Config.Tls.Port != 0) throw new ServerStartException(NoTlsInCluster);
        Cluster?.Open();
        Listener.Bind(ephemeralPort);
        if (ephemeralPort) Config.Port = Listener.Port;
        Persistence.IsStarting = true;
        IoThreads.Start();
        Cron.Start();
        Shutdown.Prepare();
        Persistence.Prepare();
        Freeing.Prepare();
        Config.MaxClients = Listener.FitClients();
        ServerLog.Initialized(log);

        // While there is something to load, clients are answered LOADING; otherwise they wait the moment that is left.
        if (Persistence.HasFile) Listener.Accept();
        if (!Persistence.LoadAtStart()) throw new ServerStartException("Fatal error loading the DB, exiting.");
        Replication.Start();
        Cluster?.Start();
        Persistence.IsStarting = false;
        Listener.Accept();
        if (Config.Port != 0) ServerLog.Ready(log, "tcp");
        if (Config.Tls.Port != 0) ServerLog.Ready(log, "tls");
        if (Config.UnixSocket is { } path)
        {
            ServerLog.Ready(log, "unix");
            ServerLog.ReadyUnix(log, Config.PathOf(path));
        }
    }

    /// <summary>
    /// Stops every part in the opposite order. The data set has been saved by then, if it is to be saved.
    /// </summary>
    public void Stop()
    {
        Listener.Stop();
        Replication.Flush();
        Clients.CloseAll();
        IoThreads.Stop();
        Cluster?.Stop();
        Migrations.Dispose();
        Cron.Stop();
        Replication.Stop();
        Persistence.Stop();
        Freeing.Stop();
    }

    /// <summary>This node is a replica, or will be one as soon as it has loaded.</summary>
    private bool WillBeReplica() => Replication.IsReplica || (Cluster is { } cluster ? cluster.StartsAsReplica : Config.ReplicaOf is not null);

    /// <summary>What the commands of a round have brought about goes out before their replies.</summary>
    private void BeforeReplies()
    {
        Tracking.Broadcast();
        Replication.Flush();
    }

    private NodeParts GatherParts() => new(Basics)
    {
        AccessControl = AccessControl,
        Executor = Executor,
        KeyEvents = KeyEvents,
        Publisher = Publisher,
        Freeing = Freeing,
        Replication = Replication,
        Persistence = Persistence,
        Expiry = Expiry,
        ReplicaExpiry = ReplicaExpiry,
        ActiveExpiry = ActiveExpiry,
        Evictor = Evictor,
        MemoryReports = new MemoryReporter(Basics, Replication, ActiveDefragmentation),
        Migrations = Migrations,
        Cluster = Cluster,
        Shutdown = Shutdown,
        DebugSubcommands = DebugSubcommands,
        Scripts = Scripts,
        Waiters = Waiters,
        Tracking = Tracking,
        Watches = Watches,
    };
}
