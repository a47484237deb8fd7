using System.Runtime.Intrinsics.X86;
using Starling.Slots.Values;

namespace Starling.Slots.Keyspace;

/// <summary>
/// All databases of a node and the stripe locks that are the only way to them. Every member of <see cref="Database"/>
/// and <see cref="Entry"/> that touches a key is called with the lock of that key's stripe held.
/// </summary>
public sealed unsafe class Keyspace : IDisposable
{
    // Keys whose entries are fetched before the first of them is looked at: what two batches have.
    private const int MostPrefetched = 64;

    private readonly Database[] _databases;
    private readonly StripeLocks _stripes = new();
    private readonly KeyHash _hash;
    private Snapshot[] _snapshots = [];
    private ValueOptions _valueOptions = ValueOptions.Default;
    private INewKeys? _newKeys;

    /// <summary>Makes an empty keyspace.</summary>
    public Keyspace(KeyspaceOptions options)
    {
        Invariant.That(options.Databases >= 1);
        Invariant.That(BitConverter.IsLittleEndian && nint.Size == 8);
        _hash = new KeyHash(options.HashSeed, options.HashMask);
        Freeing = new FreeingQueue(this);
        _databases = new Database[options.Databases];
        for (var i = 0; i < _databases.Length; i++) _databases[i] = new Database(this, i, _hash, options.Arenas);
    }

    /// <summary>Number of databases.</summary>
    public int DatabaseCount => _databases.Length;

    /// <summary>
    /// What decides the encodings of values from now on; values keep the one they have until they change. May be set at
    /// any time, under no lock.
    /// </summary>
    public ValueOptions ValueOptions
    {
        get => Volatile.Read(ref _valueOptions);
        set => Volatile.Write(ref _valueOptions, value);
    }

    /// <summary>Hears of every key that comes to be; null, the default, for nobody. May be set at any time, under no lock.</summary>
    public INewKeys? NewKeys
    {
        get => Volatile.Read(ref _newKeys);
        set => Volatile.Write(ref _newKeys, value);
    }

    /// <summary>What was deleted and is to be freed: whoever owns the keyspace has a thread free it.</summary>
    public FreeingQueue Freeing { get; }

    /// <summary>
    /// Changes some of <see cref="ValueOptions"/>, whatever other threads change at the same time. Needs no lock.
    /// </summary>
    /// <param name="change">Makes new options of those in force; may be called several times.</param>
    public void ChangeValueOptions(Func<ValueOptions, ValueOptions> change)
    {
        ValueOptions before;
        do before = ValueOptions;
        while (Interlocked.CompareExchange(ref _valueOptions, change(before), before) != before);
    }

    /// <summary>
    /// A database by its index, 0..<see cref="DatabaseCount"/>-1. SWAPDB exchanges what an index answers.
    /// </summary>
    public Database this[int index] => _databases[index];

    /// <summary>
    /// Native bytes in use by keys, values and tables (INFO used_memory counts these). No lock is needed.
    /// </summary>
    public long UsedBytes
    {
        get
        {
            var sum = Freeing.KeptBytes;
            foreach (var snapshot in Volatile.Read(ref _snapshots)) sum += snapshot.BufferedBytes;
            foreach (var database in _databases) sum += database.UsedBytes;
            return sum;
        }
    }

    /// <summary>
    /// The part of <see cref="UsedBytes"/> that the databases' keys, values and tables take: without what is kept for
    /// snapshots. No lock is needed.
    /// </summary>
    public long DataBytes
    {
        get
        {
            var sum = 0L;
            foreach (var database in _databases) sum += database.UsedBytes;
            return sum;
        }
    }

    /// <summary>
    /// Frees what the tables of a stripe take in a database that has no key in it, some kilobytes, which is otherwise kept for
    /// the keys to come. Not while a snapshot is under way. Needs the stripe; nobody may hold an entry or a value of it.
    /// </summary>
    /// <param name="database">The database.</param>
    /// <param name="stripe">The stripe; see <see cref="StripeSet"/>.</param>
    public static void FreeEmptyStripe(Database database, int stripe) => database.Tables?.FreeEmptyStripe(stripe);

    /// <summary>
    /// Computes the slot and hash of a key. The result aliases <paramref name="bytes"/>. No lock is needed.
    /// </summary>
    public Key Key(ReadOnlySpan<byte> bytes) => new(bytes, HashSlot.Of(bytes), _hash.Of(bytes));

    /// <summary>
    /// The key of these bytes when its place is known: what <see cref="Key(ReadOnlySpan{byte})"/> said of the same
    /// bytes.
    /// </summary>
    public Key Key(ReadOnlySpan<byte> bytes, KeyPlace place) => new(bytes, place.Slot, place.Hash);

    /// <summary>
    /// Hides memory latency when several commands are at hand: loads into the cache what looking up these keys will
    /// touch, step by step for all keys together. Changes nothing. Takes each key's stripe for an instant, passing over
    /// those that another thread holds.
    /// </summary>
    /// <param name="database">The database.</param>
    /// <param name="keys">The keys, best some 4 to 32.</param>
    public void Prefetch(Database database, ReadOnlySpan<KeyPlace> keys)
    {
        if (!Sse.IsSupported) return;
        if (_stripes.TryEnterAll())
        {
            // Nobody else is here: one word instead of two locks a key.
            PrefetchHeld(database, keys);
            _stripes.ExitAll();
            return;
        }

        if (!_stripes.BeginTrying()) return;
        foreach (ref readonly var key in keys) database.PrefetchRoot(key);
        for (var step = PrefetchStep.Bucket; step <= PrefetchStep.Value; step++)
        {
            foreach (ref readonly var key in keys)
            {
                var stripe = StripeSet.StripeOf(key.Slot);
                if (!_stripes.TryEnter(stripe)) continue;
                if (step == PrefetchStep.Bucket) database.PrefetchBucket(key);
                else if (step == PrefetchStep.Entry) database.PrefetchEntry(key);
                else TableScan.PrefetchValue(database.PrefetchEntry(key)); // where it is may have changed meanwhile
                _stripes.ExitTried(stripe);
            }
        }

        _stripes.EndTrying();
    }

    /// <summary>As <see cref="Prefetch"/>, for keys whose stripes the caller holds.</summary>
    public static void PrefetchHeld(Database database, ReadOnlySpan<KeyPlace> keys)
    {
        if (!Sse.IsSupported) return;
        foreach (ref readonly var key in keys) database.PrefetchRoot(key);
        foreach (ref readonly var key in keys) database.PrefetchBucket(key);
        Span<nint> entries = stackalloc nint[MostPrefetched];
        for (; keys.Length > 0; keys = keys[Math.Min(keys.Length, MostPrefetched)..])
        {
            var some = keys[..Math.Min(keys.Length, MostPrefetched)];
            for (var i = 0; i < some.Length; i++) entries[i] = (nint)database.PrefetchEntry(some[i]);
            foreach (var entry in entries[..some.Length]) TableScan.PrefetchValue((byte*)entry);
        }
    }

    /// <summary>
    /// What a thread does every now and then while it waits for stripes for long. It may hold stripes then; it must take none and wait
    /// for none. Set before there is a second thread.
    /// </summary>
    public Action? OnLongWait
    {
        get => _stripes.OnLongWait;
        set => _stripes.OnLongWait = value;
    }

    /// <summary>
    /// Takes the locks of the stripes in ascending order. Re-entrant: a thread may take again what it holds.
    /// </summary>
    public StripeScope Lock(scoped in StripeSet stripes)
    {
        if (stripes.Count == 0) return default;
        _stripes.Enter(stripes);
        return new StripeScope(_stripes, stripes);
    }

    /// <summary>Takes the lock of one slot's stripe.</summary>
    public StripeScope LockSlot(int slot)
    {
        var stripe = StripeSet.StripeOf(slot);
        _stripes.Enter(stripe);
        return new StripeScope(_stripes, stripe);
    }

    /// <summary>
    /// Takes every stripe. Re-entrant, but not for a thread that holds some stripes: it would wait for itself, and stops
    /// the process instead.
    /// </summary>
    public StripeScope LockAll()
    {
        _stripes.EnterAll();
        return new StripeScope(_stripes, StripeScope.All);
    }

    /// <summary>True when the calling thread holds the stripe of a slot.</summary>
    public bool IsHeld(int slot) => _stripes.IsHeld(StripeSet.StripeOf(slot));

    /// <summary>Exchanges two databases (SWAPDB). Needs every stripe.</summary>
    public void Swap(int first, int second)
    {
        (_databases[first], _databases[second]) = (_databases[second], _databases[first]);
        _databases[first].Index = first;
        _databases[second].Index = second;
    }

    /// <summary>
    /// Starts a snapshot of every database. Needs every stripe; returns at once. <see cref="Snapshot.Deliver"/> then
    /// gives each key exactly once as it is now, saved by <see cref="Snapshot.Advance"/> on the saver's thread and by
    /// writers that are about to change a part that was not visited yet. Several snapshots may run at once, each with a
    /// saver of its own.
    /// </summary>
    /// <param name="slots">The slots of the snapshot, or null for all.</param>
    public Snapshot StartSnapshot(IReadOnlyCollection<int>? slots = null)
    {
        SlotBits? covered = null;
        if (slots != null)
        {
            covered = new SlotBits();
            foreach (var slot in slots) covered.Add(slot);
        }

        var snapshot = new Snapshot(this);
        foreach (var database in _databases)
            if (database.Tables is { } tables) snapshot.Add(tables, database.Index, covered);
        Volatile.Write(ref _snapshots, [.. _snapshots, snapshot]);
        return snapshot;
    }

    /// <summary>Frees everything. No lock may be held by anybody.</summary>
    public void Dispose()
    {
        foreach (var snapshot in _snapshots) snapshot.Dispose();
        while (Freeing.FreeSome())
        {
        }

        foreach (var database in _databases) database.Dispose();
    }

    /// <summary>Takes a snapshot out. Needs every stripe.</summary>
    internal void EndSnapshot(Snapshot snapshot)
    {
        Volatile.Write(ref _snapshots, [.. _snapshots.Where(other => other != snapshot)]);
    }

    private enum PrefetchStep
    {
        Bucket,
        Entry,
        Value,
    }
}
