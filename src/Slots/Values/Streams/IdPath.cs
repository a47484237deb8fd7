using System.Runtime.CompilerServices;

namespace Starling.Slots.Values.Streams;

/// <summary>The way from the root of an <see cref="IdTree"/> to one slot: a page and the place in it for each level.</summary>
internal unsafe struct IdPath
{
    /// <summary>The most levels: pages are at least a quarter full but at the edges.</summary>
    public const int MaxDepth = 16;

    private fixed ulong _pages[MaxDepth];
    private fixed int _indexes[MaxDepth];

    /// <summary>Number of levels; 0 for no place at all.</summary>
    public int Depth { get; private set; }

    /// <summary>There is a slot here.</summary>
    public readonly bool IsSlot => Depth > 0 && (uint)_indexes[Depth - 1] < PageAt(Depth - 1)->Length;

    /// <summary>The slot: an id, and behind it what belongs to it.</summary>
    public readonly byte* Slot => IdPage.Slot(PageAt(Depth - 1), _indexes[Depth - 1]);

    /// <summary>The id of the slot.</summary>
    public readonly StreamId Id => *(StreamId*)Slot;

    /// <summary>The page of a level, 0 being the topmost.</summary>
    public readonly IdPage* PageAt(int depth) => (IdPage*)_pages[depth];

    /// <summary>The place in the page of a level.</summary>
    public readonly int IndexAt(int depth) => _indexes[depth];

    /// <summary>The way to the first slot whose id is not smaller than one; to none when there is no such slot.</summary>
    public static IdPath AtLeast(IdPage* root, in StreamId id)
    {
        var path = To(root, id);
        if (path.Depth > 0 && !path.IsSlot && !path.TryMove(1)) path.Depth = 0;
        return path;
    }

    /// <summary>The way to the last slot whose id is not larger than one; to none when there is no such slot.</summary>
    public static IdPath AtMost(IdPage* root, in StreamId id)
    {
        var path = To(root, id);
        if (path.Depth == 0 || (path.IsSlot && path.Id == id)) return path;
        if (!path.TryMove(-1)) path.Depth = 0;
        return path;
    }

    /// <summary>The way to where an id is or would be.</summary>
    public static IdPath To(IdPage* root, in StreamId id)
    {
        Begin(out var path);
        for (var page = root; page != null;)
        {
            if (page->Level == 0)
            {
                path.Descend(page, IdPage.CountBelow(page, id));
                break;
            }

            var at = IdPage.Find(page, id);
            path.Descend(page, at);
            page = IdPage.Below(page, at);
        }

        return path;
    }

    /// <summary>The way to the first slot; to none of an empty tree.</summary>
    public static IdPath First(IdPage* root)
    {
        Begin(out var path);
        if (root != null) path.DescendToEdge(root, last: false);
        return path;
    }

    /// <summary>The way to the last slot; to none of an empty tree.</summary>
    public static IdPath Last(IdPage* root)
    {
        Begin(out var path);
        if (root != null) path.DescendToEdge(root, last: true);
        return path;
    }

    /// <summary>Goes on to the next slot; false when this is the last one.</summary>
    public bool TryNext() => TryMove(1);

    /// <summary>Goes back to the slot before; false when this is the first one.</summary>
    public bool TryPrevious() => TryMove(-1);

    /// <summary>Leads through another page on a level, which is like the one before.</summary>
    public void Replace(int depth, IdPage* page) => _pages[depth] = (ulong)page;

    /// <summary>An empty path; what lies beyond its depth is never read.</summary>
    private static void Begin(out IdPath path)
    {
        Unsafe.SkipInit(out path);
        path.Depth = 0;
    }

    private bool TryMove(int step)
    {
        var depth = Depth - 1;
        while (depth >= 0 && (uint)(_indexes[depth] + step) >= PageAt(depth)->Length) depth--;
        if (depth < 0) return false;
        _indexes[depth] += step;
        Depth = depth + 1;
        if (PageAt(depth)->Level > 0) DescendToEdge(IdPage.Below(PageAt(depth), _indexes[depth]), last: step < 0);
        return true;
    }

    private void DescendToEdge(IdPage* page, bool last)
    {
        while (true)
        {
            var at = last ? page->Length - 1 : 0;
            Descend(page, at);
            if (page->Level == 0) return;
            page = IdPage.Below(page, at);
        }
    }

    private void Descend(IdPage* page, int index)
    {
        Invariant.That(Depth < MaxDepth);
        _pages[Depth] = (ulong)page;
        _indexes[Depth] = index;
        Depth++;
    }
}
