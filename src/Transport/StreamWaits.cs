using System.Net.Sockets;

namespace Starling.Transport;

/// <summary>Waits for a stream, for threads that may block. Never on a thread that serves others.</summary>
public static class StreamWaits
{
    private static readonly TimeSpan LongestPoll = TimeSpan.FromMinutes(1); // the runtime takes 35 minutes at most

    /// <summary>Waits until a receive can get on.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="timeout">How long at most; negative counts as nothing.</param>
    /// <returns>False when the time is up.</returns>
    public static bool WaitToReceive(this IByteStream stream, TimeSpan timeout) =>
        stream.HasBuffered || Wait(stream.Source, stream.ReceiveNeeds, timeout);

    /// <summary>Waits until a send, or the connecting, can get on.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="timeout">How long at most; negative counts as nothing.</param>
    /// <returns>False when the time is up.</returns>
    public static bool WaitToSend(this IByteStream stream, TimeSpan timeout) =>
        Wait(stream.Source, stream.SendNeeds, timeout);

    private static bool Wait(PollSource source, Readiness needs, TimeSpan timeout)
    {
        if (timeout < TimeSpan.Zero) timeout = TimeSpan.Zero;
        for (; timeout > LongestPoll; timeout -= LongestPoll)
            if (Poll(source.Socket, needs, LongestPoll)) return true;
        return Poll(source.Socket, needs, timeout);
    }

    private static bool Poll(Socket socket, Readiness needs, TimeSpan timeout) => needs switch
    {
        Readiness.Readable => socket.Poll(timeout, SelectMode.SelectRead),
        Readiness.Writable => socket.Poll(timeout, SelectMode.SelectWrite),
        _ => PollBoth(socket, timeout),
    };

    private static bool PollBoth(Socket socket, TimeSpan timeout)
    {
        List<Socket> readable = [socket];
        List<Socket> writable = [socket];
        Socket.Select(readable, writable, null, timeout);
        return readable.Count > 0 || writable.Count > 0;
    }
}
