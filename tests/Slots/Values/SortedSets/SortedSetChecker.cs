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
            var pack = SortedSetRoot.Pack(root);
            Assert.True(Listpack.IsSound(ListNode.Bytes(pack), out var entries));
            Assert.True(SortedSetPack.IsSound(ListNode.Bytes(pack), entries));
            Assert.Equal(entries, 2 * SortedSetPack.Count(pack));
            Assert.InRange(SortedSetPack.Count(pack), 1, options.SortedSetMaxListpackEntries);
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
