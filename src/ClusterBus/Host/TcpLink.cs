using System.Net;
using Starling.ClusterBus.Protocol;

namespace Starling.ClusterBus.Host;

/// <summary>
/// One TCP connection of the bus, never blocking. Used by the bus thread only, except where it says otherwise.
/// </summary>
internal sealed class TcpLink : IPollOwner, IDisposable
{
    // Room that a queued packet takes besides its bytes.
    private const int QueueOverhead = 32;

    private readonly Queue<byte[]> _queue = new();
    private int _headSent;
    private long _queuedBytes;
    private volatile bool _isMarked;

    /// <summary>Makes a link around a stream that connects or is connected.</summary>
    public TcpLink(LinkId id, IByteStream stream, bool isInbound, long createdAt)
    {
        Id = id;
        Stream = stream;
        IsInbound = isInbound;
        CreatedAt = createdAt;
        stream.Source.Owner = this;
        stream.Source.Wants = stream.SendNeeds;
    }

    /// <summary>The machine's number.</summary>
    public LinkId Id { get; }

    /// <summary>The bytes.</summary>
    public IByteStream Stream { get; }

    /// <summary>Cuts what is received.</summary>
    public PacketReader Packets { get; } = new();

    /// <summary>The other node made it.</summary>
    public bool IsInbound { get; }

    /// <summary>Milliseconds of Unix time.</summary>
    public long CreatedAt { get; }

    /// <summary>Address of the other end; empty while it connects.</summary>
    public string RemoteIp => IpOf(Stream.RemoteEndPoint);

    /// <summary>Address of this end; empty while it connects.</summary>
    public string LocalIp => IpOf(Stream.LocalEndPoint);

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

    /// <summary>It waits until the stream takes more. Any thread.</summary>
    public bool WantsWrite => !IsConnected || QueuedBytes > 0;

    /// <summary>What the last poll found it ready for.</summary>
    public Readiness Ready { get; private set; }

    /// <summary>What it has to be ready for before it can get on.</summary>
    public Readiness Needs
    {
        get
        {
            if (!IsConnected) return Stream.SendNeeds;
            return QueuedBytes > 0 ? Stream.ReceiveNeeds | Stream.SendNeeds : Stream.ReceiveNeeds;
        }
    }

    /// <summary>Sees connecting through: Done once it is connected.</summary>
    public StreamStatus FinishConnect()
    {
        var status = Stream.Connect();
        IsConnected = status == StreamStatus.Done;
        return status;
    }

    /// <summary>Adds a packet to what is to be sent; it must not change any more.</summary>
    public void Queue(byte[] packet)
    {
        _queue.Enqueue(packet);
        Volatile.Write(ref _queuedBytes, _queuedBytes + packet.Length + QueueOverhead);
    }

    /// <summary>Sends what the stream takes. Done when nothing is left, NotNow when it takes no more now.</summary>
    public StreamStatus Flush()
    {
        while (_queue.TryPeek(out var packet))
        {
            var status = Stream.Send(packet.AsSpan(_headSent), out var sent);
            if (status != StreamStatus.Done) return status;
            _headSent += sent;
            if (_headSent < packet.Length) continue;
            _queue.Dequeue();
            Volatile.Write(ref _queuedBytes, _queuedBytes - packet.Length - QueueOverhead);
            _headSent = 0;
        }

        return StreamStatus.Done;
    }

    /// <summary>Receives what is there, up to one buffer.</summary>
    public StreamStatus Receive()
    {
        var status = Stream.Receive(Packets.Free, out var count);
        if (status == StreamStatus.Done) Packets.Filled(count);
        return status;
    }

    /// <inheritdoc/>
    public void OnReady(Readiness readiness) => Ready = readiness;

    /// <inheritdoc/>
    void IPollOwner.End() => Dispose();

    /// <inheritdoc/>
    public void Dispose()
    {
        IsClosed = true;
        Stream.Dispose();
    }

    /// <summary>The address of an end point as text; empty when there is none.</summary>
    public static string IpOf(EndPoint? endpoint)
    {
        if (endpoint is not IPEndPoint { Address: var address }) return "";
        return (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
    }
}
