namespace Starling.Slots.Keyspace;

/// <summary>What a snapshot has saved of one database, and the tables it is saving.</summary>
internal sealed unsafe class SnapshotProgress
{
    private const int EntriesPerStep = 64;
    private const long BytesPerStep = 256 << 10;

    private readonly SnapshotStripe?[] _stripes = new SnapshotStripe?[StripeSet.StripeCount];
    private readonly ISnapshotSink _sink;
    private readonly Database _database;
    private readonly int _index;

    /// <summary>Starts saving a database. Needs every stripe.</summary>
    public SnapshotProgress(Database database, TableSet tables, ISnapshotSink sink)
    {
        _database = database;
        Tables = tables;
        _sink = sink;
        _index = database.Index;
    }

    /// <summary>Its tables when the snapshot started.</summary>
    public TableSet Tables { get; }

    /// <summary>
    /// True when the database was cleared meanwhile: the tables are this snapshot's own. Read it under any stripe.
    /// </summary>
    public bool IsDetached { get; private set; }

    /// <summary>Says that the database has given its tables up. Needs every stripe.</summary>
    public void Detach() => IsDetached = true;

    /// <summary>
    /// Ends the saving of this database, done or given up. Takes every stripe itself. Tables that the database gave up
    /// are freed after that: nobody else knows them any more.
    /// </summary>
    public void Finish(Keyspace keyspace)
    {
        using (keyspace.LockAll())
            if (!IsDetached) _database.EndSnapshot();
        if (IsDetached) Tables.Dispose();
    }

    /// <summary>
    /// Saves the part of a key that is about to be changed, made or deleted. Needs the slot's stripe.
    /// </summary>
    public void BeforeWrite(int slot, ulong hash)
    {
        var stripe = Stripe(slot);
        var index = slot / StripeSet.StripeCount;
        if (stripe.IsDone(index)) return;
        var root = Tables.Root(slot);
        if (stripe.IsUntouched(index) && (root == null || root->Count == 0))
        {
            stripe.SetDone(index);
            return;
        }

        var bits = stripe.PartBits(index, root->Count);
        var part = bits == 0 ? 0 : hash >> (64 - bits);
        if (!stripe.TryMark(index, part)) return;
        var visitor = new Saver(_sink, _index);
        SavePart(root, bits, part, ref visitor);
    }

    /// <summary>Saves what is left of a slot that is about to be cleared. Needs the slot's stripe.</summary>
    public void BeforeClearSlot(int slot)
    {
        var part = 0UL;
        while (!SaveSome(slot, ref part, long.MaxValue, long.MaxValue))
        {
        }
    }

    /// <summary>Saves some of a slot; true when it is done. Needs the slot's stripe.</summary>
    public bool SaveSome(int slot, ref ulong part) => SaveSome(slot, ref part, EntriesPerStep, BytesPerStep);

    private bool SaveSome(int slot, ref ulong part, long maxEntries, long maxBytes)
    {
        var stripe = Stripe(slot);
        var index = slot / StripeSet.StripeCount;
        if (stripe.IsDone(index)) return true;
        var root = Tables.Root(slot);
        var visitor = new Saver(_sink, _index);
        if (root != null && root->Count > 0)
        {
            var bits = stripe.PartBits(index, root->Count);
            for (; part < 1UL << bits; part++)
            {
                if (visitor.Entries >= maxEntries || visitor.Bytes >= maxBytes) return false;
                if (stripe.TryMark(index, part)) SavePart(root, bits, part, ref visitor);
            }
        }

        stripe.SetDone(index);
        return true;
    }

    private void SavePart(TableNode* root, int bits, ulong part, ref Saver visitor)
    {
        var shift = SlotTable.PositionBits - bits;
        TableScan.VisitRange(Tables.Hash, root, part << shift, (part + 1) << shift, ref visitor);
    }

    private SnapshotStripe Stripe(int slot) => _stripes[StripeSet.StripeOf(slot)] ??= new SnapshotStripe();

    private struct Saver : IEntryVisitor
    {
        private readonly ISnapshotSink _sink;
        private readonly int _database;

        public Saver(ISnapshotSink sink, int database)
        {
            _sink = sink;
            _database = database;
        }

        public long Entries { get; private set; }

        public long Bytes { get; private set; }

        public void Visit(in Entry entry)
        {
            Entries++;
            Bytes += entry.AllocatedBytes;
            _sink.Save(_database, entry);
        }
    }
}
