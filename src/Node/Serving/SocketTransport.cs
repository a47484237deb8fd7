using System.Net;
using System.Net.Sockets;

namespace Starling.Node.Serving;

/// <summary>
/// A transport on a socket that the runtime's socket engine serves, with completions inline on the engine's thread. For
/// systems without epoll.
/// </summary>
internal sealed class SocketTransport : ITransport
{
    private readonly Socket _socket;
    private readonly Operation _receive;
    private readonly Operation _send;
    private ITransportOwner _owner = null!;

    public SocketTransport(Socket socket)
    {
        _socket = socket;
        _socket.Blocking = false; // TryReceive and TrySend return at once
        _receive = new Operation(this, isSend: false);
        _send = new Operation(this, isSend: true);
        Descriptor = socket.Handle;
        RemoteEndPoint = socket.RemoteEndPoint as IPEndPoint;
        LocalEndPoint = socket.LocalEndPoint as IPEndPoint;
    }

    public IPEndPoint? RemoteEndPoint { get; }

    public IPEndPoint? LocalEndPoint { get; }

    public long Descriptor { get; }

    public void Attach(ITransportOwner owner) => _owner = owner;

    public bool TryReceive(Span<byte> buffer, out int received)
    {
        received = -1;
        try
        {
            var count = _socket.Receive(buffer, SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock) return false;
            if (error == SocketError.Success) received = count;
        }
        catch (ObjectDisposedException)
        {
            received = -1; // closed by another thread: broken
        }

        return true;
    }

    public bool Receive(byte[] buffer, int offset, int count, out int received)
    {
        received = -1;
        try
        {
            _receive.SetBuffer(buffer, offset, count);
            if (_socket.ReceiveAsync(_receive)) return false;
            received = Received();
        }
        catch (ObjectDisposedException)
        {
            received = -1; // closed by another thread: broken
        }

        return true;
    }

    public int TrySend(ReadOnlySpan<byte> bytes)
    {
        try
        {
            var sent = _socket.Send(bytes, SocketFlags.None, out var error);
            if (error == SocketError.Success) return sent;
            return error == SocketError.WouldBlock ? 0 : -1;
        }
        catch (ObjectDisposedException)
        {
            return -1;
        }
    }

    public bool Send(byte[] buffer, int offset, int count, out bool broken)
    {
        broken = true;
        try
        {
            _send.SetBuffer(buffer, offset, count);
            if (_socket.SendAsync(_send)) return false;
            broken = _send.SocketError != SocketError.Success;
        }
        catch (ObjectDisposedException)
        {
            broken = true;
        }

        return true;
    }

    public void Close()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (SocketException)
        {
            // The peer was faster.
        }
        catch (ObjectDisposedException)
        {
            return;
        }

        _socket.Dispose();
    }

    private int Received() => _receive.SocketError == SocketError.Success ? _receive.BytesTransferred : -1;

    private sealed class Operation(SocketTransport transport, bool isSend)
        : SocketAsyncEventArgs(true)
    {
        protected override void OnCompleted(SocketAsyncEventArgs e)
        {
            if (isSend) transport._owner.OnSent(SocketError != SocketError.Success);
            else transport._owner.OnReceived(transport.Received());
        }
    }
}
