using Microsoft.Extensions.Logging;
using Starling.Resp;

namespace Starling.Serving;

/// <summary>What all connections of a server share.</summary>
/// <param name="host">For whom clients are served.</param>
/// <param name="clients">The connected clients.</param>
/// <param name="stats">The counters.</param>
/// <param name="commits">What replies to writes wait for.</param>
public sealed class ServingParts(IServingHost host, ClientRegistry clients, ServerStats stats, CommitGate commits)
{
    /// <summary>For whom clients are served.</summary>
    public IServingHost Host => host;

    /// <summary>The configuration in force.</summary>
    public IServingSettings Settings { get; } = host.Settings;

    /// <summary>The buffers of connections.</summary>
    public BufferPool Buffers { get; } = host.Buffers;

    /// <summary>The connected clients.</summary>
    public ClientRegistry Clients => clients;

    /// <summary>The counters.</summary>
    public ServerStats Stats => stats;

    /// <summary>What replies to writes wait for.</summary>
    public CommitGate Commits => commits;

    /// <summary>Gets what the operator should know.</summary>
    public ILogger Logger { get; } = host.Loggers.CreateLogger("Serving");

    /// <summary>Milliseconds of Unix time.</summary>
    public long NowMilliseconds => Clock.GetUtcNow().ToUnixTimeMilliseconds();

    private TimeProvider Clock { get; } = host.Clock;
}
