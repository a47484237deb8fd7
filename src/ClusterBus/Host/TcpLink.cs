using System.Net;
using System.Net.Sockets;
using Starling.ClusterBus.Protocol;

namespace Starling.ClusterBus.Host;

/// <summary>
/// One TCP connection of the bus, never blocking. Used by the bus thread only, except where it says otherwise.
/// </summary>
internal sealed class TcpLink : IDisposable
{
    // Room that a queued packet takes besides its bytes.
    private const int QueueOverhead = 32;

    private readonly Queue<byte[]> _queue = new();
    private int _headSent;
    private long _queuedBytes;
    private volatile bool _isMarked;

    /// <summary>Makes a link around a socket that connects or is connected.</summary>
    public TcpLink(LinkId id, Socket socket, bool isInbound, long createdAt)
    {
        Id = id;
        Socket = socket;
        IsInbound = isInbound;
        CreatedAt = createdAt;
        IsConnected = isInbound;
        RemoteIp = IpOf(socket.RemoteEndPoint);
    }

    /// <summary>The machine's number.</summary>
    public LinkId Id { get; }

    /// <summary>The socket.</summary>
    public Socket Socket { get; }

    /// <summary>Cuts what is received.</summary>
    public PacketReader Packets { get; } = new();

    /// <summary>The other node made it.</summary>
    public bool IsInbound { get; }

    /// <summary>Milliseconds of Unix time.</summary>
    public long CreatedAt { get; }

    /// <summary>Address of the other end; empty while it connects.</summary>
    public string RemoteIp { get; private set; }

    /// <summary>Address of this end; empty while it connects.</summary>
    public string LocalIp => IpOf(Socket.LocalEndPoint);

    /// <summary>False while it connects.</summary>
    public bool IsConnected { get; private set; }

    /// <summary>It was closed; nothing may be done with it any more.</summary>
    public bool IsClosed { get; private set; }

    /// <summary>The machine found out which node is at the other end.</summary>
    public bool HasSpoken { get; set; }

    /// <summary>It is to be closed. Any thread.</summary>
    public bool IsMarked
    {
        get => _isMarked;
        set => _isMarked = value;
    }

    /// <summary>Bytes of memory of the send queue. Any thread.</summary>
    public long QueuedBytes => Volatile.Read(ref _queuedBytes);

    /// <summary>It waits until the socket takes more. Any thread.</summary>
    public bool WantsWrite => !IsConnected || QueuedBytes > 0;

    /// <summary>Finds out how connecting went; to be called when the socket is writable.</summary>
    public SocketError FinishConnect()
    {
        var error = (SocketError)(int)Socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.Error)!;
        if (error != SocketError.Success) return error;
        try
        {
            RemoteIp = IpOf(Socket.RemoteEndPoint);
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }

        IsConnected = true;
        return SocketError.Success;
    }

    /// <summary>Adds a packet to what is to be sent; it must not change any more.</summary>
    public void Queue(byte[] packet)
    {
        _queue.Enqueue(packet);
        Volatile.Write(ref _queuedBytes, _queuedBytes + packet.Length + QueueOverhead);
    }

    /// <summary>
    /// Sends what the socket takes. Anything but Success and WouldBlock means that the link is broken.
    /// </summary>
    public SocketError Flush()
    {
        while (_queue.TryPeek(out var packet))
        {
            var sent = Socket.Send(packet.AsSpan(_headSent), SocketFlags.None, out var error);
            if (error == SocketError.WouldBlock) return SocketError.Success;
            if (error != SocketError.Success) return error;
            _headSent += sent;
            if (_headSent < packet.Length) continue;
            _queue.Dequeue();
            Volatile.Write(ref _queuedBytes, _queuedBytes - packet.Length - QueueOverhead);
            _headSent = 0;
        }

        return SocketError.Success;
    }

    /// <summary>
    /// Receives what is there, up to one buffer. WouldBlock when there is nothing, Disconnecting when the other end
    /// closed.
    /// </summary>
    public SocketError Receive()
    {
        var count = Socket.Receive(Packets.Free, SocketFlags.None, out var error);
        if (error != SocketError.Success) return error;
        if (count == 0) return SocketError.Disconnecting;
        Packets.Filled(count);
        return SocketError.Success;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        IsClosed = true;
        Socket.Dispose();
    }

    /// <summary>The address of an end point as text; empty when there is none.</summary>
    public static string IpOf(EndPoint? endpoint)
    {
        if (endpoint is not IPEndPoint { Address: var address }) return "";
        return (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
    }
}
