using Starling.Slots.Keyspace;
using Starling.Slots.Values;

namespace Starling.Slots.Tests.Values;

/// <summary>Looks over the blocks of a list: every count, every listpack, the shape of the tree.</summary>
internal static unsafe class ListChecker
{
    public static void Check(in Entry entry, ValueOptions options)
    {
        Assert.Equal(ValueKind.List, entry.Kind);
        ref readonly var root = ref *EntryBlock.View(entry.Block).Root;
        if (!ListRoot.IsTree(root))
        {
            Assert.Equal(ListRoot.Count(root), CheckNode(ListRoot.Node(root), options));
            return;
        }

        Assert.True(ListRoot.Tree(root)->Level == 0 || ListRoot.Tree(root)->Length > 1);
        Assert.Equal(ListRoot.Count(root), CheckBranch(ListRoot.Tree(root), options));
    }

    /// <summary>Number of levels of the tree; 0 for a small list.</summary>
    public static int Levels(in Entry entry)
    {
        ref readonly var root = ref *EntryBlock.View(entry.Block).Root;
        return ListRoot.IsTree(root) ? ListRoot.Tree(root)->Level + 1 : 0;
    }

    private static long CheckBranch(ListBranch* branch, ValueOptions options)
    {
        Assert.InRange(branch->Length, 1, ListBranch.Fanout);
        var sum = 0L;
        for (var i = 0; i < branch->Length; i++)
        {
            var slot = ListBranch.Slot(branch, i);
            if (branch->Level > 0) Assert.Equal(branch->Level - 1, slot->Branch->Level);
            var count = branch->Level == 0 ? CheckNode(slot->Node, options) : CheckBranch(slot->Branch, options);
            Assert.Equal(count, slot->Count);
            Assert.True(count > 0);
            sum += count;
        }

        return sum;
    }

    private static long CheckNode(ListNode* node, ValueOptions options)
    {
        if (node->IsPlain)
        {
            Assert.Equal(1, node->Count);
            return 1;
        }

        Assert.True(Listpack.IsSound(ListNode.Bytes(node), out var count));
        Assert.Equal(count, node->Count);
        if (options.ListPackedThreshold == 0) Assert.False(new ListLimits(options).Forbid(node->Length - 16, count));
        return count;
    }
}
