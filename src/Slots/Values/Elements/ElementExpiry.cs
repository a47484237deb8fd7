using System.Numerics;
using Starling.Slots.Keyspace;

namespace Starling.Slots.Values.Elements;

/// <summary>
/// Finds the expired elements of a table without looking at the others: every node of the table knows a lower bound of
/// the expiries below it, in whole seconds, rounded up (<see cref="TableNode.EarliestSecond"/>). A node's bound is made
/// exact when the search comes through it; changes in between only lower it.
/// </summary>
internal static unsafe class ElementExpiry
{
    private const int LeavesPerSearch = 32;

    /// <summary>
    /// When the next element can be expired at the earliest, in milliseconds of Unix time, rounded up to a second;
    /// <see cref="long.MaxValue"/> when no element has an expiry.
    /// </summary>
    public static long Earliest(ElementTable* table) =>
        table->Root.EarliestSecond == 0 ? long.MaxValue : table->Root.EarliestSecond * 1000L;

    /// <summary>
    /// Finds elements that have expired, up to a second late. The caller removes all that were found before the next
    /// search: they are not found again.
    /// </summary>
    /// <param name="table">The table.</param>
    /// <param name="now">Milliseconds of Unix time.</param>
    /// <param name="expired">Gets them.</param>
    /// <param name="count">How many were found, perhaps none.</param>
    /// <returns>True when it has stopped early, after some tens of microseconds or with no room left.</returns>
    public static bool Find(ElementTable* table, long now, Span<Element> expired, out int count)
    {
        var search = new Search(now, expired);
        var second = (uint)Math.Clamp(now / 1000, 0, uint.MaxValue);
        if (table->Root.EarliestSecond != 0 && table->Root.EarliestSecond <= second)
            Visit(&table->Root, second, ref search);
        count = search.Count;
        return table->Root.EarliestSecond != 0 && table->Root.EarliestSecond <= second;
    }

    /// <summary>An element of that hash has this expiry from now on.</summary>
    public static void Lower(ElementTable* table, ulong hash, long expiresAt)
    {
        var second = Second(expiresAt);
        var node = &table->Root;
        for (var offset = 0; ; offset += SlotTable.MaxFanoutBits)
        {
            node->EarliestSecond = TableNode.Earlier(node->EarliestSecond, second);
            if (node->FanoutBits == 0) return;
            node = SlotTable.Child(node, hash, offset);
        }
    }

    /// <summary>Seconds rounded up, at least 1.</summary>
    private static uint Second(long expiresAt) =>
        (uint)Math.Clamp((expiresAt / 1000) + (expiresAt % 1000 > 0 ? 1 : 0), 1, uint.MaxValue);

    private static void Visit(TableNode* node, uint now, ref Search search)
    {
        if (node->FanoutBits == 0)
        {
            VisitLeaf(node, ref search);
            return;
        }

        var earliest = 0u;
        for (var i = 0; i < 1 << node->FanoutBits; i++)
        {
            var child = node->Children + i;
            if (child->EarliestSecond != 0 && child->EarliestSecond <= now && !search.IsTired)
                Visit(child, now, ref search);
            earliest = TableNode.Earlier(earliest, child->EarliestSecond);
        }

        node->EarliestSecond = earliest;
    }

    private static void VisitLeaf(TableNode* head, ref Search search)
    {
        search.Leaves++;
        var earliest = 0u;
        for (var leaf = head; leaf != null; leaf = TableNode.Next(leaf))
        {
            for (var i = 0u; i < leaf->Buckets; i++)
            {
                var bucket = TableNode.Bucket(leaf, i);
                for (var marks = SlotTable.Expiring(*bucket); marks != 0; marks &= marks - 1)
                {
                    var block = SlotTable.Address(bucket[1 + (BitOperations.TrailingZeroCount(marks) >> 3)]);
                    if (search.TryTake(block)) continue;
                    earliest = TableNode.Earlier(earliest, Second(EntryBlock.Expiry(block)));
                }
            }
        }

        head->EarliestSecond = earliest;
    }

    private ref struct Search(long now, Span<Element> expired)
    {
        private readonly Span<Element> _expired = expired;

        public int Count { get; private set; }

        public int Leaves { get; set; }

        public readonly bool IsTired => Leaves >= LeavesPerSearch || Count == _expired.Length;

        public bool TryTake(byte* block)
        {
            if (EntryBlock.Expiry(block) > now || Count == _expired.Length) return false;
            _expired[Count++] = new Element(block);
            return true;
        }
    }
}
