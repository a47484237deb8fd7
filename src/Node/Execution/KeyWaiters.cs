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
    /// Takes a client out of all queues: it has been served, or waits no more. What was kept for it is free again, and goes
    /// to the next one in line. Under the stripes of its keys.
    /// </summary>
    /// <param name="waiter">The client.</param>
    /// <param name="woken">Gets those who are served next.</param>
    /// <returns>True when a key was kept for the client: those held back are to be released when no stripe is held.</returns>
    public bool Remove(KeyWaiter waiter, List<KeyWaiter> woken)
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
        var hadClaim = EndClaim(waiter);
        foreach (var key in waiter.Keys) Serve(waiter.Database, key, woken);
        return hadClaim;
    }

    /// <summary>
    /// The client found nothing after all and waits on, in its old place; what was kept for it goes to the next in line.
    /// Under the stripes of its keys.
    /// </summary>
    /// <returns>As <see cref="Remove"/>.</returns>
    public bool WaitOn(KeyWaiter waiter, List<KeyWaiter> woken)
    {
        var claimed = waiter.Claimed;
        var hadClaim = EndClaim(waiter);
        waiter.WaitOn();
        if (claimed is not null) Serve(waiter.Database, claimed, woken, behind: waiter);
        return hadClaim;
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
    /// Wakes the first client in line that the key can serve now, unless it is kept for one already. Under its stripe.
    /// </summary>
    /// <param name="database">Index of the database.</param>
    /// <param name="name">The key.</param>
    /// <param name="woken">Gets the client; it is to be resumed when no stripe is held.</param>
    /// <param name="behind">Only clients behind this one.</param>
    public void Serve(int database, ReadOnlySpan<byte> name, List<KeyWaiter> woken, KeyWaiter? behind = null)
    {
        if (FindQueue(name) is not { } queue || IsClaimed(name, by: null)) return;
        if (!server.Keyspace[database].TryFind(server.Keyspace.Key(name), out var entry)) return;

        // What has expired serves nobody, and is deleted by whoever asks for it, not here.
        if (entry.ExpiresAt != Entry.NoExpiry && KeyExpiry.IsExpired(entry, server.NowMilliseconds)) return;
        var mayServe = behind is null;
        foreach (var place in queue)
        {
            var waiter = place.Waiter;
            if (!mayServe)
            {
                mayServe = waiter == behind;
                continue;
            }

            if (place.Database != database || !waiter.IsReady(entry) || !waiter.TryWake()) continue;
            Interlocked.Increment(ref _claims);
            waiter.Claimed = name.ToArray();
            woken.Add(waiter);
            return;
        }
    }

    /// <summary>Whole databases changed: wakes whom their keys can serve now. Under every stripe.</summary>
    public void ServeAll(List<KeyWaiter> woken)
    {
        foreach (var stripe in _stripes)
        {
            if (stripe is null) continue;
            foreach (var (key, queue) in stripe)
                foreach (var place in queue) Serve(place.Database, key, woken);
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

    private bool EndClaim(KeyWaiter waiter)
    {
        if (waiter.Claimed is null) return false;
        waiter.Claimed = null;
        Interlocked.Decrement(ref _claims);
        return true;
    }

    private readonly record struct Place(KeyWaiter Waiter, int Database);
}
