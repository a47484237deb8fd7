namespace Starling.Slots.Keyspace;

/// <summary>
/// All databases of a node and the stripe locks that are the only way to them. Every member of <see cref="Database"/> and
/// <see cref="Entry"/> that touches a key is called with the lock of that key's stripe held.
/// </summary>
public sealed class Keyspace : IDisposable
{
    private readonly Database[] _databases;
    private readonly Lock[] _stripes;

    /// <summary>Makes an empty keyspace.</summary>
    public Keyspace(KeyspaceOptions options)
    {
        Invariant.That(options.Databases >= 1);
        _databases = new Database[options.Databases];
        for (var i = 0; i < _databases.Length; i++) _databases[i] = new Database(i);
        _stripes = new Lock[StripeSet.StripeCount];
        for (var i = 0; i < _stripes.Length; i++) _stripes[i] = new Lock();
    }

    /// <summary>Number of databases.</summary>
    public int DatabaseCount => _databases.Length;

    /// <summary>A database by its index, 0..<see cref="DatabaseCount"/>-1. SWAPDB exchanges what an index answers.</summary>
    public Database this[int index] => _databases[index];

    /// <summary>Native bytes in use by keys, values and tables (INFO used_memory counts these). No lock is needed.</summary>
    public long UsedBytes => throw new NotSupportedException();

    /// <summary>Computes the slot and hash of a key. The result aliases <paramref name="bytes"/>. No lock is needed.</summary>
    public Key Key(ReadOnlySpan<byte> bytes) => throw new NotSupportedException();

    /// <summary>Takes the locks of the stripes in ascending order. Re-entrant: a thread may take again what it holds.</summary>
    public StripeScope Lock(scoped in StripeSet stripes)
    {
        for (var stripe = stripes.Next(0); stripe >= 0; stripe = stripes.Next(stripe + 1)) _stripes[stripe].Enter();
        return new StripeScope(this, stripes);
    }

    /// <summary>Takes the lock of one slot's stripe.</summary>
    public StripeScope LockSlot(int slot)
    {
        var stripes = default(StripeSet);
        stripes.AddSlot(slot);
        return Lock(stripes);
    }

    /// <summary>Takes every stripe.</summary>
    public StripeScope LockAll() => Lock(StripeSet.All);

    /// <summary>Exchanges two databases (SWAPDB). Needs every stripe.</summary>
    public void Swap(int first, int second) => throw new NotSupportedException();

    /// <summary>
    /// Starts a snapshot of every database. Needs every stripe; returns at once. <paramref name="sink"/> then gets each key
    /// exactly once as it is now, from <see cref="Snapshot.Advance"/> on the saver's thread and from writers that are about to
    /// change a part that was not visited yet. One snapshot runs at a time.
    /// </summary>
    public Snapshot StartSnapshot(ISnapshotSink sink) => throw new NotSupportedException(sink.ToString());

    /// <summary>Frees everything. No lock may be held by anybody.</summary>
    public void Dispose()
    {
    }

    internal void Unlock(scoped in StripeSet stripes)
    {
        for (var stripe = stripes.Previous(StripeSet.StripeCount - 1); stripe >= 0; stripe = stripes.Previous(stripe - 1))
            _stripes[stripe].Exit();
    }
}
