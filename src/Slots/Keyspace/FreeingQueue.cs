namespace Starling.Slots.Keyspace;

/// <summary>
/// What was deleted and takes long to free: it left its table under the stripes and is freed here, step by step, by a
/// thread that holds none. First in, first out: tables are freed after everything that was taken out of them.
/// </summary>
public sealed class FreeingQueue
{
    private readonly Keyspace _keyspace;

    // Guards the queue and the kept tables. A leaf: taken under stripes, takes no other lock.
    private readonly RankedLock _lock = new(LockRank.Leaf, nameof(FreeingQueue));
    private readonly Queue<Freeable> _queue = new();
    private readonly HashSet<TableSet> _kept = [];

    // Held by who frees, so that one thing is freed at a time. Taken under no lock; stripes are taken under it.
    private readonly RankedLock _working = new(LockRank.FreeingWork, "FreeingQueue's step");

    private long _pendingObjects;
    private long _freedObjects;

    internal FreeingQueue(Keyspace keyspace) => _keyspace = keyspace;

    /// <summary>
    /// Called when there is something to free, on the thread that deleted it, with stripes held: wakes the thread that
    /// calls <see cref="FreeSome"/>.
    /// </summary>
    public Action? OnWork { get; set; }

    /// <summary>
    /// Frees less at once of a large value that another one replaces, as UNLINK does. May be set at any time.
    /// </summary>
    public bool FreesReplacedLazily { get; set; }

    /// <summary>
    /// Keys whose values wait to be freed, those of flushed databases included (INFO lazyfree_pending_objects).
    /// </summary>
    public long PendingObjects => Volatile.Read(ref _pendingObjects);

    /// <summary>
    /// Keys whose values were freed here and not by who deleted them (INFO lazyfreed_objects). Databases that somebody
    /// waited for (FLUSHALL SYNC) do not count.
    /// </summary>
    public long FreedObjects => Volatile.Read(ref _freedObjects);

    /// <summary>Native bytes of cleared databases that are not freed yet, for snapshots or for lack of time.</summary>
    internal long KeptBytes
    {
        get
        {
            using (_lock.Enter()) return _kept.Sum(tables => tables.Heap.UsedBytes);
        }
    }

    /// <summary>Starts counting <see cref="FreedObjects"/> anew (CONFIG RESETSTAT).</summary>
    public void ResetFreedObjects() => Volatile.Write(ref _freedObjects, 0);

    /// <summary>
    /// Frees some of what waits: some tens of microseconds' worth, unless it is one large block.
    /// The caller holds no lock.
    /// </summary>
    /// <returns>False when nothing waits any more.</returns>
    public bool FreeSome()
    {
        using (_working.Enter())
        {
            Freeable? first;
            using (_lock.Enter()) _queue.TryPeek(out first);
            if (first == null) return false;
            if (first.FreeSome(_keyspace)) return true;
            using (_lock.Enter())
            {
                _queue.Dequeue();
                _pendingObjects -= first.Objects;
                if (first.IsLazy) _freedObjects += first.Objects;
                return _queue.Count > 0;
            }
        }
    }

    /// <summary>
    /// Calls back when everything is freed that was deleted before this call and that no snapshot needs; on the thread
    /// that frees, under no stripe.
    /// </summary>
    public void WhenFreed(Action done) => Add(new FreeingMark(done));

    internal void Add(Freeable item)
    {
        using (_lock.Enter())
        {
            _queue.Enqueue(item);
            _pendingObjects += item.Objects;
        }

        OnWork?.Invoke();
    }

    /// <summary>Counts the memory of tables of no database.</summary>
    internal void Keep(TableSet tables)
    {
        using (_lock.Enter()) _kept.Add(tables);
    }

    /// <summary>Frees some of tables that were kept; false when nothing is left.</summary>
    internal bool FreeTables(TableSet tables)
    {
        if (tables.DisposeSome()) return true;
        using (_lock.Enter()) _kept.Remove(tables);
        return false;
    }
}
