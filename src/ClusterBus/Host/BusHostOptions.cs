using System.Net;

namespace Starling.ClusterBus.Host;

/// <summary>What a <see cref="BusHost"/> is made with.</summary>
public sealed class BusHostOptions
{
    /// <summary>Who listens on the bus port, without waiting; the host owns them.</summary>
    public required IReadOnlyList<Listener> Listeners { get; init; }

    /// <summary>
    /// Makes the stream of a link from a connection, accepted (true) or begun by this node: the connection itself, or a
    /// stream around it that encrypts what it carries.
    /// </summary>
    public Func<IByteStream, bool, IByteStream> Layer { get; init; } = (stream, _) => stream;

    /// <summary>Local address of outgoing links (bind-source-addr), or null.</summary>
    public IPAddress? SourceAddress { get; init; }

    /// <summary>
    /// Most bytes queued on a link (cluster-link-sendbuf-limit); 0 for no limit. Asked at every tick.
    /// </summary>
    public required Func<long> SendBufferLimit { get; init; }
}
