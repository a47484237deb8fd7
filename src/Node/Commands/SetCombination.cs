using Starling.Node.Serving;
using Starling.Slots.Values.Sets;

namespace Starling.Node.Commands;

/// <summary>
/// Intersection, union and difference of sets. Members go to the sink as they are found: beside what the sink keeps, no
/// result is built up. Sets are looked into by their hash tables, so that the cost is that of their members, whatever
/// their order.
/// </summary>
internal static class SetCombination
{
    /// <summary>More sets than this are united by building the union: who streams it, asks every set before.</summary>
    private const int MostStreamed = 8;

    /// <summary>Sets of which is kept where the last member was found.</summary>
    private const int MostNear = 64;

    /// <summary>The members that all sets have: those of the smallest, each looked for in the others.</summary>
    public static void Intersect(Span<SetView> sets, ref MemberSink sink)
    {
        sets.Sort(static (a, b) => a.Count.CompareTo(b.Count));
        if (sets[0].Count == 0) return;
        var others = sets[1..];
        Span<ushort> room = stackalloc ushort[SetSearch.Room(others, sets[0].Count)];
        var search = new SetSearch(others, sets[0].Count, room);
        Span<long> near = stackalloc long[Math.Min(others.Length, MostNear)];
        near.Clear();
        var members = sets[0].GetEnumerator();
        while (members.MoveNext() && !sink.IsFull)
        {
            var isCommon = true;
            for (var i = 0; i < others.Length && isCommon; i++)
                isCommon = others[i].Is(sets[0]) || (i < near.Length ? search.Contains(i, members, ref near[i]) : search.Contains(i, members));
            if (isCommon) sink.Take(members);
        }
    }

    /// <summary>
    /// The members of all sets. From the largest to the smallest: so it is the few that are looked for among the many.
    /// </summary>
    public static void Unite(CommandContext call, Span<SetView> sets, ref MemberSink sink)
    {
        sets.Sort(static (a, b) => b.Count.CompareTo(a.Count));
        if (sink.IsSet && (sets.Length > MostStreamed || sets[0].IsLarge))
        {
            foreach (var set in sets)
                foreach (var member in set) sink.TakeOnce(member);
            return;
        }

        if (sets.Length > MostStreamed)
        {
            UniteMany(call, sets, ref sink);
            return;
        }

        long later = 0;
        foreach (var set in sets[1..]) later += set.Count;
        Span<ushort> room = stackalloc ushort[SetSearch.Room(sets, later)];
        var search = new SetSearch(sets, later, room);
        for (var i = 0; i < sets.Length; i++)
        {
            var members = sets[i].GetEnumerator();
            while (members.MoveNext())
            {
                if (sink.IsIntset) sink.TakeOnce(members.Current); // which finds the place anyway
                else if (!search.IsInFirst(i, members)) sink.Take(members);
            }
        }
    }

    /// <summary>
    /// The members of the first set that are in none of the others. Either each is looked for in the others, or theirs
    /// are looked for in the first set, whichever takes fewer comparisons.
    /// </summary>
    public static void Subtract(CommandContext call, Span<SetView> sets, ref MemberSink sink)
    {
        var first = sets[0];
        var others = sets[1..];
        if (first.Count == 0) return;
        long searching = 0;
        var sweeping = first.Count;
        foreach (var set in others)
        {
            if (set.Is(first)) return;
            searching += SetSearch.Cost(set, first.Count);
            sweeping += SetSearch.Cost(first, set.Count);
        }

        if (searching <= sweeping) SubtractBySearch(first, others, ref sink);
        else SubtractBySweep(call, first, others, ref sink);
    }

    private static void SubtractBySearch(SetView first, Span<SetView> others, ref MemberSink sink)
    {
        // Where a member is soonest found: in the largest.
        others.Sort(static (a, b) => b.Count.CompareTo(a.Count));
        Span<ushort> room = stackalloc ushort[SetSearch.Room(others, first.Count)];
        var search = new SetSearch(others, first.Count, room);
        var members = first.GetEnumerator();
        while (members.MoveNext())
            if (!search.IsInFirst(others.Length, members)) sink.Take(members);
    }

    private static void SubtractBySweep(CommandContext call, SetView first, Span<SetView> others, ref MemberSink sink)
    {
        using var excluded = new SetBuilder(call.Database, call.Key(1).Slot);
        ReadOnlySpan<SetView> swept = [first];
        long asked = 0;
        foreach (var set in others) asked += set.Count;
        Span<ushort> room = stackalloc ushort[SetSearch.Room(swept, asked)];
        var search = new SetSearch(swept, asked, room);
        foreach (var set in others)
        {
            var candidates = set.GetEnumerator();
            while (candidates.MoveNext())
                if (search.Contains(0, candidates)) excluded.Add(candidates.Current);
        }

        var view = excluded.View;
        var members = first.GetEnumerator();
        while (members.MoveNext())
            if (!view.Contains(members)) sink.Take(members);
    }

    private static void UniteMany(CommandContext call, Span<SetView> sets, ref MemberSink sink)
    {
        using var union = new SetBuilder(call.Database, call.Key(1).Slot, sets[0].Count);
        foreach (var set in sets)
        {
            var members = set.GetEnumerator();
            while (members.MoveNext())
                if (union.Add(members.Current)) sink.Take(members);
        }
    }
}
