using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots.Keyspace;
using Starling.Slots.Values;

namespace Starling.Node.Commands;

/// <summary>The commands on one list, but for those that look for elements.</summary>
public static class Lists
{
    private const CommandFlags Push = CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast;
    private const CommandFlags Change = CommandFlags.Write | CommandFlags.DenyOom;

    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        Row("lpush", -3, Push, "RW insert", "1.0.0", "Puts elements before the first one of a list.", LPush),
        Row("rpush", -3, Push, "RW insert", "1.0.0", "Puts elements behind the last one of a list.", RPush),
        Row("lpushx", -3, Push, "RW insert", "2.2.0",
            "Puts elements before the first one of a list if the list exists.", LPushX),
        Row("rpushx", -3, Push, "RW insert", "2.2.0",
            "Puts elements behind the last one of a list if the list exists.", RPushX),
        Row("lpop", -2, CommandFlags.Write | CommandFlags.Fast, "RW access delete", "1.0.0",
            "Takes the first elements of a list and returns them.", LPop),
        Row("rpop", -2, CommandFlags.Write | CommandFlags.Fast, "RW access delete", "1.0.0",
            "Takes the last elements of a list and returns them.", RPop),
        Row("llen", 2, CommandFlags.ReadOnly | CommandFlags.Fast, "RO", "1.0.0",
            "Returns the number of elements of a list.", LLen),
        Row("lrange", 4, CommandFlags.ReadOnly, "RO access", "1.0.0", "Returns a range of elements of a list.", LRange),
        Row("lindex", 3, CommandFlags.ReadOnly, "RO access", "1.0.0",
            "Returns the element at an index of a list.", LIndex),
        Row("lset", 4, Change, "RW update", "1.0.0", "Replaces the element at an index of a list.", LSet),
        Row("ltrim", 4, CommandFlags.Write, "RW delete", "1.0.0", "Cuts a list to a range of its elements.", LTrim),
    ];

    /// <summary>A row of a command on one list at the first argument.</summary>
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
            AclCategories = ["list"],
            Group = "list",
            Since = since,
            Summary = summary,
        };

    /// <summary>
    /// Replies with elements of an end as an array, in the order in which they are taken, and takes them.
    /// </summary>
    internal static void ReplyAndPop(
        CommandContext call, scoped in Key key, ref ListValue list, long count, bool atHead)
    {
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        call.Reply.Array((int)count);
        var first = atHead ? 0 : list.Count - 1;
        foreach (var element in list.Range(first, count, backward: !atHead)) call.Reply.Bulk(element.Text(scratch));
        Pop(call, key, ref list, count, atHead);
    }

    /// <summary>Takes elements of an end.</summary>
    internal static void Pop(CommandContext call, scoped in Key key, ref ListValue list, long count, bool atHead)
    {
        list.Remove(atHead ? 0 : list.Count - count, count);
        call.Changed(key, atHead ? KeyEvent.LPop : KeyEvent.RPop, count);
    }

    private static void LPush(CommandContext call) => PushAll(call, atHead: true, onlyIfPresent: false);

    private static void RPush(CommandContext call) => PushAll(call, atHead: false, onlyIfPresent: false);

    private static void LPushX(CommandContext call) => PushAll(call, atHead: true, onlyIfPresent: true);

    private static void RPushX(CommandContext call) => PushAll(call, atHead: false, onlyIfPresent: true);

    private static void PushAll(CommandContext call, bool atHead, bool onlyIfPresent)
    {
        var key = call.Key(1);
        if (!call.TryOpen<ListValue>(key, out var list)) return;
        if (onlyIfPresent && !list.Exists)
        {
            call.Reply.Integer(0);
            return;
        }

        for (var i = 2; i < call.Count; i++) list.Push(call[i], atHead);
        call.Changed(key, atHead ? KeyEvent.LPush : KeyEvent.RPush, call.Count - 2);
        call.Reply.Integer(list.Count);
    }

    private static void LPop(CommandContext call) => Pop(call, atHead: true);

    private static void RPop(CommandContext call) => Pop(call, atHead: false);

    private static void Pop(CommandContext call, bool atHead)
    {
        if (call.Count > 3)
        {
            call.Reply.Error($"ERR wrong number of arguments for '{call.Command.FullName}' command");
            return;
        }

        var hasCount = call.Count == 3;
        long count = 1;
        if (hasCount && !call.TryPositive(2, out count)) return;
        var key = call.Key(1);
        if (!call.TryOpen<ListValue>(key, out var list)) return;
        if (!list.Exists)
        {
            if (hasCount) call.Reply.NullArray();
            else call.Reply.Null();
        }
        else if (!hasCount)
        {
            Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
            call.Reply.Bulk(list.At(atHead ? 0 : list.Count - 1).Text(scratch));
            Pop(call, key, ref list, 1, atHead);
        }
        else if (count == 0)
        {
            call.Reply.Array(0);
        }
        else
        {
            ReplyAndPop(call, key, ref list, Math.Min(count, list.Count), atHead);
        }
    }

    private static void LLen(CommandContext call)
    {
        if (call.TryRead<ListValue>(call.Key(1), out var list)) call.Reply.Integer(list.Count);
    }

    private static void LRange(CommandContext call)
    {
        if (!call.TryInteger(2, out long start) || !call.TryInteger(3, out long end)) return;
        if (!call.TryRead<ListValue>(call.Key(1), out var list)) return;
        Clamp(list.Count, ref start, ref end);
        var count = end - start;
        call.Reply.Array((int)count);
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        foreach (var element in list.Range(start, count)) call.Reply.Bulk(element.Text(scratch));
    }

    private static void LIndex(CommandContext call)
    {
        if (!call.TryRead<ListValue>(call.Key(1), out var list)) return;
        long index = 0;
        if (list.Exists && !call.TryInteger(2, out index)) return;
        if (index < 0) index += list.Count;
        if (index < 0 || index >= list.Count)
        {
            call.Reply.Null();
            return;
        }

        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        call.Reply.Bulk(list.At(index).Text(scratch));
    }

    private static void LSet(CommandContext call)
    {
        var key = call.Key(1);
        if (!call.TryOpen<ListValue>(key, out var list)) return;
        if (!list.Exists)
        {
            call.Reply.Error(ErrorReplies.NoSuchKey);
            return;
        }

        if (!call.TryInteger(2, out long index)) return;
        if (index < 0) index += list.Count;
        if (index < 0 || index >= list.Count)
        {
            call.Reply.Error("ERR index out of range"u8);
            return;
        }

        list.Set(index, call[3]);
        call.Changed(key, KeyEvent.LSet);
        call.Ok();
    }

    private static void LTrim(CommandContext call)
    {
        if (!call.TryInteger(2, out long start) || !call.TryInteger(3, out long end)) return;
        var key = call.Key(1);
        if (!call.TryOpen<ListValue>(key, out var list)) return;
        if (list.Exists)
        {
            var before = list.Count;
            Clamp(before, ref start, ref end);
            if (start == end) list.Remove(0, before);
            else Cut(ref list, start, end);
            call.Changed(key, KeyEvent.LTrim, before - list.Count);

            // As in Redis, a list that stays what it is has been touched but goes to no replica.
            if (list.Count == before) call.SuppressEffect();
        }

        call.Ok();
    }

    private static void Cut(ref ListValue list, long start, long end)
    {
        list.Remove(end, list.Count - end);
        list.Remove(0, start);
    }

    /// <summary>
    /// Makes a range of indexes, the last included and negative ones counted from the end, one of elements that are
    /// there, the last excluded.
    /// </summary>
    private static void Clamp(long count, ref long start, ref long end)
    {
        if (start < 0) start = Math.Max(0, start + count);
        if (end < 0) end += count;
        end = Math.Min(end, count - 1) + 1;
        if (start < end) return;
        start = 0;
        end = 0;
    }
}
