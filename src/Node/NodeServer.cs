using Microsoft.Extensions.Logging;
using Starling.Node.Cluster;
using Starling.Node.Commands;
using Starling.Node.Config;
using Starling.Node.Expiry;
using Starling.Node.Persistence;
using Starling.Node.Replication;
using Starling.Node.Serving;
using Starling.Node.Telemetry;
using Starling.Slots.Keyspace;

namespace Starling.Node;

/// <summary>A server node: owns the parts and wires them.</summary>
public sealed class NodeServer
{
    /// <summary>Makes a server from its configuration; nothing is started yet.</summary>
    public NodeServer(ServerConfig config, ILoggerFactory loggers, TimeProvider clock)
    {
        Config = config;
        Loggers = loggers;
        Clock = clock;
        Keyspace = new Keyspace(new KeyspaceOptions { Databases = config.Databases });
        Info = new InfoRegistry();
        Cron = new ServerCron();
        Clients = new ClientRegistry();
        Commands = new CommandTable();
        Persistence = new PersistenceService(this);
        Replication = new ReplicationService(this);
        Expiry = new KeyExpiry(this);
        ActiveExpiry = new ActiveExpiry(this);
        if (config.ClusterEnabled) Cluster = new ClusterService();
    }

    /// <summary>The configuration in force.</summary>
    public ServerConfig Config { get; }

    /// <summary>Makes loggers.</summary>
    public ILoggerFactory Loggers { get; }

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; }

    /// <summary>The data.</summary>
    public Keyspace Keyspace { get; }

    /// <summary>INFO's sections.</summary>
    public InfoRegistry Info { get; }

    /// <summary>Periodic work.</summary>
    public ServerCron Cron { get; }

    /// <summary>The connected clients.</summary>
    public ClientRegistry Clients { get; }

    /// <summary>The commands.</summary>
    public CommandTable Commands { get; }

    /// <summary>RDB files and streams.</summary>
    public PersistenceService Persistence { get; }

    /// <summary>The replication role and log.</summary>
    public ReplicationService Replication { get; }

    /// <summary>Judges and deletes expired keys.</summary>
    public KeyExpiry Expiry { get; }

    /// <summary>Deletes expired keys in the background.</summary>
    public ActiveExpiry ActiveExpiry { get; }

    /// <summary>Subcommands of DEBUG that other parts bring.</summary>
    public DebugRegistry DebugSubcommands { get; } = new();

    /// <summary>The cluster, or null when cluster-enabled is no.</summary>
    public ClusterService? Cluster { get; }

    /// <summary>Milliseconds of Unix time.</summary>
    public long NowMilliseconds => Clock.GetUtcNow().ToUnixTimeMilliseconds();
}
