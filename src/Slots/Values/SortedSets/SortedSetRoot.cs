using Starling.Slots.Values.Elements;

namespace Starling.Slots.Values.SortedSets;

/// <summary>The root of a sorted set: of a small one, which is one block, or of a large one.</summary>
internal static unsafe class SortedSetRoot
{
    /// <summary>Number of elements.</summary>
    public static long Count(in ValueRoot root) => LargeSortedSet.Is(root)
        ? ElementTable.Count(LargeSortedSet.MembersOf(root))
        : SortedSetPack.Count(root);

    /// <summary>How many elements come before a cut.</summary>
    public static long RankOf(in ValueRoot root, in SortedSetCut cut) => LargeSortedSet.Is(root)
        ? ScoreTree.RankOf(LargeSortedSet.TreeOf(root), cut)
        : SortedSetPack.RankOf(root, cut);

    /// <summary>Looks a member up; the place is the default when it is not there.</summary>
    public static SortedSetPlace Find(in ValueRoot root, ReadOnlySpan<byte> member)
    {
        if (LargeSortedSet.Is(root))
        {
            var element = ElementTable.Find(LargeSortedSet.MembersOf(root), member);
            return element.IsPresent ? new SortedSetPlace(element.Block, 0, element.Score) : default;
        }

        var at = SortedSetPack.Find(root, member, out var rank);
        return at == null ? default : new SortedSetPlace(at, rank, SortedSetPack.Score(at));
    }

    /// <summary>How many elements come before the one at a place.</summary>
    public static long RankOf(in ValueRoot root, in SortedSetPlace place) => LargeSortedSet.Is(root)
        ? LargeSortedSet.RankOf(root, new Element(place.Address))
        : place.Index;

    /// <summary>Frees everything.</summary>
    public static void Free(in ValueMemory memory, ref ValueRoot root)
    {
        if (!LargeSortedSet.Is(root))
        {
            SortedSetPack.Free(memory, root);
            return;
        }

        var large = new LargeSortedSet(ref root);
        while (large.FreeSome(memory, int.MaxValue / 64))
        {
        }
    }
}
