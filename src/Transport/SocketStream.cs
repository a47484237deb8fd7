using System.Net;
using System.Net.Sockets;

namespace Starling.Transport;

/// <summary>The plain stream: the bytes of a TCP or Unix socket as they are.</summary>
public sealed class SocketStream : IByteStream
{
    private const int LongestKeepAlive = 32767; // seconds: TCP_KEEPIDLE takes no more
    private static readonly bool UsesSystemCalls = OperatingSystem.IsLinux();

    private readonly Socket _socket;
    private readonly SafeSocketHandle _handle;
    private bool _isConnected;

    /// <summary>Makes the stream of a socket, which is the stream's from now on.</summary>
    /// <param name="socket">The socket, connected or connecting.</param>
    /// <param name="isConnected">It is connected: its addresses are known and need no asking again.</param>
    /// <exception cref="SocketException">The socket has been closed by its peer.</exception>
    public SocketStream(Socket socket, bool isConnected)
    {
        _socket = socket;
        socket.Blocking = false;
        _handle = socket.SafeHandle;
        Source = new PollSource(socket) { Wants = isConnected ? Readiness.Readable : Readiness.Writable };
        _isConnected = isConnected;
        if (isConnected) NoteAddresses();
    }

    /// <inheritdoc/>
    public IPEndPoint? RemoteEndPoint { get; private set; }

    /// <inheritdoc/>
    public IPEndPoint? LocalEndPoint { get; private set; }

    /// <inheritdoc/>
    public PollSource Source { get; }

    /// <inheritdoc/>
    public Readiness ReceiveNeeds => Readiness.Readable;

    /// <inheritdoc/>
    public Readiness SendNeeds => Readiness.Writable;

    /// <inheritdoc/>
    public bool HasBuffered => false;

    /// <inheritdoc/>
    public SocketError Error { get; private set; }

    /// <summary>Has the system ask a silent peer whether it is still there.</summary>
    /// <param name="seconds">After how many; 0 for the system's own times.</param>
    /// <exception cref="SocketException">The peer has gone.</exception>
    public void KeepAlive(int seconds)
    {
        _socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        if (seconds <= 0) return;
        seconds = Math.Min(seconds, LongestKeepAlive);
        _socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, seconds);
        _socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, Math.Max(1, seconds / 3));
        _socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, 3);
    }

    /// <inheritdoc/>
    public StreamStatus Connect()
    {
        if (_isConnected) return StreamStatus.Done;
        if (!_socket.Poll(0, SelectMode.SelectWrite)) return StreamStatus.NotNow;
        Error = (SocketError)(int)_socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
        if (Error != SocketError.Success) return StreamStatus.Broken;
        try
        {
            NoteAddresses();
            _isConnected = true;
            return StreamStatus.Done;
        }
        catch (SocketException gone)
        {
            Error = gone.SocketErrorCode;
            return StreamStatus.Broken;
        }
    }

    /// <inheritdoc/>
    public StreamStatus Receive(Span<byte> buffer, out int received)
    {
        SocketError error;
        if (UsesSystemCalls) error = SocketCalls.Receive(_handle, buffer, out received);
        else received = _socket.Receive(buffer, SocketFlags.None, out error);
        if (error == SocketError.Success) return received > 0 ? StreamStatus.Done : StreamStatus.Ended;
        return Fail(error);
    }

    /// <inheritdoc/>
    public StreamStatus Send(ReadOnlySpan<byte> bytes, out int sent)
    {
        sent = 0;
        try
        {
            SocketError error;
            if (UsesSystemCalls) error = SocketCalls.Send(_handle, bytes, out sent);
            else sent = _socket.Send(bytes, SocketFlags.None, out error);
            return error == SocketError.Success ? StreamStatus.Done : Fail(error);
        }
        catch (ObjectDisposedException)
        {
            return StreamStatus.Broken; // closed meanwhile by its thread
        }
    }

    /// <inheritdoc/>
    public StreamStatus Send(ReadOnlySpan<ArraySegment<byte>> segments, out int sent)
    {
        sent = 0;
        try
        {
            SocketError error;
            if (UsesSystemCalls) error = SocketCalls.Send(_handle, segments, out sent);
            else sent = _socket.Send(segments.ToArray(), SocketFlags.None, out error);
            return error == SocketError.Success ? StreamStatus.Done : Fail(error);
        }
        catch (ObjectDisposedException)
        {
            return StreamStatus.Broken; // closed meanwhile by its thread
        }
    }

    /// <inheritdoc/>
    public bool TryPutOff(SendBatch batch, ReadOnlySpan<byte> bytes, ISendReceiver receiver) => batch.TryAdd(_handle, bytes, receiver);

    /// <inheritdoc/>
    public void Shut()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            // The peer was faster, or the thread that ends; or it is not connected yet: there is nothing to end.
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private void NoteAddresses()
    {
        RemoteEndPoint = _socket.RemoteEndPoint as IPEndPoint;
        LocalEndPoint = _socket.LocalEndPoint as IPEndPoint;
    }

    private StreamStatus Fail(SocketError error)
    {
        if (error is SocketError.WouldBlock or SocketError.Interrupted) return StreamStatus.NotNow;
        Error = error;
        return StreamStatus.Broken;
    }
}
