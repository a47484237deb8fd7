using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Slots.Keyspace;
using Starling.Slots.Values;
using Starling.Slots.Values.SortedSets;
using Kind = Starling.Node.Commands.SortedSetQuery.Kind;

namespace Starling.Node.Commands;

/// <summary>The commands on ranges of one sorted set: by rank, by score, by member.</summary>
public static class SortedSetRanges
{
    private const string Delete = "RW delete";
    private const string Read = "RO access";

    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        SortedSets.Row("zcount", 4, CommandFlags.ReadOnly | CommandFlags.Fast, Read, "2.0.0",
            "Counts the members of a sorted set within a range of scores.", ZCount),
        SortedSets.Row("zlexcount", 4, CommandFlags.ReadOnly | CommandFlags.Fast, Read, "2.8.9",
            "Counts the members of a sorted set within a range of members.", ZLexCount),
        SortedSets.Row("zrange", -4, CommandFlags.ReadOnly, Read, "1.2.0",
            "Returns the members of a sorted set within a range of ranks, scores or members.", ZRange),
        SortedSets.Row("zrevrange", -4, CommandFlags.ReadOnly, Read, "1.2.0",
            "Returns the members of a sorted set within a range of ranks, by descending scores.", ZRevRange),
        SortedSets.Row("zrangebyscore", -4, CommandFlags.ReadOnly, Read, "1.0.5",
            "Returns the members of a sorted set within a range of scores.", ZRangeByScore),
        SortedSets.Row("zrevrangebyscore", -4, CommandFlags.ReadOnly, Read, "2.2.0",
            "Returns the members of a sorted set within a range of scores, by descending scores.", ZRevRangeByScore),
        SortedSets.Row("zrangebylex", -4, CommandFlags.ReadOnly, Read, "2.8.9",
            "Returns the members of a sorted set within a range of members.", ZRangeByLex),
        SortedSets.Row("zrevrangebylex", -4, CommandFlags.ReadOnly, Read, "2.8.9",
            "Returns the members of a sorted set within a range of members, in reverse order.", ZRevRangeByLex),
        SortedSets.Row("zremrangebyrank", 4, CommandFlags.Write, Delete, "2.0.0",
            "Removes the members of a sorted set within a range of ranks.", ZRemRangeByRank),
        SortedSets.Row("zremrangebyscore", 4, CommandFlags.Write, Delete, "1.2.0",
            "Removes the members of a sorted set within a range of scores.", ZRemRangeByScore),
        SortedSets.Row("zremrangebylex", 4, CommandFlags.Write, Delete, "2.8.9",
            "Removes the members of a sorted set within a range of members.", ZRemRangeByLex),
        new("zrangestore", -5, CommandFlags.Write | CommandFlags.DenyOom, KeySpec.Range(1, 2), ZRangeStore)
        {
            KeyFlags = "OW update; RO access", AclCategories = ["sortedset"], Group = "sorted-set", Since = "6.2.0",
            Summary = "Stores a range of members of a sorted set in a key.",
        },
    ];

    /// <summary>
    /// Makes a range of ranks, the last included and negative ones counted from the end, one of elements that are there.
    /// </summary>
    internal static void Clamp(long total, long start, long end, out long rank, out long count)
    {
        if (start < 0) start = Math.Max(0, start + total);
        if (end < 0) end += total;
        end = Math.Min(end, total - 1);
        count = start <= end ? end - start + 1 : 0;
        rank = count == 0 ? 0 : start;
    }

    /// <summary>Makes what was put together the sorted set of a key, whatever it held; without any element the key goes.
    /// </summary>
    internal static void Store(CommandContext call, in Key key, SortedSetAssembly assembly, KeyEvent what)
    {
        var count = assembly.Count;
        if (count == 0)
        {
            call.Delete(key, DeleteReason.Command);
        }
        else
        {
            var value = assembly.Take();
            call.TryWrite(key, out _); // an expired one goes as such
            call.Database.Put(key, value, Entry.NoExpiry, call.AccessClock);
            call.Changed(key, what);
        }

        call.Reply.Integer(count);
    }

    private static void ZCount(CommandContext call)
    {
        if (SortedSetBounds.TryScores(call, 2, 3, out var from, out var to)) Count(call, from, to);
    }

    private static void ZLexCount(CommandContext call)
    {
        if (SortedSetBounds.TryMembers(call, 2, 3, out var from, out var to)) Count(call, from, to);
    }

    private static void Count(CommandContext call, scoped in SortedSetCut from, scoped in SortedSetCut to)
    {
        if (!call.TryRead<SortedSetValue>(call.Key(1), out var set)) return;
        call.Reply.Integer(Math.Max(0, set.RankOf(to) - set.RankOf(from)));
    }

    private static void ZRange(CommandContext call) => Range(call, Kind.Any, isReverse: null);

    private static void ZRevRange(CommandContext call) => Range(call, Kind.Ranks, isReverse: true);

    private static void ZRangeByScore(CommandContext call) => Range(call, Kind.Scores, isReverse: false);

    private static void ZRevRangeByScore(CommandContext call) => Range(call, Kind.Scores, isReverse: true);

    private static void ZRangeByLex(CommandContext call) => Range(call, Kind.Members, isReverse: false);

    private static void ZRevRangeByLex(CommandContext call) => Range(call, Kind.Members, isReverse: true);

    private static void Range(CommandContext call, Kind kind, bool? isReverse)
    {
        if (!SortedSetQuery.TryParse(call, 1, kind, isReverse, stores: false, out var query)) return;
        if (!call.TryRead<SortedSetValue>(call.Key(1), out var set)) return;
        query.Resolve(set, out var rank, out var count);
        SortedSetReplies.All(call, set.Range(rank, count, query.IsReverse), count, query.WithScores);
    }

    private static void ZRangeStore(CommandContext call)
    {
        if (!SortedSetQuery.TryParse(call, 2, Kind.Any, isReverse: null, stores: true, out var query)) return;
        if (!call.TryRead<SortedSetValue>(call.Key(2), out var set)) return;
        query.Resolve(set, out var rank, out var count);
        var target = call.Key(1);
        using var assembly = call.Database.AssembleSortedSet(target.Slot);
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        foreach (var element in set.Range(rank, count, query.IsReverse))
            assembly.Add(element.Member.Text(scratch), element.Score);
        Store(call, target, assembly, KeyEvent.ZRangeStore);
    }

    private static void ZRemRangeByRank(CommandContext call)
    {
        if (!call.TryInteger(2, out long start) || !call.TryInteger(3, out long end)) return;
        var key = call.Key(1);
        if (!call.TryOpen<SortedSetValue>(key, out var set)) return;
        Clamp(set.Count, start, end, out var rank, out var count);
        Remove(call, key, ref set, rank, count, KeyEvent.ZRemRangeByRank);
    }

    private static void ZRemRangeByScore(CommandContext call)
    {
        if (SortedSetBounds.TryScores(call, 2, 3, out var from, out var to))
            Remove(call, from, to, KeyEvent.ZRemRangeByScore);
    }

    private static void ZRemRangeByLex(CommandContext call)
    {
        if (SortedSetBounds.TryMembers(call, 2, 3, out var from, out var to))
            Remove(call, from, to, KeyEvent.ZRemRangeByLex);
    }

    private static void Remove(CommandContext call, scoped in SortedSetCut from, scoped in SortedSetCut to, KeyEvent what)
    {
        var key = call.Key(1);
        if (!call.TryOpen<SortedSetValue>(key, out var set)) return;
        var rank = set.RankOf(from);
        Remove(call, key, ref set, rank, Math.Max(0, set.RankOf(to) - rank), what);
    }

    private static void Remove(
        CommandContext call, scoped in Key key, ref SortedSetValue set, long rank, long count, KeyEvent what)
    {
        set.Remove(rank, count);
        if (count > 0) call.Changed(key, what, count);
        call.Reply.Integer(count);
    }
}
