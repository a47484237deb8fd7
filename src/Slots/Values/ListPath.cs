using System.Runtime.CompilerServices;

namespace Starling.Slots.Values;

/// <summary>The way from the root of a list's tree to one node: a branch and the place in it for each level.</summary>
internal unsafe struct ListPath
{
    /// <summary>
    /// The most levels. But for the branches at both edges, and those whose neighbours are gone, every one has at least
    /// <see cref="ListBranch.Sparse"/> slots: a list that needs more levels would not fit into any memory.
    /// </summary>
    public const int MaxDepth = 16;

    private fixed ulong _branches[MaxDepth];
    private fixed int _indexes[MaxDepth];

    /// <summary>Number of levels.</summary>
    public int Depth { get; private set; }

    /// <summary>The node.</summary>
    public readonly ListNode* Node => Last->Node;

    /// <summary>The slot of the node.</summary>
    public readonly ListSlot* Last => SlotAt(Depth - 1);

    /// <summary>The branch of a level, 0 being the topmost.</summary>
    public readonly ListBranch* BranchAt(int depth) => (ListBranch*)_branches[depth];

    /// <summary>The place in the branch of a level.</summary>
    public readonly int IndexAt(int depth) => _indexes[depth];

    /// <summary>The slot in the branch of a level.</summary>
    public readonly ListSlot* SlotAt(int depth) => ListBranch.Slot(BranchAt(depth), IndexAt(depth));

    /// <summary>
    /// The way to the node with an element; <paramref name="index"/> becomes the element's index in that node.
    /// </summary>
    public static ListPath To(ListBranch* root, ref long index)
    {
        Begin(out var path);
        for (var branch = root; ;)
        {
            var at = ListBranch.Find(branch, ref index);
            path.Descend(branch, at);
            if (branch->Level == 0) return path;
            branch = ListBranch.Slot(branch, at)->Branch;
        }
    }

    /// <summary>As <see cref="To(ListBranch*, ref long)"/>, from the nearer end of each branch.</summary>
    /// <param name="root">The tree.</param>
    /// <param name="index">0 up to one less than the number of elements.</param>
    /// <param name="count">The number of elements in the tree.</param>
    public static ListPath To(ListBranch* root, ref long index, long count)
    {
        Begin(out var path);
        for (var branch = root; ;)
        {
            path.Descend(branch, ListBranch.Find(branch, ref index, ref count));
            if (branch->Level == 0) return path;
            branch = path.Last->Branch;
        }
    }

    /// <summary>The way to the first node.</summary>
    public static ListPath ToFirst(ListBranch* root)
    {
        Begin(out var path);
        path.DescendToEdge(root, last: false);
        return path;
    }

    /// <summary>The way to the last node.</summary>
    public static ListPath ToLast(ListBranch* root)
    {
        Begin(out var path);
        path.DescendToEdge(root, last: true);
        return path;
    }

    /// <summary>Goes on to the next node; false when this is the last one.</summary>
    public bool TryNext() => TryMove(1);

    /// <summary>Goes on to the first node of the next branch; false when this is the last branch.</summary>
    public bool TryNextBranch()
    {
        _indexes[Depth - 1] = BranchAt(Depth - 1)->Length - 1;
        return TryMove(1);
    }

    /// <summary>Leads through another branch on a level, which is like the one before.</summary>
    public void Replace(int depth, ListBranch* branch) => _branches[depth] = (ulong)branch;

    /// <summary>Goes back to the node before; false when this is the first one.</summary>
    public bool TryPrevious() => TryMove(-1);

    /// <summary>
    /// An empty path. What lies beyond its depth is never read, and making it zero would cost more than most walks.
    /// </summary>
    private static void Begin(out ListPath path)
    {
        Unsafe.SkipInit(out path);
        path.Depth = 0;
    }

    private bool TryMove(int step)
    {
        var depth = Depth - 1;
        while (depth >= 0 && (uint)(IndexAt(depth) + step) >= (uint)BranchAt(depth)->Length) depth--;
        if (depth < 0) return false;
        _indexes[depth] += step;
        Depth = depth + 1;
        var slot = SlotAt(depth);
        if (BranchAt(depth)->Level > 0) DescendToEdge(slot->Branch, last: step < 0);
        return true;
    }

    private void DescendToEdge(ListBranch* branch, bool last)
    {
        while (true)
        {
            var at = last ? branch->Length - 1 : 0;
            Descend(branch, at);
            if (branch->Level == 0) return;
            branch = ListBranch.Slot(branch, at)->Branch;
        }
    }

    private void Descend(ListBranch* branch, int index)
    {
        Invariant.That(Depth < MaxDepth);
        _branches[Depth] = (ulong)branch;
        _indexes[Depth] = index;
        Depth++;
    }
}
