using System.Net;
using System.Net.Sockets;

namespace Starling.ClusterBus.Host;

/// <summary>What a <see cref="BusHost"/> is made with.</summary>
public sealed class BusHostOptions
{
    /// <summary>Sockets that are bound to the bus port and listen; the host owns them.</summary>
    public required IReadOnlyList<Socket> Listeners { get; init; }

    /// <summary>Local address of outgoing links (bind-source-addr), or null.</summary>
    public IPAddress? SourceAddress { get; init; }

    /// <summary>
    /// Most bytes queued on a link (cluster-link-sendbuf-limit); 0 for no limit. Asked at every tick.
    /// </summary>
    public required Func<long> SendBufferLimit { get; init; }
}
