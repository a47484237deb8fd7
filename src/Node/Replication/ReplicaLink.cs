using System.Collections.Concurrent;
using System.Globalization;
using Starling.Slots;

namespace Starling.Node.Replication;

/// <summary>
/// A replica seen from its master: what it said of itself, how far it is, and the cursor from which its connection is
/// fed. The stream goes from the log's blocks straight into the socket, uncopied: a slow replica keeps log blocks, and
/// the output buffer limit bounds those.
/// </summary>
/// <remarks>
/// Nobody but its own thread sends to a connection; a replica's stream is the one exception. Whoever ends a round has
/// replies to writes that may only leave once the stream with those writes is in the kernel's hands, and to have the
/// replica's thread do that, and wait for it, would cost two changes of threads a round. So the thread that ends the
/// round sends the stream itself, under the pump's lock, which it holds for one send that does not wait.
/// </remarks>
internal sealed class ReplicaLink(IReplicaTransport transport)
{
    /// <summary>Bytes in a connection's output above which no more of a snapshot is pushed.</summary>
    public const long HighWater = 1024 * 1024;

    private readonly IReplicaTransport _transport = transport;

    // Guards the cursor, who sends the stream and what is pushed before it. Taken after stripes and the replica set's membership, before the log
    // and the connection's output.
    private readonly RankedLock _pump = new(LockRank.ReplicaPump, nameof(ReplicaLink));
    private LogCursor? _cursor;
    private int _state = (int)ReplicaState.None;
    private volatile bool _streams;
    private long _sentTo;
    private long _ackedOffset;
    private long _ackedFsyncOffset = -1;
    private long _ackTime;
    private long _stuckSince;
    private RoomSignal? _room;

    // What was said under stripes or the membership lock, on its way to the output; taken out under the pump's lock.
    private readonly ConcurrentQueue<byte[]> _said = new();

    /// <summary>The connection.</summary>
    public IReplicaTransport Transport => _transport;

    /// <summary>REPLCONF ip-address.</summary>
    public string? AnnouncedAddress { get; set; }

    /// <summary>REPLCONF listening-port; 0 when it was not said.</summary>
    public int ListeningPort { get; set; }

    /// <summary>REPLCONF capa eof: takes a stream that ends with a mark.</summary>
    public bool SupportsEof { get; set; }

    /// <summary>REPLCONF capa psync2: understands +CONTINUE with an id.</summary>
    public bool SupportsPsync2 { get; set; }

    /// <summary>REPLCONF rdb-only: wants the snapshot without the stream.</summary>
    public bool RdbOnly { get; set; }

    /// <summary>REPLCONF rdb-filter-only: wants a snapshot without the keys.</summary>
    public bool ExcludesData { get; set; }

    /// <summary>REPLCONF rdb-filter-only: wants a snapshot without the libraries of functions.</summary>
    public bool ExcludesFunctions { get; set; }

    /// <summary>It asked with SYNC: it knows no offsets and acknowledges nothing.</summary>
    public bool IsPrePsync { get; set; }

    /// <summary>
    /// True while it is sent a snapshot as it is made, and not kept alive by newlines therefore. Set before the state says
    /// that it waits for the end of one.
    /// </summary>
    public bool IsStreamedSnapshot { get; set; }

    /// <summary>
    /// The stream starts with the first acknowledgement: the end mark of a streamed snapshot must come last until it
    /// was seen.
    /// </summary>
    public bool StreamsOnAck { get; set; }

    /// <summary>Milliseconds of Unix time at which it began to wait for a snapshot.</summary>
    public long WaitingSince { get; set; }

    /// <summary>
    /// Milliseconds of Unix time since when the soft output limit has been exceeded; 0 when it is not.
    /// </summary>
    public long SoftLimitSince { get; set; }

    /// <summary>
    /// How far it is. Changes under the replica set's lock, or from one state of a transfer to the next by its one
    /// thread. Once closed it stays so.
    /// </summary>
    public ReplicaState State
    {
        get => (ReplicaState)Volatile.Read(ref _state);
        set
        {
            while (true)
            {
                var present = Volatile.Read(ref _state);
                if (present == (int)ReplicaState.Closed) return;
                if (Interlocked.CompareExchange(ref _state, (int)value, present) == present) return;
            }
        }
    }

    /// <summary>The highest offset it acknowledged.</summary>
    public long AckedOffset => Volatile.Read(ref _ackedOffset);

    /// <summary>The highest offset it acknowledged as fsynced to its append-only file; -1 when it never did.</summary>
    public long AckedFsyncOffset => Volatile.Read(ref _ackedFsyncOffset);

    /// <summary>Milliseconds of Unix time of its last word while online.</summary>
    public long LastAckAt => Math.Max(Volatile.Read(ref _ackTime), _transport.LastReadAt);

    /// <summary>Milliseconds of Unix time of its last acknowledgement, or of its going online.</summary>
    public long AckTime
    {
        get => Volatile.Read(ref _ackTime);
        set => Volatile.Write(ref _ackTime, value);
    }

    /// <summary>Address to name it by.</summary>
    public string Address => AnnouncedAddress ?? _transport.RemoteAddress;

    /// <summary>The name that log lines give it.</summary>
    public string Name => ListeningPort > 0
        ? string.Create(CultureInfo.InvariantCulture, $"{Address}:{ListeningPort}")
        : Address + ":<unknown-replica-port>";

    /// <summary>
    /// Bytes of log that it holds, and of output once that is the stream: a snapshot on its way is limited by
    /// <see cref="HighWater"/> alone.
    /// </summary>
    public long OutputBytes => (_streams ? _transport.PendingBytes : 0) + (Volatile.Read(ref _cursor)?.Lag ?? 0);

    /// <summary>The state's name in INFO; null when it does not appear there.</summary>
    public string? StateName => State switch
    {
        ReplicaState.WaitSnapshotStart or ReplicaState.WaitSnapshotEnd => "wait_bgsave",
        ReplicaState.SendBulk => "send_bulk",
        ReplicaState.Online => "online",
        ReplicaState.None or ReplicaState.Transmitted or ReplicaState.Closed => null,
    };

    /// <summary>Log position up to which the stream has been handed to the kernel.</summary>
    public long SentTo => Volatile.Read(ref _sentTo);

    /// <summary>
    /// Told whenever a part of what was pushed has gone, and when the replica has; null for nobody. Set before the room is
    /// looked at for the first time.
    /// </summary>
    public RoomSignal? Room
    {
        get => Volatile.Read(ref _room);
        set => Volatile.Write(ref _room, value);
    }

    /// <summary>More of a snapshot may be pushed.</summary>
    public bool HasRoom => _transport.PendingBytes < HighWater;

    /// <summary>
    /// When somebody who pushes a snapshot began to wait for this replica, or when it took something last since then, by
    /// <see cref="NodeBasics.SteadyMilliseconds"/>; 0 while nobody waits.
    /// </summary>
    public long StuckSince => Volatile.Read(ref _stuckSince);

    /// <summary>Somebody waits for the replica to take something.</summary>
    public void NoteStuck(long now) => Interlocked.CompareExchange(ref _stuckSince, now, 0);

    /// <summary>Nobody waits for it any more.</summary>
    public void NoteUnstuck() => Volatile.Write(ref _stuckSince, 0);

    /// <summary>A part of what was pushed has gone to the socket.</summary>
    public void NoteSent(long now)
    {
        // Not over the word of who has stopped waiting meanwhile: a replica for which nobody waits is not late.
        var since = StuckSince;
        if (since != 0) Interlocked.CompareExchange(ref _stuckSince, now, since);
        Room?.Note();
    }

    /// <summary>It waits for a snapshot, of which nothing has been pushed: empty lines keep its patience up.</summary>
    private bool IsKeptAlive => State switch
    {
        ReplicaState.WaitSnapshotStart => true,
        ReplicaState.WaitSnapshotEnd => !IsStreamedSnapshot,
        _ => false,
    };

    /// <summary>
    /// Has bytes pushed before anything that is pushed after this, at the latest by <see cref="Deliver"/>, which the caller
    /// owes. Where stripes or the membership lock are held.
    /// </summary>
    public void Say(byte[] bytes) => _said.Enqueue(bytes);

    /// <summary>Pushes what was said. With neither a stripe nor the membership lock held.</summary>
    public void Deliver()
    {
        LockOrder.AssertMayBlock("a push to a replica");
        using (_pump.Enter()) PushSaid();
    }

    /// <summary>
    /// Pushes bytes of the synchronisation, behind what was said. With neither a stripe nor the membership lock held.
    /// </summary>
    public void Push(ReadOnlySpan<byte> bytes)
    {
        LockOrder.AssertMayBlock("a push to a replica");
        using (_pump.Enter())
        {
            PushSaid();
            _transport.Push(bytes);
        }
    }

    /// <summary>
    /// Pushes an empty line while it waits for a snapshot. Never behind the first bytes of one: its state says that it waits
    /// no more before they are pushed or said. With neither a stripe nor the membership lock held.
    /// </summary>
    public void SendSignOfLife()
    {
        if (!IsKeptAlive) return;
        LockOrder.AssertMayBlock("a push to a replica");
        using (_pump.Enter())
        {
            if (IsKeptAlive) _transport.Push("\n"u8);
        }
    }

    /// <summary>Gives it the place from which its stream goes on. Before the stream starts.</summary>
    public void Attach(LogCursor cursor)
    {
        using (_pump.Enter())
        {
            _cursor?.Dispose();
            _cursor = cursor;
            Volatile.Write(ref _sentTo, cursor.Position);
            if (State == ReplicaState.Closed) DisposeCursor();
        }
    }

    /// <summary>
    /// Another cursor where this replica's stream starts, for one that joins the same snapshot; null when there is
    /// none.
    /// </summary>
    public LogCursor? CloneCursor()
    {
        using (_pump.Enter()) return _cursor?.Clone();
    }

    /// <summary>From now on the stream flows.</summary>
    public void StartStream()
    {
        _streams = true;

        // Who appends and then finds the stream closed, and this, which looks for what was appended, must not miss each other.
        Interlocked.MemoryBarrier();
        Pump(SentTo + (Volatile.Read(ref _cursor)?.Lag ?? 0));
    }

    /// <summary>Takes an acknowledgement.</summary>
    public void Acknowledge(long offset, long fsyncOffset, long now)
    {
        if (offset > AckedOffset) Volatile.Write(ref _ackedOffset, offset);
        if (fsyncOffset > AckedFsyncOffset) Volatile.Write(ref _ackedFsyncOffset, fsyncOffset);
        Volatile.Write(ref _ackTime, now);
    }

    /// <summary>
    /// Sends the stream up to a position, as far as the socket takes it; when this returns, those bytes are in the
    /// kernel's hands or the socket is full. When it is full, the connection's owner goes on as soon as there is room.
    /// Any thread; with no stripe held. Never waits, but for another thread that sends the same.
    /// </summary>
    /// <param name="end">A position that the log has reached: what is appended meanwhile is somebody else's.</param>
    public void Pump(long end)
    {
        if (!_streams || SentTo >= end) return;
        using (_pump.Enter())
        {
            while (_cursor is { } cursor && cursor.Position < end && cursor.TryRead(out var bytes))
            {
                var wanted = (int)Math.Min(bytes.Length, end - cursor.Position);
                var sent = _transport.TrySendStream(bytes.Span[..wanted]);
                if (sent > 0)
                {
                    cursor.Advance(sent);
                    Volatile.Write(ref _sentTo, cursor.Position);
                }

                if (sent < wanted) return;
            }
        }
    }

    /// <summary>Ends it: nothing more is sent, and the log keeps nothing for it.</summary>
    public void Detach()
    {
        Interlocked.Exchange(ref _state, (int)ReplicaState.Closed);
        using (_pump.Enter()) DisposeCursor();
        Room?.Note();
    }

    /// <summary>Under the pump's lock.</summary>
    private void PushSaid()
    {
        while (_said.TryDequeue(out var bytes)) _transport.Push(bytes);
    }

    /// <summary>Under the pump's lock.</summary>
    private void DisposeCursor()
    {
        _cursor?.Dispose();
        _cursor = null;
    }
}
