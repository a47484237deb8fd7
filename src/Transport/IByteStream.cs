using System.Net;
using System.Net.Sockets;

namespace Starling.Transport;

/// <summary>
/// A connection that moves bytes both ways and never waits. Who has to wait polls <see cref="Source"/> for what the
/// stream says it needs: an encrypted stream may have to write before it can receive, and to read before it can send.
/// Receiving belongs to one thread, sending to one at a time; <see cref="Shut"/> is for any thread.
/// </summary>
public interface IByteStream : IDisposable
{
    /// <summary>The peer; null for a Unix socket, and while it connects.</summary>
    IPEndPoint? RemoteEndPoint { get; }

    /// <summary>This end; null for a Unix socket.</summary>
    IPEndPoint? LocalEndPoint { get; }

    /// <summary>What a poller watches.</summary>
    PollSource Source { get; }

    /// <summary>What <see cref="Source"/> has to be ready for before a receive can get on.</summary>
    Readiness ReceiveNeeds { get; }

    /// <summary>What it has to be ready for before a send, or the connecting, can get on.</summary>
    Readiness SendNeeds { get; }

    /// <summary>There are bytes to receive that no poller can see, since the stream has read them already.</summary>
    bool HasBuffered { get; }

    /// <summary>Why the stream is broken; Success while it is not.</summary>
    SocketError Error { get; }

    /// <summary>Sees the connecting through, the handshake of an encrypted stream included.</summary>
    /// <returns>Done once it is connected; NotNow while it waits for <see cref="SendNeeds"/>.</returns>
    StreamStatus Connect();

    /// <summary>Receives what is there.</summary>
    /// <param name="buffer">Where to; not empty.</param>
    /// <param name="received">Bytes; more than none if and only if the status is Done.</param>
    StreamStatus Receive(Span<byte> buffer, out int received);

    /// <summary>Sends what fits.</summary>
    /// <param name="bytes">What; not empty.</param>
    /// <param name="sent">Bytes that are in the hands of the stream; it sends them itself.</param>
    StreamStatus Send(ReadOnlySpan<byte> bytes, out int sent);

    /// <summary>Sends what fits of several segments, in order, with one call to the system.</summary>
    /// <param name="segments">What; none is empty.</param>
    /// <param name="sent">Bytes that are in the hands of the stream, of all segments together.</param>
    StreamStatus Send(ReadOnlySpan<ArraySegment<byte>> segments, out int sent);

    /// <summary>
    /// Puts a send off, to leave with those of other streams by one call to the system. On the thread that closes the stream. Until the
    /// receiver has been told, nothing else is sent.
    /// </summary>
    /// <returns>False when that is not possible for this stream or these bytes: they are to be sent in the ordinary way.</returns>
    bool TryPutOff(SendBatch batch, ReadOnlySpan<byte> bytes, ISendReceiver receiver) => false;

    /// <summary>Ends both directions at once; whoever polls is told. Any thread, any number of times.</summary>
    void Shut();
}
