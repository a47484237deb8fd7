namespace Starling.Slots.Keyspace;

/// <summary>What one snapshot has saved of one table set, and how. Members that take a slot need its stripe.</summary>
internal sealed unsafe class SnapshotProgress
{
    private const int EntriesPerStep = 64;
    private const long BytesPerStep = 256 << 10;

    private readonly SnapshotStripe?[] _stripes = new SnapshotStripe?[StripeSet.StripeCount];
    private readonly Snapshot _snapshot;
    private readonly int _database;

    // The slots of which something is still to be saved. A slot that was empty at the start is not in it: what comes
    // into it is no part of the snapshot.
    private readonly SlotBits _unsaved;

    /// <summary>Starts saving tables. Needs every stripe.</summary>
    /// <param name="snapshot">The snapshot.</param>
    /// <param name="tables">The tables.</param>
    /// <param name="database">The index of their database now.</param>
    /// <param name="slots">The slots that the snapshot covers, or null for all.</param>
    public SnapshotProgress(Snapshot snapshot, TableSet tables, int database, SlotBits? slots)
    {
        _snapshot = snapshot;
        Tables = tables;
        _database = database;
        _unsaved = new SlotBits(tables.SlotsInUse);
        if (slots != null) _unsaved.IntersectWith(slots);
    }

    /// <summary>The tables of the database when the snapshot started.</summary>
    public TableSet Tables { get; }

    /// <summary>The progress of another snapshot in the same tables; see <see cref="TableSet.Attach"/>.</summary>
    public SnapshotProgress? Next { get; set; }

    /// <summary>The first slot from one on that is not saved, or -1. Needs no lock.</summary>
    public int NextUnsaved(int from) => from < HashSlot.Count ? _unsaved.Next(from) : -1;

    /// <summary>Saves the part of a key that is about to be changed, made or deleted.</summary>
    public void BeforeWrite(int slot, ulong hash)
    {
        if (!_unsaved.Contains(slot)) return;
        var stripe = Stripe(slot);
        var index = slot / StripeSet.StripeCount;
        if (stripe.Cleared(index) != null) return;
        var root = Tables.Root(slot);
        var bits = stripe.PartBits(index, root->Count);
        var part = bits == 0 ? 0 : hash >> (64 - bits);
        if (!stripe.TryMark(index, part)) return;
        var visitor = new Saver(this, slot, _snapshot.RecordsOf(StripeSet.StripeOf(slot)));
        SavePart(root, bits, part, ref visitor);
    }

    /// <summary>Takes over the table of a slot that was just cleared, unless all of it is saved.</summary>
    public void Adopt(ClearedSlot cleared)
    {
        if (!_unsaved.Contains(cleared.Slot)) return;
        ref var mine = ref Stripe(cleared.Slot).Cleared(cleared.Slot / StripeSet.StripeCount);

        // What is in the slot when it is cleared a second time is no part of the snapshot.
        if (mine != null) return;
        mine = cleared;
        cleared.Use();
    }

    /// <summary>Saves some of a slot; true when it is done.</summary>
    /// <param name="slot">The slot.</param>
    /// <param name="part">0 to start; carried from call to call.</param>
    /// <param name="records">Gets what is saved.</param>
    public bool SaveSome(int slot, ref ulong part, SnapshotRecords records)
    {
        if (!_unsaved.Contains(slot)) return true;
        var stripe = Stripe(slot);
        var index = slot / StripeSet.StripeCount;
        var cleared = stripe.Cleared(index);
        var root = cleared == null ? Tables.Root(slot) : cleared.Root;
        var visitor = new Saver(this, slot, records);
        var bits = stripe.PartBits(index, root->Count);
        for (; part < 1UL << bits; part++)
        {
            if (visitor.Entries >= EntriesPerStep || visitor.Bytes >= BytesPerStep) return false;
            if (stripe.TryMark(index, part)) SavePart(root, bits, part, ref visitor);
        }

        Forget(slot);
        return true;
    }

    /// <summary>Gives up what is not saved yet, slot by slot, taking the stripes itself.</summary>
    public void Abandon(Keyspace keyspace)
    {
        for (var slot = _unsaved.Next(0); slot >= 0; slot = _unsaved.Next(slot))
            using (keyspace.LockSlot(slot)) Forget(slot);
    }

    private void Forget(int slot)
    {
        _unsaved.Remove(slot);
        if (_stripes[StripeSet.StripeOf(slot)] is not { } stripe) return;
        var index = slot / StripeSet.StripeCount;
        stripe.Cleared(index)?.Release();
        stripe.Forget(index);
    }

    private void SavePart(TableNode* root, int bits, ulong part, ref Saver visitor)
    {
        var shift = SlotTable.PositionBits - bits;
        TableScan.VisitRange(Tables.Hash, root, part << shift, (part + 1) << shift, ref visitor);
    }

    private void Save(int slot, in Entry entry, SnapshotRecords records)
    {
        var key = entry.Key;
        var head = new SnapshotHead
        {
            ExpiresAt = entry.ExpiresAt,
            Database = _database,
            KeyLength = key.Length,
            View = SnapshotHead.NoView,
            Form = entry.ContentForm,
        };
        if (Tables.TryFreeze(slot, entry.Block, _snapshot.Heap) is { } view)
        {
            head.View = _snapshot.AddView(view);
            records.Entry(key, head);
            return;
        }

        records.Entry(key, head);
        entry.WriteContent(records);
    }

    private SnapshotStripe Stripe(int slot) => _stripes[StripeSet.StripeOf(slot)] ??= new SnapshotStripe();

    private struct Saver : IEntryVisitor
    {
        private readonly SnapshotProgress _progress;
        private readonly int _slot;
        private readonly SnapshotRecords _records;

        public Saver(SnapshotProgress progress, int slot, SnapshotRecords records)
        {
            _progress = progress;
            _slot = slot;
            _records = records;
        }

        public int Entries { get; private set; }

        public long Bytes { get; private set; }

        public void Visit(in Entry entry)
        {
            var before = _records.Bytes;
            Entries++;
            _progress.Save(_slot, entry, _records);
            Bytes += _records.Bytes - before;
        }
    }
}
