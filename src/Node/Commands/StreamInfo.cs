using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots.Values.Streams;

namespace Starling.Node.Commands;

/// <summary>XINFO: what is known of a stream, its groups and their consumers.</summary>
public static class StreamInfo
{
    private const long UsualCount = 10;

    private static readonly string[] HelpLines =
    [
        "CONSUMERS <key> <groupname>",
        "    The consumers of a group.",
        "GROUPS <key>",
        "    The groups of a stream.",
        "STREAM <key> [FULL [COUNT <count>]]",
        "    What is known of a stream, with FULL also entries and what is pending.",
    ];

    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        new("xinfo", -2, CommandFlags.None, KeySpec.None, null)
        {
            Group = "stream", Since = "5.0.0", Summary = "Container of commands that tell about streams.",
            Subcommands =
            [
                Row("consumers", 4, "Returns the consumers of a group.", Consumers),
                Row("groups", 3, "Returns the groups of a stream.", Groups),
                new Command("help", 2, CommandFlags.Loading | CommandFlags.Stale, KeySpec.None, Help)
                {
                    AclCategories = ["stream"], Group = "stream", Since = "5.0.0", Summary = "Lists the subcommands.",
                },
                Row("stream", -3, "Returns what is known of a stream.", Stream),
            ],
        },
    ];

    private static Command Row(string name, int arity, string summary, CommandHandler handler) =>
        new(name, arity, CommandFlags.ReadOnly, KeySpec.At(2), handler)
        {
            KeyFlags = "RO access",
            AclCategories = ["stream"],
            Group = "stream",
            Since = "5.0.0",
            Summary = summary,
            Tips = name == "consumers" ? ["nondeterministic_output"] : [],
        };

    private static void Help(CommandContext call) => HelpReply.Write(call.Reply, "XINFO", HelpLines);

    private static bool TryOpen(CommandContext call, out StreamValue stream)
    {
        if (!call.TryRead(call.Key(2), out stream)) return false;
        if (stream.Exists) return true;
        call.Reply.Error(ErrorReplies.NoSuchKey);
        return false;
    }

    private static void Consumers(CommandContext call)
    {
        if (!TryOpen(call, out var stream)) return;
        var index = stream.FindGroup(call[3]);
        if (index < 0)
        {
            call.NoSuchGroup(call[2], call[3]);
            return;
        }

        var group = stream.Group(index);
        var reply = call.Reply;
        reply.Array(group.ConsumerCount);
        for (var i = 0; i < group.ConsumerCount; i++)
        {
            var consumer = group.ConsumerAt(i);
            reply.Map(4);
            reply.Bulk("name"u8);
            reply.Bulk(consumer.Name);
            reply.Bulk("pending"u8);
            reply.Integer(consumer.PendingCount);
            reply.Bulk("idle"u8);
            reply.Integer(Math.Max(0, call.Now - consumer.SeenTime));
            reply.Bulk("inactive"u8);
            reply.Integer(consumer.ActiveTime == -1 ? -1 : call.Now - consumer.ActiveTime);
        }
    }

    private static void Groups(CommandContext call)
    {
        if (!TryOpen(call, out var stream)) return;
        var reply = call.Reply;
        reply.Array(stream.GroupCount);
        for (var i = 0; i < stream.GroupCount; i++)
        {
            var group = stream.Group(i);
            reply.Map(6);
            reply.Bulk("name"u8);
            reply.Bulk(group.Name);
            reply.Bulk("consumers"u8);
            reply.Integer(group.ConsumerCount);
            reply.Bulk("pending"u8);
            reply.Integer(group.PendingCount);
            WriteProgress(reply, group);
        }
    }

    /// <summary>How far a group has read.</summary>
    private static void WriteProgress(RespWriter reply, scoped in StreamGroupInfo group)
    {
        reply.Bulk("last-delivered-id"u8);
        reply.StreamId(group.LastId);
        reply.Bulk("entries-read"u8);
        if (group.EntriesRead == -1) reply.Null();
        else reply.Integer(group.EntriesRead);
        reply.Bulk("lag"u8);
        if (group.TryLag(out var lag)) reply.Integer(lag);
        else reply.Null();
    }

    private static void Stream(CommandContext call)
    {
        if (!TryOpen(call, out var stream)) return;
        var isFull = call.Count > 3;
        var count = UsualCount;
        if (isFull && !TryFull(call, out count)) return;
        var reply = call.Reply;
        reply.Map(isFull ? 9 : 10);
        reply.Bulk("length"u8);
        reply.Integer(stream.Length);
        reply.Bulk("radix-tree-keys"u8);
        reply.Integer(stream.NodeCount);
        reply.Bulk("radix-tree-nodes"u8);
        reply.Integer(stream.NodeCount + 1);
        reply.Bulk("last-generated-id"u8);
        reply.StreamId(stream.LastId);
        reply.Bulk("max-deleted-entry-id"u8);
        reply.StreamId(stream.MaxDeletedId);
        reply.Bulk("entries-added"u8);
        reply.Integer(stream.EntriesAdded);
        reply.Bulk("recorded-first-entry-id"u8);
        reply.StreamId(stream.FirstId);
        if (isFull) WriteFull(reply, stream, count);
        else WriteEdges(reply, stream);
    }

    private static bool TryFull(CommandContext call, out long count)
    {
        count = UsualCount;
        var isForm = call.Count is 4 or 6 && call.Is(3, "full"u8) && (call.Count == 4 || call.Is(4, "count"u8));
        if (!isForm)
        {
            call.SubcommandSyntaxError();
            return false;
        }

        if (call.Count == 4) return true;
        if (!call.TryInteger(5, out count)) return false;
        if (count < 0) count = UsualCount;
        return true;
    }

    private static void WriteEdges(RespWriter reply, scoped in StreamValue stream)
    {
        reply.Bulk("groups"u8);
        reply.Integer(stream.GroupCount);
        reply.Bulk("first-entry"u8);
        WriteFirst(reply, stream.Range(StreamId.Min, StreamId.Max));
        reply.Bulk("last-entry"u8);
        WriteFirst(reply, stream.Range(StreamId.Min, StreamId.Max, backward: true));
    }

    private static void WriteFirst(RespWriter reply, scoped StreamRange range)
    {
        if (range.MoveNext()) reply.StreamEntry(range.Current);
        else reply.Null();
    }

    private static void WriteFull(RespWriter reply, scoped in StreamValue stream, long count)
    {
        reply.Bulk("entries"u8);
        reply.StreamEntries(stream.Range(StreamId.Min, StreamId.Max), count);
        reply.Bulk("groups"u8);
        reply.Array(stream.GroupCount);
        for (var i = 0; i < stream.GroupCount; i++)
        {
            var group = stream.Group(i);
            reply.Map(7);
            reply.Bulk("name"u8);
            reply.Bulk(group.Name);
            WriteProgress(reply, group);
            reply.Bulk("pel-count"u8);
            reply.Integer(group.PendingCount);
            reply.Bulk("pending"u8);
            WritePending(reply, group, group.Pending(StreamId.Min), count, withConsumer: true);
            reply.Bulk("consumers"u8);
            reply.Array(group.ConsumerCount);
            for (var j = 0; j < group.ConsumerCount; j++) WriteConsumer(reply, group, group.ConsumerAt(j), count);
        }
    }

    private static void WriteConsumer(
        RespWriter reply, scoped in StreamGroupInfo group, scoped in StreamConsumerInfo consumer, long count)
    {
        reply.Map(5);
        reply.Bulk("name"u8);
        reply.Bulk(consumer.Name);
        reply.Bulk("seen-time"u8);
        reply.Integer(consumer.SeenTime);
        reply.Bulk("active-time"u8);
        reply.Integer(consumer.ActiveTime);
        reply.Bulk("pel-count"u8);
        reply.Integer(consumer.PendingCount);
        reply.Bulk("pending"u8);
        WritePending(reply, group, consumer.Pending(StreamId.Min), count, withConsumer: false);
    }

    private static void WritePending(
        RespWriter reply, scoped in StreamGroupInfo group, scoped StreamPendingRange range, long limit, bool withConsumer)
    {
        var mark = reply.BeginArray();
        var count = 0;
        while ((limit == 0 || count < limit) && range.MoveNext())
        {
            var pending = range.Current;
            reply.Array(withConsumer ? 4 : 3);
            reply.StreamId(pending.Id);
            if (withConsumer) reply.Bulk(group.Consumer(pending.Consumer).Name);
            reply.Integer(pending.DeliveryTime);
            reply.Integer(pending.DeliveryCount);
            count++;
        }

        reply.EndArray(mark, count);
    }
}
