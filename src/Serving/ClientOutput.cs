using System.Runtime.CompilerServices;
using Starling.Resp;
using Starling.Slots;

namespace Starling.Serving;

/// <summary>
/// What goes out to a client: the replies of its commands, and behind those of a round what other threads pushed. The
/// connection's thread sends it at the end of a round; only the replica stream (<see cref="TrySendStream"/>) comes
/// straight from the thread that ends a round. Its lock guards the queues and who sends; it is the last in the lock
/// order (stripes, pump, log, output) and is not held during a call to the system.
/// </summary>
internal sealed class ClientOutput : ISendReceiver
{
    // A client that reads as fast as it is sent to must not keep the thread from the others.
    private const long MostPerRound = 1024 * 1024;

    // Of what is pushed to many clients, so much waits as segments that they share; what comes then, if it is short, is copied, so
    // that one send takes more of it.
    private const int MostShared = 12;
    private const int LongestCopied = 4 * 1024;

    private readonly ClientConnection _connection;
    private readonly ITransport _transport;
    private readonly BufferPool _pool;
    private readonly CommitGate _gate;
    private readonly ServingParts _serving;
    private readonly RankedLock _lock = new(LockRank.ConnectionOutput, nameof(ClientOutput));
    private readonly OutputQueue _queue;
    private readonly OutputQueue _pushes;
    private int _inFlight; // of a reply or push that is sent without having been queued
    private OutputSegment _putOff; // that reply, when it leaves with those of other connections
    private volatile int _pushProtocol = 2;
    private long _overSoftSince;
    private bool _isSending;
    private bool _isFull; // the socket took not all; the transport will tell when there is room
    private bool _isAbandoned;
    private bool _closesWhenDrained;

    public ClientOutput(ClientConnection connection, ITransport transport, ServingParts serving)
    {
        (_connection, _transport, _serving) = (connection, transport, serving);
        (_pool, _gate) = (serving.Buffers, serving.Commits);
        _queue = new OutputQueue(_pool);
        _pushes = new OutputQueue(_pool);
    }

    /// <summary>What became of a <see cref="Flush"/>.</summary>
    [Flags]
    public enum State
    {
        /// <summary>Everything is sent.</summary>
        Drained = 0,

        /// <summary>The transport is to tell when there is room.</summary>
        WaitsForRoom = 1,

        /// <summary>What comes next waits for the log; the gate is to wake the connection.</summary>
        WaitsForLog = 2,

        /// <summary>
        /// It leaves with others at the end of the round; <see cref="ClientConnection.OnFlushed"/> is told then what became of it.
        /// </summary>
        PutOff = 4,
    }

    /// <summary>Bytes that wait to be sent.</summary>
    public long PendingBytes
    {
        get
        {
            using (_lock.Enter()) return Pending;
        }
    }

    /// <summary>Number of segments that wait.</summary>
    public int PendingSegments
    {
        get
        {
            using (_lock.Enter()) return _queue.Count + _pushes.Count;
        }
    }

    /// <summary>Something was pushed that no reply has taken with it yet. Without a lock: what had been pushed before is seen.</summary>
    public bool HasPushes => _pushes.Count > 0;

    /// <summary>The version of the protocol that is pushed in.</summary>
    public int PushProtocol => _pushProtocol;

    /// <summary>The offset that the next segment waits for; 0 when there is none or it waits for nothing.</summary>
    public long NextRequired
    {
        get
        {
            using (_lock.Enter()) return _queue.TryPeek(out var segment) ? segment.Required : 0;
        }
    }

    private long Pending => _queue.Length + _pushes.Length + _inFlight;

    /// <summary>
    /// Queues bytes behind what the batch that runs answers, or at once behind everything when none runs; the
    /// connection's thread sends them. A client for which there is no memory is closed. Any thread.
    /// </summary>
    public void Push(ReadOnlySpan<byte> message)
    {
        bool fits, isOver;
        using (_lock.Enter())
        {
            if (_isAbandoned) return;
            fits = TryAppend(message);
            isOver = IsOverLimit();
        }

        if (!fits) _connection.Close();
        else if (isOver) CloseOverLimit();
        else _connection.Wake();
    }

    /// <summary>
    /// As <see cref="Push(ReadOnlySpan{byte})"/>, bytes that are pushed to others too and change no more; nothing when their source has
    /// ended. A client for which there is no memory is closed.
    /// </summary>
    /// <returns>False when the client speaks another version of the protocol by now.</returns>
    public bool TryPush(byte[] message, PushSource source, int protocol)
    {
        bool fits, isOver;
        using (_lock.Enter())
        {
            if (_isAbandoned || source.HasEnded) return true;
            if (protocol != _pushProtocol) return false;
            fits = TryAddShared(message);
            isOver = IsOverLimit();
        }

        if (!fits) _connection.Close();
        else if (isOver) CloseOverLimit();
        else _connection.Wake();
        return true;
    }

    /// <summary>
    /// Queues replies and, behind them, what was pushed up to now, so that what is written from now on comes behind both. On the
    /// connection's thread.
    /// </summary>
    /// <param name="replies">The replies.</param>
    /// <param name="required">The offset that the log must have reached before they may go; 0 for none.</param>
    /// <param name="protocol">The version of the protocol that is pushed in from now on.</param>
    /// <exception cref="OutOfMemoryException">There is no room for it; nothing is lost.</exception>
    public void Settle(RespWriter replies, long required, int protocol)
    {
        using (_lock.Enter())
        {
            _pushProtocol = protocol;
            if (_isAbandoned || _pushes.Count == 0) return;
            MoveToQueue(replies, required);
        }
    }

    /// <summary>Queues replies without sending them yet, so that what is pushed from now on comes behind them.</summary>
    public void Enqueue(RespWriter replies)
    {
        using (_lock.Enter())
        {
            if (_isAbandoned)
            {
                replies.Clear();
                return;
            }

            _queue.EnsureRoom(replies.SegmentCount);
            replies.MoveTo(_queue);
        }
    }

    /// <summary>There is room to send again. On the connection's thread, before the flush.</summary>
    public void NoteRoom()
    {
        using (_lock.Enter()) _isFull = false;
    }

    /// <summary>Sends the replies of a round, and what was pushed, behind what waits. On the connection's thread.</summary>
    /// <param name="replies">The replies; empty afterwards.</param>
    /// <param name="required">The offset that the log must have reached before they may go; 0 for none.</param>
    /// <exception cref="OutOfMemoryException">There is no room for it; nothing is lost.</exception>
    public State Flush(RespWriter replies, long required)
    {
        OutputSegment alone;
        var isOver = false;
        using (_lock.Enter())
        {
            if (_isAbandoned)
            {
                replies.Clear();
                return State.Drained;
            }

            // The usual case first: one segment of replies, or of what was pushed, and nothing before it.
            var isFree = !_isSending && !_isFull && _queue.Count == 0;
            if (!isFree || !TryTakeSingle(replies, required, out alone))
            {
                alone = default;
                MoveToQueue(replies, required);
                if (_isFull) isOver = IsOverLimit();

                // Whoever sends the stream this instant wakes the connection when something waits.
                if (_isSending || (_isFull && !isOver)) return _isFull ? State.WaitsForRoom : State.Drained;
            }

            _isSending = true;
            _inFlight = alone.Length;
        }

        if (alone.Length == 0) return SendQueue();

        // The stream comes from any thread, and at once: nothing of a replica's may be on its way then.
        if (_connection.Session.Kind != ClientKind.Replica && _transport.TryPutOff(alone.Span, this))
        {
            _putOff = alone;
            return State.PutOff;
        }

        return NoteSingle(alone, _transport.TrySend(alone.Span)) ? SendQueue() : State.Drained;
    }

    /// <summary>The reply that was put off has left, as far as it fitted.</summary>
    void ISendReceiver.OnSent(int sent)
    {
        var segment = _putOff;
        _putOff = default;
        _connection.OnFlushed(NoteSingle(segment, sent) ? SendQueue() : State.Drained);
    }

    /// <summary>
    /// Sends bytes of the replica stream as far as they fit, when everything before is sent. Any thread, one at a time;
    /// never waits.
    /// </summary>
    /// <returns>
    /// Bytes sent; when not all, the connection's owner is told as soon as there is room. Negative when it is closed.
    /// </returns>
    public int TrySendStream(ReadOnlySpan<byte> bytes)
    {
        using (_lock.Enter())
        {
            if (_isAbandoned) return -1;
            if (_isSending || _isFull || _queue.Count > 0 || _pushes.Count > 0) return 0;
            _isSending = true;
        }

        var sent = _transport.TrySend(bytes);
        if (sent > 0) CountSent(sent);
        bool wakes;
        using (_lock.Enter())
        {
            _isSending = false;
            _isFull = sent >= 0 && sent < bytes.Length;
            wakes = _isFull || _queue.Count > 0 || _pushes.Count > 0 || _closesWhenDrained;
        }

        if (sent < 0) Break();
        else if (wakes) _connection.Wake();
        return sent;
    }

    /// <summary>Closes the connection when nothing waits any more. Any thread.</summary>
    public void CloseWhenDrained()
    {
        using (_lock.Enter()) _closesWhenDrained = true;
        _connection.Wake();
    }

    /// <summary>Drops everything; the connection is gone.</summary>
    public void Abandon()
    {
        using (_lock.Enter())
        {
            _isAbandoned = true;
            _pushes.Clear();
            if (!_isSending) _queue.Clear(); // a segment that is being sent must not become somebody else's
        }
    }

    /// <summary>Closes the client when it has been over its soft limit for too long. The cron calls it.</summary>
    public void CheckLimits()
    {
        bool isOver;
        using (_lock.Enter()) isOver = !_isAbandoned && IsOverLimit();
        if (isOver) CloseOverLimit();
    }

    /// <summary>The one segment that is to be sent, if there is just one and it may go. Under the lock.</summary>
    private bool TryTakeSingle(RespWriter replies, long required, out OutputSegment segment)
    {
        segment = default;
        if (_pushes.Count == 0)
        {
            if (!_gate.HasReached(required) || !replies.TryTakeSingle(out var bytes, out var length)) return false;
            segment = new OutputSegment(bytes, 0, length, Required: 0);
            return true;
        }

        // A replica's snapshot is pushed too, and goes on by what the queue has sent.
        if (_connection.Session.Kind == ClientKind.Replica) return false;
        if (replies.Length > 0 || !_pushes.TryTakeSingle(out segment)) return false;
        replies.MoveTo(_queue); // nothing, but what it would write to goes back to the pool
        return true;
    }

    /// <summary>Queues replies, and what was pushed behind them. Under the lock.</summary>
    private void MoveToQueue(RespWriter replies, long required)
    {
        _queue.Required = required;
        _queue.EnsureRoom(replies.SegmentCount + _pushes.Count);
        replies.MoveTo(_queue);
        _pushes.MoveTo(_queue);
    }

    /// <summary>False when there is no room for it. Under the lock.</summary>
    private bool TryAppend(ReadOnlySpan<byte> message)
    {
        try
        {
            _pushes.Append(message);
            return true;
        }
        catch (OutOfMemoryException)
        {
            return NoteNoRoom();
        }
    }

    /// <summary>False when there is no room for it. Under the lock.</summary>
    private bool TryAddShared(byte[] message)
    {
        if (_pushes.Count >= MostShared && message.Length <= LongestCopied) return TryAppend(message);
        return TryAdd(_pushes, new OutputSegment(message, 0, message.Length, Required: 0, IsShared: true));
    }

    /// <summary>False when there is no room for it. Under the lock.</summary>
    private bool TryAdd(OutputQueue queue, in OutputSegment segment)
    {
        try
        {
            queue.Add(segment);
            return true;
        }
        catch (OutOfMemoryException)
        {
            return NoteNoRoom();
        }
    }

    // That is this client's affair, not of who pushes.
    private bool NoteNoRoom()
    {
        ServingLog.OutOfMemory(_serving.Logger, _connection.RemoteAddress);
        return false;
    }

    /// <summary>
    /// Replies or pushes were sent that were not queued; what did not fit is queued then. False when it is broken.
    /// </summary>
    private bool NoteSingle(in OutputSegment segment, int sent)
    {
        if (sent > 0) CountSent(sent);
        var isWhole = sent >= segment.Length;
        bool isKept;
        using (_lock.Enter())
        {
            _inFlight = 0;
            isKept = sent >= 0 && !isWhole && TryAdd(_queue, segment with { Start = segment.Start + sent });
            if (isKept) _isFull = true;
            else _queue.Release(segment);
        }

        if (isWhole || isKept) return true;
        Break();
        return false;
    }

    /// <summary>Sends what is queued, as far as it fits and may go; this thread is the one that sends.</summary>
    private State SendQueue()
    {
        var total = 0L;
        var sent = 0;
        SegmentBuffer buffer = default;
        Span<ArraySegment<byte>> segments = buffer;
        while (true)
        {
            int count;
            using (_lock.Enter())
            {
                _queue.Consume(sent);
                total += sent;
                if (_isAbandoned)
                {
                    _isSending = false;
                    _queue.Clear();
                    return State.Drained;
                }

                count = _isFull ? 0 : _queue.Peek(segments, _gate, MostPerRound - total);
                if (count == 0)
                {
                    _isSending = false;
                    break;
                }
            }

            var length = 0;
            foreach (var segment in segments[..count]) length += segment.Count;
            sent = count == 1 ? _transport.TrySend(segments[0]) : _transport.TrySend(segments[..count]);
            if (sent < 0)
            {
                Break();
                return State.Drained;
            }

            CountSent(sent);
            if (sent < length)
            {
                using (_lock.Enter()) _isFull = true;
            }
        }

        return Finish(hasSent: total > 0);
    }

    /// <summary>What is left when no more is sent for now.</summary>
    private State Finish(bool hasSent)
    {
        bool isDrained, isOver, closes;
        using (_lock.Enter())
        {
            isDrained = _queue.Count == 0;
            isOver = !isDrained && IsOverLimit();
            closes = isDrained && _closesWhenDrained && _pushes.Count == 0;
            if (isDrained) _overSoftSince = 0;
        }

        if (hasSent) _connection.OnOutputSent();
        if (isOver) CloseOverLimit();
        if (closes) _connection.Close();
        else if (isDrained) _connection.OnOutputDrained(); // which may send more of the stream
        using (_lock.Enter())
        {
            if (_isFull) return State.WaitsForRoom;
            if (!_queue.TryPeek(out var segment)) return State.Drained;
            return _gate.HasReached(segment.Required) ? State.WaitsForRoom : State.WaitsForLog;
        }
    }

    /// <summary>Under the lock.</summary>
    private bool IsOverLimit()
    {
        // A replica's are replication's affair: what waits here may be part of a snapshot, and its stream waits in the log.
        if (_connection.Session.Kind == ClientKind.Replica) return false;
        var pending = Pending;
        var limit = _connection.Session.Kind == ClientKind.PubSub
            ? _serving.Settings.PubSubOutputBufferLimit
            : _serving.Settings.NormalOutputBufferLimit;
        if (limit.Hard > 0 && pending >= limit.Hard) return true;
        if (limit.Soft <= 0 || pending < limit.Soft)
        {
            _overSoftSince = 0;
            return false;
        }

        var now = _serving.NowMilliseconds;
        if (_overSoftSince == 0) _overSoftSince = now;
        return now - _overSoftSince > limit.SoftSeconds * 1000;
    }

    private void CloseOverLimit()
    {
        if (_connection.IsClosing) return;
        _serving.Stats.CountOutputLimit();
        ServingLog.OutputBufferLimit(_serving.Logger, _connection.Describe());
        _connection.Close();
    }

    private void CountSent(int bytes)
    {
        var stats = _serving.Stats.Own;
        stats.NetOutputBytes += bytes;
        stats.Writes++;
        if (_connection.Session.Kind == ClientKind.Replica) stats.ReplicationOutputBytes += bytes;
    }

    private void Break()
    {
        using (_lock.Enter())
        {
            _isSending = false;
            _isAbandoned = true;
            _queue.Clear();
            _pushes.Clear();
        }

        _connection.Close();
    }

    /// <summary>The segments of one send.</summary>
    [InlineArray(16)]
    private struct SegmentBuffer
    {
#pragma warning disable RCS1213 // the element of the inline array
        private ArraySegment<byte> _first;
#pragma warning restore RCS1213
    }
}
