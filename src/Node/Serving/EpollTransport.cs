using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using Starling.Slots;

namespace Starling.Node.Serving;

/// <summary>
/// A transport on a socket that an <see cref="IoThread"/> serves. Receiving is that thread's alone: it waits for bytes
/// all the time, and receives into the buffer that the owner named last. Sending is tried by whoever has something to
/// send; only what does not fit waits for the thread. The socket is closed by the thread, and only there, so that its
/// descriptor cannot become somebody else's under it; <see cref="Close"/> ends the stream, which the thread learns.
/// </summary>
internal sealed class EpollTransport : ITransport
{
    private readonly Socket _socket;
    private readonly SafeSocketHandle _handle;
    private readonly IoThread _thread;
    private readonly Action<Win32Exception> _onRefused;
    private ITransportOwner _owner = null!;

    // The receive that is under way.
    private byte[] _target = [];
    private int _targetOffset;
    private int _targetCount;
    private bool _isReceiving;

    // Guards what follows: the send under way, and whether the thread serves the socket. Taken under no lock but the
    // input lock, and under it only the thread's (to be added); not held during a send or a receive.
    private readonly Lock _lock = new();
    private byte[]? _rest;
    private int _restOffset;
    private int _restCount;
    private bool _isServed;
    private bool _waitsForRoom;
    private bool _hasEnded;

    private int _isShut;

    /// <summary>Makes the transport of a connected socket.</summary>
    /// <param name="socket">The socket; the transport's from now on.</param>
    /// <param name="thread">The thread that serves it, from the first receive on.</param>
    /// <param name="onRefused">Told when the system refuses to watch the socket; it counts as broken then.</param>
    public EpollTransport(Socket socket, IoThread thread, Action<Win32Exception> onRefused)
    {
        _socket = socket;
        _thread = thread;
        _onRefused = onRefused;
        _socket.Blocking = false;
        _handle = socket.SafeHandle;
        Descriptor = socket.Handle;
        RemoteEndPoint = socket.RemoteEndPoint as IPEndPoint;
        LocalEndPoint = socket.LocalEndPoint as IPEndPoint;
    }

    public IPEndPoint? RemoteEndPoint { get; }

    public IPEndPoint? LocalEndPoint { get; }

    public long Descriptor { get; }

    public void Attach(ITransportOwner owner) => _owner = owner;

    public bool TryReceive(Span<byte> buffer, out int received) => SocketCalls.TryReceive(_handle, buffer, out received);

    /// <remarks>Never at once. On the thread, but for the first time.</remarks>
    public bool Receive(byte[] buffer, int offset, int count, out int received)
    {
        Invariant.That(count > 0);
        (_target, _targetOffset, _targetCount) = (buffer, offset, count);
        _isReceiving = true;
        received = -1;
        return !_isServed && !TryBegin();
    }

    public int TrySend(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return SocketCalls.TrySend(_handle, bytes);
        }
        catch (ObjectDisposedException)
        {
            return -1;
        }
    }

    /// <remarks>At once only when the stream has ended: what is given here did not fit a moment ago.</remarks>
    public bool Send(byte[] buffer, int offset, int count, out bool broken)
    {
        lock (_lock)
        {
            broken = _hasEnded;
            if (_hasEnded) return true;
            (_rest, _restOffset, _restCount) = (buffer, offset, count);
            WaitForRoom(true);
            return false;
        }
    }

    public void Close()
    {
        if (Interlocked.Exchange(ref _isShut, 1) != 0) return;
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The peer was faster, and the thread knows or will know.
        }
    }

    /// <summary>The socket is ready. On the thread.</summary>
    internal void OnReady(uint events)
    {
        if ((events & Epoll.Out) != 0) SendRest();
        if ((events & ~Epoll.Out) != 0) ReceiveNow();
    }

    /// <summary>Ends the stream as broken. On the thread.</summary>
    internal void Abort() => Complete(-1);

    private void ReceiveNow()
    {
        if (TryReceive(_target.AsSpan(_targetOffset, _targetCount), out var received)) Complete(received);
    }

    private void Complete(int received)
    {
        _isReceiving = false;
        _owner.OnReceived(received);
        if (!_isReceiving) End(); // an owner that is there receives on
    }

    private void SendRest()
    {
        byte[] buffer;
        int offset, count;
        lock (_lock)
        {
            if (_rest is null) return;
            (buffer, offset, count) = (_rest, _restOffset, _restCount);
        }

        var sent = TrySend(buffer.AsSpan(offset, count));
        lock (_lock)
        {
            if (sent >= 0 && sent < count)
            {
                _restOffset += sent;
                _restCount -= sent;
                return;
            }

            _rest = null;
        }

        _owner.OnSent(sent < 0);

        // Only now: mostly the owner had more, and the thread goes on waiting.
        lock (_lock)
        {
            if (_rest is null) WaitForRoom(false);
        }
    }

    /// <summary>Under the lock.</summary>
    private void WaitForRoom(bool waits)
    {
        if (_waitsForRoom == waits) return;
        _waitsForRoom = waits;
        if (_isServed) _thread.Modify(this, waits ? Epoll.In | Epoll.Out : Epoll.In);
    }

    private bool TryBegin()
    {
        try
        {
            lock (_lock)
            {
                if (_isServed) return true; // the thread was faster than who added it
                _isServed = !_hasEnded && _thread.TryAdd(this, _waitsForRoom ? Epoll.In | Epoll.Out : Epoll.In);
                if (_isServed) return true;
            }
        }
        catch (Win32Exception error)
        {
            _onRefused(error);
        }

        End();
        return false;
    }

    private void End()
    {
        bool wasSending;
        lock (_lock)
        {
            _hasEnded = true;
            if (_isServed) _thread.Remove(this);
            _isServed = false;
            wasSending = _rest is not null;
            _rest = null;
        }

        _socket.Dispose();
        if (wasSending) _owner.OnSent(true);
    }
}
