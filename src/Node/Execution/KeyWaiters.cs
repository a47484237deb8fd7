using Starling.Node.Expiry;
using Starling.Slots;
using Starling.Slots.Keyspace;

namespace Starling.Node.Execution;

/// <summary>
/// Who waits for which key, first come first served. A change of a key wakes the first client that it can serve; until that
/// one's command has run again, and so on until nobody is left to be served, other clients' commands are held back
/// (<see cref="KeyClaim"/>) from the keys that are ready and from whatever the commands in line may touch, so that all see
/// what they would see if the waiting clients were served at once. Each stripe guards the queues of its keys. A writer pays
/// one read while nobody waits.
/// </summary>
/// <remarks>
/// Waiting commands with several keys tie these together: serving one makes another ready. Which keys hang together that way
/// is not computed: it is all of them, or all of the stripe as long as no waiting command has keys of several. A claim is made
/// with the stripes held of all it keeps, so that no two ever keep the same key, and who was woken waits for nobody.
/// </remarks>
internal sealed class KeyWaiters(NodeBasics basics)
{
    /// <summary>The most places in line that are looked at while every stripe is held: some 0.1 ms.</summary>
    internal const int MostVisits = 512;

    private readonly StripeQueues?[] _stripes = new StripeQueues?[StripeSet.StripeCount];
    private readonly ManualResetEventSlim _unclaimed = new(initialState: false, spinCount: 0);
    private long _lastNumber;
    private int _count;
    private int _keyCount;
    private int _placeCount;
    private int _watchedKeyCount;
    private int _crossing;
    private int _claims;
    private int _wideClaims;

    /// <summary>Number of clients that wait.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Number of keys that clients wait for, counted in each database.</summary>
    public int KeyCount => Volatile.Read(ref _keyCount);

    /// <summary>Number of those keys whose going is told to a client.</summary>
    public int WatchedKeyCount => Volatile.Read(ref _watchedKeyCount);

    /// <summary>Some key is kept for a client.</summary>
    public bool HasClaims => Volatile.Read(ref _claims) != 0;

    /// <summary>Some waiting command has keys of several stripes.</summary>
    public bool HasCrossing => Volatile.Read(ref _crossing) != 0;

    /// <summary>
    /// Waits until no key is kept for a client; one may be again at once. One thread at a time, with no stripe held, not on an
    /// I/O thread.
    /// </summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public void WaitUntilUnclaimed(CancellationToken cancellation)
    {
        LockOrder.AssertMayBlock("waiting for clients that were woken");
        while (true)
        {
            _unclaimed.Reset();
            if (!HasClaims) return;
            _unclaimed.Wait(cancellation);
        }
    }

    /// <summary>The next number in the order in which clients come to wait. Never 0.</summary>
    public long NextNumber() => Interlocked.Increment(ref _lastNumber);

    /// <summary>Puts a client into the queues of its keys, behind who came before it. Under the stripes of its command.</summary>
    public void Add(KeyWaiter waiter)
    {
        foreach (var key in waiter.Keys)
        {
            var queue = QueueFor(key);
            if (!queue.IsAwaitedIn(waiter.Database)) Interlocked.Increment(ref _keyCount);
            if (waiter.IsServedWithoutKey && !queue.IsWatchedIn(waiter.Database)) Interlocked.Increment(ref _watchedKeyCount);
            queue.Add(waiter);
        }

        Interlocked.Add(ref _placeCount, waiter.Keys.Length);

        if (waiter.Touched.Length > 1)
            foreach (var key in waiter.Touched) QueueFor(key).Shared++;
        if (waiter.IsCrossing) Interlocked.Increment(ref _crossing);
        Interlocked.Increment(ref _count);
    }

    /// <summary>
    /// Takes a client out of all queues: it has been served, or waits no more. Under the stripes of its command.
    /// </summary>
    /// <returns>
    /// What was kept for it, or null: the next in line is to be served, in this scope.
    /// </returns>
    public KeyClaim? Remove(KeyWaiter waiter)
    {
        waiter.StopTimer();
        basics.Buffers.NoteDropped(waiter.HeldBytes); // the garbage of a wait may be the only one for long
        if (waiter.Touched.Length > 1)
        {
            foreach (var key in waiter.Touched)
            {
                FindQueue(key)!.Shared--;
                DropIfEmpty(key);
            }
        }

        foreach (var key in waiter.Keys)
        {
            var queue = FindQueue(key)!;
            queue.Places.Remove(waiter);
            if (waiter.IsServedWithoutKey && !queue.IsWatchedIn(waiter.Database)) Interlocked.Decrement(ref _watchedKeyCount);
            if (!queue.IsAwaitedIn(waiter.Database)) Interlocked.Decrement(ref _keyCount);
            DropIfEmpty(key);
        }

        Interlocked.Add(ref _placeCount, -waiter.Keys.Length);
        if (waiter.IsCrossing) Interlocked.Decrement(ref _crossing);
        Interlocked.Decrement(ref _count);
        return TakeClaim(waiter);
    }

    /// <summary>
    /// The client found nothing after all and waits on, in its old place. Under the stripes of its command.
    /// </summary>
    /// <returns>As <see cref="Remove"/>.</returns>
    public KeyClaim? WaitOn(KeyWaiter waiter)
    {
        var claim = TakeClaim(waiter);
        waiter.WaitOn();
        return claim;
    }

    /// <summary>True when somebody waits for a key. Under its stripe.</summary>
    public bool IsAwaited(int database, ReadOnlySpan<byte> key) => FindQueue(key) is { } queue && queue.IsAwaitedIn(database);

    /// <summary>True when a waiting command has this key and others. Under its stripe.</summary>
    public bool IsShared(ReadOnlySpan<byte> key) => FindQueue(key) is { Shared: > 0 };

    /// <summary>
    /// True when a key is kept for woken clients. Databases are not told apart: a transaction may go to another one. Under its
    /// stripe.
    /// </summary>
    public bool IsClaimed(ReadOnlySpan<byte> key)
    {
        if (FindQueue(key) is not { } queue) return false;
        return queue.Claim is not null || (queue.Shared > 0 && AreSharedClaimed(StripeOf(key)!));
    }

    /// <summary>True when some key of a slot's stripe is kept for woken clients. Under that stripe.</summary>
    public bool IsAnyClaimed(int slot)
    {
        if (_stripes[StripeSet.StripeOf(slot)] is not { } stripe) return false;
        if (stripe.Marks > 0) return true;
        if (!AreSharedClaimed(stripe)) return false;
        foreach (var queue in stripe.Queues.Values)
            if (queue.Shared > 0) return true;
        return false;
    }

    /// <summary>
    /// Wakes the first client in line that the first of a claim's keys can serve now, or the next key, and so on. What serves
    /// nobody leaves the claim; it has ended when nothing is left. Under the stripes of the keys.
    /// </summary>
    /// <returns>The client, to be resumed when no stripe is held; null when there is none.</returns>
    public KeyWaiter? Serve(KeyClaim claim)
    {
        var served = 0;
        KeyWaiter? woken = null;
        foreach (ref readonly var ready in claim.Ready.Keys)
        {
            if ((woken = TryWake(ready, claim)) is not null) break;
            if (served++ < claim.Marked) Unmark(ready.Key, claim);
        }

        claim.Ready.RemoveFirst(served);
        claim.Marked = Math.Max(0, claim.Marked - served);
        if (woken is null)
        {
            End(claim);
            return null;
        }

        MarkAll(claim, woken);
        woken.Claim = claim;
        return woken;
    }

    /// <summary>
    /// Whole databases changed: adds every key for which that may mean something to who waits. Under every stripe.
    /// </summary>
    /// <returns>
    /// False when so many wait that it would take too long now: <see cref="ReplacedDatabases.WakeInParts"/>. Nothing is added then.
    /// </returns>
    public bool TryAddAwaited(ReplacedDatabases replaced, ReadyKeys ready)
    {
        if (replaced.AreAllEmptied && WatchedKeyCount == 0) return true;
        if (Volatile.Read(ref _placeCount) > MostVisits) return false;
        foreach (var stripe in _stripes)
        {
            if (stripe is null) continue;
            foreach (var (key, queue) in stripe.Queues) replaced.AddReady(key, queue, ready);
        }

        return true;
    }

    /// <summary>The keys of a stripe that somebody waits for, or will touch. Under that stripe.</summary>
    public byte[][] KeysIn(int stripe) => _stripes[stripe] is { } queues ? [.. queues.Queues.Keys] : [];

    /// <summary>Who waits for a key, in whichever database; null for nobody. Under its stripe.</summary>
    public KeyQueue? QueueOf(ReadOnlySpan<byte> key) => FindQueue(key);

    /// <summary>Ends the wait of everybody; under no stripe.</summary>
    public void EndAll(WaitEnd end)
    {
        foreach (var waiter in Snapshot()) waiter.TryEnd(end);
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
            using var held = LockPlan.Slot(stripe).Take(basics.Keyspace); // the slot of that number is one of the stripe's
            if (_stripes[stripe] is not { } queues) continue;
            foreach (var queue in queues.Queues.Values) all.UnionWith(queue.Places);
        }

        return [.. all];
    }

    private static KeyClaim? TakeClaim(KeyWaiter waiter)
    {
        var claim = waiter.Claim;
        waiter.Claim = null;
        return claim;
    }

    /// <summary>Wakes the first client in line that a key can serve.</summary>
    private KeyWaiter? TryWake(in ReadyKey ready, KeyClaim claim)
    {
        // What another claim keeps is looked at when that one comes to it.
        if (FindQueue(ready.Key) is not { } queue || (queue.Claim is not null && queue.Claim != claim)) return null;
        var isThere = basics.Keyspace[ready.Database].TryFind(basics.Keyspace.Key(ready.Key), out var entry);

        // What has expired serves nobody, and is deleted by whoever asks for it, not here.
        if (isThere && entry.ExpiresAt != Entry.NoExpiry && KeyExpiry.IsExpired(entry, basics.NowMilliseconds)) return null;
        var mayServe = ready.Behind is null;
        foreach (var waiter in queue.Places)
        {
            if (!mayServe)
            {
                mayServe = waiter == ready.Behind;
                continue;
            }

            if (waiter.Database != ready.Database) continue;
            if ((isThere ? waiter.IsReady(entry) : waiter.IsServedWithoutKey) && waiter.TryWake()) return waiter;
        }

        return null;
    }

    /// <summary>Keeps the keys of a claim that are not yet kept, and what hangs together with them.</summary>
    private void MarkAll(KeyClaim claim, KeyWaiter woken)
    {
        if (!claim.IsActive)
        {
            claim.IsActive = true;
            Interlocked.Increment(ref _claims);
        }

        foreach (ref readonly var ready in claim.Ready.Keys[claim.Marked..])
        {
            if (FindQueue(ready.Key) is not { } queue) continue;
            if (queue.Shared > 0) KeepShared(claim, ready.Key);
            if (queue.Claim is not null) continue;
            queue.Claim = claim;
            StripeOf(ready.Key)!.Marks++;
        }

        claim.Marked = claim.Ready.Count;
        if (woken.Touched.Length > 1) KeepShared(claim, woken.Touched[0]);
        claim.NeedsEverything = claim.IsWide || claim.Marked > 1 || IsBeyond(claim.Stripes, woken);
    }

    /// <summary>True when some of the stripes are not those of a client's command.</summary>
    private static bool IsBeyond(in StripeSet stripes, KeyWaiter waiter)
    {
        var own = waiter.Stripes();
        for (var stripe = stripes.Next(0); stripe >= 0; stripe = stripes.Next(stripe + 1))
            if (own.Next(stripe) != stripe) return true;
        return false;
    }

    private void KeepShared(KeyClaim claim, byte[] key)
    {
        if (claim.IsWide) return;
        if (HasCrossing)
        {
            claim.IsWide = true;
            Interlocked.Increment(ref _wideClaims);
            return;
        }

        var slot = HashSlot.Of(key);
        var index = StripeSet.StripeOf(slot);
        var stripes = claim.Stripes;
        if (stripes.Next(index) == index) return;
        stripes.AddSlot(slot);
        claim.Stripes = stripes;
        _stripes[index]!.SharedClaims++;
    }

    private void Unmark(byte[] key, KeyClaim claim)
    {
        if (FindQueue(key) is not { } queue || queue.Claim != claim) return;
        queue.Claim = null;
        StripeOf(key)!.Marks--;
        DropIfEmpty(key);
    }

    private void End(KeyClaim claim)
    {
        if (!claim.IsActive) return;
        if (claim.IsWide) Interlocked.Decrement(ref _wideClaims);
        var stripes = claim.Stripes;
        for (var stripe = stripes.Next(0); stripe >= 0; stripe = stripes.Next(stripe + 1)) _stripes[stripe]!.SharedClaims--;
        if (Interlocked.Decrement(ref _claims) == 0) _unclaimed.Set();
    }

    private bool AreSharedClaimed(StripeQueues stripe) => stripe.SharedClaims > 0 || Volatile.Read(ref _wideClaims) != 0;

    private StripeQueues? StripeOf(ReadOnlySpan<byte> key) => _stripes[StripeSet.StripeOf(HashSlot.Of(key))];

    private KeyQueue QueueFor(byte[] key)
    {
        ref var stripe = ref _stripes[StripeSet.StripeOf(HashSlot.Of(key))];
        stripe ??= new StripeQueues();
        if (!stripe.Queues.TryGetValue(key, out var queue)) stripe.Queues[key] = queue = new KeyQueue();
        return queue;
    }

    private KeyQueue? FindQueue(ReadOnlySpan<byte> key)
    {
        if (StripeOf(key) is not { } stripe) return null;
        return stripe.Queues.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out var queue) ? queue : null;
    }

    private void DropIfEmpty(byte[] key)
    {
        if (FindQueue(key) is { IsEmpty: true }) StripeOf(key)!.Queues.Remove(key);
    }

    /// <summary>The queues of one stripe's keys.</summary>
    private sealed class StripeQueues
    {
        public Dictionary<byte[], KeyQueue> Queues { get; } = new(ByteStringComparer.Instance);

        /// <summary>Number of keys that are kept because they are ready.</summary>
        public int Marks { get; set; }

        /// <summary>Number of claims that keep the keys here that waiting commands have with others.</summary>
        public int SharedClaims { get; set; }
    }
}
