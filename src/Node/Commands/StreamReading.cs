using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots.Keyspace;
using Starling.Slots.Values.Streams;

namespace Starling.Node.Commands;

/// <summary>XREAD: entries behind an id, of several streams; waits for some if it is to.</summary>
public static class StreamReading
{
    private static readonly Action<RespWriter> NullArray = static reply => reply.NullArray();

    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        Row("xread", -4, CommandFlags.ReadOnly, "Returns the entries of streams behind given ids; waits for some if asked to.", 1, XRead),
    ];

    /// <summary>A row of a command whose keys follow the word STREAMS.</summary>
    internal static Command Row(
        string name, int arity, CommandFlags flags, string summary, int wordFrom, CommandHandler handler) =>
        new(name, arity, flags | CommandFlags.Blocking | CommandFlags.MovableKeys, KeySpec.None, handler)
        {
            FindKeys = StreamReadOptions.TryFindKeys,
            KeysBehindWord = ("STREAMS", wordFrom),
            KeyFlags = "RO access",
            AclCategories = ["stream"],
            Group = "stream",
            Since = "5.0.0",
            Summary = summary,
        };

    /// <summary>
    /// Begins the reply with the entries of some streams: a map in RESP3, else an array of arrays, each begun with
    /// <see cref="BeginStream"/>.
    /// </summary>
    internal static void BeginStreams(RespWriter reply, int count)
    {
        if (reply.Protocol == 2) reply.Array(count);
        else reply.Map(count);
    }

    /// <summary>Begins the part of one stream; its entries follow.</summary>
    internal static void BeginStream(RespWriter reply, scoped ReadOnlySpan<byte> key)
    {
        if (reply.Protocol == 2) reply.Array(2);
        reply.Bulk(key);
    }

    /// <summary>The client waits for one of the streams of its call, or is answered null.</summary>
    internal static void Wait(
        CommandContext call, in StreamReadOptions options, KeyReadiness isReady, bool whenGone, object? state)
    {
        if (options.Blocks) call.BlockOn(options.FirstKey, options.Keys, options.Deadline, isReady, NullArray, whenGone, state);
        else call.Reply.NullArray();
    }

    private static void XRead(CommandContext call)
    {
        if (!StreamReadOptions.TryRead(call, isGroup: false, out var options)) return;

        // What $ stood for when the client began to wait holds for all of its wait.
        var ids = call.Session.Waiter?.State as StreamId[];
        if (ids is null && !TryIds(call, options, out ids)) return;
        var ready = 0;
        for (var i = 0; i < options.Keys; i++)
        {
            if (!call.TryRead<StreamValue>(call.Key(options.FirstKey + i), out var stream)) return;
            if (HasEntryBehind(stream, ids[i])) ready++;
        }

        if (ready == 0)
        {
            var first = ids.Min();
            Wait(call, options, (in Entry entry) => StreamReadiness.HasEntryBehind(entry, first), whenGone: false, ids);
            return;
        }

        BeginStreams(call.Reply, ready);
        for (var i = 0; i < options.Keys; i++)
        {
            var key = call.Key(options.FirstKey + i);
            call.TryFind<StreamValue>(key, out var stream);
            if (!HasEntryBehind(stream, ids[i])) continue;
            ids[i].TryNext(out var start);
            BeginStream(call.Reply, key.Bytes);
            call.Reply.StreamEntries(stream.Range(start, StreamId.Max), options.Count);
        }
    }

    private static bool HasEntryBehind(scoped in StreamValue stream, in StreamId id) =>
        stream.Length > 0 && stream.TryEdge(last: true, out var last) && last > id;

    private static bool TryIds(CommandContext call, in StreamReadOptions options, out StreamId[] ids)
    {
        ids = new StreamId[options.Keys];
        for (var i = 0; i < options.Keys; i++)
        {
            var at = options.FirstKey + options.Keys + i;
            if (!call.TryRead<StreamValue>(call.Key(options.FirstKey + i), out var stream)) return false;
            if (call[at] is [(byte)'$'])
            {
                ids[i] = stream.LastId;
            }
            else if (call[at] is [(byte)'+'])
            {
                if (stream.Length > 0 && stream.TryEdge(last: true, out var last)) last.TryPrevious(out ids[i]);
            }
            else if (call[at] is [(byte)'>'])
            {
                call.Reply.Error(
                    "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option."u8);
                return false;
            }
            else if (!call.TryStreamId(at, out ids[i]))
            {
                return false;
            }
        }

        return true;
    }
}
