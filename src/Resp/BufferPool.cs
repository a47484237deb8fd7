using Starling.Slots;

namespace Starling.Resp;

/// <summary>
/// The byte arrays that connections receive into and write replies to, in three sizes; what is longer is made when it
/// is wanted and left to the garbage collector. One pool per server, so that what a burst needed can be given back: see
/// <see cref="Trim"/>. Any thread.
/// </summary>
/// <remarks>Why not the runtime's shared pool: it keeps what a burst needed for minutes, and nobody can ask for it.
/// </remarks>
public sealed class BufferPool
{
    /// <summary>Bytes of the smallest array: what a client has sent of a command that is not whole yet, mostly.</summary>
    public const int SmallLength = 2 * 1024;

    /// <summary>Bytes of an ordinary array: replies are written to such segments.</summary>
    public const int SegmentLength = 16 * 1024;

    /// <summary>Bytes of the longest array that is pooled; it still stays out of the large object heap.</summary>
    public const int LargeLength = 64 * 1024;

    // What buffers leave to the rest of the server, of the memory that the runtime may have (a container's limit, say): a part,
    // and of little memory more, since the heap cannot be filled to its last byte, and what is made and dropped between two
    // collections wants some megabytes however little there is.
    private const int ReservedPart = 8;
    private const long LeastReserved = 16 << 20;

    // How much further the first array of a client may go, as a part of what buffers may have in all.
    private const int FirstPart = 16;

    // Of four parts of the memory three are in use.
    private const int ScarceParts = 3;

    // Collections for want of room take at most one part in so many of the time; of those for a client's first array, whose
    // refusal closes who has done nothing to cause it, one part in fewer.
    private const int CollectingPart = 20;
    private const int CollectingPartForFirst = 4;

    private readonly Func<long> _clock;
    private readonly Shelf _small;
    private readonly Shelf _segments;
    private readonly Shelf _large;
    private long _droppedBytes;
    private long _mostBytes;
    private long _heapBytes = long.MaxValue;
    private long _collectedAt; // when the last collection for want of room had ended; 0 for never
    private long _collectionTime; // what it took
    private int _isCollecting;

    /// <summary>An empty pool.</summary>
    /// <param name="clock">Tells the time since some moment, in whatever unit; it never steps back. Any thread.</param>
    public BufferPool(Func<long> clock)
    {
        _clock = clock;
        _small = new(this, SmallLength);
        _segments = new(this, SegmentLength);
        _large = new(this, LargeLength);
    }

    /// <summary>
    /// Bytes of the managed heap beyond which no array is made; 0, the default, for what the runtime may have less an eighth, or less
    /// 16 MiB where that is more, but at least the half.
    /// </summary>
    public long MostBytes
    {
        get => Volatile.Read(ref _mostBytes);
        set => Volatile.Write(ref _mostBytes, value);
    }

    /// <summary>
    /// Bytes of the managed heap beyond which no array is made either, since the process has no room for more beside its
    /// data; changes with that.
    /// </summary>
    public long HeapBytes
    {
        get => Volatile.Read(ref _heapBytes);
        set => Volatile.Write(ref _heapBytes, value);
    }

    /// <summary>Bytes of the arrays that wait to be used again.</summary>
    public long FreeBytes => _small.FreeBytes + _segments.FreeBytes + _large.FreeBytes;

    /// <summary>
    /// Most of the memory for arrays is in use: who has much of it waiting should make no more, so that there is some for those
    /// who have none.
    /// </summary>
    public bool IsScarce => GC.GetTotalMemory(forceFullCollection: false) / ScarceParts >= Most() / (ScarceParts + 1);

    /// <summary>
    /// Bytes of the arrays that were left to the garbage collector so far: those too long to be kept, and those that
    /// <see cref="Trim"/> dropped.
    /// </summary>
    public long DroppedBytes => Interlocked.Read(ref _droppedBytes);

    /// <summary>Takes an array; its content is anything.</summary>
    /// <param name="least">Bytes that it must have at least; it has as many as the next size that is pooled.</param>
    /// <param name="isFirst">
    /// Whether its client holds no other for the same purpose. Such an array, unless it is longer than a segment, may come from
    /// the room that others leave: who sends PING is not to be closed for those who do not read gigabytes of replies.
    /// </param>
    /// <exception cref="OutOfMemoryException">
    /// There is none, or what there is would be too little for the rest of the server: one client's replies must not be
    /// the reason that other threads find no memory at all, which ends the process.
    /// </exception>
    public byte[] Rent(int least, bool isFirst = false) => least switch
    {
        <= SmallLength => _small.Rent(isFirst),
        <= SegmentLength => _segments.Rent(isFirst),
        <= LargeLength => _large.Rent(isFirst: false),
        _ => MakeLong(least),
    };

    /// <summary>Gives an array back, which the caller uses no more. An empty one is nobody's and ignored.</summary>
    public void Return(byte[] bytes)
    {
        switch (bytes.Length)
        {
            case SmallLength: _small.Return(bytes); break;
            case SegmentLength: _segments.Return(bytes); break;
            case LargeLength: _large.Return(bytes); break;
            case 0: break;
            default: NoteDropped(bytes.Length); break;
        }
    }

    /// <summary>Counts bytes of other memory that a client held and that is the garbage collector's now.</summary>
    public void NoteDropped(long bytes) => Interlocked.Add(ref _droppedBytes, bytes);

    /// <summary>
    /// Drops the arrays that nobody needed since the last call. Called from time to time, once a second for instance:
    /// what the load needs again and again stays, what a burst needed goes.
    /// </summary>
    public void Trim() => NoteDropped(_small.Trim() + _segments.Trim() + _large.Trim());

    /// <summary>
    /// Leaves everything that is free to the garbage collector at once: somebody has found no memory.
    /// </summary>
    public void DropFree() => NoteDropped(_small.DropFree() + _segments.DropFree() + _large.DropFree());

    /// <summary>
    /// Makes sure of room for what a client is about to make in many pieces, of which none may be missing in the end. It leaves
    /// room for the replies of others, as long arrays do.
    /// </summary>
    /// <param name="bytes">Bytes of all of it, roughly.</param>
    /// <exception cref="OutOfMemoryException">As of <see cref="Rent"/>.</exception>
    public void EnsureRoom(long bytes) => Ensure(bytes + (Math.Min(MostBytes, HeapBytes) / ReservedPart));

    private void Ensure(long bytes, bool isFirst = false)
    {
        if (HasRoom(bytes)) return;

        // Much of it may be garbage: the runtime too would collect before it refused.
        if (TryCollect(isFirst) && HasRoom(bytes)) return;
        if (!isFirst || !HasRoom(bytes, isFirst)) throw new OutOfMemoryException();
    }

    /// <summary>
    /// Has the garbage collected, unless collections have taken too much of the time of late: they stop every thread, and where
    /// hundreds of clients find no room at once, each with a collection of its own, nobody would be served for as long as
    /// that takes.
    /// </summary>
    private bool TryCollect(bool isFirst)
    {
        var now = _clock();
        var part = isFirst ? CollectingPartForFirst : CollectingPart;
        if (_collectedAt != 0 && now - Interlocked.Read(ref _collectedAt) < Interlocked.Read(ref _collectionTime) * part) return false;
        if (Interlocked.Exchange(ref _isCollecting, 1) != 0)
        {
            // Another thread's stops this one in any case: its outcome counts for both.
            var spin = new SpinWait();
            while (Volatile.Read(ref _isCollecting) != 0) spin.SpinOnce(sleep1Threshold: -1);
            return true;
        }

        GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: true);
        var end = _clock();
        Interlocked.Exchange(ref _collectionTime, end - now);
        Interlocked.Exchange(ref _collectedAt, end);
        Volatile.Write(ref _isCollecting, 0);
        return true;
    }

    private byte[] Make(int length, bool isFirst)
    {
        Ensure(length, isFirst);
        return GC.AllocateUninitializedArray<byte>(length);
    }

    private byte[] MakeLong(int length)
    {
        EnsureRoom(length);
        return GC.AllocateUninitializedArray<byte>(length);
    }

    private bool HasRoom(long length, bool isFirst = false)
    {
        var used = GC.GetTotalMemory(forceFullCollection: false) + length;
        var most = Most();
        return isFirst ? used - most <= most / FirstPart : used <= most;
    }

    /// <summary>Bytes of the managed heap beyond which no array is made; the highest number while nothing is known.</summary>
    private long Most()
    {
        var most = Volatile.Read(ref _mostBytes);
        if (most == 0)
        {
            // Known once the garbage was first collected, which is long before the memory is full.
            var available = GC.GetGCMemoryInfo(GCKind.Any).TotalAvailableMemoryBytes;
            if (available <= 0) return long.MaxValue;
            most = available - Math.Min(Math.Max(available / ReservedPart, LeastReserved), available / 2);
            Interlocked.CompareExchange(ref _mostBytes, most, 0);
        }

        return Math.Min(most, Volatile.Read(ref _heapBytes));
    }

    /// <summary>The arrays of one size.</summary>
    private sealed class Shelf(BufferPool pool, int length)
    {
        // One array that is free for each of some threads, so that the common case takes no lock; a cache line apart.
        private const int Slots = 8;
        private const int Stride = 16;

        private readonly byte[]?[] _slots = new byte[Slots * Stride][];
        private readonly RankedLock _lock = new(LockRank.Leaf, nameof(BufferPool)); // guards what follows; a leaf
        private readonly Stack<byte[]> _free = [];
        private int _leastFree;

        public long FreeBytes
        {
            get
            {
                using (_lock.Enter()) return (long)_free.Count * length;
            }
        }

        private ref byte[]? Own => ref _slots[(Environment.CurrentManagedThreadId % Slots) * Stride];

        public byte[] Rent(bool isFirst)
        {
            if (Interlocked.Exchange(ref Own, null) is { } own) return own;
            using (_lock.Enter())
            {
                if (_free.TryPop(out var bytes))
                {
                    _leastFree = Math.Min(_leastFree, _free.Count);
                    return bytes;
                }
            }

            return pool.Make(length, isFirst);
        }

        public void Return(byte[] bytes)
        {
            if (Interlocked.CompareExchange(ref Own, bytes, null) is null) return;
            using (_lock.Enter()) _free.Push(bytes);
        }

        /// <summary>Bytes dropped.</summary>
        public long DropFree()
        {
            using (_lock.Enter())
            {
                var count = _free.Count;
                _free.Clear();
                _free.TrimExcess();
                _leastFree = 0;
                return (long)count * length;
            }
        }

        /// <summary>Bytes dropped.</summary>
        public long Trim()
        {
            using (_lock.Enter())
            {
                var count = _leastFree;
                for (var i = 0; i < count; i++) _free.Pop();
                if (_free.Count == 0) _free.TrimExcess();
                _leastFree = _free.Count;
                return (long)count * length;
            }
        }
    }
}
