using System.Net;
using Starling.Node.Serving;

namespace Starling.Node.Tests.Serving;

/// <summary>
/// A transport without a socket: the test says what arrives; what is sent is counted and forgotten, or kept.
/// </summary>
internal sealed class ScriptedTransport : ITransport
{
    private ITransportOwner _owner = null!;
    private byte[] _target = [];
    private int _offset;
    private int _count;

    public IPEndPoint? RemoteEndPoint { get; } = new(IPAddress.Loopback, 1);

    public IPEndPoint? LocalEndPoint { get; } = new(IPAddress.Loopback, 2);

    public long Descriptor => 0;

    public long SentBytes { get; private set; }

    public bool IsClosed { get; private set; }

    /// <summary>Gets what is sent; nobody by default.</summary>
    public MemoryStream? Kept { get; set; }

    public void Attach(ITransportOwner owner) => _owner = owner;

    /// <summary>Lets bytes arrive, in as many pieces as the receiver asks for.</summary>
    public void Deliver(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0 && !IsClosed)
        {
            var count = Math.Min(bytes.Length, _count);
            bytes[..count].CopyTo(_target.AsSpan(_offset));
            bytes = bytes[count..];
            _owner.OnReceived(count);
        }
    }

    /// <summary>The peer closes.</summary>
    public void End() => _owner.OnReceived(0);

    public bool TryReceive(Span<byte> buffer, out int received)
    {
        received = 0;
        return false;
    }

    public bool Receive(byte[] buffer, int offset, int count, out int received)
    {
        (_target, _offset, _count, received) = (buffer, offset, count, 0);
        return false;
    }

    public int TrySend(ReadOnlySpan<byte> bytes)
    {
        SentBytes += bytes.Length;
        Kept?.Write(bytes);
        return bytes.Length;
    }

    public bool Send(byte[] buffer, int offset, int count, out bool broken)
    {
        TrySend(buffer.AsSpan(offset, count));
        broken = false;
        return true;
    }

    public void Close() => IsClosed = true;
}
