using Microsoft.Extensions.Logging;
using Starling.Resp;

namespace Starling.Serving;

/// <summary>What all connections of a server share.</summary>
/// <param name="host">For whom clients are served.</param>
/// <param name="commands">The commands that are counted.</param>
public sealed class ServingParts(IServingHost host, CommandTable commands)
{
    /// <summary>For whom clients are served.</summary>
    public IServingHost Host => host;

    /// <summary>The configuration in force.</summary>
    public IServingSettings Settings { get; } = host.Settings;

    /// <summary>The buffers of connections.</summary>
    public BufferPool Buffers { get; } = host.Buffers;

    /// <summary>The connected clients.</summary>
    public ClientRegistry Clients { get; } = new(host.Clock);

    /// <summary>The counters.</summary>
    public ServerStats Stats { get; } = new(commands);

    /// <summary>What replies to writes wait for.</summary>
    public CommitGate Commits { get; } = new();

    /// <summary>Gets what the operator should know.</summary>
    public ILogger Logger { get; } = host.Loggers.CreateLogger("Serving");

    /// <summary>Milliseconds of Unix time.</summary>
    public long NowMilliseconds => Clock.GetUtcNow().ToUnixTimeMilliseconds();

    private TimeProvider Clock { get; } = host.Clock;
}
