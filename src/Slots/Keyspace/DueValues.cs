namespace Starling.Slots.Keyspace;

/// <summary>
/// Finds the keys of a slot whose values have elements that may have expired, without looking at the others: every node
/// below a table's root knows a lower bound of what is below it (<see cref="TableNode.EarliestSecond"/>); the root's
/// is kept with the slot (<see cref="StripeTables.ElementSecond"/>). A bound is made exact when the search comes through;
/// changes in between only lower it.
/// </summary>
internal static unsafe class DueValues
{
    private const int LeavesPerSearch = 16;

    /// <summary>
    /// Visits keys whose values are due. Whoever deals with them says when each is due again
    /// (<see cref="TableSet.NoteElementExpiry"/>): until then they are not found again.
    /// </summary>
    /// <param name="root">The table of the slot.</param>
    /// <param name="earliest">The bound of the whole slot; 0 when no value has elements that expire.</param>
    /// <param name="now">Seconds of Unix time.</param>
    /// <param name="visitor">Gets the keys; must not change the table.</param>
    public static void Visit<TVisitor>(TableNode* root, ref uint earliest, uint now, ref TVisitor visitor)
        where TVisitor : IEntryVisitor
    {
        if (earliest == 0 || earliest > now) return;
        var leaves = 0;
        earliest = VisitNode(root, now, ref leaves, ref visitor);
    }

    private static uint VisitNode<TVisitor>(TableNode* node, uint now, ref int leaves, ref TVisitor visitor)
        where TVisitor : IEntryVisitor
    {
        var earliest = 0u;
        if (node->FanoutBits == 0)
        {
            leaves++;
            for (var leaf = node; leaf != null; leaf = TableNode.Next(leaf))
                earliest = TableNode.Earlier(earliest, VisitLeaf(leaf, now, ref visitor));
            return earliest;
        }

        for (var i = 0; i < 1 << node->FanoutBits; i++)
        {
            var child = node->Children + i;
            if (child->EarliestSecond != 0 && child->EarliestSecond <= now && leaves < LeavesPerSearch)
                child->EarliestSecond = VisitNode(child, now, ref leaves, ref visitor);
            earliest = TableNode.Earlier(earliest, child->EarliestSecond);
        }

        return earliest;
    }

    private static uint VisitLeaf<TVisitor>(TableNode* leaf, uint now, ref TVisitor visitor)
        where TVisitor : IEntryVisitor
    {
        var earliest = 0u;
        for (var i = 0u; i < leaf->Buckets; i++)
        {
            var bucket = TableNode.Bucket(leaf, i);
            for (var j = 1; j < TableNode.BucketWords; j++)
            {
                if (bucket[j] == 0) continue;
                var entry = SlotTable.Address(bucket[j]);
                var second = SecondOf(entry);
                if (second != 0 && second <= now) visitor.Visit(new Entry(entry));
                else earliest = TableNode.Earlier(earliest, second);
            }
        }

        return earliest;
    }

    /// <summary>The bound of an entry's value; 0 for one without elements that expire.</summary>
    public static uint SecondOf(byte* entry)
    {
        if (!EntryBlock.Has(entry, EntryBlock.KindFlag) || !EntryBlock.Has(entry, EntryBlock.HasRoot)) return 0;
        return EntryBlock.Operations(entry).EarliestElementSecond(*EntryBlock.Root(entry));
    }
}
