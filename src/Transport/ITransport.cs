using System.Net;

namespace Starling.Transport;

/// <summary>
/// A byte stream that a thread serves: says when there is something to receive or room to send, and does both
/// without waiting. Counts: 0 received means that the peer has closed, negative that the stream is broken.
/// </summary>
public interface ITransport
{
    /// <summary>The thread that serves it.</summary>
    ITransportThread Thread { get; }

    /// <summary>The peer; null for a Unix socket.</summary>
    IPEndPoint? RemoteEndPoint { get; }

    /// <summary>This end; null for a Unix socket.</summary>
    IPEndPoint? LocalEndPoint { get; }

    /// <summary>A number that names the stream for a human: the socket descriptor.</summary>
    long Descriptor { get; }

    /// <summary>
    /// Begins to tell the owner what the stream is ready for; at first when there is something to receive. Once, any
    /// thread.
    /// </summary>
    void Start(ITransportOwner owner);

    /// <summary>Receives what is there. On the thread.</summary>
    /// <returns>False when nothing is there now.</returns>
    bool TryReceive(Span<byte> buffer, out int received);

    /// <summary>Sends what fits. Any thread, one at a time.</summary>
    /// <returns>Bytes sent; 0 when nothing fits now; negative when the stream is broken or closed.</returns>
    int TrySend(ReadOnlySpan<byte> bytes);

    /// <summary>Sends what fits of several segments, in order, with one call. Any thread, one at a time.</summary>
    /// <returns>Bytes sent, of all together; 0 when nothing fits now; negative when the stream is broken or closed.</returns>
    int TrySend(ReadOnlySpan<ArraySegment<byte>> segments);

    /// <summary>
    /// Has bytes sent at the end of the round, with what others send then, by one call to the system. On the thread. Until the receiver
    /// has been told, which is in this round, nothing else is sent.
    /// </summary>
    /// <param name="bytes">What; copied.</param>
    /// <param name="receiver">Told what was sent.</param>
    /// <returns>False when that is not possible here, or not for these bytes: they are to be sent now.</returns>
    bool TryPutOff(ReadOnlySpan<byte> bytes, ISendReceiver receiver);

    /// <summary>
    /// Says what the owner wants to be told of. On the thread. A stream that breaks while nothing is to be received
    /// closes by itself.
    /// </summary>
    void Watch(bool readable, bool writable);

    /// <summary>
    /// Closes; what was not sent is lost. The owner is told on the thread, in its next round at the latest. Any thread,
    /// any number of times.
    /// </summary>
    void Close();
}
