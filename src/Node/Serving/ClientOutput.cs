using System.Buffers;
using Starling.Resp;

namespace Starling.Node.Serving;

/// <summary>
/// What goes out to a client. Its lock guards the queue and who sends; it is the last in the lock order (stripes, log,
/// output) and is not held during a system call. One thread sends at a time: whoever finds nobody sending. A full
/// socket hands the rest to the transport and blocks nobody.
/// </summary>
internal sealed class ClientOutput(ClientConnection connection, ITransport transport)
{
    private readonly Lock _lock = new();
    private readonly OutputQueue _queue = new();
    private byte[] _sendingBytes = [];
    private long _inFlight;
    private long _overSoftSince;
    private bool _isSending;
    private bool _isAbandoned;
    private bool _closesWhenDrained;

    /// <summary>Bytes that wait to be sent.</summary>
    public long PendingBytes
    {
        get
        {
            lock (_lock) return _queue.Length + _inFlight;
        }
    }

    /// <summary>Number of segments that wait.</summary>
    public int PendingSegments
    {
        get
        {
            lock (_lock) return _queue.Count;
        }
    }

    /// <summary>Sends what a writer holds, behind everything before.</summary>
    public void Enqueue(RespWriter writer)
    {
        if (writer.Length == 0) return;
        byte[] bytes;
        int length;
        var isOver = false;
        lock (_lock)
        {
            if (_isAbandoned)
            {
                writer.Clear();
                return;
            }

            if (_isSending || !writer.TryTakeSingle(out bytes, out length))
            {
                writer.MoveTo(_queue);
                isOver = IsOverLimit();
                if (_isSending || !_queue.TryDequeue(out bytes, out length))
                {
                    if (isOver) CloseOverLimit();
                    return;
                }
            }

            _isSending = true;
            _inFlight = length;
        }

        SendFrom(bytes, length);
        if (isOver && IsStillOver()) CloseOverLimit();
    }

    /// <summary>Sends bytes, behind everything before. Any thread.</summary>
    public void Push(ReadOnlySpan<byte> message)
    {
        byte[] bytes;
        int length;
        lock (_lock)
        {
            if (_isAbandoned) return;
            _queue.Append(message);
            if (_isSending)
            {
                if (IsOverLimit()) CloseOverLimit();
                return;
            }

            _isSending = true;
            _queue.TryDequeue(out bytes, out length);
            _inFlight = length;
        }

        SendFrom(bytes, length);
        if (IsStillOver()) CloseOverLimit();
    }

    /// <summary>A send that was under way has ended.</summary>
    public void OnSent(bool broken)
    {
        ArrayPool<byte>.Shared.Return(_sendingBytes);
        _sendingBytes = [];
        if (broken)
        {
            StopSending();
            return;
        }

        if (TryNext(out var bytes, out var length)) SendFrom(bytes, length);
    }

    /// <summary>Closes the connection when nothing waits any more.</summary>
    public void CloseWhenDrained()
    {
        lock (_lock)
        {
            _closesWhenDrained = true;
            if (_isSending) return;
        }

        connection.Close();
    }

    /// <summary>Drops everything; the connection is gone.</summary>
    public void Abandon()
    {
        lock (_lock)
        {
            _isAbandoned = true;
            _queue.Clear();
        }
    }

    /// <summary>Closes the client when it has been over its soft limit for too long. The cron calls it.</summary>
    public void CheckLimits()
    {
        if (IsStillOver()) CloseOverLimit();
    }

    private bool IsStillOver()
    {
        lock (_lock) return !_isAbandoned && IsOverLimit();
    }

    /// <summary>Under the lock.</summary>
    private bool IsOverLimit()
    {
        // A replica's are replication's affair: what waits here may be part of a snapshot, and its stream waits in the log.
        if (connection.Session.Kind == ClientKind.Replica) return false;
        var pending = _queue.Length + _inFlight;
        var config = connection.Server.Config;
        var limit = connection.Session.Kind switch
        {
            ClientKind.PubSub => config.PubSubOutputBufferLimit,
            _ => config.NormalOutputBufferLimit,
        };
        if (limit.Hard > 0 && pending >= limit.Hard) return true;
        if (limit.Soft <= 0 || pending < limit.Soft)
        {
            _overSoftSince = 0;
            return false;
        }

        var now = connection.Server.NowMilliseconds;
        if (_overSoftSince == 0) _overSoftSince = now;
        return now - _overSoftSince > limit.SoftSeconds * 1000;
    }

    private void CloseOverLimit()
    {
        if (connection.IsClosing) return;
        connection.Server.Stats.CountOutputLimit();
        ServingLog.OutputBufferLimit(
            connection.Server.Loggers.CreateLogger("Serving"), ClientInfo.Describe(connection));
        connection.Close();
    }

    /// <summary>Sends a segment and whatever follows; whoever calls it is the one sender.</summary>
    private void SendFrom(byte[] bytes, int length)
    {
        while (true)
        {
            var sent = transport.TrySend(bytes.AsSpan(0, length));
            if (sent > 0) CountSent(sent);
            if (sent < 0)
            {
                ArrayPool<byte>.Shared.Return(bytes);
                StopSending();
                return;
            }

            if (sent < length)
            {
                lock (_lock) _inFlight = length - sent;
                CountSent(length - sent);
                _sendingBytes = bytes;
                if (!transport.Send(bytes, sent, length - sent, out var broken)) return;
                _sendingBytes = [];
                if (broken)
                {
                    ArrayPool<byte>.Shared.Return(bytes);
                    StopSending();
                    return;
                }
            }

            ArrayPool<byte>.Shared.Return(bytes);
            if (!TryNext(out bytes, out length)) return;
        }
    }

    private void CountSent(int bytes)
    {
        var stats = connection.Server.Stats.Own;
        stats.NetOutputBytes += bytes;
        stats.Writes++;
        if (connection.Session.Kind == ClientKind.Replica) stats.ReplicationOutputBytes += bytes;
    }

    /// <summary>The next segment; when there is none, this thread sends no more.</summary>
    private bool TryNext(out byte[] bytes, out int length)
    {
        bool closes;
        lock (_lock)
        {
            _inFlight = 0;
            if (_queue.TryDequeue(out bytes, out length))
            {
                _inFlight = length;
                return true;
            }

            _isSending = false;
            _overSoftSince = 0;
            closes = _closesWhenDrained;
        }

        if (closes) connection.Close();
        else connection.OnOutputDrained();
        return false;
    }

    private void StopSending()
    {
        lock (_lock)
        {
            _isSending = false;
            _isAbandoned = true;
            _inFlight = 0;
            _queue.Clear();
        }

        connection.Close();
    }
}
