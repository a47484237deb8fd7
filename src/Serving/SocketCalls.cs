using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Starling.Serving;

/// <summary>
/// recv(2) and send(2) on a non-blocking socket, without the layers of <see cref="Socket"/> in between. The handle is
/// kept open during a call, so that its descriptor cannot become somebody else's meanwhile.
/// </summary>
internal static class SocketCalls
{
    private const int NoSignal = 0x4000; // MSG_NOSIGNAL
    private const int Interrupted = 4; // EINTR
    private const int TryAgain = 11; // EAGAIN

    /// <summary>Receives what is there.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="buffer">Where to; not empty.</param>
    /// <param name="received">Bytes; 0 at the end of the stream, negative when it is broken.</param>
    /// <returns>False when nothing is there now.</returns>
    /// <exception cref="ObjectDisposedException">The socket is closed.</exception>
    public static bool TryReceive(SafeSocketHandle socket, Span<byte> buffer, out int received)
    {
        while (true)
        {
            received = (int)Receive(socket, ref MemoryMarshal.GetReference(buffer), buffer.Length, 0);
            if (received >= 0) return true;
            var error = Marshal.GetLastPInvokeError();
            if (error != Interrupted) return error != TryAgain;
        }
    }

    /// <summary>Sends what fits.</summary>
    /// <returns>Bytes sent; 0 when nothing fits now; negative when the stream is broken.</returns>
    /// <exception cref="ObjectDisposedException">The socket is closed.</exception>
    public static int TrySend(SafeSocketHandle socket, ReadOnlySpan<byte> bytes)
    {
        while (true)
        {
            var sent = (int)Send(socket, ref MemoryMarshal.GetReference(bytes), bytes.Length, NoSignal);
            if (sent >= 0) return sent;
            var error = Marshal.GetLastPInvokeError();
            if (error != Interrupted) return error == TryAgain ? 0 : -1;
        }
    }

    [DllImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static extern nint Receive(SafeSocketHandle socket, ref byte buffer, nint length, int flags);

    [DllImport("libc", EntryPoint = "send", SetLastError = true)]
    private static extern nint Send(SafeSocketHandle socket, ref byte bytes, nint length, int flags);
}
