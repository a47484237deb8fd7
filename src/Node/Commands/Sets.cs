using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots.Values;
using Starling.Slots.Values.Sets;

namespace Starling.Node.Commands;

/// <summary>The commands on one set, but for those that chance decides; and SMOVE.</summary>
public static class Sets
{
    private const CommandFlags FastRead = CommandFlags.ReadOnly | CommandFlags.Fast;

    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        Row("sadd", -3, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast, "RW insert", "1.0.0",
            "Adds members to a set.", SAdd),
        Row("srem", -3, CommandFlags.Write | CommandFlags.Fast, "RW delete", "1.0.0", "Takes members out of a set.", SRem),
        Row("sismember", 3, FastRead, "RO", "1.0.0", "Says whether something is a member of a set.", SIsMember),
        Row("smismember", -3, FastRead, "RO access", "6.2.0",
            "Says of several things whether they are members of a set.", SMIsMember),
        Row("scard", 2, FastRead, "RO", "1.0.0", "Returns the number of members of a set.", SCard),
        Row("smembers", 2, CommandFlags.ReadOnly, "RO access", "1.0.0", "Returns all members of a set.", SMembers,
            "nondeterministic_output_order"),
        Row("sscan", -3, CommandFlags.ReadOnly, "RO access", "2.8.0",
            "Walks through the members of a set, some at a time.", SScan, "nondeterministic_output"),
        new("smove", 4, CommandFlags.Write | CommandFlags.Fast, KeySpec.Range(1, 2), SMove)
        {
            KeyFlags = "RW access delete;RW insert", AclCategories = ["set"], Group = "set", Since = "1.0.0",
            Summary = "Moves a member from one set to another.",
        },
    ];

    /// <summary>A row of a command on one set at the first argument.</summary>
    internal static Command Row(
        string name,
        int arity,
        CommandFlags flags,
        string keyFlags,
        string since,
        string summary,
        CommandHandler handler,
        params string[] tips) =>
        new(name, arity, flags, KeySpec.At(1), handler)
        {
            KeyFlags = keyFlags,
            AclCategories = ["set"],
            Group = "set",
            Since = since,
            Summary = summary,
            Tips = tips,
        };

    /// <summary>An element as a bulk string.</summary>
    internal static void Bulk(this RespWriter reply, scoped in ListElement element)
    {
        if (element.TryNumber(out var number)) reply.BulkInteger(number);
        else reply.Bulk(element.Text([]));
    }

    private static void SAdd(CommandContext call)
    {
        var key = call.Key(1);
        if (!call.TryOpen<SetValue>(key, out var set)) return;
        if (call.Count > 3) set.Expect(call.Count - 2);
        long added = 0;
        for (var i = 2; i < call.Count; i++)
            if (set.Add(call[i])) added++;
        if (added > 0) call.Changed(key, KeyEvent.SAdd, added);
        call.Reply.Integer(added);
    }

    private static void SRem(CommandContext call)
    {
        var key = call.Key(1);
        if (!call.TryOpen<SetValue>(key, out var set)) return;
        long removed = 0;
        for (var i = 2; i < call.Count && set.Exists; i++)
            if (set.Remove(call[i])) removed++;
        if (removed > 0) call.Changed(key, KeyEvent.SRem, removed);
        call.Reply.Integer(removed);
    }

    private static void SIsMember(CommandContext call)
    {
        if (call.TryRead<SetValue>(call.Key(1), out var set)) call.Reply.Integer(set.View.Contains(call[2]) ? 1 : 0);
    }

    private static void SMIsMember(CommandContext call)
    {
        if (!call.TryRead<SetValue>(call.Key(1), out var set)) return;
        call.Reply.Array(call.Count - 2);
        for (var i = 2; i < call.Count; i++) call.Reply.Integer(set.View.Contains(call[i]) ? 1 : 0);
    }

    private static void SCard(CommandContext call)
    {
        if (call.TryRead<SetValue>(call.Key(1), out var set)) call.Reply.Integer(set.Count);
    }

    private static void SMembers(CommandContext call)
    {
        if (!call.TryRead<SetValue>(call.Key(1), out var set)) return;
        call.Reply.Set((int)set.Count);
        foreach (var member in set.View) call.Reply.Bulk(member);
    }

    private static void SMove(CommandContext call)
    {
        var from = call.Key(1);
        var to = call.Key(2);
        if (!call.TryOpen<SetValue>(from, out var source)) return;
        if (!source.Exists)
        {
            call.Reply.Integer(0);
            return;
        }

        if (!call.TryOpen<SetValue>(to, out var target)) return;
        var member = call[3];
        if (from.Bytes.SequenceEqual(to.Bytes))
        {
            call.Reply.Integer(source.View.Contains(member) ? 1 : 0);
            return;
        }

        if (!source.Remove(member))
        {
            call.Reply.Integer(0);
            return;
        }

        call.Changed(from, KeyEvent.SRem);
        if (target.Add(member)) call.Changed(to, KeyEvent.SAdd);
        call.Reply.Integer(1);
    }

    private static void SScan(CommandContext call)
    {
        if (!ElementScan.TryCursor(call, 2, out var cursor)) return;
        if (!call.TryRead<SetValue>(call.Key(1), out var set)) return;
        if (!set.Exists)
        {
            ElementScan.ReplyEmpty(call);
            return;
        }

        if (!ElementScan.TryParse(call, 3, out var scan)) return;
        var view = set.View;
        if (!view.IsLarge)
        {
            foreach (var member in view) scan.Visit(member);
            scan.Reply(0);
            return;
        }

        var steps = scan.Steps;
        do cursor = view.Scan(cursor, scan);
        while (cursor != 0 && !scan.IsEnough && --steps > 0);
        scan.Reply(cursor);
    }
}
