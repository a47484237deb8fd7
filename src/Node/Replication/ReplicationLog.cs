using Starling.Node.Execution;
using Starling.Resp;
using Starling.Slots;

namespace Starling.Node.Replication;

/// <summary>
/// The one log of a node's writes: effects as RESP commands, whose byte position is the replication offset. Its
/// retained tail is the backlog; replicas are cursors on it. Own lock, taken after stripes; append only.
/// </summary>
/// <remarks>
/// On a replica the log mirrors the master's stream byte for byte, so that chained replicas get identical bytes at
/// identical offsets.
/// </remarks>
public sealed class ReplicationLog
{
    /// <summary>
    /// Bytes in a block: large enough to make locking and linking rare, small enough to stay out of the large object
    /// heap.
    /// </summary>
    public const int DefaultBlockSize = 64 * 1024;

    private const int PooledBlocks = 16;

    // Guards every field below. Taken after stripes, before a connection's output; nothing is called under it.
    private readonly RankedLock _lock = new(LockRank.ReplicationLog, nameof(ReplicationLog));
    private readonly Stack<byte[]> _pool = new();
    private readonly int _blockSize;
    private LogBlock? _head;
    private LogBlock? _tail;
    private long _offset;
    private long _backlogSize;
    private int _database = -1;
    private bool _mirrors;
    private volatile bool _active;
    private volatile int _generation;

    /// <summary>Makes an empty log at offset 0, without a backlog.</summary>
    /// <param name="backlogSize">Bytes to retain, at least 1 (directive <c>repl-backlog-size</c>).</param>
    /// <param name="blockSize">Bytes per block, at least 1; small ones are for tests.</param>
    public ReplicationLog(long backlogSize = 1024 * 1024, int blockSize = DefaultBlockSize)
    {
        Invariant.That(backlogSize >= 1);
        Invariant.That(blockSize >= 1);
        _backlogSize = backlogSize;
        _blockSize = blockSize;
    }

    /// <summary>
    /// Told how many bytes of blocks were left to the garbage collector, under the log's lock: may take no other.
    /// </summary>
    public Action<long>? Dropped { get; init; }

    /// <summary>Position after the last byte: master_repl_offset. No lock is needed.</summary>
    public long Offset => Volatile.Read(ref _offset);

    /// <summary>
    /// False while there is neither a reader nor a backlog, and on a replica, where only the master's stream is
    /// appended: the executor then encodes and appends nothing. Turns true under every stripe, or before the first
    /// reader attaches under every stripe.
    /// </summary>
    public bool IsActive => _active;

    /// <summary>True while the tail of the log is retained: always so while a cursor is attached.</summary>
    public bool HasBacklog => Volatile.Read(ref _tail) is not null;

    /// <summary>Bytes to retain for partial resynchronisation; a smaller value takes effect at once.</summary>
    public long BacklogSize
    {
        get
        {
            using (_lock.Enter()) return _backlogSize;
        }

        set
        {
            Invariant.That(value >= 1);
            using (_lock.Enter())
            {
                _backlogSize = value;
                Trim();
            }
        }
    }

    /// <summary>Position of the first byte that is retained; <see cref="Offset"/> when there is none.</summary>
    public long FirstPosition
    {
        get
        {
            using (_lock.Enter()) return First;
        }
    }

    /// <summary>Bytes of memory that blocks in use take.</summary>
    public long AllocatedBytes
    {
        get
        {
            using (_lock.Enter())
            {
                var total = 0L;
                for (var block = _head; block is not null; block = block.Next) total += block.Bytes.Length;
                return total;
            }
        }
    }

    /// <summary>
    /// The database that is selected in the stream at its end; -1 when none is, so that the next effect brings a
    /// SELECT.
    /// </summary>
    public int StreamDatabase
    {
        get
        {
            using (_lock.Enter()) return _database;
        }
    }

    /// <summary>Changes whenever the log is started anew and cursors become detached.</summary>
    internal int Generation => _generation;

    private long First => _head is null ? _offset : Math.Max(_head.Start, _offset - _backlogSize);

    /// <summary>
    /// Appends the effects of one command or transaction, contiguously, preceded by SELECT when the database differs
    /// from the last one's and wrapped in MULTI and EXEC when <paramref name="asTransaction"/>. Called with the stripes
    /// of the effects held. Does nothing while the log is not active.
    /// </summary>
    /// <param name="database">Index of the database of the effects.</param>
    /// <param name="effects">RESP commands one after another.</param>
    /// <param name="asTransaction">Wraps them in MULTI and EXEC.</param>
    /// <param name="lastDatabase">The database that they end in, when they hold SELECTs; else negative.</param>
    /// <returns>The offset after them.</returns>
    public long Append(int database, ReadOnlySpan<byte> effects, bool asTransaction, int lastDatabase = -1)
    {
        using (_lock.Enter())
        {
            if (!_active) return _offset;
            Begin(database, asTransaction);
            Write(effects);
            return End(asTransaction, lastDatabase);
        }
    }

    /// <summary>As <see cref="Append(int, ReadOnlySpan{byte}, bool, int)"/>, of what lies in a buffer, all its pieces.</summary>
    internal long Append(EffectBuffer effects, bool asTransaction)
    {
        using (_lock.Enter())
        {
            if (!_active) return _offset;
            Begin(effects.FirstDatabase, asTransaction);
            for (var i = 0; i < effects.PieceCount; i++) Write(effects.Piece(i));
            return End(asTransaction, effects.LastDatabase);
        }
    }

    /// <summary>
    /// Appends a command that belongs to no database, such as PING. Does nothing while the log is not active.
    /// </summary>
    /// <returns>The offset after it.</returns>
    public long AppendControl(ReadOnlySpan<byte> command)
    {
        using (_lock.Enter())
        {
            if (!_active) return _offset;
            Write(command);
            Trim();
            return _offset;
        }
    }

    /// <summary>Appends bytes of the master's stream as they came. Only while the log mirrors a master.</summary>
    /// <param name="bytes">Whole commands, executed.</param>
    /// <param name="database">The database that is selected in the stream after them.</param>
    /// <returns>The offset after them.</returns>
    public long AppendStream(ReadOnlySpan<byte> bytes, int database)
    {
        using (_lock.Enter())
        {
            Invariant.That(_mirrors && _tail is not null);
            Write(bytes);
            _database = database;
            Trim();
            return _offset;
        }
    }

    /// <summary>Starts to retain the log's tail from its end on, unless it does already.</summary>
    public void CreateBacklog()
    {
        using (_lock.Enter())
        {
            if (_tail is not null) return;
            AddBlock();
            _head = _tail;
            UpdateActive();
        }
    }

    /// <summary>Drops the retained tail. Cursors become detached.</summary>
    public void FreeBacklog()
    {
        using (_lock.Enter())
        {
            DropBlocks();
            UpdateActive();
        }
    }

    /// <summary>Starts anew at an offset with an empty backlog. Cursors become detached.</summary>
    /// <param name="offset">The new offset.</param>
    /// <param name="database">The database that is selected in the stream at that offset; -1 for none.</param>
    public void Restart(long offset, int database)
    {
        using (_lock.Enter())
        {
            DropBlocks();
            Volatile.Write(ref _offset, offset);
            _database = database;
            AddBlock();
            _head = _tail;
            UpdateActive();
        }
    }

    /// <summary>
    /// From now on the log takes a master's stream (<see cref="AppendStream"/>) and no effects, or the other way round.
    /// Called under every stripe. A log that takes effects again begins with a SELECT.
    /// </summary>
    public void SetMirroring(bool mirrors)
    {
        using (_lock.Enter())
        {
            _mirrors = mirrors;
            if (!mirrors) _database = -1;
            UpdateActive();
        }
    }

    /// <summary>
    /// Attaches a cursor at the end for a reader that starts from a snapshot of this moment, and tells where that is,
    /// in one step, so that nothing can be appended in between. The next effect brings a SELECT, unless the log mirrors
    /// a master's. Null without a backlog.
    /// </summary>
    /// <param name="offset">The offset that the snapshot stands for.</param>
    /// <param name="database">The database that is selected there; -1 when the next effect selects.</param>
    public LogCursor? AttachForSnapshot(out long offset, out int database)
    {
        using (_lock.Enter())
        {
            if (!_mirrors) _database = -1;
            offset = _offset;
            database = _database;
            return _tail is null ? null : AttachUnderLock(_offset);
        }
    }

    /// <summary>
    /// Moves the whole log on: what was appended from offset 0 on turns out to follow an offset. Before the first
    /// reader.
    /// </summary>
    public void Rebase(long offset)
    {
        Invariant.That(offset >= 0);
        using (_lock.Enter())
        {
            for (var block = _head; block is not null; block = block.Next)
            {
                Invariant.That(block.Readers == 0);
                block.Start += offset;
            }

            Volatile.Write(ref _offset, _offset + offset);
        }
    }

    /// <summary>
    /// Attaches a cursor at a position; null when the byte there, or one after it, is not retained or the position is
    /// beyond the end.
    /// </summary>
    public LogCursor? TryAttach(long position)
    {
        using (_lock.Enter())
        {
            if (_tail is null || position < First || position > _offset) return null;
            return AttachUnderLock(position);
        }
    }

    /// <summary>Attaches a cursor at the end. There must be a backlog.</summary>
    public LogCursor AttachAtEnd()
    {
        using (_lock.Enter())
        {
            Invariant.That(_tail is not null);
            return AttachUnderLock(_offset);
        }
    }

    internal bool TryRead(LogCursor cursor, out ReadOnlyMemory<byte> bytes)
    {
        bytes = default;
        using (_lock.Enter())
        {
            var block = cursor.Block;
            if (block is null || cursor.Generation != _generation) return false;
            if (cursor.Position == block.End && block.Next is not null)
            {
                block.Readers--;
                block = block.Next;
                block.Readers++;
                cursor.Block = block;
                Trim();
            }

            if (cursor.Position == block.End) return false;
            var from = (int)(cursor.Position - block.Start);
            bytes = block.Bytes.AsMemory(from, block.Length - from);
            return true;
        }
    }

    internal LogCursor? Clone(LogCursor cursor)
    {
        using (_lock.Enter())
        {
            if (cursor.Block is null || cursor.Generation != _generation) return null;
            cursor.Block.Readers++;
            return new LogCursor(this, cursor.Block, cursor.Position, _generation);
        }
    }

    internal void Detach(LogCursor cursor)
    {
        using (_lock.Enter())
        {
            if (cursor.Block is null) return;
            cursor.Block.Readers--;
            cursor.Block = null;
            if (cursor.Generation == _generation) Trim();
        }
    }

    private LogCursor AttachUnderLock(long position)
    {
        var block = _head!;
        while (position >= block.End && block.Next is not null) block = block.Next;
        block.Readers++;
        return new LogCursor(this, block, position, _generation);
    }

    private void UpdateActive() => _active = _tail is not null && !_mirrors;

    private void WriteSelect(int database)
    {
        Span<byte> command = stackalloc byte[3 * RespEncoder.LongestHead];
        var length = RespEncoder.WriteHead(command, (byte)'*', 2);
        length += RespEncoder.WriteBulk(command[length..], "SELECT"u8);
        length += RespEncoder.WriteBulk(command[length..], database);
        Write(command[..length]);
        _database = database;
    }

    private void Begin(int database, bool asTransaction)
    {
        if (asTransaction) Write("*1\r\n$5\r\nMULTI\r\n"u8);
        if (database != _database) WriteSelect(database);
    }

    private long End(bool asTransaction, int lastDatabase)
    {
        if (lastDatabase >= 0) _database = lastDatabase;
        if (asTransaction) Write("*1\r\n$4\r\nEXEC\r\n"u8);
        Trim();
        return _offset;
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        var tail = _tail!;
        while (true)
        {
            var room = tail.Bytes.Length - tail.Length;
            if (bytes.Length <= room) break;
            bytes[..room].CopyTo(tail.Bytes.AsSpan(tail.Length));
            tail.Length += room;
            bytes = bytes[room..];
            Volatile.Write(ref _offset, tail.End);
            AddBlock();
            tail = _tail!;
        }

        bytes.CopyTo(tail.Bytes.AsSpan(tail.Length));
        tail.Length += bytes.Length;
        Volatile.Write(ref _offset, tail.End);
    }

    private void AddBlock()
    {
        var block = new LogBlock(_pool.Count > 0 ? _pool.Pop() : new byte[_blockSize], _offset);
        if (_tail is not null) _tail.Next = block;
        Volatile.Write(ref _tail, block);
    }

    private void Trim()
    {
        var keepFrom = _offset - _backlogSize;
        while (_head is not null && _head != _tail && _head.Readers == 0 && _head.End <= keepFrom)
        {
            if (_pool.Count < PooledBlocks) _pool.Push(_head.Bytes);
            else Dropped?.Invoke(_head.Bytes.Length);
            _head = _head.Next;
        }
    }

    // A cursor may still be reading a block: what is dropped here goes to the garbage collector, not to the pool.
    private void DropBlocks()
    {
        for (var block = _head; block is not null; block = block.Next) Dropped?.Invoke(block.Bytes.Length);
        _head = null;
        Volatile.Write(ref _tail, null);
        _generation++;
    }
}
