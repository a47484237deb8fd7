using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots;
using Starling.Slots.Values.SortedSets;

namespace Starling.Node.Commands;

/// <summary>The commands on single members of one sorted set.</summary>
public static class SortedSets
{
    private const CommandFlags FastChange = CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast;
    private const CommandFlags FastRead = CommandFlags.ReadOnly | CommandFlags.Fast;

    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        Row("zadd", -4, FastChange, "RW update", "1.2.0", "Adds members to a sorted set, or gives them other scores.", ZAdd),
        Row("zincrby", 4, FastChange, "RW access update", "1.2.0",
            "Adds to the score of a member of a sorted set and returns it.", ZIncrBy),
        Row("zrem", -3, CommandFlags.Write | CommandFlags.Fast, "RW delete", "1.2.0",
            "Removes members from a sorted set.", ZRem),
        Row("zcard", 2, FastRead, "RO", "1.2.0", "Returns the number of members of a sorted set.", ZCard),
        Row("zscore", 3, FastRead, "RO access", "1.2.0", "Returns the score of a member of a sorted set.", ZScore),
        Row("zmscore", -3, FastRead, "RO access", "6.2.0", "Returns the scores of members of a sorted set.", ZMScore),
        Row("zrank", -3, FastRead, "RO access", "2.0.0",
            "Returns how many members of a sorted set come before one, by ascending scores.", ZRank),
        Row("zrevrank", -3, FastRead, "RO access", "2.0.0",
            "Returns how many members of a sorted set come before one, by descending scores.", ZRevRank),
    ];

    /// <summary>A row of a command on one sorted set at the first argument.</summary>
    internal static Command Row(
        string name,
        int arity,
        CommandFlags flags,
        string keyFlags,
        string since,
        string summary,
        CommandHandler handler) =>
        new(name, arity, flags, KeySpec.At(1), handler)
        {
            KeyFlags = keyFlags,
            AclCategories = ["sortedset"],
            Group = "sorted-set",
            Since = since,
            Summary = summary,
        };

    /// <summary>Reads a score, or replies that it is not one.</summary>
    internal static bool TryScore(CommandContext call, int index, out double score)
    {
        if (DoubleParser.TryParseScore(call[index], out score)) return true;
        call.Reply.Error(ErrorReplies.NotAFloat);
        return false;
    }

    /// <summary>
    /// Gives members scores and declares it: pairs of scores and members from a position on, all of them good. Replies with
    /// an error and returns false when a sum is no number.
    /// </summary>
    /// <param name="call">The call.</param>
    /// <param name="options">What ZADD was told.</param>
    /// <param name="outcome">What became of the members.</param>
    internal static bool TryAdd(CommandContext call, in SortedSetOptions options, out (long Added, long Updated, double? Last) outcome)
    {
        outcome = default;
        var key = call.Key(1);
        if (!call.TryOpen<SortedSetValue>(key, out var set)) return false;
        var isSum = true;
        for (var i = options.FirstPair; i < call.Count && isSum; i += 2)
        {
            Invariant.That(DoubleParser.TryParseScore(call[i], out var score));
            switch (set.Change(call[i + 1], score, options.Conditions, out score))
            {
                case SortedSetChange.Added:
                    outcome.Added++;
                    outcome.Last = score;
                    break;
                case SortedSetChange.Updated:
                    outcome.Updated++;
                    outcome.Last = score;
                    break;
                case SortedSetChange.Unchanged:
                    outcome.Last = score;
                    break;
                case SortedSetChange.NotANumber:
                    call.Reply.Error("ERR resulting score is not a number (NaN)"u8);
                    isSum = false;
                    break;
            }
        }

        var changed = outcome.Added + outcome.Updated;
        if (changed > 0) call.Changed(key, options.IsIncrement ? KeyEvent.ZIncr : KeyEvent.ZAdd, changed);
        return isSum;
    }

    private static void ZAdd(CommandContext call)
    {
        if (SortedSetOptions.TryParse(call, out var options)) Add(call, options);
    }

    private static void ZIncrBy(CommandContext call)
    {
        if (SortedSetOptions.TryParse(call, out var options))
            Add(call, options with { Conditions = options.Conditions | SortedSetConditions.Increment });
    }

    private static void Add(CommandContext call, in SortedSetOptions options)
    {
        for (var i = options.FirstPair; i < call.Count; i += 2)
            if (!TryScore(call, i, out _)) return;
        if (!TryAdd(call, options, out var outcome)) return;
        if (!options.IsIncrement) call.Reply.Integer(outcome.Added + (options.CountsUpdates ? outcome.Updated : 0));
        else if (outcome.Last is { } score) call.Reply.Double(score);
        else call.Reply.Null();
    }

    private static void ZRem(CommandContext call)
    {
        var key = call.Key(1);
        if (!call.TryOpen<SortedSetValue>(key, out var set)) return;
        var removed = 0L;
        for (var i = 2; i < call.Count && set.Exists; i++)
            if (set.Remove(call[i])) removed++;
        if (removed > 0) call.Changed(key, KeyEvent.ZRem, removed);
        call.Reply.Integer(removed);
    }

    private static void ZCard(CommandContext call)
    {
        if (call.TryRead<SortedSetValue>(call.Key(1), out var set)) call.Reply.Integer(set.Count);
    }

    private static void ZScore(CommandContext call)
    {
        if (!call.TryRead<SortedSetValue>(call.Key(1), out var set)) return;
        if (set.TryScore(call[2], out var score)) call.Reply.Double(score);
        else call.Reply.Null();
    }

    private static void ZMScore(CommandContext call)
    {
        if (!call.TryRead<SortedSetValue>(call.Key(1), out var set)) return;
        call.Reply.Array(call.Count - 2);
        for (var i = 2; i < call.Count; i++)
        {
            if (set.TryScore(call[i], out var score)) call.Reply.Double(score);
            else call.Reply.Null();
        }
    }

    private static void ZRank(CommandContext call) => Rank(call, backward: false);

    private static void ZRevRank(CommandContext call) => Rank(call, backward: true);

    private static void Rank(CommandContext call, bool backward)
    {
        if (call.Count > 4)
        {
            call.Reply.Error($"ERR wrong number of arguments for '{call.Command.FullName}' command");
            return;
        }

        var withScore = call.Count == 4;
        if (withScore && !call.Is(3, "withscore"u8))
        {
            call.SyntaxError();
            return;
        }

        if (!call.TryRead<SortedSetValue>(call.Key(1), out var set)) return;
        if (!set.TryRank(call[2], out var rank, out var score))
        {
            if (withScore) call.Reply.NullArray();
            else call.Reply.Null();
            return;
        }

        if (withScore) call.Reply.Array(2);
        call.Reply.Integer(backward ? set.Count - 1 - rank : rank);
        if (withScore) call.Reply.Double(score);
    }
}
