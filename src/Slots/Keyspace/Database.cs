using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using Starling.Slots.Values;
using Starling.Slots.Values.SortedSets;

namespace Starling.Slots.Keyspace;

/// <summary>
/// One database: a table per slot. Members that take a key want that key's stripe lock held by the caller; others say
/// what they want. Expiry is stored here but judged above: nothing in this class looks at a clock.
/// </summary>
public sealed unsafe class Database
{
    private readonly Keyspace _keyspace;
    private readonly KeyHash _hash;
    private readonly int _arenas;
    private TableSet? _tables;

    internal Database(Keyspace keyspace, int index, KeyHash hash, int arenas)
    {
        _keyspace = keyspace;
        Index = index;
        _hash = hash;
        _arenas = arenas;
    }

    /// <summary>The index by which clients select this database now.</summary>
    public int Index { get; internal set; }

    /// <summary>Number of keys, expired ones that were not deleted yet included. No lock is needed.</summary>
    public long Count => _tables?.Count ?? 0;

    /// <summary>As <see cref="Count"/>, of one moment. Needs every stripe.</summary>
    public long CountUnderAll => _tables?.CountUnderAll ?? 0;

    /// <summary>Number of keys with an expiry. No lock is needed.</summary>
    public long ExpiringCount => _tables?.ExpiringCount ?? 0;

    /// <summary>Native bytes of this database: keys, values, tables. No lock is needed.</summary>
    public long UsedBytes => _tables?.Heap.UsedBytes ?? 0;

    internal TableSet? Tables => _tables;

    internal ValueOptions ValueOptions => _keyspace.ValueOptions;

    /// <summary>Finds a key, expired or not.</summary>
    public bool TryFind(in Key key, out Entry entry)
    {
        var cell = Find(key);
        entry = cell == null ? default : new Entry(SlotTable.Address(*cell));
        return cell != null;
    }

    /// <summary>Stamps the access clock of an entry (see <see cref="Entry.AccessClock"/>).</summary>
    public void Touch(in Entry entry, uint accessClock) => EntryBlock.SetClock(entry.Block, accessClock);

    /// <summary>
    /// Opens the value of a key that <see cref="TryFind"/> found, or of one that it did not find (the default entry).
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="entry">Its entry, of the right kind (<see cref="Entry.Holds"/>) or the default.</param>
    /// <param name="accessClock">The access clock of now, for a key that is made.</param>
    /// <param name="emptied">Deletes the key with the last element; null removes it without telling anybody.</param>
    public TValue Open<TValue>(scoped in Key key, Entry entry, uint accessClock, IEmptiedKeys? emptied = null)
        where TValue : IValue<TValue>, allows ref struct
    {
        Invariant.That(!entry.IsPresent || entry.Holds<TValue>());
        return TValue.Open(new ValueAccess(this, key, entry.Block, accessClock, emptied));
    }

    /// <summary>
    /// Makes a value of content, which a key may get afterwards (<see cref="Put"/>). Needs no lock, so that the content
    /// may come from a file or a socket; but until the value is put or discarded nobody may clear the database.
    /// </summary>
    /// <param name="slot">The slot of the key that will get it.</param>
    /// <param name="form">The form of the content.</param>
    /// <param name="reader">The content.</param>
    /// <param name="value">The value, when there is one.</param>
    public ContentOutcome Load(int slot, ContentForm form, IContentReader reader, out LoadedValue value)
    {
        var memory = new ValueMemory(TablesForInsert().Heap, StripeSet.StripeOf(slot), _hash);
        return ValueKinds.Of(form).Read(memory, form, reader, ValueOptions, out value);
    }

    /// <summary>Begins a sorted set that a key of a slot may get afterwards. Needs the stripe until the assembly ends.</summary>
    public SortedSetAssembly AssembleSortedSet(int slot) => new(MemoryFor(slot), ValueOptions);

    /// <summary>Frees a value that <see cref="Load"/> made and no key got.</summary>
    public void Discard(int slot, in LoadedValue value)
    {
        if (!value.HasRoot) return;
        var root = value.Root;
        ValueKinds.Of(value.Kind).Free(new ValueMemory(_tables!.Heap, StripeSet.StripeOf(slot)), ref root);
    }

    /// <summary>Gives a key, there or not, a value that <see cref="Load"/> made.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value; it is the key's from then on.</param>
    /// <param name="expiresAt">Expiry in milliseconds of Unix time, or <see cref="Entry.NoExpiry"/>.</param>
    /// <param name="accessClock">The access clock of the key.</param>
    public void Put(in Key key, in LoadedValue value, long expiresAt, uint accessClock)
    {
        _tables?.BeforeWrite(key.Slot, key.Hash);
        var tables = _tables!;
        PutEntry(tables, key, InlineBlock.Make(tables, key, value, expiresAt, accessClock));
    }

    /// <summary>Makes or replaces a key (of any kind) with a string.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value; must not alias native memory of this keyspace.</param>
    /// <param name="expiresAt">Expiry in milliseconds of Unix time, or <see cref="Entry.NoExpiry"/>.</param>
    /// <param name="accessClock">The access clock of now.</param>
    public void SetString(in Key key, ReadOnlySpan<byte> value, long expiresAt, uint accessClock) =>
        MakeString(key, null, value, expiresAt, accessClock);

    /// <summary>
    /// Changes the length of an existing string and returns its bytes, of which the caller writes a range; the old
    /// bytes stay as far as they fit, new ones are zero; the expiry stays.
    /// </summary>
    /// <param name="key">An existing key that holds a string.</param>
    /// <param name="length">The new length in bytes.</param>
    /// <param name="from">The first byte that the caller will write; what a snapshot needs of the range is saved.</param>
    /// <param name="count">How many bytes it will write, all within the new length.</param>
    /// <param name="raw">What <see cref="Entry.IsRawString"/> answers from now on.</param>
    public Span<byte> ResizeString(scoped in Key key, int length, int from, int count, bool raw) =>
        StringBlock.Bytes(Resize(key, TryFind(key, out var entry) ? entry.Block : null, length, from, count, raw));

    /// <summary>
    /// Makes or replaces a key (of any kind) with a string without expiry, and returns its bytes, of which the caller
    /// writes every one. <see cref="Entry.IsRawString"/> is true of it.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="length">The length in bytes.</param>
    /// <param name="accessClock">The access clock of now.</param>
    public Span<byte> MakeRawString(scoped in Key key, int length, uint accessClock)
    {
        BeforeWrite(key);
        var tables = TablesForInsert();
        var root = tables.RootForInsert(key.Slot);
        var cell = SlotTable.Find(root, key.Hash, key.Bytes);
        if (cell != null && (accessClock & Entry.KeepsClock) != 0) accessClock = EntryBlock.Clock(SlotTable.Address(*cell));
        var entry = StringBlock.MakeRaw(tables.Heap, key.Slot, key.Bytes, length, accessClock);
        if (cell != null) tables.Replace(key.Slot, cell, entry);
        else Insert(tables, root, key, entry);
        return StringBlock.Bytes(entry);
    }

    /// <summary>Sets or removes (<see cref="Entry.NoExpiry"/>) the expiry; false when there is no such key.</summary>
    public bool SetExpiry(in Key key, long expiresAt)
    {
        var cell = Find(key);
        if (cell == null) return false;
        _tables?.BeforeWrite(key.Slot, key.Hash);
        var entry = SlotTable.Address(*cell);
        var had = EntryBlock.Has(entry, EntryBlock.HasExpiry);
        if (had && expiresAt != Entry.NoExpiry)
        {
            EntryBlock.SetExpiry(entry, expiresAt);
            _tables!.LowerEarliest(key.Slot, expiresAt);
        }
        else if (had || expiresAt != Entry.NoExpiry)
        {
            var changed = EntryBlock.Rename(_tables!.Heap, key.Slot, entry, key.Bytes, expiresAt);
            _tables.Redirect(key.Slot, cell, changed);
            EntryBlock.FreeWithoutValue(_tables.Heap, entry);
        }

        return true;
    }

    /// <summary>Deletes a key; false when there was none. A very large value is freed later in any case.</summary>
    /// <param name="key">The key.</param>
    /// <param name="lazily">Frees less of a large value at once (UNLINK).</param>
    public bool Remove(in Key key, bool lazily = false)
    {
        var cell = Find(key);
        if (cell == null) return false;
        _tables?.BeforeWrite(key.Slot, key.Hash);
        var tables = _tables!;
        tables.FreeEntry(key.Slot, tables.TakeOut(tables.Root(key.Slot), key, cell), lazily);
        return true;
    }

    /// <summary>
    /// Moves a key with value and expiry to another name or database, replacing what is there. Both keys' stripes are
    /// held. False when there is no such key.
    /// </summary>
    public bool Move(in Key from, Database target, in Key to)
    {
        var cell = Find(from);
        if (cell == null) return false;
        if (target == this && from.Bytes.SequenceEqual(to.Bytes)) return true;
        _tables?.BeforeWrite(from.Slot, from.Hash);
        target._tables?.BeforeWrite(to.Slot, to.Hash);
        var tables = _tables!;
        var targetTables = target.TablesForInsert();
        var old = SlotTable.Address(*cell);
        if (target == this)
        {
            var entry = EntryBlock.Rename(tables.Heap, to.Slot, old, to.Bytes, EntryBlock.Expiry(old));
            tables.TakeOut(tables.Root(from.Slot), from, cell);
            if (from.Slot != to.Slot) tables.FindFrozen(from.Slot, entry)?.MoveTo(to.Slot);
            EntryBlock.FreeWithoutValue(tables.Heap, old);
            tables.Put(to, entry);
        }
        else
        {
            var entry = EntryBlock.Copy(targetTables.Heap, to.Slot, old, to.Bytes);
            tables.FreeEntry(from.Slot, tables.TakeOut(tables.Root(from.Slot), from, cell), lazily: false);
            targetTables.Put(to, entry);
        }

        _keyspace.NewKeys?.OnCreated(target, to);
        return true;
    }

    /// <summary>
    /// Copies a key with value and expiry, replacing what is there. Both keys' stripes are held. False when there is no
    /// such key.
    /// </summary>
    public bool Copy(in Key from, Database target, in Key to)
    {
        var cell = Find(from);
        if (cell == null) return false;
        if (target == this && from.Bytes.SequenceEqual(to.Bytes)) return true;
        target._tables?.BeforeWrite(to.Slot, to.Hash);
        var targetTables = target.TablesForInsert();
        targetTables.Put(to, EntryBlock.Copy(targetTables.Heap, to.Slot, SlotTable.Address(*cell), to.Bytes));
        _keyspace.NewKeys?.OnCreated(target, to);
        return true;
    }

    /// <summary>Number of keys in a slot. Needs the slot's stripe.</summary>
    public int CountInSlot(int slot) => Root(slot) == null ? 0 : (int)Root(slot)->Count;

    /// <summary>Number of keys with an expiry in a slot. Needs the slot's stripe.</summary>
    public int ExpiringCountInSlot(int slot) => Root(slot) == null ? 0 : (int)Root(slot)->Expiring;

    /// <summary>
    /// A lower bound of the expiries in a slot, in milliseconds of Unix time; <see cref="long.MaxValue"/> when no key
    /// has one. Exact after <see cref="ScanExpiring"/> came to the end, until keys are deleted. Needs the slot's
    /// stripe.
    /// </summary>
    public long EarliestExpiryInSlot(int slot) => _tables?.EarliestExpiry(slot) ?? long.MaxValue;

    /// <summary>
    /// The first slot from <paramref name="from"/> on in which a key may have expired before <paramref name="now"/>, in
    /// milliseconds of Unix time, or -1. No lock is needed; what it says may be old by the time it is read.
    /// </summary>
    public int NextSlotExpiring(int from, long now) =>
        from < HashSlot.Count && _tables is { } tables ? tables.NextSlotExpiring(from, now) : -1;

    /// <summary>
    /// Deletes all keys of a slot and returns how many there were. Needs the slot's stripe; takes constant time: the
    /// keys are freed later (<see cref="Keyspace.Freeing"/>).
    /// </summary>
    public int ClearSlot(int slot) => _tables?.ClearSlot(slot) ?? 0;

    /// <summary>
    /// Deletes all keys. Needs every stripe; takes constant time: the keys are freed later
    /// (<see cref="Keyspace.Freeing"/>).
    /// </summary>
    /// <param name="lazily">Whether the keys count as freed in the background: nobody waits for it.</param>
    public void Clear(bool lazily = false)
    {
        var tables = _tables;
        _tables = null;
        tables?.Clear(lazily);
    }

    /// <summary>
    /// Visits some entries of one slot's table with Redis's SCAN guarantee: an entry that is there from the first call
    /// to the last is visited at least once, however the table grows or shrinks in between. Needs the slot's stripe.
    /// The visitor must not change the table.
    /// </summary>
    /// <param name="slot">The slot.</param>
    /// <param name="cursor">0 to start, else what the last call returned; any value is safe. Below 2^48.</param>
    /// <param name="visitor">Gets each entry.</param>
    /// <returns>The cursor to go on with, 0 when the table is done.</returns>
    public ulong ScanSlot<TVisitor>(int slot, ulong cursor, ref TVisitor visitor)
        where TVisitor : IEntryVisitor, allows ref struct
    {
        var root = Root(slot);
        if (root == null || root->Count == 0) return 0;
        var next = TableScan.VisitSome(root, cursor, ref visitor);
        return next >= TableScan.End ? 0 : next;
    }

    /// <summary>
    /// Visits the entries with an expiry of a part of a slot's table (at most some 200 entries), so that the caller can
    /// delete the expired ones after the call. When the scan has come to the end, <see cref="EarliestExpiryInSlot"/> is
    /// exact: a cycle that scans only slots whose earliest expiry has passed does no work for the others. Needs the
    /// slot's stripe, which may be let go between calls. The visitor must not change the table. A key that is there
    /// during the whole scan is visited at least once.
    /// </summary>
    /// <param name="slot">The slot.</param>
    /// <param name="scan">The default value to start; carried from call to call.</param>
    /// <param name="visitor">Gets each entry that has an expiry, passed or not.</param>
    /// <returns>False when the slot is done.</returns>
    public bool ScanExpiring<TVisitor>(int slot, ref ExpiryScan scan, ref TVisitor visitor)
        where TVisitor : IEntryVisitor
    {
        var root = Root(slot);
        if (root == null || root->Expiring == 0) scan.IsDone = true;
        if (scan.IsDone) return false;
        if (scan.Position == 0)
        {
            scan.Number = _tables!.BeginExpiryScan(slot);
            scan.Minimum = long.MaxValue;
        }

        var filter = new ExpiringVisitor<TVisitor>(ref visitor, scan.Minimum);
        scan.Position = TableScan.VisitExpiring(root, scan.Position, ref filter);
        scan.Minimum = filter.Minimum;
        if (scan.Position < TableScan.End) return true;
        _tables!.EndExpiryScan(slot, scan.Number, scan.Minimum);
        scan.IsDone = true;
        return false;
    }

    /// <summary>
    /// The first slot from <paramref name="from"/> on that may hold values with elements that expire, or -1. No lock is
    /// needed; what it says may be old by the time it is read.
    /// </summary>
    public int NextSlotWithElementExpiry(int from) =>
        from < HashSlot.Count && _tables is { } tables ? tables.SlotsWithElementExpiry.Next(from) : -1;

    /// <summary>
    /// Visits keys of a slot whose values have elements that may have expired, a bounded part of the slot. For each of
    /// them the caller removes what has expired and then calls <see cref="RenewElementExpiry"/>, else it is not found again.
    /// Needs the slot's stripe; the visitor must not change the table.
    /// </summary>
    /// <param name="slot">The slot.</param>
    /// <param name="now">Milliseconds of Unix time.</param>
    /// <param name="visitor">Gets the keys.</param>
    /// <returns>True when more of the slot may be due.</returns>
    public bool VisitDueValues<TVisitor>(int slot, long now, ref TVisitor visitor)
        where TVisitor : IEntryVisitor
    {
        var root = Root(slot);
        if (root == null) return false;
        var tables = _tables!;
        ref var earliest = ref tables.ElementSecond(slot);
        var second = (uint)Math.Clamp(now / 1000, 0, uint.MaxValue);
        DueValues.Visit(root, ref earliest, second, ref visitor);
        if (earliest == 0) tables.SlotsWithElementExpiry.Remove(slot);
        return earliest != 0 && earliest <= second;
    }

    /// <summary>
    /// Says again when the elements of a key's value expire, after <see cref="VisitDueValues"/> has found it; nothing when
    /// there is no such key or nothing expires.
    /// </summary>
    public void RenewElementExpiry(in Key key)
    {
        var cell = Find(key);
        if (cell != null)
            _tables!.NoteElementExpiry(key.Slot, key.Hash, DueValues.SecondOf(SlotTable.Address(*cell)));
    }

    /// <summary>
    /// Picks an entry of one slot, each with about the same chance. Needs the slot's stripe. False when the slot is
    /// empty.
    /// </summary>
    /// <param name="slot">The slot.</param>
    /// <param name="random">A random number; the same number and table give the same entry.</param>
    /// <param name="entry">The entry.</param>
    public bool TryPick(int slot, ulong random, out Entry entry)
    {
        var root = Root(slot);
        var any = root != null && root->Count > 0;
        entry = any ? new Entry(TableScan.Pick(root, (uint)(random % root->Count))) : default;
        return any;
    }

    /// <summary>
    /// Chooses a stripe with the chance of its share of the keys; -1 when there is no key. No lock is needed.
    /// </summary>
    /// <param name="random">A random number.</param>
    /// <param name="expiring">Only keys with an expiry count.</param>
    public int PickStripe(ulong random, bool expiring = false) => _tables?.PickStripe(random, expiring) ?? -1;

    /// <summary>
    /// Visits a few entries of a stripe that are as good as chosen at random; perhaps none when only few keys of it have an
    /// expiry and those are wanted. Needs the stripe.
    /// </summary>
    /// <param name="stripe">The stripe; see <see cref="StripeSet"/>.</param>
    /// <param name="random">A random number; the same number and tables give the same entries.</param>
    /// <param name="expiring">Only keys with an expiry are wanted.</param>
    /// <param name="visitor">Gets the entries, and must not change the table.</param>
    public void Sample<TVisitor>(int stripe, ulong random, bool expiring, ref TVisitor visitor)
        where TVisitor : IEntryVisitor
    {
        if (_tables is { } tables) KeySampler.Visit(tables, stripe, random, expiring, ref visitor);
    }

    /// <summary>
    /// Picks an entry of the slots of a stripe, each with the same chance. Needs the stripe. False when there is none.
    /// </summary>
    /// <param name="stripe">The stripe; see <see cref="StripeSet"/>.</param>
    /// <param name="random">A random number; the same number and tables give the same entry.</param>
    /// <param name="entry">The entry.</param>
    public bool TryPickInStripe(int stripe, ulong random, out Entry entry)
    {
        var tables = _tables;
        var block = tables == null ? null : tables.PickEntry(stripe, random);
        entry = block == null ? default : new Entry(block);
        return block != null;
    }

    /// <summary>
    /// The first slot from <paramref name="from"/> on that holds a key (or, when <paramref name="expiring"/>, a key
    /// with an expiry), or -1. No lock is needed; what it says may be old by the time it is read.
    /// </summary>
    public int NextSlotInUse(int from, bool expiring) => _tables?.NextSlotInUse(from, expiring) ?? -1;

    /// <summary>Loads the root of a key's table. Reads no native memory: needs no lock.</summary>
    internal void PrefetchRoot(in KeyPlace key)
    {
        var root = Root(key.Slot);
        if (root != null) Sse.Prefetch0(root);
    }

    /// <summary>Loads the bucket where a key's reference is expected.</summary>
    internal void PrefetchBucket(in KeyPlace key)
    {
        var root = Root(key.Slot);
        if (root != null) TableScan.PrefetchBucket(root, key.Hash);
    }

    /// <summary>Loads the first cache lines of the entry that a key probably has, and returns it; null for none.</summary>
    internal byte* PrefetchEntry(in KeyPlace key)
    {
        var root = Root(key.Slot);
        return root == null ? null : TableScan.PrefetchEntry(root, key.Hash);
    }

    /// <summary>Where the blocks of a slot's values come from. A key of the database must exist.</summary>
    internal ValueMemory MemoryFor(int slot) => new(TablesForInsert().Heap, StripeSet.StripeOf(slot), _hash);

    /// <summary>The value of an entry as snapshots have views of it; null when none has.</summary>
    internal FrozenValue? FindFrozen(int slot, byte* entry) => _tables!.FindFrozen(slot, entry);

    /// <summary>As <see cref="MemoryFor(int)"/>, for changing a value that snapshots may have views of.</summary>
    internal ValueMemory MemoryFor(int slot, FrozenValue? frozen) =>
        new(_tables!.Heap, StripeSet.StripeOf(slot), _hash, frozen);

    /// <summary>Lets snapshots have what they need of a key before it is changed.</summary>
    internal void BeforeWrite(in Key key) => _tables?.BeforeWrite(key.Slot, key.Hash);

    /// <summary>An element of an entry's value has this expiry from now on.</summary>
    internal void NoteElementExpiry(in Key key, byte* entry, long expiresAt)
    {
        EntryBlock.Header(entry) |= EntryBlock.KindFlag;
        _tables!.NoteElementExpiry(key.Slot, key.Hash, TableNode.SecondOf(expiresAt));
    }

    /// <summary>Makes a key, which is not there, with a value that has a root.</summary>
    internal byte* Create(in Key key, ValueKind kind, in ValueRoot root, uint accessClock)
    {
        BeforeWrite(key);
        var tables = TablesForInsert();
        var like = (ulong)kind | (ulong)(accessClock << 8) | EntryBlock.HasRoot;
        var entry = EntryBlock.Make(tables.Heap, key.Slot, key.Bytes, like, Entry.NoExpiry, 0);
        *EntryBlock.Root(entry) = root;
        Insert(tables, tables.RootForInsert(key.Slot), key, entry);
        return entry;
    }

    /// <summary>Makes a key, which is not there, with a value that lies in the entry; its bytes are undefined.</summary>
    internal byte* CreateInline(in Key key, ValueKind kind, int length, uint accessClock)
    {
        BeforeWrite(key);
        var tables = TablesForInsert();
        var like = (ulong)kind | (ulong)(accessClock << 8);
        var entry = EntryBlock.Make(tables.Heap, key.Slot, key.Bytes, like, Entry.NoExpiry, length);
        Insert(tables, tables.RootForInsert(key.Slot), key, entry);
        return entry;
    }

    /// <summary>See <see cref="ValueAccess.ResizeInline"/>.</summary>
    internal byte* ResizeInline(in Key key, byte* entry, int length) => EntryBlock.HasRoomFor(entry, length)
        ? EntryBlock.WithInlineLength(entry, length)
        : InlineBlock.Resize(_tables!, key, Find(key), length);

    /// <summary>See <see cref="ValueAccess.MoveOut"/>.</summary>
    internal byte* MoveOut(in Key key, in ValueRoot root) => InlineBlock.MoveOut(_tables!, key, Find(key), root);

    /// <summary>See <see cref="ValueAccess.MoveIn"/>.</summary>
    internal byte* MoveIn(in Key key, byte* entry) => InlineBlock.MoveIn(_tables!, key, Find(key), entry);

    /// <summary>See <see cref="SetString"/>; null for an entry that was not looked up before.</summary>
    internal byte* MakeString(in Key key, byte* known, ReadOnlySpan<byte> value, long expiresAt, uint accessClock)
    {
        if (known != null) _tables!.CheckIsOf(key, known);
        BeforeWrite(key);
        var cell = known == null ? Find(key) : null;
        var old = cell == null ? known : SlotTable.Address(*cell);
        if (old != null && TryOverwrite(key.Slot, old, value, expiresAt, accessClock)) return old;
        return ReplaceByString(key, known == null ? cell : Find(key), value, expiresAt, accessClock);
    }

    // By itself: it has much to do, and room for that would be made whenever a string is written.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private byte* ReplaceByString(in Key key, ulong* cell, ReadOnlySpan<byte> value, long expiresAt, uint accessClock)
    {
        var tables = TablesForInsert();
        var root = cell == null ? tables.RootForInsert(key.Slot) : null;
        if (cell != null && (accessClock & Entry.KeepsClock) != 0) accessClock = EntryBlock.Clock(SlotTable.Address(*cell));
        var entry = StringBlock.Make(tables.Heap, key.Slot, key.Bytes, value, expiresAt, accessClock);
        if (cell != null) tables.Replace(key.Slot, cell, entry);
        else Insert(tables, root, key, entry);
        return entry;
    }

    private bool TryOverwrite(int slot, byte* old, ReadOnlySpan<byte> value, long expiresAt, uint accessClock)
    {
        var tables = _tables!;
        if (tables.FindFrozen(slot, old) != null || !StringBlock.TryOverwrite(old, value, expiresAt)) return false;
        if ((accessClock & Entry.KeepsClock) == 0) EntryBlock.SetClock(old, accessClock);
        if (expiresAt != Entry.NoExpiry) tables.LowerEarliest(slot, expiresAt);
        return true;
    }

    /// <summary>See <see cref="ResizeString"/>.</summary>
    internal byte* Resize(in Key key, byte* old, int length, int from, int count, bool raw)
    {
        Invariant.That(from >= 0 && count >= 0 && from <= length - count && old != null && EntryBlock.Kind(old) == ValueKind.String);
        _tables!.CheckIsOf(key, old);
        BeforeWrite(key);
        var tables = _tables!;
        var oldLength = StringBlock.Bytes(old).Length;
        var frozen = (FrozenString?)tables.FindFrozen(key.Slot, old);
        byte* entry;
        if (frozen != null && length < oldLength)
        {
            // Its end may be given back: the snapshots get the block as it is.
            var kept = StringBlock.Bytes(old)[..length];
            entry = StringBlock.Make(
                tables.Heap, key.Slot, key.Bytes, kept, EntryBlock.Expiry(old), EntryBlock.Clock(old));
            tables.Replace(key.Slot, Find(key), entry);
        }
        else
        {
            frozen?.BeforeWrite(from, from + count);
            frozen?.BeforeWrite(oldLength, length);
            entry = StringBlock.Resize(tables.Heap, key.Slot, old, length);
            if (entry != old)
            {
                tables.Redirect(key.Slot, Find(key), entry);
                EntryBlock.FreeWithoutValue(tables.Heap, old);
            }

            frozen?.RootChanged(*EntryBlock.Root(entry));
        }

        if (raw) EntryBlock.Header(entry) |= EntryBlock.KindFlag;
        else EntryBlock.Header(entry) &= ~EntryBlock.KindFlag;
        return entry;
    }

    internal void Dispose()
    {
        _tables?.Dispose();
        _tables = null;
    }

    private TableNode* Root(int slot)
    {
        var tables = _tables;
        return tables == null ? null : tables.Root(slot);
    }

    private ulong* Find(in Key key)
    {
        var root = Root(key.Slot);
        return root == null ? null : SlotTable.Find(root, key.Hash, key.Bytes);
    }

    private void PutEntry(TableSet tables, in Key key, byte* entry)
    {
        if (tables.Put(key, entry)) _keyspace.NewKeys?.OnCreated(this, key);
    }

    private void Insert(TableSet tables, TableNode* root, in Key key, byte* entry)
    {
        tables.Insert(root, key, entry);
        _keyspace.NewKeys?.OnCreated(this, key);
    }

    private TableSet TablesForInsert()
    {
        if (_tables is { } tables) return tables;
        tables = new TableSet(_hash, _arenas, _keyspace.Freeing);

        // Another thread may make it at the same time, under another stripe; the one that is late has touched no native
        // memory yet.
        return Interlocked.CompareExchange(ref _tables, tables, null) ?? tables;
    }
}
