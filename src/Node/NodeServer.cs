using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Starling.Node.Cluster;
using Starling.Node.Commands;
using Starling.Node.Config;
using Starling.Node.Execution;
using Starling.Node.Expiry;
using Starling.Node.Freeing;
using Starling.Node.Maintenance;
using Starling.Node.Persistence;
using Starling.Node.Replication;
using Starling.Node.Serving;
using Starling.Node.Telemetry;
using Starling.Resp;
using Starling.Slots.Keyspace;

namespace Starling.Node;

/// <summary>A server node: owns the parts and wires them.</summary>
public sealed class NodeServer
{
    private bool _isStarting;

    /// <summary>Makes a server from its configuration; nothing is started yet.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="loggers">Makes loggers.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="commands">Commands beyond those of <see cref="ServerCommands"/>.</param>
    public NodeServer(ServerConfig config, ILoggerFactory loggers, TimeProvider clock, IReadOnlyList<Command>? commands = null)
    {
        Config = config;
        Loggers = loggers;
        Clock = clock;
        RunId = RandomNumberGenerator.GetHexString(40, lowercase: true);
        Keyspace = new Keyspace(new KeyspaceOptions
        {
            Databases = config.Databases,
            HashSeed = BinaryPrimitives.ReadUInt128LittleEndian(RandomNumberGenerator.GetBytes(16)),
        });
        Info = new InfoRegistry();
        Freeing = new BackgroundFreeing(Keyspace, config, Info);
        Sections = new ServerSections(this);
        Cron = new ServerCron(clock);
        Commands = ServerCommands.Table(commands);
        Serving = new ServingParts(new ServingHost(this), Commands);
        Shutdown = new ShutdownService(this);
        Watches = new WatchTable(config.Databases);
        Waiters = new KeyWaiters(this);
        Executor = new Executor(this);
        IoThreads = new IoThreads(
            config.IoThreads == 0 ? ServerConfig.DefaultIoThreads : config.IoThreads,
            loggers.CreateLogger("Serving"),
            beforeReplies: () => Replication!.Flush());
        Listener = new ClientListener(Serving, IoThreads, Cron);
        ServingTelemetry.Register(this);
        Persistence = new PersistenceService(this);
        Replication = new ReplicationService(this);
        Expiry = new KeyExpiry(this);
        ReplicaExpiry = new ReplicaExpiry(this);
        ActiveExpiry = new ActiveExpiry(this);
        ActiveDefragmentation = new ActiveDefragmentation(this);
        Migrations = new MigrateService(this);
        if (config.ClusterEnabled)
        {
            Cluster = new ClusterService(this);
            _ = new BlockedClientCheck(this, Cluster);
        }

        ConfigReactions.Register(this);
    }

    /// <summary>The configuration in force.</summary>
    public ServerConfig Config { get; }

    /// <summary>Forty hexadecimal digits that no other run of a server has: INFO's run_id.</summary>
    public string RunId { get; }

    /// <summary>Makes loggers.</summary>
    public ILoggerFactory Loggers { get; }

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; }

    /// <summary>The data.</summary>
    public Keyspace Keyspace { get; }

    /// <summary>Frees in the background what was deleted.</summary>
    public BackgroundFreeing Freeing { get; }

    /// <summary>INFO's sections.</summary>
    public InfoRegistry Info { get; }

    /// <summary>INFO's sections about the process.</summary>
    public ServerSections Sections { get; }

    /// <summary>Shuts the server down in order.</summary>
    public ShutdownService Shutdown { get; }

    /// <summary>Periodic work.</summary>
    public ServerCron Cron { get; }

    /// <summary>What the connections of clients share.</summary>
    public ServingParts Serving { get; }

    /// <summary>The connected clients.</summary>
    public ClientRegistry Clients => Serving.Clients;

    /// <summary>The commands.</summary>
    public CommandTable Commands { get; }

    /// <summary>The counters.</summary>
    public ServerStats Stats => Serving.Stats;

    /// <summary>The buffers of connections.</summary>
    public BufferPool Buffers { get; } = new();

    /// <summary>What replies to writes wait for.</summary>
    public CommitGate Commits => Serving.Commits;

    /// <summary>Where every command enters.</summary>
    public Executor Executor { get; }

    /// <summary>The threads that serve the connections of clients.</summary>
    public IoThreads IoThreads { get; }

    /// <summary>The listening sockets of clients.</summary>
    public ClientListener Listener { get; }

    /// <summary>Keyspace events on their way.</summary>
    public KeyEventQueue KeyEvents { get; } = new();

    /// <summary>Who waits for which key.</summary>
    internal KeyWaiters Waiters { get; }

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

    /// <summary>
    /// True from the moment clients may connect until the data set is there: they are answered LOADING.
    /// </summary>
    public bool IsStarting { get => Volatile.Read(ref _isStarting); private set => Volatile.Write(ref _isStarting, value); }

    /// <summary>Milliseconds of Unix time.</summary>
    public long NowMilliseconds => Clock.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>
    /// Milliseconds, at least 1, of a clock that goes on evenly whatever the wall clock is set to; for elapsed time.
    /// </summary>
    public long SteadyMilliseconds => 1 + (long)Clock.GetElapsedTime(0).TotalMilliseconds;

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
        Cluster?.Open();
        Listener.Bind(ephemeralPort);
        if (ephemeralPort) Config.Port = Listener.Port;
        IsStarting = true;
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
        IsStarting = false;
        Listener.Accept();
        if (Config.Port != 0) ServerLog.Ready(log, "tcp");
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
}
