using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Slots.Keyspace;
using Starling.Slots.Values;
using Starling.Slots.Values.Sets;

namespace Starling.Node.Commands;

/// <summary>The commands that let chance choose members of a set: SPOP, SRANDMEMBER.</summary>
public static class RandomMembers
{
    // An effect is one command to who executes it, and those have limits of their own.
    private const int MembersPerEffect = 1024;
    private const int BytesPerEffect = 1 << 20;

    /// <summary>
    /// Members are chosen by going through all of them when at least one of so many is wanted, else one by one.
    /// </summary>
    private const int SparseChoice = 8;

    /// <summary>A reply of members that may repeat ends its client when it has become as long as that.</summary>
    private const long LongestReply = 1L << 30;

    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        Sets.Row("spop", -2, CommandFlags.Write | CommandFlags.Fast, "RW access delete", "1.0.0",
            "Takes random members of a set and returns them.", SPop, "nondeterministic_output"),
        Sets.Row("srandmember", -2, CommandFlags.ReadOnly, "RO access", "1.0.0",
            "Returns random members of a set.", SRandMember, "nondeterministic_output"),
    ];

    private static void SPop(CommandContext call)
    {
        if (call.Count > 3)
        {
            call.SyntaxError();
            return;
        }

        var hasCount = call.Count == 3;
        long count = 1;
        if (hasCount && !call.TryPositive(2, out count)) return;
        var key = call.Key(1);
        if (!call.TryOpen<SetValue>(key, out var set)) return;
        if (!set.Exists && !hasCount) call.Reply.Null();
        else if (!set.Exists || count == 0) call.Reply.Set(0);
        else if (!hasCount) PopOne(call, key, ref set);
        else if (count >= set.Count) PopAll(call, key, ref set);
        else PopSome(call, key, ref set, count);
    }

    private static void PopOne(CommandContext call, scoped in Key key, ref SetValue set)
    {
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        var member = set.View.At(Below(call, set.Count)).Text(scratch);
        call.Reply.Bulk(member);
        call.Effect("SREM"u8, key.Bytes, member);
        set.Remove(member);
        call.Changed(key, KeyEvent.SPop);
    }

    private static void PopAll(CommandContext call, scoped in Key key, ref SetValue set)
    {
        var count = set.Count;
        call.Reply.Set((int)count);
        foreach (var member in set.View) call.Reply.Bulk(member);
        set.Clear();
        call.Changed(key, KeyEvent.SPop, count);
        call.Effect(call.Node.Freeing.IsLazy(DeleteReason.Emptied) ? "UNLINK"u8 : "DEL"u8, key.Bytes);
    }

    /// <summary>Takes fewer members than there are. What goes to the log are the members, some at a time.</summary>
    private static void PopSome(CommandContext call, scoped in Key key, ref SetValue set, long count)
    {
        call.Reply.Set((int)count);
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        for (var left = count; left > 0;)
        {
            using var effect = call.BeginEffect();
            effect.Add("SREM"u8);
            effect.Add(key.Bytes);
            long bytes = 0;
            for (var i = 0; i < MembersPerEffect && bytes < BytesPerEffect && left > 0; i++, left--)
            {
                var member = set.View.At(Below(call, set.Count)).Text(scratch);
                call.Reply.Bulk(member);
                effect.Add(member);
                bytes += member.Length;
                set.Remove(member);
            }
        }

        call.Changed(key, KeyEvent.SPop, count);
    }

    private static void SRandMember(CommandContext call)
    {
        if (call.Count > 3)
        {
            call.SyntaxError();
            return;
        }

        var hasCount = call.Count == 3;
        long count = 1;
        if (hasCount && !TryCount(call, out count)) return;
        if (!call.TryRead<SetValue>(call.Key(1), out var set)) return;
        var view = set.View;
        if (!hasCount)
        {
            if (set.Exists) call.Reply.Bulk(view.At(Below(call, view.Count)));
            else call.Reply.Null();
        }
        else if (!set.Exists || count == 0)
        {
            call.Reply.Array(0);
        }
        else if (count < 0)
        {
            ReplyRepeating(call, view, -count);
        }
        else
        {
            count = Math.Min(count, view.Count);
            call.Reply.Array(count);
            if (view.IsLarge && count < view.Count / SparseChoice) ReplyFew(call, view, (int)count);
            else ReplySample(call, view, count);
        }
    }

    /// <summary>Any number but the lowest, which cannot be negated; otherwise the error is replied.</summary>
    private static bool TryCount(CommandContext call, out long count)
    {
        if (!call.TryInteger(2, out count)) return false;
        if (count != long.MinValue) return true;
        call.Reply.Error("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"u8);
        return false;
    }

    private static void ReplyRepeating(CommandContext call, SetView set, long count)
    {
        call.Reply.Array(count);
        var start = call.Reply.Length;
        for (; count > 0; count--)
        {
            call.Reply.Bulk(set.At(Below(call, set.Count)));
            if (IsTooLong(call, start)) return;
        }
    }

    /// <summary>
    /// Whether a reply of members that may repeat, which began at that length, has become so long that it ends here, and its
    /// client with it.
    /// </summary>
    internal static bool IsTooLong(CommandContext call, long start)
    {
        if (call.Reply.Length - start <= LongestReply || call.Session.Connection is not { } connection) return false;
        connection.Close();
        return true;
    }

    /// <summary>Goes through all members; each has the same chance.</summary>
    private static void ReplySample(CommandContext call, SetView set, long wanted)
    {
        var left = set.Count;
        foreach (var member in set)
        {
            if (wanted == 0) return;
            if (wanted < left-- && Below(call, left + 1) >= wanted) continue;
            call.Reply.Bulk(member);
            wanted--;
        }
    }

    /// <summary>
    /// Chooses a few of many by Floyd's method: one number for each, and where it was chosen before, the largest that
    /// could have come.
    /// </summary>
    private static void ReplyFew(CommandContext call, SetView set, int count)
    {
        var chosen = new HashSet<long>(count);
        for (var largest = set.Count - count; largest < set.Count; largest++)
        {
            var index = Below(call, largest + 1);
            if (!chosen.Add(index))
            {
                index = largest;
                chosen.Add(index);
            }

            call.Reply.Bulk(set.At(index));
        }
    }

    /// <summary>A random number from 0 up to one below the limit, each as likely.</summary>
    private static long Below(CommandContext call, long limit) =>
        (long)Math.BigMul(call.NextRandom(), (ulong)limit, out _);
}
