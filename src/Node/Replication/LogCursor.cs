namespace Starling.Node.Replication;

/// <summary>
/// A reader of the replication log. It keeps what it has not read yet from being dropped, however long that takes; who
/// owns a slow cursor disposes it. One thread at a time uses a cursor.
/// </summary>
public sealed class LogCursor : IDisposable
{
    private readonly ReplicationLog _log;

    internal LogCursor(ReplicationLog log, LogBlock block, long position, int generation)
    {
        _log = log;
        Block = block;
        Position = position;
        Generation = generation;
    }

    /// <summary>Position of the next byte to read: the number of bytes of the stream that were read.</summary>
    public long Position { get; private set; }

    /// <summary>Bytes that were appended and not read yet.</summary>
    public long Lag => Math.Max(0, _log.Offset - Position);

    /// <summary>True when the log was started anew since: nothing more can be read.</summary>
    public bool IsDetached => Block is null || _log.Generation != Generation;

    /// <summary>The block that the cursor stands in; guarded by the log's lock.</summary>
    internal LogBlock? Block { get; set; }

    /// <summary>The log's generation when the cursor was made.</summary>
    internal int Generation { get; }

    /// <summary>
    /// Reads the next bytes without moving; they stay valid until <see cref="Advance"/> or <see cref="Dispose"/>. False
    /// at the log's end, or when detached.
    /// </summary>
    public bool TryRead(out ReadOnlyMemory<byte> bytes) => _log.TryRead(this, out bytes);

    /// <summary>Moves behind bytes that <see cref="TryRead"/> gave.</summary>
    public void Advance(int count) => Position += count;

    /// <summary>Another cursor at the same position; null when this one is detached or disposed.</summary>
    public LogCursor? Clone() => _log.Clone(this);

    /// <summary>Lets go of the log.</summary>
    public void Dispose() => _log.Detach(this);
}
