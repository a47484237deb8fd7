using System.Runtime.CompilerServices;
using Starling.Slots.Memory;

namespace Starling.Slots.Keyspace;

/// <summary>
/// A snapshot under way; see <see cref="Keyspace.StartSnapshot"/>. One thread, the saver, calls its members.
/// <para>
/// Memory: what the saver visits waits for <see cref="Deliver"/>, some hundred KiB. What writers save on the way is
/// kept until it is delivered: each part of the data set at most once, when it is first touched, so at most the data
/// set as it was at the start, which is also what a fork could cost. Deleted and replaced large values are kept as they
/// are and cost no copy.
/// </para>
/// </summary>
public sealed unsafe class Snapshot : IDisposable
{
    private const int Arenas = 8;
    private const long SweepAt = 4 << 20;

    private readonly Keyspace _keyspace;
    private readonly List<SnapshotProgress> _parts = [];
    private readonly SnapshotRecords?[] _records = new SnapshotRecords?[StripeSet.StripeCount];
    private readonly SnapshotRecords _visited;
    private readonly SnapshotRecords _pages;
    private readonly StrongBox<long> _writersBytes = new();
    private readonly Queue<nint> _chains = new();

    // Guards the list of views. Taken under a stripe, takes no other lock; held for some instructions, for a large
    // value only.
    private readonly RankedLock _viewsLock = new(LockRank.Leaf, nameof(Snapshot));
    private readonly List<FrozenView?> _views = [];

    private int _at;
    private int _slot;
    private ulong _part;
    private long _waiting;
    private bool _disposed;

    internal Snapshot(Keyspace keyspace)
    {
        _keyspace = keyspace;
        Heap = new NativeHeap(Arenas);
        _visited = new SnapshotRecords(Heap, 0);
        _pages = new SnapshotRecords(Heap, 0);
    }

    /// <summary>
    /// Native bytes that the snapshot has saved and not delivered: by the saver and by writers. No lock is needed.
    /// </summary>
    public long BufferedBytes => Heap.UsedBytes;

    /// <summary>Bytes that wait for <see cref="Deliver"/>; those that writers are filling are not counted.</summary>
    public long WaitingBytes => _waiting + _visited.Bytes;

    internal NativeHeap Heap { get; }

    /// <summary>
    /// Visits a bounded part (some tens of microseconds of lock time), taking the stripe lock itself; called in a loop,
    /// with <see cref="Deliver"/> whenever enough waits.
    /// </summary>
    /// <returns>False when every part has been visited: the next delivery is the last.</returns>
    public bool Advance()
    {
        while (!_disposed && _at < _parts.Count)
        {
            var part = _parts[_at];
            var slot = part.NextUnsaved(_slot);
            if (slot < 0)
            {
                _at++;
                _slot = 0;
                _part = 0;
                continue;
            }

            if (slot != _slot)
            {
                _slot = slot;
                _part = 0;
            }

            using (_keyspace.LockSlot(slot))
            {
                part.SaveSome(slot, ref _part, _visited);
                TakeChain(StripeSet.StripeOf(slot));
            }

            // Writers may be faster than the saver, elsewhere: what they saved must not wait for its turn.
            if (Volatile.Read(ref _writersBytes.Value) >= SweepAt) TakeChains();
            return true;
        }

        if (!_disposed) TakeChains();
        return false;
    }

    /// <summary>Hands what was saved so far to the output and frees it. Holds no lock while the output works.</summary>
    public void Deliver(ISnapshotOutput output)
    {
        var chain = _visited.Take();
        if (chain != null) DeliverChain(chain, output);
        while (_chains.TryDequeue(out var saved)) DeliverChain((SnapshotChunk*)saved, output);
        _waiting = 0;
    }

    /// <summary>
    /// Ends the snapshot, finished or abandoned, and frees what was kept for it. Takes every stripe itself, for an
    /// instant.
    /// </summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        foreach (var part in _parts) part.Abandon(_keyspace);

        // Writers save nothing for it any more and begin no view.
        for (var i = 0; i < _views.Count; i++) EndView(i);
        using (_keyspace.LockAll())
        {
            foreach (var part in _parts) part.Tables.End(part);
            _keyspace.EndSnapshot(this);
        }

        Heap.Dispose();
    }

    /// <summary>Adds the tables of a database. Needs every stripe.</summary>
    internal void Add(TableSet tables, int database, SlotBits? slots)
    {
        var part = new SnapshotProgress(this, tables, database, slots);
        _parts.Add(part);
        tables.Attach(part);
    }

    /// <summary>What writers that hold a stripe save into.</summary>
    internal SnapshotRecords RecordsOf(int stripe) =>
        _records[stripe] ??= new SnapshotRecords(Heap, stripe, _writersBytes);

    /// <summary>Adds the view of a large value; returns its number.</summary>
    internal int AddView(FrozenView view)
    {
        using (_viewsLock.Enter())
        {
            _views.Add(view);
            return _views.Count - 1;
        }
    }

    private void TakeChains()
    {
        for (var stripe = 0; stripe < _records.Length; stripe++)
        {
            if (Volatile.Read(ref _records[stripe]) == null) continue;
            using (_keyspace.LockSlot(stripe)) TakeChain(stripe);
        }
    }

    /// <summary>Takes what writers saved of a stripe. Needs the stripe.</summary>
    private void TakeChain(int stripe)
    {
        if (_records[stripe] is not { } records) return;
        var bytes = records.Bytes;
        var chain = records.Take();
        if (chain == null) return;
        _chains.Enqueue((nint)chain);
        _waiting += bytes;
    }

    private void DeliverChain(SnapshotChunk* chain, ISnapshotOutput output)
    {
        var reader = new SnapshotReader(chain);
        while (reader.Read(Heap, output, out var number)) DeliverView(number, output);
    }

    private void DeliverView(int number, ISnapshotOutput output)
    {
        var view = View(number)!;
        bool more;
        do
        {
            using (LockView(view)) more = view.SaveSome(_pages);
            new SnapshotReader(_pages.Take()).Read(Heap, output, out _);
        }
        while (more);
        EndView(number);
    }

    private void EndView(int number)
    {
        if (View(number) is not { } view) return;
        using (LockView(view)) view.Release();
        using (_viewsLock.Enter()) _views[number] = null;
    }

    private FrozenView? View(int number)
    {
        using (_viewsLock.Enter()) return _views[number];
    }

    /// <summary>The stripe of a view's value, which another thread may be moving to another slot.</summary>
    private StripeScope LockView(FrozenView view)
    {
        while (true)
        {
            var slot = view.Slot;
            var scope = _keyspace.LockSlot(slot);
            if (view.Slot == slot) return scope;
            scope.Dispose();
        }
    }
}
