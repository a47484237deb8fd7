using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Starling.Node.Config;
using Starling.Node.Eviction;
using Starling.Node.Telemetry;
using Starling.Resp;
using Starling.Slots.Keyspace;

namespace Starling.Node;

/// <summary>What every part of a node stands on: made before all of them, and knowing none.</summary>
public sealed class NodeBasics
{
    /// <summary>Makes it.</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="loggers">Makes loggers.</param>
    /// <param name="clock">The clock.</param>
    /// <param name="commands">The commands.</param>
    public NodeBasics(ServerConfig config, ILoggerFactory loggers, TimeProvider clock, CommandTable commands)
    {
        Config = config;
        Loggers = loggers;
        Clock = clock;
        Buffers = new BufferPool(clock.GetTimestamp);
        Commands = commands;
        RunId = RandomNumberGenerator.GetHexString(40, lowercase: true);
        Keyspace = new Keyspace(new KeyspaceOptions
        {
            Databases = config.DatabasesInUse,
            HashSeed = BinaryPrimitives.ReadUInt128LittleEndian(RandomNumberGenerator.GetBytes(16)),
        });
        Memory = new MemoryGauge(Keyspace);
        Access = new AccessTracking(config);
        Cron = new ServerCron(clock);
        Clients = new ClientRegistry(clock);
        Stats = new ServerStats(commands);
        SlowLog = new SlowLog(config);
        LatencyMonitor = new LatencyMonitor(config, clock);
        CommandWatch = new CommandWatch(config, SlowLog, LatencyMonitor);
    }

    /// <summary>The configuration in force.</summary>
    public ServerConfig Config { get; }

    /// <summary>Makes loggers.</summary>
    public ILoggerFactory Loggers { get; }

    /// <summary>The clock.</summary>
    public TimeProvider Clock { get; }

    /// <summary>The commands.</summary>
    public CommandTable Commands { get; }

    /// <summary>Forty hexadecimal digits that no other run of a server has: INFO's run_id.</summary>
    public string RunId { get; }

    /// <summary>The data.</summary>
    public Keyspace Keyspace { get; }

    /// <summary>The memory in use.</summary>
    public MemoryGauge Memory { get; }

    /// <summary>The memory that there is for it.</summary>
    public ProcessMemory Process { get; } = new();

    /// <summary>What the access clocks of keys mean.</summary>
    internal AccessTracking Access { get; }

    /// <summary>INFO's sections.</summary>
    public InfoRegistry Info { get; } = new();

    /// <summary>Periodic work.</summary>
    public ServerCron Cron { get; }

    /// <summary>The connected clients.</summary>
    public ClientRegistry Clients { get; }

    /// <summary>The counters.</summary>
    public ServerStats Stats { get; }

    /// <summary>The latest slow commands.</summary>
    internal SlowLog SlowLog { get; }

    /// <summary>Remembers what took long.</summary>
    internal LatencyMonitor LatencyMonitor { get; }

    /// <summary>Says which commands are slow.</summary>
    internal CommandWatch CommandWatch { get; }

    /// <summary>The buffers of connections.</summary>
    public BufferPool Buffers { get; }

    /// <summary>What replies to writes wait for.</summary>
    public CommitGate Commits { get; } = new();

    /// <summary>Milliseconds of Unix time.</summary>
    public long NowMilliseconds => Clock.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>
    /// Milliseconds, at least 1, of a clock that goes on evenly whatever the wall clock is set to; for elapsed time.
    /// </summary>
    public long SteadyMilliseconds => 1 + (long)Clock.GetElapsedTime(0).TotalMilliseconds;
}
