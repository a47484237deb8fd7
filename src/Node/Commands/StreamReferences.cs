using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Slots;
using Starling.Slots.Keyspace;
using Starling.Slots.Values.Streams;

namespace Starling.Node.Commands;

/// <summary>
/// What came with Redis 8.2: entries go together with what groups know of them, or only when no group needs them. To
/// replicas goes what older versions understand: XDEL, XTRIM and XACK.
/// </summary>
public static class StreamReferences
{
    private const int Missing = -1;
    private const int Done = 1;
    private const int StillReferenced = 2;

    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        Streams.Row("xdelex", -5, CommandFlags.Write | CommandFlags.Fast, "RW delete", "8.2.0",
            "Deletes entries of a stream, and what groups know of them or only what no group needs.", XDelEx),
        Streams.Row("xackdel", -6, CommandFlags.Write | CommandFlags.Fast, "RW delete", "8.2.0",
            "Acknowledges entries for a group and deletes them.", XAckDel),
    ];

    /// <summary>The argument is a word for a policy.</summary>
    internal static bool IsPolicy(CommandContext call, int at)
    {
        var policy = ReferencePolicy.Keep;
        return TryPolicy(call, at, ref policy);
    }

    /// <summary>Reads a word for a policy; false when it is none.</summary>
    internal static bool TryPolicy(CommandContext call, int at, ref ReferencePolicy policy)
    {
        if (call.Is(at, "keepref"u8)) policy = ReferencePolicy.Keep;
        else if (call.Is(at, "delref"u8)) policy = ReferencePolicy.Delete;
        else if (call.Is(at, "acked"u8)) policy = ReferencePolicy.Acknowledged;
        else return false;
        return true;
    }

    /// <summary>Takes entries out of a stream from the first on.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="options">Which.</param>
    /// <param name="gone">Which went, unless groups keep what they know of them; for <see cref="Settle"/>.</param>
    /// <returns>How many went.</returns>
    internal static long Trim(ref StreamValue stream, in StreamTrimOptions options, out List<StreamId> gone)
    {
        gone = [];
        if (options.References == ReferencePolicy.Keep) return stream.Trim(options.Trim);
        if (!stream.Exists) return 0;
        gone = Candidates(stream, options);
        if (options.References == ReferencePolicy.Delete)
        {
            var removed = stream.Trim(options.Trim);
            gone.RemoveRange((int)removed, gone.Count - (int)removed);
            return removed;
        }

        foreach (var id in gone) Invariant.That(stream.Delete(id));
        return gone.Count;
    }

    /// <summary>
    /// Ends a command by which entries went: groups forget them if they are to, and replicas are told what the command's
    /// own effect does not say.
    /// </summary>
    internal static void Settle(
        CommandContext call, ref StreamValue stream, ReferencePolicy policy, List<StreamId> gone)
    {
        if (policy == ReferencePolicy.Delete) Forget(call, ref stream, gone);
        else if (policy == ReferencePolicy.Acknowledged) AddEffect(call, "XDEL"u8, default, gone);
    }

    private static List<StreamId> Candidates(scoped in StreamValue stream, in StreamTrimOptions options)
    {
        var candidates = new List<StreamId>();
        var most = options.IsByLength ? stream.Length - options.MaxLength : long.MaxValue;
        var isChoosy = options.References == ReferencePolicy.Acknowledged;
        if (isChoosy && options.Limit > 0) most = Math.Min(most, options.Limit);
        var end = StreamId.Max;
        if (!options.IsByLength && !options.MinId.TryPrevious(out end)) return candidates;
        var range = stream.Range(StreamId.Min, end);
        while (candidates.Count < most && range.MoveNext())
            if (!isChoosy || !IsReferenced(stream, range.Id)) candidates.Add(range.Id);
        return candidates;
    }

    /// <summary>A group has not read an entry yet, or not acknowledged it.</summary>
    private static bool IsReferenced(scoped in StreamValue stream, in StreamId id)
    {
        for (var i = 0; i < stream.GroupCount; i++)
        {
            var group = stream.Group(i);
            if (group.LastId < id || group.TryPending(id, out _)) return true;
        }

        return false;
    }

    /// <summary>No group has the entries pending any more; true when one had.</summary>
    private static bool Forget(CommandContext call, ref StreamValue stream, List<StreamId> ids)
    {
        var hadAny = false;
        var forgotten = new List<StreamId>();
        for (var i = 0; i < stream.GroupCount; i++)
        {
            forgotten.Clear();
            foreach (var id in ids)
                if (stream.Acknowledge(i, id)) forgotten.Add(id);
            AddEffect(call, "XACK"u8, stream.Group(i).Name, forgotten);
            hadAny |= forgotten.Count > 0;
        }

        return hadAny;
    }

    private static void AddEffect(
        CommandContext call, ReadOnlySpan<byte> name, scoped ReadOnlySpan<byte> group, List<StreamId> ids)
    {
        if (ids.Count == 0) return;
        var effect = call.BeginEffect();
        effect.Add(name);
        effect.Add(call[1]);
        if (!group.IsEmpty || name.SequenceEqual("XACK"u8)) effect.Add(group);
        foreach (var id in ids) effect.AddId(id);
        effect.Dispose();
    }

    private static void XDelEx(CommandContext call)
    {
        if (!TryOptions(call, 2, out var policy, out var firstId, out var count)) return;
        var key = call.Key(1);
        if (!call.TryOpen<StreamValue>(key, out var stream)) return;
        var gone = new List<StreamId>();
        var asked = new List<StreamId>();
        call.Reply.Array(count);
        for (var i = 0; i < count; i++)
        {
            StreamArguments.TryParse(call[firstId + i], 0, out var id);
            asked.Add(id);
            call.Reply.Integer(Delete(ref stream, policy, id, gone));
        }

        Declare(call, key, ref stream, policy, gone, asked);
    }

    private static void XAckDel(CommandContext call)
    {
        if (!TryOptions(call, 3, out var policy, out var firstId, out var count)) return;
        var key = call.Key(1);
        if (!call.TryOpen<StreamValue>(key, out var stream)) return;
        var group = stream.FindGroup(call[2]);
        var gone = new List<StreamId>();
        var acknowledged = new List<StreamId>();
        call.Reply.Array(count);
        for (var i = 0; i < count; i++)
        {
            StreamArguments.TryParse(call[firstId + i], 0, out var id);
            if (group < 0 || !stream.Acknowledge(group, id))
            {
                call.Reply.Integer(Missing);
                continue;
            }

            acknowledged.Add(id);
            call.Reply.Integer(Delete(ref stream, policy, id, gone) == StillReferenced ? StillReferenced : Done);
        }

        if (acknowledged.Count == 0) return;
        AddEffect(call, "XACK"u8, call[2], acknowledged);
        call.Changed(key, KeyEvent.Bookkeeping, acknowledged.Count);
        Declare(call, key, ref stream, policy, gone, acknowledged);
    }

    private static int Delete(ref StreamValue stream, ReferencePolicy policy, in StreamId id, List<StreamId> gone)
    {
        if (!stream.TryFind(id, out _)) return Missing;
        if (policy == ReferencePolicy.Acknowledged && IsReferenced(stream, id)) return StillReferenced;
        Invariant.That(stream.Delete(id));
        gone.Add(id);
        return Done;
    }

    private static void Declare(
        CommandContext call,
        scoped in Key key,
        ref StreamValue stream,
        ReferencePolicy policy,
        List<StreamId> gone,
        List<StreamId> asked)
    {
        if (gone.Count > 0)
        {
            call.Changed(key, KeyEvent.XDel, gone.Count);
            AddEffect(call, "XDEL"u8, default, gone);
        }

        // What was deleted before may be pending all the same.
        if (policy == ReferencePolicy.Delete && Forget(call, ref stream, asked)) call.Changed(key, KeyEvent.Bookkeeping);
    }

    /// <summary>Reads the policy and the ids, in either order, or replies with the error.</summary>
    private static bool TryOptions(
        CommandContext call, int at, out ReferencePolicy policy, out int firstId, out int count)
    {
        policy = ReferencePolicy.Keep;
        firstId = 0;
        count = 0;
        for (; at < call.Count; at++)
        {
            if (TryPolicy(call, at, ref policy)) continue;
            if (firstId > 0 || !call.Is(at, "ids"u8) || at + 1 >= call.Count)
            {
                call.SyntaxError();
                return false;
            }

            if (!TryCount(call, at + 1, out count)) return false;
            firstId = at + 2;
            for (var i = 0; i < count; i++)
                if (!call.TryStreamId(firstId + i, out _)) return false;
            at += 1 + count;
        }

        if (firstId > 0) return true;
        call.SyntaxError();
        return false;
    }

    private static bool TryCount(CommandContext call, int at, out int count)
    {
        count = 0;
        if (!Resp.ArgumentParser.TryInteger(call[at], out long number) || number < 1)
        {
            call.Reply.Error("ERR Number of IDs must be a positive integer"u8);
            return false;
        }

        if (number > call.Count - at - 1)
        {
            call.Reply.Error("ERR The `numids` parameter must match the number of arguments"u8);
            return false;
        }

        count = (int)number;
        return true;
    }
}
