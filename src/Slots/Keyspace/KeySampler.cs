namespace Starling.Slots.Keyspace;

/// <summary>
/// Looks at a few neighbouring entries of a database, at a place that chance chooses: which keys are neighbours is as good as
/// random, since their hashes say where they lie.
/// </summary>
internal static unsafe class KeySampler
{
    /// <summary>Most steps through a slot's table, of up to 64 buckets each, when few of its keys are wanted.</summary>
    private const int MostSteps = 32;

    private const ulong Golden = 0x9E37_79B9_7F4A_7C15;

    /// <summary>Visits entries of one slot of a stripe; the slot has the chance of its share of the stripe's keys.</summary>
    /// <param name="tables">The tables.</param>
    /// <param name="stripe">The stripe, held by the caller.</param>
    /// <param name="random">A random number.</param>
    /// <param name="expiring">Only keys with an expiry count and are visited.</param>
    /// <param name="visitor">Gets the entries.</param>
    public static void Visit<TVisitor>(TableSet tables, int stripe, ulong random, bool expiring, ref TVisitor visitor)
        where TVisitor : IEntryVisitor
    {
        var root = tables.PickTable(stripe, random, expiring);
        if (root == null) return;
        var filter = new Filter<TVisitor>(ref visitor, expiring);
        var from = (random * Golden) >> (64 - SlotTable.PositionBits);
        for (var step = 0; step < MostSteps && !filter.HasVisited; step++)
        {
            from = TableScan.VisitSome(root, from, ref filter);
            if (from >= TableScan.End) from = 0;
        }
    }

    private ref struct Filter<TVisitor> : IEntryVisitor
        where TVisitor : IEntryVisitor
    {
        private readonly ref TVisitor _visitor;
        private readonly bool _expiring;

        public Filter(ref TVisitor visitor, bool expiring)
        {
            _visitor = ref visitor;
            _expiring = expiring;
        }

        public bool HasVisited { get; private set; }

        public void Visit(in Entry entry)
        {
            if (_expiring && entry.ExpiresAt == Entry.NoExpiry) return;
            HasVisited = true;
            _visitor.Visit(entry);
        }
    }
}
