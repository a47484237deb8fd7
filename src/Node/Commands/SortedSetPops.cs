using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots.Keyspace;
using Starling.Slots.Values.SortedSets;

namespace Starling.Node.Commands;

/// <summary>
/// The commands that take the members with the lowest or highest scores: ZPOPMIN, ZPOPMAX, ZMPOP; and BZPOPMIN, BZPOPMAX,
/// BZMPOP, which wait when there is none.
/// </summary>
public static class SortedSetPops
{
    private const string Pop = "RW access delete";

    private static readonly KeyReadiness HoldsSortedSet = static (in Entry entry) => entry.Holds<SortedSetValue>();
    private static readonly Action<RespWriter> NullArray = static reply => reply.NullArray();

    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        SortedSets.Row("zpopmin", -2, CommandFlags.Write | CommandFlags.Fast, Pop, "5.0.0",
            "Takes the members with the lowest scores of a sorted set and returns them.", ZPopMin),
        SortedSets.Row("zpopmax", -2, CommandFlags.Write | CommandFlags.Fast, Pop, "5.0.0",
            "Takes the members with the highest scores of a sorted set and returns them.", ZPopMax),
        CountedRow("zmpop", -4, CommandFlags.Write | CommandFlags.MovableKeys, 1, ZMPop,
            "Takes members of an end of the first sorted set that has any and returns them."),
        CountedRow("bzmpop", -5, CommandFlags.Write | CommandFlags.Blocking | CommandFlags.MovableKeys, 2, BZMPop,
            "Takes members of an end of the first sorted set that has any; waits if there is none."),
        BlockingRow("bzpopmin",
            "Takes the member with the lowest score of the first sorted set that has any; waits if there is none.", BZPopMin),
        BlockingRow("bzpopmax",
            "Takes the member with the highest score of the first sorted set that has any; waits if there is none.", BZPopMax),
    ];

    private static Command CountedRow(
        string name, int arity, CommandFlags flags, int countAt, CommandHandler handler, string summary) =>
        new(name, arity, flags, KeySpec.None, handler)
        {
            KeyCountAt = countAt,
            KeyFlags = Pop,
            AclCategories = ["sortedset"],
            Group = "sorted-set",
            Since = "7.0.0",
            Summary = summary,
        };

    private static Command BlockingRow(string name, string summary, CommandHandler handler)
    {
        const CommandFlags flags =
            CommandFlags.Write | CommandFlags.NoScript | CommandFlags.Blocking | CommandFlags.Fast;
        return new Command(name, -3, flags, new KeySpec(1, -2, 1), handler)
        {
            KeyFlags = Pop,
            AclCategories = ["sortedset"],
            Group = "sorted-set",
            Since = "5.0.0",
            Summary = summary,
        };
    }

    private static void ZPopMin(CommandContext call) => PopSome(call, isMin: true);

    private static void ZPopMax(CommandContext call) => PopSome(call, isMin: false);

    private static void PopSome(CommandContext call, bool isMin)
    {
        if (call.Count > 3)
        {
            call.SyntaxError();
            return;
        }

        long count = 1;
        var hasCount = call.Count == 3;
        if (hasCount && (!ArgumentParser.TryInteger(call[2], out count) || count < 0))
        {
            call.Reply.Error("ERR value is out of range, must be positive"u8);
            return;
        }

        var key = call.Key(1);
        if (!call.TryOpen<SortedSetValue>(key, out var set)) return;
        count = Math.Min(count, set.Count);

        // Without COUNT the reply is one pair whatever the protocol.
        var isFlat = !hasCount || call.Reply.Protocol == 2;
        call.Reply.Array(isFlat ? count * 2 : count);
        ReplyAndPop(call, key, ref set, count, isMin, isFlat);
    }

    private static void ZMPop(CommandContext call)
    {
        if (!PopOptions.TryParse(call, 1, "min"u8, "max"u8, out var options)) return;
        if (!TryPopFirst(call, options, out var isThere)) return;
        if (!isThere) call.Reply.NullArray();
    }

    private static void BZMPop(CommandContext call)
    {
        if (!PopOptions.TryParse(call, 2, "min"u8, "max"u8, out var options)) return;
        if (!BlockingTimeout.TryRead(call, 1, out var deadline)) return;
        if (!TryPopFirst(call, options, out var isThere) || isThere) return;
        call.BlockOn(options.FirstKey, options.Keys, deadline, HoldsSortedSet, NullArray);
    }

    private static void BZPopMin(CommandContext call) => PopOneOrBlock(call, isMin: true);

    private static void BZPopMax(CommandContext call) => PopOneOrBlock(call, isMin: false);

    private static void PopOneOrBlock(CommandContext call, bool isMin)
    {
        if (!BlockingTimeout.TryRead(call, call.Count - 1, out var deadline)) return;
        for (var i = 1; i < call.Count - 1; i++)
        {
            var key = call.Key(i);
            if (!call.TryOpen<SortedSetValue>(key, out var set)) return;
            if (!set.Exists) continue;
            call.Reply.Array(3);
            call.Reply.Bulk(key.Bytes);
            ReplyAndPop(call, key, ref set, 1, isMin, isFlat: true);
            call.Effect(isMin ? "ZPOPMIN"u8 : "ZPOPMAX"u8, key.Bytes);
            return;
        }

        call.BlockOn(1, call.Count - 2, deadline, HoldsSortedSet, NullArray);
    }

    /// <summary>
    /// Takes members of the first sorted set that there is, and replies with its key and them. False when an error is replied.
    /// </summary>
    private static bool TryPopFirst(CommandContext call, in PopOptions options, out bool isThere)
    {
        isThere = false;
        for (var i = options.FirstKey; i < options.FirstKey + options.Keys; i++)
        {
            var key = call.Key(i);
            if (!call.TryOpen<SortedSetValue>(key, out var set)) return false;
            if (!set.Exists) continue;
            isThere = true;
            var count = Math.Min(options.Count, set.Count);
            call.Reply.Array(2);
            call.Reply.Bulk(key.Bytes);
            call.Reply.Array(count);
            ReplyAndPop(call, key, ref set, count, options.AtStart, isFlat: false);
            call.Effect(options.AtStart ? "ZPOPMIN"u8 : "ZPOPMAX"u8, key.Bytes, count);
            return true;
        }

        return true;
    }

    /// <summary>Replies with members of an end and their scores, in the order in which they are taken, and takes them.
    /// </summary>
    private static void ReplyAndPop(
        CommandContext call, scoped in Key key, ref SortedSetValue set, long count, bool isMin, bool isFlat)
    {
        if (count == 0) return;
        foreach (var element in set.Range(isMin ? 0 : set.Count - 1, count, backward: !isMin))
        {
            if (!isFlat) call.Reply.Array(2);
            SortedSetReplies.Member(call, element);
            call.Reply.Double(element.Score);
        }

        set.Remove(isMin ? 0 : set.Count - count, count);
        call.Changed(key, isMin ? KeyEvent.ZPopMin : KeyEvent.ZPopMax, count);
    }
}
