using Starling.Slots.Values.Elements;

namespace Starling.Slots.Values.SortedSets;

/// <summary>
/// The order of a large sorted set: a B+ tree of its elements by score, then member, in which every branch counts the
/// elements below its places. So ranks, ranges and bounds are found, and an element comes or goes, in time proportional
/// to the logarithm of the number of elements.
/// </summary>
internal static unsafe class ScoreTree
{
    /// <summary>Branches that are looked at to say how much memory a tree takes.</summary>
    private const int CountedBranches = 256;

    /// <summary>Makes the tree of elements that are in their order; its nodes are full.</summary>
    public static ScoreNode* Build(in ValueMemory memory, ReadOnlySpan<ScoreItem> items)
    {
        var nodes = new List<nint>();
        for (var at = 0; at < items.Length || at == 0; at += ScoreNode.LeafFanout)
        {
            var leaf = ScoreNode.Make(memory, 0);
            var count = Math.Min(ScoreNode.LeafFanout, items.Length - at);
            items.Slice(at, count).CopyTo(new Span<ScoreItem>(ScoreNode.Item(leaf, 0), count));
            leaf->Length = count;
            nodes.Add((nint)leaf);
        }

        for (var level = 1; nodes.Count > 1; level++)
        {
            var above = new List<nint>();
            for (var at = 0; at < nodes.Count; at += ScoreNode.BranchFanout)
            {
                var branch = ScoreNode.Make(memory, level);
                branch->Length = Math.Min(ScoreNode.BranchFanout, nodes.Count - at);
                for (var i = 0; i < branch->Length; i++)
                    *ScoreNode.Slot(branch, i) = ScoreNode.SlotOf((ScoreNode*)nodes[at + i]);
                above.Add((nint)branch);
            }

            nodes = above;
        }

        return (ScoreNode*)nodes[0];
    }

    /// <summary>Puts an element at the place that a path leads to. The path is dead afterwards.</summary>
    public static void Insert(in ValueMemory memory, ref ScoreNode* root, in ScorePath path, ScoreItem item) =>
        Insert(memory, ref root, path, path.Depth - 1, path.Index, &item);

    /// <summary>
    /// Takes elements of one leaf out, from the one that a path leads to on. The path is dead afterwards.
    /// </summary>
    public static void Remove(in ValueMemory memory, ref ScoreNode* root, in ScorePath path, int count)
    {
        Remove(memory, path, path.Depth - 1, path.Index, count);
        while (root->Level > 0 && root->Length == 1)
        {
            var below = ScoreNode.Slot(root, 0)->Node;
            ScoreNode.Free(memory, root);
            root = below;
        }
    }

    /// <summary>
    /// Replaces the element that a path leads to by another block or score that has the same place in the order.
    /// </summary>
    public static void Replace(in ScorePath path, ScoreItem item)
    {
        *path.Item = item;
        Refresh(path, path.Depth - 1, 0);
    }

    /// <summary>How many elements come before a cut.</summary>
    public static long RankOf(ScoreNode* root, in SortedSetCut cut)
    {
        var rank = 0L;
        var node = root;
        while (node->Level > 0)
        {
            int low = 0, high = node->Length; // the first node whose first element is behind the cut
            while (low < high)
            {
                var middle = (low + high) >> 1;
                if (cut.IsBehind(ScoreNode.Slot(node, middle)->First)) low = middle + 1;
                else high = middle;
            }

            if (low == 0) return rank;
            for (var i = 0; i < low - 1; i++) rank += ScoreNode.Slot(node, i)->Count;
            node = ScoreNode.Slot(node, low - 1)->Node;
        }

        int from = 0, end = node->Length;
        while (from < end)
        {
            var middle = (from + end) >> 1;
            if (cut.IsBehind(*ScoreNode.Item(node, middle))) from = middle + 1;
            else end = middle;
        }

        return rank + from;
    }

    /// <summary>
    /// Makes a tree of the same shape, whose elements are those of another table.
    /// </summary>
    /// <param name="memory">Where blocks come from.</param>
    /// <param name="node">The tree.</param>
    /// <param name="members">The table, which has the same members.</param>
    public static ScoreNode* Duplicate(in ValueMemory memory, ScoreNode* node, ElementTable* members)
    {
        var copy = ScoreNode.Copy(memory, node);
        for (var i = 0; i < copy->Length; i++)
        {
            if (copy->Level == 0)
            {
                var item = ScoreNode.Item(copy, i);
                item->Element = ElementTable.Find(members, item->Member).Block;
            }
            else
            {
                var slot = ScoreNode.Slot(copy, i);
                slot->Node = Duplicate(memory, slot->Node, members);
                slot->First = ScoreNode.First(slot->Node);
            }
        }

        return copy;
    }

    /// <summary>Frees some leaves of a tree that no set has any more, from the end; its elements stay.</summary>
    /// <param name="memory">Where blocks came from.</param>
    /// <param name="node">The tree; dead when it is freed.</param>
    /// <param name="leaves">How many leaves to free at most; less those that were.</param>
    /// <returns>True when nothing is left.</returns>
    public static bool FreeSome(in ValueMemory memory, ScoreNode* node, ref int leaves)
    {
        if (node->Level == 0)
        {
            if (leaves-- <= 0) return false;
        }
        else
        {
            for (; node->Length > 0; node->Length--)
                if (!FreeSome(memory, ScoreNode.Slot(node, node->Length - 1)->Node, ref leaves)) return false;
        }

        ScoreNode.Free(memory, node);
        return true;
    }

    /// <summary>
    /// Native bytes of a tree, rounding included; of a large one a part is counted and the rest taken to be like it.
    /// Bounded time.
    /// </summary>
    public static long AllocatedBytes(ScoreNode* root, long count)
    {
        if (root->Level == 0) return ScoreNode.AllocatedBytes;
        long nodes = 0, elements = 0;
        var branches = CountedBranches;
        CountNodes(root, ref nodes, ref elements, ref branches);
        return (long)(nodes * (double)ScoreNode.AllocatedBytes * count / Math.Max(1, elements));
    }

    /// <summary>Counts the nodes of a part of a tree, and the elements in it.</summary>
    private static void CountNodes(ScoreNode* branch, ref long nodes, ref long elements, ref int branches)
    {
        nodes++;
        branches--;
        for (var i = 0; i < branch->Length && branches > 0; i++)
        {
            var slot = ScoreNode.Slot(branch, i);
            if (branch->Level > 1)
            {
                CountNodes(slot->Node, ref nodes, ref elements, ref branches);
                continue;
            }

            nodes++;
            elements += slot->Count;
        }
    }

    private static void Insert(
        in ValueMemory memory, ref ScoreNode* root, in ScorePath path, int depth, int index, void* content)
    {
        var node = path.NodeAt(depth);
        if (node->Length < node->Fanout)
        {
            ScoreNode.Insert(node, index, content);
            Refresh(path, depth, 1);
            return;
        }

        // A set that grows at an end leaves full nodes behind it; one that grows in the middle, halves.
        var other = ScoreNode.Make(memory, node->Level);
        var before = index == 0 && path.IsAtEdge(depth, last: false);
        if (before || (index == node->Length && path.IsAtEdge(depth, last: true)))
        {
            ScoreNode.Insert(other, 0, content);
        }
        else
        {
            var half = node->Length / 2;
            ScoreNode.Share(node, other, half);
            if (index <= half) ScoreNode.Insert(node, index, content);
            else ScoreNode.Insert(other, index - half, content);
        }

        var otherSlot = ScoreNode.SlotOf(other);
        if (depth > 0)
        {
            *path.SlotAt(depth - 1) = ScoreNode.SlotOf(node);
            Insert(memory, ref root, path, depth - 1, path.IndexAt(depth - 1) + (before ? 0 : 1), &otherSlot);
            return;
        }

        var top = ScoreNode.Make(memory, node->Level + 1);
        var nodeSlot = ScoreNode.SlotOf(node);
        ScoreNode.Insert(top, 0, &nodeSlot);
        ScoreNode.Insert(top, before ? 0 : 1, &otherSlot);
        root = top;
    }

    private static void Remove(in ValueMemory memory, in ScorePath path, int depth, int index, int count)
    {
        var node = path.NodeAt(depth);
        ScoreNode.Remove(node, index, count);
        if (depth == 0) return;
        if (node->Length == 0)
        {
            ScoreNode.Free(memory, node);
            Remove(memory, path, depth - 1, path.IndexAt(depth - 1), 1);
            return;
        }

        Recount(path, depth);
        if (node->IsSparse) Join(memory, path, depth);
    }

    /// <summary>Joins a sparse node with the one beside it, or lets them share what they hold.</summary>
    private static void Join(in ValueMemory memory, in ScorePath path, int depth)
    {
        var parent = path.NodeAt(depth - 1);
        if (parent->Length == 1) return;
        var leftIndex = Math.Max(0, path.IndexAt(depth - 1) - 1);
        var leftSlot = ScoreNode.Slot(parent, leftIndex);
        var rightSlot = ScoreNode.Slot(parent, leftIndex + 1);
        var left = leftSlot->Node;
        var right = rightSlot->Node;
        var together = left->Length + right->Length;
        if (together > left->Fanout)
        {
            ScoreNode.Share(left, right, together / 2);
            *leftSlot = ScoreNode.SlotOf(left);
            *rightSlot = ScoreNode.SlotOf(right);
            return;
        }

        ScoreNode.Share(left, right, together);
        *leftSlot = ScoreNode.SlotOf(left);
        ScoreNode.Free(memory, right);
        Remove(memory, path, depth - 1, leftIndex + 1, 1);
    }

    /// <summary>Takes a change of what a node holds into the branches above it.</summary>
    /// <param name="path">The way to the node.</param>
    /// <param name="depth">Its level.</param>
    /// <param name="added">How many elements came to it.</param>
    private static void Refresh(in ScorePath path, int depth, long added)
    {
        if (path.NodeAt(depth)->Level > 0)
        {
            Recount(path, depth);
            return;
        }

        for (; depth > 0; depth--)
        {
            var slot = path.SlotAt(depth - 1);
            slot->Count += added;
            slot->First = ScoreNode.First(path.NodeAt(depth));
        }
    }

    /// <summary>Sums up the counts above a node anew.</summary>
    private static void Recount(in ScorePath path, int depth)
    {
        for (; depth > 0; depth--) *path.SlotAt(depth - 1) = ScoreNode.SlotOf(path.NodeAt(depth));
    }
}
