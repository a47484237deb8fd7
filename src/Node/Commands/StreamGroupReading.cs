using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Slots.Keyspace;
using Starling.Slots.Values.Streams;

namespace Starling.Node.Commands;

/// <summary>XREADGROUP: entries that a group has not delivered yet, or those that a consumer has not acknowledged.</summary>
public static class StreamGroupReading
{
    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        StreamReading.Row("xreadgroup", -7, CommandFlags.Write,
            "Delivers entries of streams to a consumer of a group; waits for some if asked to.", 4, XReadGroup),
    ];

    /// <summary>Finds a consumer, or makes it, and notes that it was heard of.</summary>
    /// <param name="call">The call.</param>
    /// <param name="key">The stream's key.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="group">The place of the group.</param>
    /// <param name="name">The consumer's name.</param>
    /// <param name="isClaiming">An XCLAIM for the consumer follows in the log, which makes it where it is executed.</param>
    /// <returns>Its place.</returns>
    internal static int OpenConsumer(
        CommandContext call, scoped in Key key, ref StreamValue stream, int group, scoped ReadOnlySpan<byte> name, bool isClaiming = false)
    {
        var place = stream.Group(group).FindConsumer(name);
        if (place >= 0)
        {
            stream.Touch(group, place, call.Now, isActive: false);
            return place;
        }

        place = stream.CreateConsumer(group, name, call.Now);
        call.Changed(key, KeyEvent.XGroupCreateConsumer);
        if (isClaiming) return place;
        var effect = call.BeginEffect();
        effect.Add("XGROUP"u8);
        effect.Add("CREATECONSUMER"u8);
        effect.Add(key.Bytes);
        effect.Add(stream.Group(group).Name);
        effect.Add(name);
        effect.Dispose();
        return place;
    }

    /// <summary>
    /// Adds the effect of a delivery: in the words of XCLAIM, which may be repeated and says who has the entry since when.
    /// </summary>
    internal static void AddClaim(
        CommandContext call, scoped in Key key, scoped in StreamGroupInfo group, in StreamPending pending)
    {
        var effect = call.BeginEffect();
        effect.Add("XCLAIM"u8);
        effect.Add(key.Bytes);
        effect.Add(group.Name);
        effect.Add(group.Consumer(pending.Consumer).Name);
        effect.Add(0);
        effect.AddId(pending.Id);
        effect.Add("TIME"u8);
        effect.Add(pending.DeliveryTime);
        effect.Add("RETRYCOUNT"u8);
        effect.Add(pending.DeliveryCount);
        effect.Add("FORCE"u8);
        effect.Add("JUSTID"u8);
        effect.Add("LASTID"u8);
        effect.AddId(group.LastId);
        effect.Dispose();
    }

    /// <summary>Adds the effect of a group's having read on.</summary>
    internal static void AddSetId(CommandContext call, scoped in Key key, scoped in StreamGroupInfo group)
    {
        var effect = call.BeginEffect();
        effect.Add("XGROUP"u8);
        effect.Add("SETID"u8);
        effect.Add(key.Bytes);
        effect.Add(group.Name);
        effect.AddId(group.LastId);
        effect.Add("ENTRIESREAD"u8);
        effect.Add(group.EntriesRead);
        effect.Dispose();
    }

    private static void XReadGroup(CommandContext call)
    {
        if (!StreamReadOptions.TryRead(call, isGroup: true, out var options)) return;
        for (var i = 0; i < options.Keys; i++)
            if (!TryCheck(call, options, i)) return;
        var ready = 0;
        for (var i = 0; i < options.Keys; i++)
        {
            var key = call.Key(options.FirstKey + i);
            call.TryOpen<StreamValue>(key, out var stream);
            var group = stream.FindGroup(call[options.GroupAt]);
            var hasSomething = HasSomething(call, options, i, stream, group);
            var isClaiming = hasSomething && !options.NoAck && IsNewestId(call, options, i, out _);
            OpenConsumer(call, key, ref stream, group, call[options.GroupAt + 1], isClaiming);
            if (hasSomething) ready++;
        }

        if (ready == 0)
        {
            var name = options.Blocks && call.MayBlock ? call[options.GroupAt].ToArray() : [];
            StreamReading.Wait(
                call, options, (in Entry entry) => StreamReadiness.ConcernsGroup(entry, name), whenGone: true, state: null);
            return;
        }

        // A stream that is named twice may have nothing left the second time.
        var mark = call.Reply.BeginArray();
        var answered = 0;
        for (var i = 0; i < options.Keys; i++)
        {
            var key = call.Key(options.FirstKey + i);
            call.TryOpen<StreamValue>(key, out var stream);
            var group = stream.FindGroup(call[options.GroupAt]);
            if (!HasSomething(call, options, i, stream, group)) continue;
            StreamReading.BeginStream(call.Reply, key.Bytes);
            if (IsNewestId(call, options, i, out _)) Deliver(call, key, ref stream, group, options);
            else DeliverAgain(call, ref stream, group, options, i);
            answered++;
        }

        if (call.Reply.Protocol == 2) call.Reply.EndArray(mark, answered);
        else call.Reply.EndMap(mark, answered);
    }

    private static bool IsNew(CommandContext call, in StreamReadOptions options, int index) =>
        call[options.FirstKey + options.Keys + index] is [(byte)'>'];

    /// <summary>The key has the group, and the id is one; otherwise the error is replied.</summary>
    private static bool TryCheck(CommandContext call, in StreamReadOptions options, int index)
    {
        var key = call.Key(options.FirstKey + index);
        if (!call.TryRead<StreamValue>(key, out var stream)) return false;
        if (stream.FindGroup(call[options.GroupAt]) < 0)
        {
            call.ErrorQuoting(
                "NOGROUP No such key '"u8, key.Bytes, "' or consumer group '"u8, call[options.GroupAt],
                "' in XREADGROUP with GROUP option"u8);
            return false;
        }

        var at = options.FirstKey + options.Keys + index;
        if (IsNew(call, options, index)) return true;
        if (call[at] is not [(byte)'$'] and not [(byte)'+']) return call.TryStreamId(at, out _);
        var word = (char)call[at][0];
        call.Reply.Error(
            $"ERR The {word} ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by "
            + $"specifying a proper ID, or use the > ID to get new messages. The {word} ID would just return an empty result set.");
        return false;
    }

    private static bool HasSomething(
        CommandContext call, in StreamReadOptions options, int index, scoped in StreamValue stream, int group)
    {
        if (IsNewestId(call, options, index, out _)) return stream.Length > 0
            && stream.TryEdge(last: true, out var last) && last > stream.Group(group).LastId;
        return true;
    }

    /// <summary>The largest id means what '>' does.</summary>
    private static bool IsNewestId(CommandContext call, in StreamReadOptions options, int index, out StreamId id)
    {
        id = StreamId.Max;
        if (IsNew(call, options, index)) return true;
        StreamArguments.TryParse(call[options.FirstKey + options.Keys + index], 0, out id);
        return id == StreamId.Max;
    }

    /// <summary>Replies with entries that the group has not delivered yet, and notes to whom they went.</summary>
    private static void Deliver(
        CommandContext call, scoped in Key key, ref StreamValue stream, int group, in StreamReadOptions options)
    {
        var consumer = stream.Group(group).FindConsumer(call[options.GroupAt + 1]);
        stream.Group(group).LastId.TryNext(out var next);
        var mark = call.Reply.BeginArray();
        var count = 0;
        while (options.Count == 0 || count < options.Count)
        {
            var range = stream.Range(next, StreamId.Max);
            if (!range.MoveNext()) break;
            var id = range.Id;
            call.Reply.StreamEntry(range.Current);
            stream.Advance(group, id);
            if (!options.NoAck)
            {
                var pending = new StreamPending(id, consumer, call.Now, 1);
                stream.Deliver(group, pending);
                AddClaim(call, key, stream.Group(group), pending);
            }

            count++;
            if (!id.TryNext(out next)) break;
        }

        call.Reply.EndArray(mark, count);
        if (count == 0) return;
        if (!options.NoAck) stream.Touch(group, consumer, call.Now, isActive: true);
        call.Changed(key, KeyEvent.Bookkeeping, options.NoAck ? 1 : count + 1);
        AddSetId(call, key, stream.Group(group));
    }

    /// <summary>Replies with what the consumer has not acknowledged; what was deleted meanwhile has no fields.</summary>
    private static void DeliverAgain(
        CommandContext call, ref StreamValue stream, int group, in StreamReadOptions options, int index)
    {
        IsNewestId(call, options, index, out var id);
        var mark = call.Reply.BeginArray();
        var count = 0;
        while ((options.Count == 0 || count < options.Count) && id.TryNext(out var next))
        {
            var info = stream.Group(group);
            var range = info.Consumer(info.FindConsumer(call[options.GroupAt + 1])).Pending(next);
            if (!range.MoveNext()) break;
            var pending = range.Current;
            id = pending.Id;
            count++;
            if (stream.TryFind(id, out var entry))
            {
                call.Reply.StreamEntry(entry);
                stream.Deliver(
                    group, pending with { DeliveryTime = call.Now, DeliveryCount = pending.DeliveryCount + 1 });
                continue;
            }

            call.Reply.Array(2);
            call.Reply.StreamId(id);
            call.Reply.NullArray();
        }

        call.Reply.EndArray(mark, count);
    }
}
