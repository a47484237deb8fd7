using Starling.Slots.Memory;

namespace Starling.Slots.Keyspace;

/// <summary>
/// The tables and the heap of one database, made at its first key. Clearing a database throws its table set away as a
/// whole, or leaves it to a snapshot.
/// </summary>
internal sealed unsafe class TableSet
{
    private readonly KeyHash _hash;
    private readonly nint[] _stripes = new nint[StripeSet.StripeCount];
    private readonly StripeCounters[] _counters = new StripeCounters[StripeSet.StripeCount];
    private readonly ulong[] _slotsInUse = new ulong[HashSlot.Count / 64];
    private readonly ulong[] _slotsExpiring = new ulong[HashSlot.Count / 64];

    public TableSet(KeyHash hash, int arenas)
    {
        _hash = hash;
        Heap = new NativeHeap(arenas);
    }

    /// <summary>The memory of everything in this table set.</summary>
    public NativeHeap Heap { get; }

    /// <summary>Number of keys. No lock is needed.</summary>
    public long Count
    {
        get
        {
            var sum = 0L;
            for (var i = 0; i < _counters.Length; i++) sum += Volatile.Read(ref _counters[i].Keys);
            return sum;
        }
    }

    /// <summary>Number of keys with an expiry. No lock is needed.</summary>
    public long ExpiringCount
    {
        get
        {
            var sum = 0L;
            for (var i = 0; i < _counters.Length; i++) sum += Volatile.Read(ref _counters[i].Expiring);
            return sum;
        }
    }

    /// <summary>The hash of keys.</summary>
    public ref readonly KeyHash Hash => ref _hash;

    /// <summary>What table operations on a slot work with.</summary>
    public TableMemory Memory(int slot) => new(Heap, _hash, StripeSet.StripeOf(slot));

    /// <summary>The root of a slot's table, or null when no slot of its stripe ever held a key.</summary>
    public TableNode* Root(int slot)
    {
        var stripe = (StripeTables*)_stripes[StripeSet.StripeOf(slot)];
        return stripe == null ? null : StripeTables.Root(stripe, slot);
    }

    /// <summary>The root of a slot's table, made when it is not there.</summary>
    public TableNode* RootForInsert(int slot)
    {
        ref var stripe = ref _stripes[StripeSet.StripeOf(slot)];
        if (stripe == 0) stripe = (nint)MakeStripe(StripeSet.StripeOf(slot));
        return StripeTables.Root((StripeTables*)stripe, slot);
    }

    /// <summary>Puts an entry in place of the one of the same key, which is freed, or adds it.</summary>
    public void Put(in Key key, byte* entry)
    {
        var root = RootForInsert(key.Slot);
        var cell = SlotTable.Find(root, key.Hash, key.Bytes);
        if (cell == null) Insert(root, key, entry);
        else Replace(key.Slot, cell, entry);
    }

    /// <summary>Adds an entry whose key is not there.</summary>
    public void Insert(TableNode* root, in Key key, byte* entry)
    {
        SlotTable.Insert(Memory(key.Slot), root, key.Hash, entry);
        _counters[StripeSet.StripeOf(key.Slot)].Keys++;
        if (root->Count == 1) Mark(_slotsInUse, key.Slot);
        if (EntryBlock.Has(entry, EntryBlock.HasExpiry)) AddExpiry(root, key.Slot, EntryBlock.Expiry(entry));
    }

    /// <summary>Puts another block of the same key in place of one, which is freed with its value.</summary>
    public void Replace(int slot, ulong* cell, byte* entry)
    {
        var old = SlotTable.Address(*cell);
        Redirect(slot, cell, entry);
        EntryBlock.Free(Heap, old);
    }

    /// <summary>Puts another block of the same key in place of one, which stays the caller's.</summary>
    public void Redirect(int slot, ulong* cell, byte* entry)
    {
        var old = SlotTable.Address(*cell);
        SlotTable.Redirect(cell, entry);
        if (EntryBlock.Has(old, EntryBlock.HasExpiry)) RemoveExpiry(Root(slot), slot);
        if (EntryBlock.Has(entry, EntryBlock.HasExpiry)) AddExpiry(Root(slot), slot, EntryBlock.Expiry(entry));
    }

    /// <summary>Takes an entry out of its table; its memory stays the caller's.</summary>
    public byte* TakeOut(TableNode* root, in Key key, ulong* cell)
    {
        var entry = SlotTable.Address(*cell);
        SlotTable.Remove(Memory(key.Slot), root, key.Hash, cell);
        _counters[StripeSet.StripeOf(key.Slot)].Keys--;
        if (EntryBlock.Has(entry, EntryBlock.HasExpiry)) RemoveExpiry(root, key.Slot);
        if (root->Count == 0) Unmark(_slotsInUse, key.Slot);
        return entry;
    }

    /// <summary>Frees a slot's keys; returns how many there were.</summary>
    public int ClearSlot(int slot)
    {
        var root = Root(slot);
        if (root == null || root->Count == 0) return 0;
        var count = root->Count;
        ref var counters = ref _counters[StripeSet.StripeOf(slot)];
        counters.Keys -= count;
        counters.Expiring -= root->Expiring;
        if (root->Expiring > 0) Unmark(_slotsExpiring, slot);
        Unmark(_slotsInUse, slot);
        root->Expiring = 0;
        EarliestExpiry(slot) = long.MaxValue;
        TableShape.Free(Memory(slot), root, entries: true);
        return (int)count;
    }

    /// <summary>Remembers that a key of a slot that has an expiry expires at another time from now on.</summary>
    public void LowerEarliest(int slot, long expiresAt)
    {
        var stripe = (StripeTables*)_stripes[StripeSet.StripeOf(slot)];
        ref var earliest = ref StripeTables.Earliest(stripe, slot);
        if (expiresAt < earliest) earliest = expiresAt;
        if (stripe->ExpiryScanSlot == slot && expiresAt < stripe->ExpiryScanMinimum)
            stripe->ExpiryScanMinimum = expiresAt;
    }

    /// <summary>No key of the slot expires before this. The slot's stripe must have been made.</summary>
    public ref long EarliestExpiry(int slot) =>
        ref StripeTables.Earliest((StripeTables*)_stripes[StripeSet.StripeOf(slot)], slot);

    /// <summary>Begins to look at all expiries of a slot; returns the number of this scan.</summary>
    public int BeginExpiryScan(int slot)
    {
        var stripe = (StripeTables*)_stripes[StripeSet.StripeOf(slot)];
        stripe->ExpiryScanSlot = slot;
        stripe->ExpiryScanMinimum = long.MaxValue;
        return ++stripe->ExpiryScanNumber;
    }

    /// <summary>
    /// Ends a scan: the earliest expiry it found holds, unless another scan began in the stripe before this one was
    /// done.
    /// </summary>
    public void EndExpiryScan(int slot, int number, long minimum)
    {
        var stripe = (StripeTables*)_stripes[StripeSet.StripeOf(slot)];
        if (stripe->ExpiryScanNumber != number) return;
        StripeTables.Earliest(stripe, slot) = Math.Min(minimum, stripe->ExpiryScanMinimum);
        stripe->ExpiryScanSlot = -1;
    }

    /// <summary>The first slot from <paramref name="from"/> on in use, or -1. No lock is needed.</summary>
    public int NextSlotInUse(int from, bool expiring)
    {
        var bits = expiring ? _slotsExpiring : _slotsInUse;
        for (var word = from >> 6; word < bits.Length; word++)
        {
            var value = Volatile.Read(ref bits[word]);
            if (word == from >> 6) value &= ulong.MaxValue << (from & 63);
            if (value != 0) return (word << 6) + System.Numerics.BitOperations.TrailingZeroCount(value);
        }

        return -1;
    }

    /// <summary>
    /// A stripe, chosen with the chance of its share of the keys, or -1 when there is no key. No lock is needed.
    /// </summary>
    public int PickStripe(ulong random)
    {
        var count = Count;
        if (count <= 0) return -1;
        var number = (long)(random % (ulong)count);
        var last = -1;
        for (var stripe = 0; stripe < _counters.Length && number >= 0; stripe++)
        {
            var keys = Volatile.Read(ref _counters[stripe].Keys);
            number -= keys;
            if (keys > 0) last = stripe;
        }

        return last; // keys that went meanwhile may leave the number beyond the end
    }

    /// <summary>An entry of the slots of a stripe, or null when they are empty. Needs the stripe.</summary>
    public byte* PickEntry(int stripe, ulong random)
    {
        var keys = _counters[stripe].Keys;
        if (keys == 0) return null;
        var number = random % (ulong)keys;
        for (var slot = stripe; ; slot += StripeSet.StripeCount)
        {
            var root = Root(slot);
            if (number < root->Count) return TableScan.Pick(root, (uint)number);
            number -= root->Count;
        }
    }

    /// <summary>Frees everything. In debug builds one by one, to find what leaked.</summary>
    public void Dispose()
    {
#if DEBUG
        for (var slot = NextSlotInUse(0, expiring: false); slot >= 0; slot = NextSlotInUse(slot, expiring: false))
            ClearSlot(slot);
        foreach (var stripe in _stripes)
            if (stripe != 0) Heap.Free((byte*)stripe, StripeTables.Bytes);
        Invariant.That(Heap.UsedBytes == 0);
#endif
        Heap.Dispose();
        Array.Clear(_stripes);
    }

    private static void Mark(ulong[] bits, int slot) => Interlocked.Or(ref bits[slot >> 6], 1UL << (slot & 63));

    private static void Unmark(ulong[] bits, int slot) => Interlocked.And(ref bits[slot >> 6], ~(1UL << (slot & 63)));

    private void AddExpiry(TableNode* root, int slot, long expiresAt)
    {
        _counters[StripeSet.StripeOf(slot)].Expiring++;
        if (root->Expiring++ == 0) Mark(_slotsExpiring, slot);
        LowerEarliest(slot, expiresAt);
    }

    private void RemoveExpiry(TableNode* root, int slot)
    {
        _counters[StripeSet.StripeOf(slot)].Expiring--;
        if (--root->Expiring > 0) return;
        Unmark(_slotsExpiring, slot);
        EarliestExpiry(slot) = long.MaxValue;
    }

    private StripeTables* MakeStripe(int stripe)
    {
        var tables = (StripeTables*)Heap.AllocateZeroed(stripe, StripeTables.Bytes);
        tables->ExpiryScanSlot = -1;
        for (var i = 0; i < StripeTables.Slots; i++)
            StripeTables.Earliest(tables, stripe + (i * StripeSet.StripeCount)) = long.MaxValue;
        return tables;
    }
}
