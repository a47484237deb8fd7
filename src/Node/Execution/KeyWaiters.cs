using Starling.Node.Expiry;
using Starling.Slots;
using Starling.Slots.Keyspace;

namespace Starling.Node.Execution;

/// <summary>
/// Who waits for which key, first come first served. A change of a key wakes the first client that it can serve; the key
/// is kept for that client until its command has run again: other clients' commands on it are held back meanwhile, so that
/// nobody takes what it was woken for. Each stripe guards the queues of its keys. A writer pays one read while nobody
/// waits.
/// </summary>
internal sealed class KeyWaiters(NodeServer server)
{
    private readonly Dictionary<byte[], List<Place>>?[] _stripes = new Dictionary<byte[], List<Place>>?[StripeSet.StripeCount];
    private int _count;
    private int _claims;

    /// <summary>Number of clients that wait.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Some key is kept for a client.</summary>
    public bool HasClaims => Volatile.Read(ref _claims) != 0;

    /// <summary>Puts a client at the end of the queues of its keys. Under their stripes.</summary>
    public void Add(KeyWaiter waiter)
    {
        foreach (var key in waiter.Keys)
        {
            ref var stripe = ref _stripes[StripeSet.StripeOf(HashSlot.Of(key))];
            stripe ??= new(ByteStringComparer.Instance);
            if (!stripe.TryGetValue(key, out var queue)) stripe[key] = queue = [];
            queue.Add(new Place(waiter, waiter.Database));
        }

        Interlocked.Increment(ref _count);
    }

    /// <summary>
    /// Takes a client out of all queues: it has been served, or waits no more. Under the stripes of its keys.
    /// </summary>
    /// <returns>
    /// The key that was kept for it, or null: the next in line is to be served, and those held back are to be released when
    /// no stripe is held.
    /// </returns>
    public byte[]? Remove(KeyWaiter waiter)
    {
        waiter.StopTimer();
        foreach (var key in waiter.Keys)
        {
            var stripe = _stripes[StripeSet.StripeOf(HashSlot.Of(key))]!;
            var queue = stripe[key];
            queue.RemoveAll(place => place.Waiter == waiter);
            if (queue.Count == 0) stripe.Remove(key);
        }

        Interlocked.Decrement(ref _count);
        return EndClaim(waiter);
    }

    /// <summary>
    /// The client found nothing after all and waits on, in its old place. Under the stripes of its keys.
    /// </summary>
    /// <returns>As <see cref="Remove"/>.</returns>
    public byte[]? WaitOn(KeyWaiter waiter)
    {
        var claimed = EndClaim(waiter);
        waiter.WaitOn();
        return claimed;
    }

    /// <summary>True when somebody waits for a key. Under its stripe.</summary>
    public bool IsAwaited(int database, ReadOnlySpan<byte> key)
    {
        return FindQueue(key) is { } queue && queue.Exists(place => place.Database == database);
    }

    /// <summary>
    /// True when a key is kept for a client other than this one. Databases are not told apart: a transaction may go to
    /// another one. Under its stripe.
    /// </summary>
    public bool IsClaimed(ReadOnlySpan<byte> key, KeyWaiter? by)
    {
        if (FindQueue(key) is not { } queue) return false;
        foreach (var place in queue)
        {
            if (place.Waiter != by && place.Waiter.Claimed is { } claimed && key.SequenceEqual(claimed)) return true;
        }

        return false;
    }

    /// <summary>
    /// Wakes the first client in line that a key can serve now, unless it is kept for one already. Under its stripe.
    /// </summary>
    /// <returns>The client, to be resumed when no stripe is held; null when there is none.</returns>
    public KeyWaiter? Serve(in ReadyKey ready)
    {
        if (FindQueue(ready.Key) is not { } queue || IsClaimed(ready.Key, by: null)) return null;
        if (!server.Keyspace[ready.Database].TryFind(server.Keyspace.Key(ready.Key), out var entry)) return null;

        // What has expired serves nobody, and is deleted by whoever asks for it, not here.
        if (entry.ExpiresAt != Entry.NoExpiry && KeyExpiry.IsExpired(entry, server.NowMilliseconds)) return null;
        var mayServe = ready.Behind is null;
        foreach (var place in queue)
        {
            var waiter = place.Waiter;
            if (!mayServe)
            {
                mayServe = waiter == ready.Behind;
                continue;
            }

            if (place.Database != ready.Database || !waiter.IsReady(entry) || !waiter.TryWake()) continue;
            Interlocked.Increment(ref _claims);
            waiter.Claimed = ready.Key;
            return waiter;
        }

        return null;
    }

    /// <summary>Whole databases changed: adds every key that somebody waits for. Under every stripe.</summary>
    public void AddAwaited(List<ReadyKey> ready)
    {
        foreach (var stripe in _stripes)
        {
            if (stripe is null) continue;
            foreach (var (key, queue) in stripe)
                foreach (var place in queue) ready.Add(new ReadyKey(place.Database, key));
        }
    }

    /// <summary>
    /// Everybody who waits, as of some moment of the call; under no stripe: it takes them one by one.
    /// </summary>
    public List<KeyWaiter> Snapshot()
    {
        var all = new HashSet<KeyWaiter>();
        if (Count == 0) return [];
        for (var stripe = 0; stripe < StripeSet.StripeCount; stripe++)
        {
            using var held = server.Keyspace.LockSlot(stripe); // the slot of that number is one of the stripe's
            if (_stripes[stripe] is not { } queues) continue;
            foreach (var queue in queues.Values)
                foreach (var place in queue) all.Add(place.Waiter);
        }

        return [.. all];
    }

    private List<Place>? FindQueue(ReadOnlySpan<byte> key)
    {
        var stripe = _stripes[StripeSet.StripeOf(HashSlot.Of(key))];
        if (stripe is null) return null;
        return stripe.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out var queue) ? queue : null;
    }

    private byte[]? EndClaim(KeyWaiter waiter)
    {
        if (waiter.Claimed is not { } claimed) return null;
        waiter.Claimed = null;
        Interlocked.Decrement(ref _claims);
        return claimed;
    }

    private readonly record struct Place(KeyWaiter Waiter, int Database);
}
