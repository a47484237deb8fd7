using System.Net;

namespace Starling.Node.Serving;

/// <summary>
/// A client's byte stream. One receive and one send may be under way at a time. Nothing blocks. Counts: 0 means the
/// peer has closed, negative that the stream is broken.
/// </summary>
public interface ITransport
{
    /// <summary>The peer; null for a Unix socket.</summary>
    IPEndPoint? RemoteEndPoint { get; }

    /// <summary>This end; null for a Unix socket.</summary>
    IPEndPoint? LocalEndPoint { get; }

    /// <summary>A number that names the stream for a human: the socket descriptor.</summary>
    long Descriptor { get; }

    /// <summary>Names who is told of completions. Before anything else.</summary>
    void Attach(ITransportOwner owner);

    /// <summary>Receives what is there.</summary>
    /// <returns>False when nothing is there now.</returns>
    bool TryReceive(Span<byte> buffer, out int received);

    /// <summary>Receives now or later.</summary>
    /// <returns>
    /// True when it was received at once; false when <see cref="ITransportOwner.OnReceived"/> will tell.
    /// </returns>
    bool Receive(byte[] buffer, int offset, int count, out int received);

    /// <summary>Sends what fits.</summary>
    /// <returns>Bytes sent; 0 when nothing fits now; negative when the stream is broken.</returns>
    int TrySend(ReadOnlySpan<byte> bytes);

    /// <summary>Sends all, now or later.</summary>
    /// <returns>True when all is sent; false when <see cref="ITransportOwner.OnSent"/> will tell.</returns>
    bool Send(byte[] buffer, int offset, int count, out bool broken);

    /// <summary>Closes; what is under way ends as broken. Any thread, any number of times.</summary>
    void Close();
}
