using System.Runtime.CompilerServices;

namespace Starling.Slots.Values.SortedSets;

/// <summary>
/// The way from the root of the tree of a large sorted set to one element, or to the place where one would be: a node
/// and the place in it for each level. Dead after any change of the tree but those that take the path.
/// </summary>
internal unsafe struct ScorePath
{
    /// <summary>
    /// The most levels. But for the nodes at both edges every one is a quarter full: a tree that needs more would not
    /// fit into any memory.
    /// </summary>
    public const int MaxDepth = 16;

    private fixed ulong _nodes[MaxDepth];
    private fixed int _indexes[MaxDepth];

    /// <summary>Number of levels.</summary>
    public int Depth { get; private set; }

    /// <summary>The leaf.</summary>
    public readonly ScoreNode* Leaf => NodeAt(Depth - 1);

    /// <summary>The place in the leaf; its length for a place behind its last element.</summary>
    public readonly int Index => _indexes[Depth - 1];

    /// <summary>The element.</summary>
    public readonly ScoreItem* Item => ScoreNode.Item(Leaf, Index);

    /// <summary>How many elements come before this one.</summary>
    public readonly long Rank
    {
        get
        {
            long rank = Index;
            for (var depth = 0; depth < Depth - 1; depth++)
                for (var i = 0; i < _indexes[depth]; i++) rank += ScoreNode.Slot(NodeAt(depth), i)->Count;
            return rank;
        }
    }

    /// <summary>The node of a level, 0 being the topmost.</summary>
    public readonly ScoreNode* NodeAt(int depth) => (ScoreNode*)_nodes[depth];

    /// <summary>The place in the node of a level.</summary>
    public readonly int IndexAt(int depth) => _indexes[depth];

    /// <summary>The place in the branch of a level.</summary>
    public readonly ScoreSlot* SlotAt(int depth) => ScoreNode.Slot(NodeAt(depth), IndexAt(depth));

    /// <summary>The way to the element of a rank, 0 up to one less than the number of elements.</summary>
    public static ScorePath To(ScoreNode* root, long rank)
    {
        Begin(out var path);
        var node = root;
        for (; node->Level > 0; node = ScoreNode.Slot(node, path.IndexAt(path.Depth - 1))->Node)
        {
            var at = 0;
            while (rank >= ScoreNode.Slot(node, at)->Count) rank -= ScoreNode.Slot(node, at++)->Count;
            path.Descend(node, at);
        }

        path.Descend(node, (int)rank);
        return path;
    }

    /// <summary>
    /// The way to the place of an element: the first one that does not come before it is there, or behind the last one
    /// of the leaf.
    /// </summary>
    public static ScorePath To(ScoreNode* root, double score, ReadOnlySpan<byte> member)
    {
        Begin(out var path);
        var node = root;
        for (; node->Level > 0; node = ScoreNode.Slot(node, path.IndexAt(path.Depth - 1))->Node)
        {
            int low = 0, high = node->Length; // the first node whose first element is not before
            while (low < high)
            {
                var middle = (low + high) >> 1;
                if (ScoreNode.Slot(node, middle)->First.IsBefore(score, member)) low = middle + 1;
                else high = middle;
            }

            // An element that is the first of its node is in that one; any other may be in the node before.
            var isFirst = low < node->Length && IsEqual(ScoreNode.Slot(node, low)->First, score, member);
            path.Descend(node, isFirst ? low : Math.Max(0, low - 1));
        }

        int from = 0, end = node->Length;
        while (from < end)
        {
            var middle = (from + end) >> 1;
            if (ScoreNode.Item(node, middle)->IsBefore(score, member)) from = middle + 1;
            else end = middle;
        }

        path.Descend(node, from);
        return path;
    }

    /// <summary>Goes on to the next element; false when this is the last one.</summary>
    public bool TryNext() => TryMove(1);

    /// <summary>Goes back to the element before; false when this is the first one.</summary>
    public bool TryPrevious() => TryMove(-1);

    /// <summary>
    /// True when the element may get that score without changing its place: the elements beside it in the leaf say so.
    /// False where it is the first or last of its leaf.
    /// </summary>
    public readonly bool HasRoomFor(double score, ReadOnlySpan<byte> member) =>
        Index > 0 && Index < Leaf->Length - 1
        && ScoreNode.Item(Leaf, Index - 1)->IsBefore(score, member)
        && !ScoreNode.Item(Leaf, Index + 1)->IsBefore(score, member);

    /// <summary>True when the path follows one edge of the tree above a level.</summary>
    public readonly bool IsAtEdge(int depth, bool last)
    {
        for (var i = 0; i < depth; i++)
            if (IndexAt(i) != (last ? NodeAt(i)->Length - 1 : 0)) return false;
        return true;
    }

    private static bool IsEqual(in ScoreItem item, double score, ReadOnlySpan<byte> member) =>
        item.Score == score && item.Member.SequenceEqual(member);

    /// <summary>
    /// An empty path. What lies beyond its depth is never read, and making it zero would cost more than most walks.
    /// </summary>
    private static void Begin(out ScorePath path)
    {
        Unsafe.SkipInit(out path);
        path.Depth = 0;
    }

    private bool TryMove(int step)
    {
        var depth = Depth - 1;
        while (depth >= 0 && (uint)(IndexAt(depth) + step) >= (uint)NodeAt(depth)->Length) depth--;
        if (depth < 0) return false;
        _indexes[depth] += step;
        while (NodeAt(depth)->Level > 0)
        {
            var below = SlotAt(depth)->Node;
            Depth = ++depth;
            Descend(below, step > 0 ? 0 : below->Length - 1);
        }

        return true;
    }

    private void Descend(ScoreNode* node, int index)
    {
        Invariant.That(Depth < MaxDepth);
        _nodes[Depth] = (ulong)node;
        _indexes[Depth] = index;
        Depth++;
    }
}
