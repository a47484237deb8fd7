using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots.Values.Streams;

namespace Starling.Node.Commands;

/// <summary>XACK and XPENDING: what was delivered and not acknowledged.</summary>
public static class StreamPendingCommands
{
    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        Streams.Row("xack", -4, CommandFlags.Write | CommandFlags.Fast, "RW update", "5.0.0",
            "Acknowledges entries that a group has delivered.", XAck),
        Streams.Row("xpending", -3, CommandFlags.ReadOnly, "RO access", "5.0.0",
            "Returns what a group has delivered and nobody has acknowledged.", XPending),
    ];

    private static void XAck(CommandContext call)
    {
        var key = call.Key(1);
        if (!call.TryOpen<StreamValue>(key, out var stream)) return;
        var group = stream.FindGroup(call[2]);
        if (group < 0)
        {
            call.Reply.Integer(0);
            return;
        }

        for (var i = 3; i < call.Count; i++)
            if (!call.TryStreamId(i, out _)) return;
        var acknowledged = 0;
        for (var i = 3; i < call.Count; i++)
        {
            StreamArguments.TryParse(call[i], 0, out var id);
            if (stream.Acknowledge(group, id)) acknowledged++;
        }

        if (acknowledged > 0) call.Changed(key, KeyEvent.Bookkeeping, acknowledged);
        call.Reply.Integer(acknowledged);
    }

    private static void XPending(CommandContext call)
    {
        if (call.Count != 3 && call.Count is < 6 or > 9)
        {
            call.SyntaxError();
            return;
        }

        var wanted = default(Wanted);
        if (call.Count > 3 && !Wanted.TryRead(call, out wanted)) return;
        if (!call.TryRead<StreamValue>(call.Key(1), out var stream)) return;
        var group = stream.FindGroup(call[2]);
        if (group < 0)
        {
            call.ErrorQuoting("NOGROUP No such key '"u8, call[1], "' or consumer group '"u8, call[2], "'"u8);
            return;
        }

        if (call.Count == 3) Summarise(call.Reply, stream.Group(group));
        else List(call, stream.Group(group), wanted);
    }

    private static void Summarise(RespWriter reply, scoped in StreamGroupInfo group)
    {
        reply.Array(4);
        reply.Integer(group.PendingCount);
        if (group.PendingCount == 0)
        {
            reply.Null();
            reply.Null();
            reply.NullArray();
            return;
        }

        var (first, last) = group.PendingEdges();
        reply.StreamId(first);
        reply.StreamId(last);
        var mark = reply.BeginArray();
        var count = 0;
        for (var i = 0; i < group.ConsumerCount; i++)
        {
            var consumer = group.ConsumerAt(i);
            if (consumer.PendingCount == 0) continue;
            reply.Array(2);
            reply.Bulk(consumer.Name);
            reply.BulkInteger(consumer.PendingCount);
            count++;
        }

        reply.EndArray(mark, count);
    }

    private static void List(CommandContext call, scoped in StreamGroupInfo group, in Wanted wanted)
    {
        var place = wanted.ConsumerAt == 0 ? 0 : group.FindConsumer(call[wanted.ConsumerAt]);
        if (place < 0)
        {
            call.Reply.Array(0);
            return;
        }

        var range = wanted.ConsumerAt == 0 ? group.Pending(wanted.Start) : group.Consumer(place).Pending(wanted.Start);
        var mark = call.Reply.BeginArray();
        var count = 0;
        while (count < wanted.Count && range.MoveNext() && range.Id <= wanted.End)
        {
            var pending = range.Current;
            var idle = call.Now - pending.DeliveryTime;
            if (wanted.MinIdle != 0 && idle < wanted.MinIdle) continue;
            call.Reply.Array(4);
            call.Reply.StreamId(pending.Id);
            call.Reply.Bulk(group.Consumer(pending.Consumer).Name);
            call.Reply.Integer(Math.Max(0, idle));
            call.Reply.Integer(pending.DeliveryCount);
            count++;
        }

        call.Reply.EndArray(mark, count);
    }

    /// <summary>What the long form of XPENDING asks for.</summary>
    private struct Wanted
    {
        public long MinIdle;
        public StreamId Start;
        public StreamId End;
        public long Count;
        public int ConsumerAt; // 0 for every consumer

        public static bool TryRead(CommandContext call, out Wanted wanted)
        {
            wanted = default;
            var at = 3;
            if (call.Is(3, "idle"u8))
            {
                if (!call.TryInteger(4, out wanted.MinIdle)) return false;
                if (call.Count < 8)
                {
                    call.SyntaxError();
                    return false;
                }

                at = 5;
            }

            if (!call.TryInteger(at + 2, out wanted.Count)) return false;
            if (!call.TryInterval(at, at + 1, out wanted.Start, out wanted.End)) return false;
            if (at + 3 < call.Count) wanted.ConsumerAt = at + 3;
            return true;
        }
    }
}
