using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Starling.Transport;

/// <summary>
/// recv(2), send(2) and sendmsg(2) on a non-blocking socket, without the layers of <see cref="Socket"/> in between. The handle is
/// kept open during a call, so that its descriptor cannot become somebody else's meanwhile.
/// </summary>
internal static unsafe class SocketCalls
{
    /// <summary>Most segments of one send.</summary>
    public const int MostSegments = 64;

    private const int NoSignal = 0x4000; // MSG_NOSIGNAL
    private const int Interrupted = 4; // EINTR

    /// <summary>Receives what is there.</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="buffer">Where to; not empty.</param>
    /// <param name="received">Bytes; 0 at the end of the stream, and when nothing was received.</param>
    /// <returns>Why nothing was received; WouldBlock when nothing is there now.</returns>
    /// <exception cref="ObjectDisposedException">The socket is closed.</exception>
    public static SocketError Receive(SafeSocketHandle socket, Span<byte> buffer, out int received)
    {
        while (true)
        {
            received = (int)Receive(socket, ref MemoryMarshal.GetReference(buffer), buffer.Length, 0);
            if (received >= 0) return SocketError.Success;
            received = 0;
            if (!IsInterrupted(out var error)) return error;
        }
    }

    /// <summary>Sends what fits.</summary>
    /// <returns>Why nothing was sent; WouldBlock when nothing fits now.</returns>
    /// <exception cref="ObjectDisposedException">The socket is closed.</exception>
    public static SocketError Send(SafeSocketHandle socket, ReadOnlySpan<byte> bytes, out int sent)
    {
        while (true)
        {
            sent = (int)Send(socket, ref MemoryMarshal.GetReference(bytes), bytes.Length, NoSignal);
            if (sent >= 0) return SocketError.Success;
            sent = 0;
            if (!IsInterrupted(out var error)) return error;
        }
    }

    /// <summary>Sends what fits of several segments; of no more than <see cref="MostSegments"/>.</summary>
    /// <returns>Why nothing was sent; WouldBlock when nothing fits now.</returns>
    /// <exception cref="ObjectDisposedException">The socket is closed.</exception>
    public static SocketError Send(SafeSocketHandle socket, ReadOnlySpan<ArraySegment<byte>> segments, out int sent)
    {
        var count = Math.Min(segments.Length, MostSegments);
        var pins = stackalloc GCHandle[count];
        var vectors = stackalloc Vector[count];
        var pinned = 0;
        try
        {
            for (; pinned < count; pinned++)
            {
                var segment = segments[pinned];
                pins[pinned] = GCHandle.Alloc(segment.Array, GCHandleType.Pinned);
                vectors[pinned] = new Vector((byte*)pins[pinned].AddrOfPinnedObject() + segment.Offset, segment.Count);
            }

            var message = new Message { Vectors = vectors, VectorCount = count };
            while (true)
            {
                sent = (int)SendMessage(socket, &message, NoSignal);
                if (sent >= 0) return SocketError.Success;
                sent = 0;
                if (!IsInterrupted(out var error)) return error;
            }
        }
        finally
        {
            while (pinned > 0) pins[--pinned].Free();
        }
    }

    private static bool IsInterrupted(out SocketError error)
    {
        var code = Marshal.GetLastPInvokeError();
        error = code == Interrupted ? SocketError.Interrupted : ErrorOf(code);
        return code == Interrupted;
    }

    // errno.h of Linux, the same on every architecture that .NET runs on.
    private static SocketError ErrorOf(int code) => code switch
    {
        11 => SocketError.WouldBlock, // EAGAIN
        32 => SocketError.Shutdown, // EPIPE
        103 => SocketError.ConnectionAborted,
        104 => SocketError.ConnectionReset,
        105 => SocketError.NoBufferSpaceAvailable,
        107 => SocketError.NotConnected,
        110 => SocketError.TimedOut,
        111 => SocketError.ConnectionRefused,
        112 => SocketError.HostDown,
        113 => SocketError.HostUnreachable,
        101 => SocketError.NetworkUnreachable,
        100 => SocketError.NetworkDown,
        _ => SocketError.SocketError,
    };

    [DllImport("libc", EntryPoint = "recv", SetLastError = true)]
    private static extern nint Receive(SafeSocketHandle socket, ref byte buffer, nint length, int flags);

    [DllImport("libc", EntryPoint = "send", SetLastError = true)]
    private static extern nint Send(SafeSocketHandle socket, ref byte bytes, nint length, int flags);

    [DllImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    private static extern nint SendMessage(SafeSocketHandle socket, Message* message, int flags);

    // struct iovec.
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Vector(byte* start, nint length)
    {
        private readonly byte* _start = start;
        private readonly nint _length = length;
    }

    // struct msghdr of Linux.
    [StructLayout(LayoutKind.Sequential)]
    private struct Message
    {
        public void* Name;
        public uint NameLength;
        public Vector* Vectors;
        public nint VectorCount;
        public void* Control;
        public nint ControlLength;
        public int Flags;
    }
}
