using Starling.Slots.Keyspace;
using Starling.Slots.Values;
using Starling.Slots.Values.Elements;
using Starling.Slots.Values.SortedSets;

namespace Starling.Slots.Tests.Values.SortedSets;

/// <summary>Looks over the blocks of a sorted set: order, counts, first elements, that table and tree hold the same.</summary>
internal static unsafe class SortedSetChecker
{
    public static void Check(in Entry entry, ValueOptions options)
    {
        Assert.Equal(ValueKind.SortedSet, entry.Kind);
        ref readonly var root = ref *EntryBlock.View(entry.Block).Root;
        if (!LargeSortedSet.Is(root))
        {
            CheckPack(root);
            Assert.InRange(SortedSetPack.Count(root), 1, options.SortedSetMaxListpackEntries);
            return;
        }

        var tree = LargeSortedSet.TreeOf(root);
        Assert.True(tree->Level == 0 || tree->Length > 1);
        ScoreItem* before = null;
        Assert.Equal(ElementTable.Count(LargeSortedSet.MembersOf(root)), Check(tree, LargeSortedSet.MembersOf(root), ref before));
    }

    /// <summary>Number of levels of the tree; 0 for a small set.</summary>
    public static int Levels(in Entry entry)
    {
        ref readonly var root = ref *EntryBlock.View(entry.Block).Root;
        return LargeSortedSet.Is(root) ? LargeSortedSet.TreeOf(root)->Level + 1 : 0;
    }

    /// <summary>Forward and backward the same elements, in order, as many as the root says, and to its last byte.</summary>
    private static void CheckPack(in ValueRoot root)
    {
        var places = new List<ulong>();
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        byte[]? before = null;
        var scoreBefore = double.NegativeInfinity;
        var at = SortedSetPack.First(root);
        for (; at < SortedSetPack.End(root); at = SortedSetPack.Next(at))
        {
            var member = SortedSetPack.Member(at).Text(scratch).ToArray();
            var score = SortedSetPack.Score(at);
            Assert.True(before is null || scoreBefore < score || (scoreBefore == score && before.AsSpan().SequenceCompareTo(member) < 0));
            Assert.True(SortedSetPack.Find(root, member, out var rank) == at);
            Assert.Equal(places.Count, rank);
            Assert.True(SortedSetPack.At(root, rank) == at);
            places.Add((ulong)at);
            (before, scoreBefore) = (member, score);
        }

        Assert.True(at == SortedSetPack.End(root));
        Assert.Equal(places.Count, SortedSetPack.Count(root));
        for (var i = places.Count - 1; i >= 0; i--) Assert.Equal(places[i], (ulong)(at = SortedSetPack.Previous(at)));
    }

    private static long Check(ScoreNode* node, ElementTable* members, ref ScoreItem* before)
    {
        Assert.InRange(node->Length, 1, node->Fanout);
        var count = 0L;
        for (var i = 0; i < node->Length; i++)
        {
            if (node->Level == 0)
            {
                var item = ScoreNode.Item(node, i);
                var element = ElementTable.Find(members, item->Member);
                Assert.True(element.Block == item->Element);
                Assert.Equal(item->Score, element.Score);
                Assert.True(before == null || before->IsBefore(item->Score, item->Member));
                before = item;
                count++;
                continue;
            }

            var slot = ScoreNode.Slot(node, i);
            Assert.Equal(node->Level - 1, slot->Node->Level);
            var first = ScoreNode.First(slot->Node);
            Assert.True(first.Element == slot->First.Element && first.Score.Equals(slot->First.Score));
            var below = Check(slot->Node, members, ref before);
            Assert.Equal(below, slot->Count);
            count += below;
        }

        return count;
    }
}
