using System.Net;
using System.Net.Sockets;
using Starling.Slots;

namespace Starling.Transport.Tls;

/// <summary>
/// A socket's bytes, encrypted by OpenSSL. The handshake is part of the first receive, or of <see cref="Connect"/> for the side that
/// begins. A record that the socket does not take whole counts as sent only when it has left; until then its bytes are offered again, as
/// those of any stream are, and must be the same: they are encrypted already.
/// </summary>
public sealed unsafe class TlsStream : IByteStream
{
    /// <summary>
    /// Bytes of a record, without what encryption adds (RFC 8446, 5.1); of several where the peer wants smaller ones (RFC 6066, 4).
    /// </summary>
    private const int LargestRecord = 16384;

    [ThreadStatic]
    private static byte[]? t_record;

    private readonly SocketStream _socket;
    private readonly Action<string>? _onRefused;

    // OpenSSL's stream is for one thread at a time, while one receives and another sends. Held for one call without waiting; a leaf.
    private readonly RankedLock _lock = new(LockRank.Leaf, nameof(TlsStream));
    private nint _handle;
    private byte[] _text = []; // of the last record that the socket did not take whole, while something is left of the next two
    private int _unsent; // bytes of the text, all of it, while the socket has not taken the record
    private int _owed; // bytes at its end that have left and were not counted as sent yet
    private bool _isBroken;
    private bool _hasShakenHands;

    /// <summary>Makes the stream of a socket.</summary>
    /// <param name="socket">The socket's stream, which is this one's from now on.</param>
    /// <param name="context">What it is encrypted with.</param>
    /// <param name="isAccepted">The peer begins.</param>
    /// <param name="onRefused">Told why the handshake failed, on the thread that receives.</param>
    /// <exception cref="TlsException">There is no memory for it.</exception>
    public TlsStream(SocketStream socket, TlsContext context, bool isAccepted, Action<string>? onRefused = null)
    {
        _socket = socket;
        _onRefused = onRefused;
        _handle = context.NewStream((int)socket.Source.Descriptor, isAccepted);
    }

    /// <inheritdoc/>
    public IPEndPoint? RemoteEndPoint => _socket.RemoteEndPoint;

    /// <inheritdoc/>
    public IPEndPoint? LocalEndPoint => _socket.LocalEndPoint;

    /// <inheritdoc/>
    public PollSource Source => _socket.Source;

    /// <inheritdoc/>
    public Readiness ReceiveNeeds { get; private set; } = Readiness.Readable;

    /// <inheritdoc/>
    public Readiness SendNeeds { get; private set; } = Readiness.Writable;

    /// <inheritdoc/>
    public bool HasBuffered { get; private set; }

    /// <inheritdoc/>
    public SocketError Error { get; private set; }

    /// <inheritdoc/>
    public StreamStatus Connect()
    {
        var status = _socket.Connect();
        if (status != StreamStatus.Done)
        {
            Error = _socket.Error;
            return status;
        }

        string? reason;
        using (_lock.Enter())
        {
            if (_isBroken || _handle == 0) return StreamStatus.Broken;
            if (_hasShakenHands) return StreamStatus.Done;
            OpenSsl.ClearErrors();
            var result = OpenSsl.ShakeHands(_handle);
            (status, var needs, reason) = Judge(result, Readiness.Writable);
            SendNeeds = needs;
            if (status == StreamStatus.Done) _hasShakenHands = true;
        }

        if (reason is not null) _onRefused?.Invoke(reason);
        return status;
    }

    /// <inheritdoc/>
    public StreamStatus Receive(Span<byte> buffer, out int received)
    {
        received = 0;
        StreamStatus status;
        string? reason;
        using (_lock.Enter())
        {
            if (_isBroken || _handle == 0) return StreamStatus.Broken;
            OpenSsl.ClearErrors();
            int result;
            fixed (byte* at = buffer) result = OpenSsl.Read(_handle, at, buffer.Length);
            (status, ReceiveNeeds, reason) = Judge(result, Readiness.Readable);
            if (status == StreamStatus.Done)
            {
                received = result;
                _hasShakenHands = true;
            }

            HasBuffered = status == StreamStatus.Done && OpenSsl.HasPending(_handle) != 0;
        }

        if (reason is not null) _onRefused?.Invoke(reason);
        return status;
    }

    /// <inheritdoc/>
    public StreamStatus Send(ReadOnlySpan<byte> bytes, out int sent)
    {
        sent = 0;
        var status = StreamStatus.Done;
        using (_lock.Enter())
        {
            while (bytes.Length > 0 && status == StreamStatus.Done)
            {
                status = SendSome(bytes, out var count);
                sent += count;
                bytes = bytes[count..];
            }
        }

        return sent > 0 && status == StreamStatus.NotNow ? StreamStatus.Done : status;
    }

    /// <inheritdoc/>
    public StreamStatus Send(ReadOnlySpan<ArraySegment<byte>> segments, out int sent)
    {
        sent = 0;
        var status = StreamStatus.Done;
        var record = t_record ??= new byte[LargestRecord];
        var (index, offset) = (0, 0);
        using (_lock.Enter())
        {
            while (index < segments.Length && status == StreamStatus.Done)
            {
                // What goes in one record is one call to the system and is authenticated once.
                status = SendSome(record.AsSpan(0, Gather(segments[index..], offset, record)), out var count);
                sent += count;
                for (offset += count; index < segments.Length && offset >= segments[index].Count; index++) offset -= segments[index].Count;
            }
        }

        return sent > 0 && status == StreamStatus.NotNow ? StreamStatus.Done : status;
    }

    /// <inheritdoc/>
    public void Shut()
    {
        // Whoever holds whatever may end a stream: the word of farewell is left out when somebody sends just now.
        if (_lock.TryEnter())
        {
            if (_handle != 0 && !_isBroken && _hasShakenHands && _unsent == 0)
            {
                OpenSsl.ClearErrors();
                OpenSsl.Shutdown(_handle);
            }

            _lock.Exit();
        }

        _socket.Shut();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        using (_lock.Enter())
        {
            if (_handle != 0) OpenSsl.Free(_handle);
            _handle = 0;
        }

        _socket.Dispose();
    }

    /// <summary>The first bytes of segments, as many as a record has room for.</summary>
    private static int Gather(ReadOnlySpan<ArraySegment<byte>> segments, int offset, Span<byte> record)
    {
        var length = 0;
        foreach (var segment in segments)
        {
            var bytes = segment.AsSpan(offset);
            offset = 0;
            bytes = bytes[..Math.Min(bytes.Length, record.Length - length)];
            bytes.CopyTo(record[length..]);
            length += bytes.Length;
            if (length == record.Length) break;
        }

        return length;
    }

    /// <summary>
    /// Gets on by one step: sees the last record out, counts what it was made of, or sends another one. Under the lock.
    /// </summary>
    /// <param name="bytes">What is to be sent; not empty.</param>
    /// <param name="sent">Bytes of it that have left; more than none if and only if this is done.</param>
    private StreamStatus SendSome(ReadOnlySpan<byte> bytes, out int sent)
    {
        sent = 0;
        if (_isBroken || _handle == 0) return StreamStatus.Broken;
        if (_unsent > 0)
        {
            var status = Write(_text.AsSpan(0, _unsent));
            if (status != StreamStatus.Done) return status;
            (_owed, _unsent) = (_unsent, 0);
        }

        if (_owed > 0) return Count(bytes, out sent);
        var text = bytes[..Math.Min(bytes.Length, LargestRecord)];
        var done = Write(text);
        if (done == StreamStatus.Done) sent = text.Length;
        else if (done == StreamStatus.NotNow && _hasShakenHands) Keep(text);
        return done;
    }

    /// <summary>The record has been made and has its number: it is tried again as it is. Before the handshake has ended there is none.</summary>
    private void Keep(ReadOnlySpan<byte> text)
    {
        _text = text.ToArray();
        _unsent = text.Length;
    }

    /// <summary>Counts what is offered again and has left meanwhile.</summary>
    private StreamStatus Count(ReadOnlySpan<byte> bytes, out int sent)
    {
        sent = Math.Min(bytes.Length, _owed);
        var expected = _text.AsSpan(_text.Length - _owed, sent);
        if (!bytes[..sent].SequenceEqual(expected))
        {
            // Other bytes have left than those that were to: the peer must not take the rest for what follows.
            sent = 0;
            return Break(SocketError.ProtocolOption);
        }

        _owed -= sent;
        if (_owed == 0) _text = [];
        return StreamStatus.Done;
    }

    private StreamStatus Write(ReadOnlySpan<byte> text)
    {
        OpenSsl.ClearErrors();
        int result;
        fixed (byte* at = text) result = OpenSsl.Write(_handle, at, text.Length);
        (var status, SendNeeds, _) = Judge(result, Readiness.Writable);

        // Whatever pieces the peer has asked for, a write is done when the last of them is.
        return status == StreamStatus.Done && result != text.Length ? Break(SocketError.ProtocolOption) : status;
    }

    private StreamStatus Break(SocketError error)
    {
        // Nothing may be asked of OpenSSL's stream after such an error, its farewell included.
        _isBroken = true;
        Error = error;
        return StreamStatus.Broken;
    }

    /// <summary>
    /// What became of a call: its status, what the same call needs next, and, when the handshake failed, why. Under the lock, on the
    /// thread of the call.
    /// </summary>
    /// <param name="result">What the call returned.</param>
    /// <param name="usual">What the next call needs when this one is done.</param>
    private (StreamStatus Status, Readiness Needs, string? Reason) Judge(int result, Readiness usual)
    {
        if (result > 0) return (StreamStatus.Done, usual, null);
        switch (OpenSsl.GetError(_handle, result))
        {
            case OpenSsl.ErrorWantRead:
                NoteHandshake();
                return (StreamStatus.NotNow, Readiness.Readable, null);
            case OpenSsl.ErrorWantWrite:
                NoteHandshake();
                return (StreamStatus.NotNow, Readiness.Writable, null);
            case OpenSsl.ErrorZeroReturn:
                return (StreamStatus.Ended, usual, null);
            case var error:
                Break(SocketError.ConnectionReset);
                var reason = error == OpenSsl.ErrorSsl ? OpenSsl.TakeReason() : "the peer has closed the connection";
                return (StreamStatus.Broken, usual, _hasShakenHands ? null : reason);
        }
    }

    private void NoteHandshake()
    {
        if (!_hasShakenHands) _hasShakenHands = OpenSsl.HasShakenHands(_handle) != 0;
    }
}
