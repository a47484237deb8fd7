using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots.Values.Streams;

namespace Starling.Node.Commands;

/// <summary>The commands that change the entries of a stream, and XLEN.</summary>
public static class Streams
{
    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        Row("xadd", -5, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast, "RW update", "5.0.0",
            "Adds an entry to a stream.", XAdd, "UPDATE instead of INSERT because of the optional trimming feature"),
        Row("xlen", 2, CommandFlags.ReadOnly | CommandFlags.Fast, "RO", "5.0.0",
            "Returns the number of entries of a stream.", XLen),
        Row("xdel", -3, CommandFlags.Write | CommandFlags.Fast, "RW delete", "5.0.0",
            "Deletes entries of a stream by their ids.", XDel),
        Row("xtrim", -4, CommandFlags.Write, "RW delete", "5.0.0",
            "Takes the oldest entries out of a stream.", XTrim),
        Row("xsetid", -3, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast, "RW update", "5.0.0",
            "Sets the last id of a stream; what replication needs of it.", XSetId),
    ];

    /// <summary>A row of a command on one stream at the first argument.</summary>
    internal static Command Row(
        string name,
        int arity,
        CommandFlags flags,
        string keyFlags,
        string since,
        string summary,
        CommandHandler handler,
        string notes = "") =>
        new(name, arity, flags, KeySpec.At(1), handler)
        {
            KeyFlags = keyFlags,
            KeyNotes = notes,
            AclCategories = ["stream"],
            Group = "stream",
            Since = since,
            Summary = summary,
            Tips = name is "xadd" or "xtrim" or "xautoclaim" or "xclaim" or "xpending" ? ["nondeterministic_output"] : [],
        };

    private static void XAdd(CommandContext call)
    {
        if (!StreamTrimOptions.TryRead(call, adds: true, out var options)) return;
        var from = options.IdAt + 1;
        if (call.Count - from < 2 || ((call.Count - from) & 1) != 0)
        {
            call.Reply.Error($"ERR wrong number of arguments for '{call.Command.FullName}' command");
            return;
        }

        if (options.HasId && options.HasSequence && options.Id.IsZero)
        {
            call.Reply.Error("ERR The ID specified in XADD must be greater than 0-0"u8);
            return;
        }

        var key = call.Key(1);
        if (!call.TryOpen<StreamValue>(key, out var stream)) return;
        if (!stream.Exists && options.OnlyIfPresent)
        {
            call.Reply.Null();
            return;
        }

        if (!TryId(call, stream.LastId, options, out var id) || !HasRoom(call, from)) return;
        stream.Append(id, new CallElements(call, from));
        call.Reply.StreamId(id);
        call.Changed(key, KeyEvent.XAdd);
        var removed = options.Trims ? StreamReferences.Trim(ref stream, options, out var gone) : Nothing(out gone);
        if (removed > 0) call.Note(key, KeyEvent.XTrim);
        if (options.HasId && options.HasSequence && !options.NeedsOwnEffect) return;
        AddEffect(call, stream, options, id);
        if (removed > 0) StreamReferences.Settle(call, ref stream, options.References, gone);
    }

    private static long Nothing(out List<StreamId> gone)
    {
        gone = [];
        return 0;
    }

    /// <summary>The id of a new entry; otherwise the error is replied.</summary>
    private static bool TryId(CommandContext call, in StreamId last, in StreamTrimOptions options, out StreamId id)
    {
        id = options.Id;
        if (last == StreamId.Max)
        {
            call.Reply.Error("ERR The stream has exhausted the last possible ID, unable to add more items"u8);
            return false;
        }

        var hasNext = true;
        if (!options.HasId)
        {
            id = new StreamId((ulong)call.Now, 0);
            if (id <= last) last.TryNext(out id);
        }
        else if (!options.HasSequence && id.Milliseconds == last.Milliseconds)
        {
            hasNext = last.Sequence != ulong.MaxValue;
            id = new StreamId(id.Milliseconds, last.Sequence + 1);
        }

        if (hasNext && id > last) return true;
        call.Reply.Error("ERR The ID specified in XADD is equal or smaller than the target stream top item"u8);
        return false;
    }

    private static bool HasRoom(CommandContext call, int from)
    {
        var total = 0L;
        for (var i = from; i < call.Count; i++) total += call[i].Length;
        if (total <= StreamValue.LongestEntry) return true;
        call.Reply.Error("ERR Elements are too large to be stored"u8);
        return false;
    }

    /// <summary>What came of the call: the id is said, and what was to be trimmed about is said exactly.</summary>
    private static void AddEffect(
        CommandContext call, scoped in StreamValue stream, in StreamTrimOptions options, in StreamId id)
    {
        var effect = call.BeginEffect();
        effect.Add("XADD"u8);
        effect.Add(call[1]);
        options.AddExact(ref effect, call, stream, id);
        effect.Dispose();
    }

    private static void XLen(CommandContext call)
    {
        if (call.TryRead<StreamValue>(call.Key(1), out var stream)) call.Reply.Integer(stream.Length);
    }

    private static void XDel(CommandContext call)
    {
        var key = call.Key(1);
        if (!call.TryOpen<StreamValue>(key, out var stream)) return;
        if (!stream.Exists)
        {
            call.Reply.Integer(0);
            return;
        }

        for (var i = 2; i < call.Count; i++)
            if (!call.TryStreamId(i, out _)) return;
        var deleted = 0;
        for (var i = 2; i < call.Count; i++)
        {
            StreamArguments.TryParse(call[i], 0, out var id);
            if (stream.Delete(id)) deleted++;
        }

        if (deleted > 0) call.Changed(key, KeyEvent.XDel, deleted);
        call.Reply.Integer(deleted);
    }

    private static void XTrim(CommandContext call)
    {
        if (!StreamTrimOptions.TryRead(call, adds: false, out var options)) return;
        var key = call.Key(1);
        if (!call.TryOpen<StreamValue>(key, out var stream)) return;
        var removed = StreamReferences.Trim(ref stream, options, out var gone);
        call.Reply.Integer(removed);
        if (removed == 0) return;
        call.Changed(key, KeyEvent.XTrim, removed);
        if (!options.NeedsOwnEffect) return;
        if (options.References != ReferencePolicy.Acknowledged)
        {
            var effect = call.BeginEffect();
            effect.Add("XTRIM"u8);
            effect.Add(call[1]);
            options.AddExact(ref effect, call, stream, default);
            effect.Dispose();
        }

        StreamReferences.Settle(call, ref stream, options.References, gone);
    }

    private static void XSetId(CommandContext call)
    {
        if (!call.TryStreamId(2, out var id) || !TrySetIdOptions(call, id, out var added, out var maxDeleted)) return;
        var key = call.Key(1);
        if (!call.TryOpen<StreamValue>(key, out var stream)) return;
        if (!stream.Exists)
        {
            call.Reply.Error(ErrorReplies.NoSuchKey);
            return;
        }

        if (id < stream.MaxDeletedId)
        {
            call.Reply.Error("ERR The ID specified in XSETID is smaller than current max_deleted_entry_id"u8);
            return;
        }

        if (stream.Length > 0)
        {
            if (stream.TryEdge(last: true, out var top) && id < top)
            {
                call.Reply.Error("ERR The ID specified in XSETID is smaller than the target stream top item"u8);
                return;
            }

            if (added < stream.Length)
            {
                call.Reply.Error("ERR The entries_added specified in XSETID is smaller than the target stream length"u8);
                return;
            }
        }

        stream.SetIds(id, added, maxDeleted.IsZero ? null : maxDeleted);
        call.Changed(key, KeyEvent.XSetId);
        call.Ok();
    }

    private static bool TrySetIdOptions(CommandContext call, in StreamId id, out long? added, out StreamId maxDeleted)
    {
        added = null;
        maxDeleted = default;
        for (var i = 3; i < call.Count; i += 2)
        {
            var hasValue = i + 1 < call.Count;
            if (call.Is(i, "entriesadded"u8) && hasValue)
            {
                if (!call.TryInteger(i + 1, out long count)) return false;
                added = count;
                if (count >= 0) continue;
                call.Reply.Error("ERR entries_added must be positive"u8);
                return false;
            }

            if (!call.Is(i, "maxdeletedid"u8) || !hasValue)
            {
                call.SyntaxError();
                return false;
            }

            if (!call.TryStreamId(i + 1, out maxDeleted)) return false;
            if (id >= maxDeleted) continue;
            call.Reply.Error("ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id"u8);
            return false;
        }

        return true;
    }
}
