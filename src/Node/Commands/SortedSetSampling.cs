using Starling.Node.Serving;
using Starling.Slots.Values.SortedSets;

namespace Starling.Node.Commands;

/// <summary>ZRANDMEMBER and ZSCAN.</summary>
public static class SortedSetSampling
{
    /// <summary>So many times as many members as are wanted: single ones are found by their rank, else all are gone through.
    /// </summary>
    private const long SparseRatio = 3;

    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        new("zrandmember", -2, CommandFlags.ReadOnly, KeySpec.At(1), ZRandMember)
        {
            KeyFlags = "RO access", AclCategories = ["sortedset"], Group = "sorted-set", Since = "6.2.0",
            Tips = ["nondeterministic_output"], Summary = "Returns random members of a sorted set.",
        },
        new("zscan", -3, CommandFlags.ReadOnly, KeySpec.At(1), ZScan)
        {
            KeyFlags = "RO access", AclCategories = ["sortedset"], Group = "sorted-set", Since = "2.8.0",
            Tips = ["nondeterministic_output"], Summary = "Walks through the members of a sorted set, some at a time.",
        },
    ];

    private static void ZRandMember(CommandContext call)
    {
        if (call.Count > 2)
        {
            Some(call);
            return;
        }

        if (!call.TryRead<SortedSetValue>(call.Key(1), out var set)) return;
        if (!set.Exists)
        {
            call.Reply.Null();
            return;
        }

        foreach (var element in set.Range(RandomRank(call, set.Count), 1)) SortedSetReplies.Member(call, element);
    }

    private static void Some(CommandContext call)
    {
        if (!call.TryInteger(2, out long wanted)) return;
        var withScores = call.Count == 4 && call.Is(3, "withscores"u8);
        if (wanted == long.MinValue)
        {
            call.Reply.Error("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"u8);
            return;
        }

        if (call.Count > 3 && !withScores)
        {
            call.SyntaxError();
            return;
        }

        if (withScores && wanted is < -(long.MaxValue / 2) or > long.MaxValue / 2)
        {
            call.Reply.Error("ERR value is out of range"u8);
            return;
        }

        if (!call.TryRead<SortedSetValue>(call.Key(1), out var set)) return;
        if (!set.Exists || wanted == 0) call.Reply.Array(0);
        else if (wanted < 0) WithRepetition(call, set, -wanted, withScores);
        else Distinct(call, set, Math.Min(wanted, set.Count), withScores);
    }

    private static void WithRepetition(CommandContext call, scoped in SortedSetValue set, long count, bool withScores)
    {
        SortedSetReplies.Begin(call, count, withScores);
        var start = call.Reply.Length;
        for (; count > 0 && !RandomMembers.IsTooLong(call, start); count--)
            One(call, set, RandomRank(call, set.Count), withScores);
    }

    private static void Distinct(CommandContext call, scoped in SortedSetValue set, long count, bool withScores)
    {
        SortedSetReplies.Begin(call, count, withScores);
        if (count <= set.Count / SparseRatio)
        {
            var ranks = new HashSet<long>((int)count);
            while (ranks.Count < count)
            {
                var rank = RandomRank(call, set.Count);
                if (ranks.Add(rank)) One(call, set, rank, withScores);
            }

            return;
        }

        // Each one with the chance that so many are wanted of so many that are left.
        var left = set.Count;
        foreach (var element in set.Range(0, left))
        {
            if (RandomRank(call, left--) >= count) continue;
            SortedSetReplies.Element(call, element, withScores);
            count--;
        }
    }

    private static void One(CommandContext call, scoped in SortedSetValue set, long rank, bool withScores)
    {
        foreach (var element in set.Range(rank, 1)) SortedSetReplies.Element(call, element, withScores);
    }

    private static long RandomRank(CommandContext call, long count) => (long)(call.NextRandom() % (ulong)count);

    private static void ZScan(CommandContext call)
    {
        if (!ElementScan.TryCursor(call, 2, out var cursor)) return;
        if (!call.TryRead<SortedSetValue>(call.Key(1), out var set)) return;
        if (!set.Exists)
        {
            ElementScan.ReplyEmpty(call);
            return;
        }

        if (!ElementScan.TryParse(call, 3, out var scan)) return;
        var steps = scan.Steps;
        do cursor = set.Scan(cursor, ref scan);
        while (cursor != 0 && !scan.IsEnough && --steps > 0);
        scan.Reply(cursor);
    }
}
