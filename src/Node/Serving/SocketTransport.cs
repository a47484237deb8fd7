using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using Starling.Slots;

namespace Starling.Node.Serving;

/// <summary>
/// A transport on a socket. Its thread waits for it, receives and closes it; only there, so that its descriptor cannot
/// become somebody else's under it. <see cref="Close"/> by another thread ends the stream at once and leaves the rest
/// to the thread.
/// </summary>
public sealed class SocketTransport : ITransport, IIoTask
{
    private static readonly bool UsesSystemCalls = OperatingSystem.IsLinux();

    private readonly SafeSocketHandle _handle;
    private readonly Action<Win32Exception> _onRefused;
    private ITransportOwner? _owner;
    private bool _isServed;
    private bool _hasEnded;
    private int _isShut;

    /// <summary>Makes the transport of a connected socket.</summary>
    /// <param name="socket">The socket; the transport's from now on.</param>
    /// <param name="thread">The thread that serves it.</param>
    /// <param name="onRefused">Told when the system refuses to watch the socket; it is closed then.</param>
    internal SocketTransport(Socket socket, IoThread thread, Action<Win32Exception> onRefused)
    {
        Socket = socket;
        Thread = thread;
        _onRefused = onRefused;
        socket.Blocking = false;
        _handle = socket.SafeHandle;
        Descriptor = socket.Handle;
        RemoteEndPoint = socket.RemoteEndPoint as IPEndPoint;
        LocalEndPoint = socket.LocalEndPoint as IPEndPoint;
    }

    /// <inheritdoc/>
    public IoThread Thread { get; }

    /// <inheritdoc/>
    public IPEndPoint? RemoteEndPoint { get; }

    /// <inheritdoc/>
    public IPEndPoint? LocalEndPoint { get; }

    /// <inheritdoc/>
    public long Descriptor { get; }

    /// <summary>What the owner wants to be told of.</summary>
    internal Readiness Wants { get; private set; } = Readiness.Readable;

    internal Socket Socket { get; }

    /// <inheritdoc/>
    public void Start(ITransportOwner owner)
    {
        _owner = owner;
        if (Thread.Post(this)) return;
        Socket.Dispose();
        owner.OnClosed();
    }

    /// <inheritdoc/>
    public bool TryReceive(Span<byte> buffer, out int received)
    {
        if (UsesSystemCalls) return SocketCalls.TryReceive(_handle, buffer, out received);
        var count = Socket.Receive(buffer, SocketFlags.None, out var error);
        received = error == SocketError.Success ? count : -1;
        return error != SocketError.WouldBlock;
    }

    /// <inheritdoc/>
    public int TrySend(ReadOnlySpan<byte> bytes)
    {
        LockOrder.AssertMayBlock("a send");
        try
        {
            if (UsesSystemCalls) return SocketCalls.TrySend(_handle, bytes);
            var sent = Socket.Send(bytes, SocketFlags.None, out var error);
            if (error == SocketError.Success) return sent;
            return error == SocketError.WouldBlock ? 0 : -1;
        }
        catch (ObjectDisposedException)
        {
            return -1; // closed meanwhile by its thread
        }
    }

    /// <inheritdoc/>
    public void Watch(bool readable, bool writable)
    {
        var wants = (readable ? Readiness.Readable : Readiness.None) | (writable ? Readiness.Writable : Readiness.None);
        if (wants == Wants) return;
        Wants = wants;
        if (_isServed) Thread.Poller.Change(this);
    }

    /// <inheritdoc/>
    public void Close()
    {
        if (Interlocked.Exchange(ref _isShut, 1) != 0) return;
        try
        {
            Socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // The peer was faster, or the thread that ends.
        }

        Thread.Post(this); // one that has ended has closed it
    }

    /// <summary>Begins to be served, or ends. On the thread.</summary>
    void IIoTask.Run()
    {
        if (_hasEnded) return;
        if (Volatile.Read(ref _isShut) != 0)
        {
            End();
        }
        else if (!_isServed)
        {
            try
            {
                Thread.Poller.Add(this);
                _isServed = true;
            }
            catch (Win32Exception error)
            {
                _onRefused(error);
                End();
            }
        }
    }

    /// <summary>The socket is ready. On the thread.</summary>
    internal void OnReady(Readiness readiness)
    {
        if (_hasEnded || Volatile.Read(ref _isShut) != 0) return; // its end is in the mailbox
        var isBroken = (readiness & Readiness.Broken) != 0;
        if (isBroken && (Wants & Readiness.Readable) == 0)
        {
            Close();
            return;
        }

        _owner!.OnReady(isBroken || (readiness & Readiness.Readable) != 0, (readiness & Readiness.Writable) != 0);
    }

    /// <summary>Ends the stream. On the thread, or after its end.</summary>
    internal void End()
    {
        if (_hasEnded) return;
        _hasEnded = true;
        Volatile.Write(ref _isShut, 1);
        if (_isServed) Thread.Poller.Remove(this);
        Socket.Dispose();
        _owner?.OnClosed();
    }
}
