using Microsoft.Extensions.Logging;
using Starling.Node.Acl;
using Starling.Node.Cluster;
using Starling.Node.Config;
using Starling.Node.Eviction;
using Starling.Node.Execution;
using Starling.Node.Expiry;
using Starling.Node.Freeing;
using Starling.Node.Persistence;
using Starling.Node.PubSub;
using Starling.Node.Replication;
using Starling.Node.Scripting;
using Starling.Node.Telemetry;
using Starling.Node.Tracking;
using Starling.Resp;
using Starling.Slots.Keyspace;

namespace Starling.Node.Serving;

/// <summary>
/// The parts of a node that commands work with, and no more: nothing here starts or stops, listens or owns a thread. Made once
/// all of them are there.
/// </summary>
internal sealed class NodeParts(NodeBasics basics)
{
    /// <summary>The configuration in force.</summary>
    public ServerConfig Config { get; } = basics.Config;

    /// <summary>Makes loggers.</summary>
    public ILoggerFactory Loggers { get; } = basics.Loggers;

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; } = basics.Clock;

    /// <summary>The commands.</summary>
    public CommandTable Commands { get; } = basics.Commands;

    /// <summary>The data.</summary>
    public Keyspace Keyspace { get; } = basics.Keyspace;

    /// <summary>INFO's sections.</summary>
    public InfoRegistry Info { get; } = basics.Info;

    /// <summary>The connected clients.</summary>
    public ClientRegistry Clients { get; } = basics.Clients;

    /// <summary>The counters.</summary>
    public ServerStats Stats { get; } = basics.Stats;

    /// <summary>The latest slow commands.</summary>
    public SlowLog SlowLog { get; } = basics.SlowLog;

    /// <summary>Remembers what took long.</summary>
    public LatencyMonitor LatencyMonitor { get; } = basics.LatencyMonitor;

    /// <summary>Says which commands are slow.</summary>
    public CommandWatch CommandWatch { get; } = basics.CommandWatch;

    /// <summary>What the access clocks of keys mean.</summary>
    public AccessTracking Access { get; } = basics.Access;

    /// <summary>Evicts keys when memory is short.</summary>
    public required Evictor Evictor { get; init; }

    /// <summary>Tells what the memory is used for.</summary>
    public required MemoryReporter MemoryReports { get; init; }

    /// <summary>The users.</summary>
    public required AccessControl AccessControl { get; init; }

    /// <summary>Where every command enters.</summary>
    public required Executor Executor { get; init; }

    /// <summary>Keyspace events on their way.</summary>
    public required KeyEventQueue KeyEvents { get; init; }

    /// <summary>Gives messages and keyspace events to their subscribers.</summary>
    public required Publisher Publisher { get; init; }

    /// <summary>Frees in the background what was deleted.</summary>
    public required BackgroundFreeing Freeing { get; init; }

    /// <summary>The replication role and log.</summary>
    public required ReplicationService Replication { get; init; }

    /// <summary>RDB files and streams.</summary>
    public required PersistenceService Persistence { get; init; }

    /// <summary>Judges and deletes expired keys.</summary>
    public required KeyExpiry Expiry { get; init; }

    /// <summary>Deletes expired keys that clients wrote on a writable replica.</summary>
    public required ReplicaExpiry ReplicaExpiry { get; init; }

    /// <summary>Deletes expired keys in the background.</summary>
    public required ActiveExpiry ActiveExpiry { get; init; }

    /// <summary>MIGRATE's transfers.</summary>
    public required MigrateService Migrations { get; init; }

    /// <summary>The cluster, or null when cluster-enabled is no.</summary>
    public required ClusterService? Cluster { get; init; }

    /// <summary>Shuts the server down in order.</summary>
    public required ShutdownService Shutdown { get; init; }

    /// <summary>Subcommands of DEBUG that other parts bring.</summary>
    public required DebugRegistry DebugSubcommands { get; init; }

    /// <summary>The scripts that clients have sent.</summary>
    public required ScriptService Scripts { get; init; }

    /// <summary>Who waits for which key.</summary>
    public required KeyWaiters Waiters { get; init; }

    /// <summary>Who is shown every command.</summary>
    public Monitors Monitors { get; } = new(basics);

    /// <summary>Who tracks which keys.</summary>
    public required TrackingService Tracking { get; init; }

    /// <summary>Who watches which key.</summary>
    public required WatchTable Watches { get; init; }

    /// <summary>The buffers of connections.</summary>
    public BufferPool Buffers { get; } = basics.Buffers;

    /// <summary>Milliseconds of Unix time.</summary>
    public long NowMilliseconds => Clock.GetUtcNow().ToUnixTimeMilliseconds();
}
