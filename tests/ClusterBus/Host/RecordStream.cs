using System.Net;
using System.Net.Sockets;

namespace Starling.Tests.Support;

/// <summary>
/// Stands for an encrypted stream: a handshake first, then disguised bytes in records of a few bytes each. It reads ahead
/// and keeps what it has read, gives out less than it has, holds back half of what it is to send until the next
/// opportunity, takes no more meanwhile, and has to write in order to receive.
/// </summary>
internal sealed class RecordStream(IByteStream inner, bool isAccepted) : IByteStream
{
    private const byte Hello = 0x16, Answer = 0x17, Disguise = 0x5A;
    private const int LongestRecord = 200, LongestReceive = 77;

    private readonly Queue<byte> _coded = new(); // read, not yet a whole record
    private readonly Queue<byte> _plain = new();
    private readonly byte[] _read = new byte[512];
    private byte[] _unsent = isAccepted ? [] : [Hello];
    private bool _hasShaken;
    private bool _hasEnded;

    public IPEndPoint? RemoteEndPoint => inner.RemoteEndPoint;

    public IPEndPoint? LocalEndPoint => inner.LocalEndPoint;

    public PollSource Source => inner.Source;

    public Readiness ReceiveNeeds => _unsent.Length > 0 ? inner.ReceiveNeeds | inner.SendNeeds : inner.ReceiveNeeds;

    public Readiness SendNeeds => _hasShaken || _unsent.Length > 0 ? inner.SendNeeds : inner.ReceiveNeeds;

    public bool HasBuffered => _plain.Count > 0;

    public SocketError Error => inner.Error;

    public StreamStatus Connect()
    {
        var status = inner.Connect();
        return status == StreamStatus.Done ? Shake() : status;
    }

    public StreamStatus Receive(Span<byte> buffer, out int received)
    {
        received = 0;
        if (!_hasShaken && Shake() is var shaken && shaken != StreamStatus.Done) return shaken;
        if (PushUnsent(all: true) == StreamStatus.Broken) return StreamStatus.Broken;
        if (_plain.Count == 0)
        {
            var status = ReadAhead();
            if (_plain.Count == 0) return status == StreamStatus.Done ? StreamStatus.NotNow : status;
        }

        var most = Math.Min(buffer.Length, LongestReceive);
        while (received < most && _plain.TryDequeue(out var one)) buffer[received++] = one;
        return StreamStatus.Done;
    }

    public StreamStatus Send(ReadOnlySpan<byte> bytes, out int sent)
    {
        sent = 0;
        if (!_hasShaken && Shake() is var shaken && shaken != StreamStatus.Done) return shaken;
        if (PushUnsent(all: true) is var status && status != StreamStatus.Done) return status;
        sent = Math.Min(bytes.Length, LongestRecord);
        _unsent = new byte[1 + sent];
        _unsent[0] = (byte)sent;
        for (var i = 0; i < sent; i++) _unsent[i + 1] = (byte)(bytes[i] ^ Disguise);
        return PushUnsent(all: false) == StreamStatus.Broken ? StreamStatus.Broken : StreamStatus.Done;
    }

    public StreamStatus Send(ReadOnlySpan<ArraySegment<byte>> segments, out int sent) => Send(segments[0].AsSpan(), out sent);

    public void Shut() => inner.Shut();

    public void Dispose() => inner.Dispose();

    /// <summary>Each side says a byte; the accepted one second.</summary>
    private StreamStatus Shake()
    {
        if (_hasShaken) return StreamStatus.Done;
        if (PushUnsent(all: true) is var pushed && pushed != StreamStatus.Done) return pushed;
        var status = inner.Receive(_read.AsSpan(0, 1), out var count);
        if (status != StreamStatus.Done) return status;
        if (count != 1 || _read[0] != (isAccepted ? Hello : Answer)) return StreamStatus.Broken;
        _hasShaken = true;
        if (isAccepted) _unsent = [Answer];
        return PushUnsent(all: true) == StreamStatus.Broken ? StreamStatus.Broken : StreamStatus.Done;
    }

    private StreamStatus PushUnsent(bool all)
    {
        if (_unsent.Length == 0) return StreamStatus.Done;
        var most = all ? _unsent.Length : (_unsent.Length + 1) / 2;
        var status = inner.Send(_unsent.AsSpan(0, most), out var sent);
        _unsent = _unsent[sent..];
        if (status != StreamStatus.Done) return status;
        return _unsent.Length == 0 ? StreamStatus.Done : StreamStatus.NotNow;
    }

    private StreamStatus ReadAhead()
    {
        if (_hasEnded) return StreamStatus.Ended;
        var status = inner.Receive(_read, out var count);
        if (status == StreamStatus.Ended) _hasEnded = true;
        for (var i = 0; i < count; i++) _coded.Enqueue(_read[i]);
        while (_coded.TryPeek(out var length) && _coded.Count > length)
        {
            _coded.Dequeue();
            for (var i = 0; i < length; i++) _plain.Enqueue((byte)(_coded.Dequeue() ^ Disguise));
        }

        return status;
    }
}
