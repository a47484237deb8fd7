using System.Globalization;

namespace Starling.Node.Replication;

/// <summary>
/// A replica seen from its master: what it said of itself, how far it is, and the cursor from which its connection is
/// fed. The stream goes from the log's blocks into the connection's output, never more than <see cref="HighWater"/>
/// ahead of the socket: a slow replica keeps log blocks, and the output buffer limit bounds those.
/// </summary>
internal sealed class ReplicaLink(IReplicaTransport transport)
{
    /// <summary>Bytes in a connection's output above which no more of the stream is pushed.</summary>
    public const long HighWater = 1024 * 1024;

    private const int Idle = 0;
    private const int Pumping = 1;
    private const int PumpAgain = 2;

    private readonly IReplicaTransport _transport = transport;
    private LogCursor? _cursor;
    private int _state = (int)ReplicaState.None;
    private volatile bool _streams;
    private int _pump;
    private long _ackedOffset;
    private long _ackedFsyncOffset = -1;
    private long _ackTime;

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

    /// <summary>It asked with SYNC: it knows no offsets and acknowledges nothing.</summary>
    public bool IsPrePsync { get; set; }

    /// <summary>True while it is sent a snapshot as it is made, and not kept alive by newlines therefore.</summary>
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

    /// <summary>Gives it the place from which its stream goes on. Before the stream starts.</summary>
    public void Attach(LogCursor cursor)
    {
        var former = Interlocked.Exchange(ref _cursor, cursor);
        former?.Dispose();
        if (State == ReplicaState.Closed) DisposeCursor();
    }

    /// <summary>
    /// Another cursor where this replica's stream starts, for one that joins the same snapshot; null when there is
    /// none.
    /// </summary>
    public LogCursor? CloneCursor() => Volatile.Read(ref _cursor)?.Clone();

    /// <summary>From now on the stream flows.</summary>
    public void StartStream()
    {
        _streams = true;
        Pump();
    }

    /// <summary>Takes an acknowledgement.</summary>
    public void Acknowledge(long offset, long fsyncOffset, long now)
    {
        if (offset > AckedOffset) Volatile.Write(ref _ackedOffset, offset);
        if (fsyncOffset > AckedFsyncOffset) Volatile.Write(ref _ackedFsyncOffset, fsyncOffset);
        Volatile.Write(ref _ackTime, now);
    }

    /// <summary>
    /// Moves what the log has to the connection, as far as that takes it. Any thread, several at once: one of them does
    /// the work, also for what the others came for. Never blocks.
    /// </summary>
    public void Pump()
    {
        if (!_streams) return;
        if (Interlocked.Exchange(ref _pump, PumpAgain) != Idle) return;
        do
        {
            // A full fence: who ends the link writes the state and then looks at this word, here it is the other way
            // round. Without it both could miss each other, and the cursor would keep the log for ever.
            Interlocked.Exchange(ref _pump, Pumping);
            PumpOnce();
        }
        while (Interlocked.CompareExchange(ref _pump, Idle, Pumping) != Pumping);
    }

    /// <summary>Ends it: no more is pushed. The cursor goes when the pump is not in it.</summary>
    public void Detach()
    {
        Interlocked.Exchange(ref _state, (int)ReplicaState.Closed);
        if (Interlocked.Exchange(ref _pump, PumpAgain) != Idle) return;
        DisposeCursor();
        Volatile.Write(ref _pump, Idle);
    }

    private void PumpOnce()
    {
        if (State == ReplicaState.Closed)
        {
            DisposeCursor();
            return;
        }

        var cursor = _cursor;
        if (cursor is null) return;
        while (_transport.PendingBytes < HighWater && cursor.TryRead(out var bytes))
        {
            _transport.Push(bytes.Span);
            cursor.Advance(bytes.Length);
        }
    }

    private void DisposeCursor() => Interlocked.Exchange(ref _cursor, null)?.Dispose();
}
