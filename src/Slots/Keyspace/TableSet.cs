using System.Diagnostics;
using Starling.Slots.Memory;
using Starling.Slots.Values;

namespace Starling.Slots.Keyspace;

/// <summary>
/// The tables and the heap of one database, made at its first key. Clearing a database takes its table set away as a
/// whole: it is left to the snapshots that need it, then to be freed.
/// </summary>
internal sealed unsafe class TableSet
{
    private readonly KeyHash _hash;
    private readonly nint[] _stripes = new nint[StripeSet.StripeCount];
    private readonly StripeTotals _keys = new();
    private readonly StripeTotals _expiring = new();
    private readonly SlotBits _slotsExpiring = new();
    private readonly ExpiryBounds _bounds = new();
    private readonly int[] _expiryScans = new int[StripeSet.StripeCount]; // which scan is the last one of a stripe
    private readonly FreeingQueue _freeing;
    private SnapshotProgress? _snapshots;
    private bool _isCleared;
    private bool _isFreedLazily;
#if DEBUG
    private bool _isEmptied;
#endif

    public TableSet(KeyHash hash, int arenas, FreeingQueue freeing)
    {
        _hash = hash;
        _freeing = freeing;
        Heap = new NativeHeap(arenas);
    }

    /// <summary>The memory of everything in this table set.</summary>
    public NativeHeap Heap { get; }

    /// <summary>The slots that hold a key. No lock is needed.</summary>
    public SlotBits SlotsInUse { get; } = new();

    /// <summary>
    /// The slots that may hold values with elements that expire: those that do, and some that did. No lock is needed.
    /// </summary>
    public SlotBits SlotsWithElementExpiry { get; } = new();

    /// <summary>The large values that snapshots have views of.</summary>
    public FrozenValues Frozen { get; } = new();

    /// <summary>Number of keys. No lock is needed.</summary>
    public long Count => _keys.Sum();

    /// <summary>Number of keys, at one moment. Every stripe is held.</summary>
    public long CountUnderAll => _keys.SumUnderAll();

    /// <summary>Number of keys with an expiry. No lock is needed.</summary>
    public long ExpiringCount => _expiring.Sum();

    /// <summary>The hash of keys.</summary>
    public ref readonly KeyHash Hash => ref _hash;

    /// <summary>What table operations on a slot work with.</summary>
    public TableMemory Memory(int slot) => new(Heap, _hash, StripeSet.StripeOf(slot));

    /// <summary>The root of a slot's table, or null when no slot of its stripe holds a key, or none ever did.</summary>
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

    /// <summary>Puts an entry in place of the one of the same key, which is freed, or adds it; true when it is a new one.</summary>
    public bool Put(in Key key, byte* entry)
    {
        var root = RootForInsert(key.Slot);
        var cell = SlotTable.Find(root, key.Hash, key.Bytes);
        if (cell == null) Insert(root, key, entry);
        else Replace(key.Slot, cell, entry);
        return cell == null;
    }

    /// <summary>In debug builds: an entry that was found earlier is the key's still; nothing has replaced, moved or deleted it.</summary>
    [Conditional("DEBUG")]
    public void CheckIsOf(in Key key, byte* entry)
    {
        var cell = SlotTable.Find(Root(key.Slot), key.Hash, key.Bytes);
        Invariant.That(cell != null && SlotTable.Address(*cell) == entry);
    }

    /// <summary>Adds an entry whose key is not there.</summary>
    public void Insert(TableNode* root, in Key key, byte* entry)
    {
        SlotTable.Insert(Memory(key.Slot), root, key.Hash, entry);
        _keys.Add(StripeSet.StripeOf(key.Slot), 1);
        if (root->Count == 1) SlotsInUse.Add(key.Slot);
        if (EntryBlock.Has(entry, EntryBlock.HasExpiry)) AddExpiry(root, key.Slot, EntryBlock.Expiry(entry));
        NoteElementExpiry(key.Slot, key.Hash, DueValues.SecondOf(entry));
    }

    /// <summary>Puts another block of the same key in place of one, which is freed with its value.</summary>
    public void Replace(int slot, ulong* cell, byte* entry)
    {
        var old = SlotTable.Address(*cell);
        Redirect(slot, cell, entry);
        FreeEntry(slot, old, _freeing.FreesReplacedLazily);
    }

    /// <summary>Puts another block of the same key in place of one, which stays the caller's.</summary>
    public void Redirect(int slot, ulong* cell, byte* entry)
    {
        var old = SlotTable.Address(*cell);
        SlotTable.Redirect(Root(slot), _hash, cell, entry);
        if (EntryBlock.Has(old, EntryBlock.HasExpiry)) RemoveExpiry(Root(slot), slot);
        if (EntryBlock.Has(entry, EntryBlock.HasExpiry)) AddExpiry(Root(slot), slot, EntryBlock.Expiry(entry));
        if (DueValues.SecondOf(entry) is > 0 and var second)
            NoteElementExpiry(slot, _hash.Of(EntryBlock.Key(entry)), second);
    }

    /// <summary>
    /// An element of the value of a key expires at a second (<see cref="TableNode.SecondOf"/>), 0 for none; from then on
    /// the key is found as due.
    /// </summary>
    public void NoteElementExpiry(int slot, ulong hash, uint second)
    {
        if (second == 0) return;
        ref var earliest = ref ElementSecond(slot);
        earliest = TableNode.Earlier(earliest, second);
        SlotsWithElementExpiry.Add(slot);
        var node = Root(slot);
        for (var offset = 0; node->FanoutBits != 0; offset += SlotTable.MaxFanoutBits)
        {
            node = SlotTable.Child(node, hash, offset);
            node->EarliestSecond = TableNode.Earlier(node->EarliestSecond, second);
        }
    }

    /// <summary>The bound of a slot (<see cref="StripeTables.ElementSecond"/>), whose stripe must have been made.
    /// </summary>
    public ref uint ElementSecond(int slot) =>
        ref StripeTables.ElementSecond((StripeTables*)_stripes[StripeSet.StripeOf(slot)], slot);

    /// <summary>Takes an entry out of its table; its memory stays the caller's.</summary>
    public byte* TakeOut(TableNode* root, in Key key, ulong* cell)
    {
        var entry = SlotTable.Address(*cell);
        SlotTable.Remove(Memory(key.Slot), root, key.Hash, cell);
        _keys.Add(StripeSet.StripeOf(key.Slot), -1);
        if (EntryBlock.Has(entry, EntryBlock.HasExpiry)) RemoveExpiry(root, key.Slot);
        if (root->Count == 0) SlotsInUse.Remove(key.Slot);
        return entry;
    }

    /// <summary>
    /// Takes a slot's keys away, in constant time, and leaves them to snapshots and then to be freed; returns how many
    /// there were.
    /// </summary>
    public int ClearSlot(int slot)
    {
        var root = Root(slot);
        if (root == null || root->Count == 0) return 0;
        _keys.Add(StripeSet.StripeOf(slot), -root->Count);
        _expiring.Add(StripeSet.StripeOf(slot), -root->Expiring);
        _slotsExpiring.Remove(slot);
        SlotsInUse.Remove(slot);
        _bounds[slot] = long.MaxValue;
        ElementSecond(slot) = 0;
        SlotsWithElementExpiry.Remove(slot);
        var cleared = new ClearedSlot(this, slot, root);
        cleared.Use();
        for (var snapshot = _snapshots; snapshot != null; snapshot = snapshot.Next) snapshot.Adopt(cleared);
        cleared.Release();
        return (int)cleared.Count;
    }

    /// <summary>
    /// Frees what the tables of a stripe without keys take, unless a snapshot is under way. Needs the stripe, whose roots nobody
    /// may use any more.
    /// </summary>
    public void FreeEmptyStripe(int stripe)
    {
        if (_stripes[stripe] == 0 || _keys[stripe] > 0 || _snapshots != null) return;
        for (var slot = stripe; slot < HashSlot.Count; slot += StripeSet.StripeCount) SlotsWithElementExpiry.Remove(slot);
        Heap.Free((byte*)_stripes[stripe], StripeTables.Bytes);
        _stripes[stripe] = 0;

        // A scan under way has seen nothing of what comes from now on.
        _expiryScans[stripe]++;
    }

    /// <summary>Remembers that a key of a slot that has an expiry expires at another time from now on.</summary>
    public void LowerEarliest(int slot, long expiresAt)
    {
        var stripe = (StripeTables*)_stripes[StripeSet.StripeOf(slot)];
        if (expiresAt < _bounds[slot]) _bounds[slot] = expiresAt;
        if (stripe->ExpiryScanSlot == slot && expiresAt < stripe->ExpiryScanMinimum)
            stripe->ExpiryScanMinimum = expiresAt;
    }

    /// <summary>No key of the slot expires before this.</summary>
    public long EarliestExpiry(int slot) => _bounds[slot];

    /// <summary>See <see cref="ExpiryBounds.NextBefore"/>.</summary>
    public int NextSlotExpiring(int from, long now) => _bounds.NextBefore(from, now);

    /// <summary>Begins to look at all expiries of a slot; returns the number of this scan.</summary>
    public int BeginExpiryScan(int slot)
    {
        var stripe = (StripeTables*)_stripes[StripeSet.StripeOf(slot)];
        stripe->ExpiryScanSlot = slot;
        stripe->ExpiryScanMinimum = long.MaxValue;
        return ++_expiryScans[StripeSet.StripeOf(slot)];
    }

    /// <summary>
    /// Ends a scan: the earliest expiry it found holds, unless another scan began in the stripe before this one was
    /// done.
    /// </summary>
    public void EndExpiryScan(int slot, int number, long minimum)
    {
        if (_expiryScans[StripeSet.StripeOf(slot)] != number) return;
        var stripe = (StripeTables*)_stripes[StripeSet.StripeOf(slot)];
        _bounds[slot] = Math.Min(minimum, stripe->ExpiryScanMinimum);
        stripe->ExpiryScanSlot = -1;
    }

    /// <summary>The first slot from <paramref name="from"/> on in use, or -1. No lock is needed.</summary>
    public int NextSlotInUse(int from, bool expiring) =>
        from < HashSlot.Count ? (expiring ? _slotsExpiring : SlotsInUse).Next(from) : -1;

    /// <summary>Adds the progress of a snapshot. Needs every stripe.</summary>
    public void Attach(SnapshotProgress progress)
    {
        progress.Next = _snapshots;
        _snapshots = progress;
    }

    /// <summary>
    /// Takes the progress of a snapshot away; the last one leaves tables that were cleared to be freed. Needs every
    /// stripe.
    /// </summary>
    public void End(SnapshotProgress progress)
    {
        if (_snapshots == progress) _snapshots = progress.Next;
        for (var before = _snapshots; before != null; before = before.Next)
            if (before.Next == progress) before.Next = progress.Next;
        FreeIfUnused();
    }

    /// <summary>
    /// The database has given these tables up: they are freed when no snapshot needs them. Needs every stripe.
    /// </summary>
    /// <param name="lazily">Whether they count as freed in the background.</param>
    public void Clear(bool lazily)
    {
        _isCleared = true;
        _isFreedLazily = lazily;
        _freeing.Keep(this);
        FreeIfUnused();
    }

    /// <summary>Saves for the snapshots under way what they need of a key's part before it changes.</summary>
    public void BeforeWrite(int slot, ulong hash)
    {
        for (var snapshot = _snapshots; snapshot != null; snapshot = snapshot.Next) snapshot.BeforeWrite(slot, hash);
    }

    /// <summary>A view of an entry's value for a snapshot; null when it is not large.</summary>
    public FrozenView? TryFreeze(int slot, byte* entry, NativeHeap copies)
    {
        if (!EntryBlock.Has(entry, EntryBlock.HasRoot)) return null;
        if (EntryBlock.Operations(entry).Pages(*EntryBlock.Root(entry)) <= 1) return null;
        var frozen = FindFrozen(slot, entry);
        if (frozen == null)
        {
            frozen = EntryBlock.Operations(entry).Freeze(this, slot, *EntryBlock.Root(entry));
            Frozen.Add(frozen);
        }

        return frozen.AddView(copies);
    }

    /// <summary>
    /// A stripe, chosen with the chance of its share of the keys (when <paramref name="expiring"/>, of those with an expiry),
    /// or -1 when there is no key. No lock is needed.
    /// </summary>
    public int PickStripe(ulong random, bool expiring)
    {
        var count = expiring ? ExpiringCount : Count;
        if (count <= 0) return -1;

        // Keys that went meanwhile may leave the number beyond the end.
        return (expiring ? _expiring : _keys).Find((long)(random % (ulong)count));
    }

    /// <summary>
    /// The table of a slot of a stripe, chosen with the chance of its share of the stripe's keys (when
    /// <paramref name="expiring"/>, of those with an expiry), or null when there is no key. Needs the stripe.
    /// </summary>
    public TableNode* PickTable(int stripe, ulong random, bool expiring)
    {
        var keys = expiring ? _expiring[stripe] : _keys[stripe];
        if (keys == 0) return null;
        var number = random % (ulong)keys;
        for (var slot = stripe; ; slot += StripeSet.StripeCount)
        {
            var root = Root(slot);
            ulong count = expiring ? root->Expiring : root->Count;
            if (number < count) return root;
            number -= count;
        }
    }

    /// <summary>An entry of the slots of a stripe, or null when they are empty. Needs the stripe.</summary>
    public byte* PickEntry(int stripe, ulong random)
    {
        var keys = _keys[stripe];
        if (keys == 0) return null;
        var number = random % (ulong)keys;
        for (var slot = stripe; ; slot += StripeSet.StripeCount)
        {
            var root = Root(slot);
            if (number < root->Count) return TableScan.Pick(root, (uint)number);
            number -= root->Count;
        }
    }

    /// <summary>The entry's value as snapshots have views of it; null when none has.</summary>
    public FrozenValue? FindFrozen(int slot, byte* entry) =>
        EntryBlock.Has(entry, EntryBlock.HasRoot) ? Frozen.Find(slot, EntryBlock.Root(entry)->Address) : null;

    /// <summary>Frees an entry that is in no table, or leaves its value to snapshots or to be freed later.</summary>
    /// <param name="slot">The slot that it was in.</param>
    /// <param name="entry">The entry.</param>
    /// <param name="lazily">Frees less of it at once.</param>
    public void FreeEntry(int slot, byte* entry, bool lazily)
    {
        if (!EntryBlock.Has(entry, EntryBlock.HasRoot))
        {
            EntryBlock.Free(Heap, entry);
            return;
        }

        ref var root = ref *EntryBlock.Root(entry);
        if (FindFrozen(slot, entry) is { } frozen) frozen.Detach(root);
        else FreeValue(slot, EntryBlock.Operations(entry), ref root, lazily);
        EntryBlock.FreeWithoutValue(Heap, entry);
    }

    /// <summary>Frees a value, a large one later.</summary>
    public void FreeValue(int slot, ValueOperations operations, ref ValueRoot root, bool lazily)
    {
        var memory = new ValueMemory(Heap, StripeSet.StripeOf(slot));
        if (operations.Pages(root) <= (lazily ? FreeableValue.PagesFreedLazily : FreeableValue.PagesFreedAtOnce))
            operations.Free(memory, ref root);
        else _freeing.Add(new FreeableValue(operations, memory, root));
    }

    /// <summary>Leaves blocks of a value to be freed that only snapshots needed.</summary>
    public void Free(List<(nint Address, long Size)> pages)
    {
        if (pages.Count > 0) _freeing.Add(new FreeablePages(Heap, pages));
    }

    /// <summary>Leaves the table of a cleared slot to be freed.</summary>
    public void Free(ClearedSlot slot) => _freeing.Add(new FreeableSlot(slot));

    /// <summary>Frees everything.</summary>
    public void Dispose()
    {
        while (DisposeSome())
        {
        }
    }

    /// <summary>
    /// Frees some tens of microseconds' worth of everything; false when nothing is left. In debug builds the entries one
    /// by one, at the first call, to find what leaked.
    /// </summary>
    public bool DisposeSome()
    {
#if DEBUG
        if (Heap.UsedBytes > 0 && !_isEmptied) FreeEntries();
        _isEmptied = true;
#endif
        if (Heap.DisposeSome()) return true;
        Array.Clear(_stripes);
        return false;
    }

#if DEBUG
    private void FreeEntries()
    {
        for (var slot = NextSlotInUse(0, expiring: false); slot >= 0; slot = NextSlotInUse(slot + 1, expiring: false))
            TableShape.Free(Memory(slot), Root(slot), entries: true);
        foreach (var stripe in _stripes)
            if (stripe != 0) Heap.Free((byte*)stripe, StripeTables.Bytes);
        Invariant.That(Heap.UsedBytes == 0);
    }
#endif

    private void FreeIfUnused()
    {
        if (_isCleared && _snapshots == null) _freeing.Add(new FreeableTables(this, _isFreedLazily, _freeing));
    }

    private void AddExpiry(TableNode* root, int slot, long expiresAt)
    {
        _expiring.Add(StripeSet.StripeOf(slot), 1);
        if (root->Expiring++ == 0) _slotsExpiring.Add(slot);
        LowerEarliest(slot, expiresAt);
    }

    private void RemoveExpiry(TableNode* root, int slot)
    {
        _expiring.Add(StripeSet.StripeOf(slot), -1);
        if (--root->Expiring > 0) return;
        _slotsExpiring.Remove(slot);
        _bounds[slot] = long.MaxValue;
    }

    private StripeTables* MakeStripe(int stripe)
    {
        var tables = (StripeTables*)Heap.AllocateZeroed(stripe, StripeTables.Bytes);
        tables->ExpiryScanSlot = -1;
        return tables;
    }
}
