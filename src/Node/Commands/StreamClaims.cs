using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots;
using Starling.Slots.Keyspace;
using Starling.Slots.Values.Streams;

namespace Starling.Node.Commands;

/// <summary>XCLAIM and XAUTOCLAIM: pending entries go from one consumer to another.</summary>
public static class StreamClaims
{
    private const int Attempts = 10;
    private const long LargestCount = long.MaxValue / 16;
    private const long UsualCount = 100;

    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        Streams.Row("xclaim", -6, CommandFlags.Write | CommandFlags.Fast, "RW update", "5.0.0",
            "Gives pending entries to a consumer.", XClaim),
        Streams.Row("xautoclaim", -6, CommandFlags.Write | CommandFlags.Fast, "RW delete", "6.2.0",
            "Gives pending entries that have been idle for long to a consumer.", XAutoClaim),
    ];

    private static bool TryOpen(CommandContext call, scoped in Key key, out StreamValue stream, out int group)
    {
        group = -1;
        if (!call.TryOpen(key, out stream)) return false;
        group = stream.FindGroup(call[2]);
        if (group >= 0) return true;
        call.ErrorQuoting("NOGROUP No such key '"u8, call[1], "' or consumer group '"u8, call[2], "'"u8);
        return false;
    }

    private static void XClaim(CommandContext call)
    {
        var key = call.Key(1);
        if (!TryOpen(call, key, out var stream, out var group)) return;
        if (!call.TryInteger(4, "ERR Invalid min-idle-time argument for XCLAIM"u8, out var minIdle)) return;
        if (!ClaimOptions.TryRead(call, out var options)) return;
        options.MinIdle = Math.Max(0, minIdle);
        var info = stream.Group(group);
        var isAhead = options.LastId > info.LastId;
        if (isAhead) stream.SetGroup(group, options.LastId, info.EntriesRead);
        var consumer = StreamGroupReading.OpenConsumer(call, key, ref stream, group, call[3]);
        var mark = call.Reply.BeginArray();
        var (claimed, changed) = (0, 0);
        for (var at = 5; at < options.End; at++)
        {
            StreamArguments.TryParse(call[at], 0, out var id);
            var isPending = stream.Group(group).TryPending(id, out var pending);
            if (!stream.TryFind(id, out _))
            {
                if (!isPending) continue;
                changed++;
                Drop(call, key, ref stream, group, pending);
                continue;
            }

            if (!isPending && !options.Force) continue;
            if (isPending && options.MinIdle > 0 && call.Now - pending.DeliveryTime < options.MinIdle) continue;
            var count = isPending ? pending.DeliveryCount : 1;
            if (options.RetryCount >= 0) count = options.RetryCount;
            else if (!options.JustId) count++;
            Claim(call, key, ref stream, group, new StreamPending(id, consumer, options.DeliveryTime, count), options.JustId);
            claimed++;
        }

        call.Reply.EndArray(mark, claimed);
        changed += claimed;
        if (isAhead && changed == 0)
        {
            StreamGroupReading.AddSetId(call, key, stream.Group(group));
            changed++;
        }

        if (claimed > 0) stream.Touch(group, consumer, call.Now, isActive: true);
        if (changed > 0) call.Changed(key, KeyEvent.Bookkeeping, changed);
    }

    /// <summary>Gives an entry to a consumer, replies with it and tells replicas.</summary>
    private static void Claim(
        CommandContext call, scoped in Key key, ref StreamValue stream, int group, in StreamPending pending, bool justId)
    {
        stream.Deliver(group, pending);
        if (justId)
        {
            call.Reply.StreamId(pending.Id);
        }
        else
        {
            Invariant.That(stream.TryFind(pending.Id, out var entry));
            call.Reply.StreamEntry(entry);
        }

        StreamGroupReading.AddClaim(call, key, stream.Group(group), pending);
    }

    /// <summary>An entry is not there any more: it is pending no longer.</summary>
    private static void Drop(
        CommandContext call, scoped in Key key, ref StreamValue stream, int group, in StreamPending pending)
    {
        StreamGroupReading.AddClaim(call, key, stream.Group(group), pending);
        Invariant.That(stream.Acknowledge(group, pending.Id));
    }

    private static void XAutoClaim(CommandContext call)
    {
        if (!call.TryInteger(4, "ERR Invalid min-idle-time argument for XAUTOCLAIM"u8, out var minIdle)) return;
        if (!call.TryStart(5, out var start) || !TryAutoOptions(call, out var count, out var justId)) return;
        var key = call.Key(1);
        if (!TryOpen(call, key, out var stream, out var group)) return;
        var consumer = StreamGroupReading.OpenConsumer(call, key, ref stream, group, call[3]);
        var deleted = new List<StreamId>();
        var entries = call.Reply.MakeSibling();
        var (claimed, next) = (0, start);
        var isAtEnd = false;
        for (var attempts = count * Attempts; attempts > 0 && count > 0; attempts--)
        {
            var range = stream.Group(group).Pending(next);
            isAtEnd = !range.MoveNext();
            if (isAtEnd) break;
            var pending = range.Current;
            isAtEnd = !pending.Id.TryNext(out next);
            if (!stream.TryFind(pending.Id, out var entry))
            {
                Drop(call, key, ref stream, group, pending);
                deleted.Add(pending.Id);
                count--;
            }
            else if (minIdle <= 0 || call.Now - pending.DeliveryTime >= minIdle)
            {
                if (justId) entries.StreamId(pending.Id);
                else entries.StreamEntry(entry);
                pending = pending with
                {
                    Consumer = consumer,
                    DeliveryTime = call.Now,
                    DeliveryCount = pending.DeliveryCount + (justId ? 0 : 1),
                };
                stream.Deliver(group, pending);
                StreamGroupReading.AddClaim(call, key, stream.Group(group), pending);
                claimed++;
                count--;
            }

            if (isAtEnd) break;
        }

        if (claimed > 0) stream.Touch(group, consumer, call.Now, isActive: true);
        if (claimed + deleted.Count > 0) call.Changed(key, KeyEvent.Bookkeeping, claimed + deleted.Count);
        var rest = stream.Group(group).Pending(next);
        call.Reply.Array(3);
        call.Reply.StreamId(!isAtEnd && rest.MoveNext() ? rest.Id : StreamId.Min);
        call.Reply.Array(claimed);
        call.Reply.Append(entries);
        call.Reply.Array(deleted.Count);
        foreach (var id in deleted) call.Reply.StreamId(id);
    }

    private static bool TryAutoOptions(CommandContext call, out long count, out bool justId)
    {
        count = UsualCount;
        justId = false;
        for (var i = 6; i < call.Count; i++)
        {
            if (call.Is(i, "justid"u8))
            {
                justId = true;
                continue;
            }

            if (!call.Is(i, "count"u8) || i + 1 >= call.Count)
            {
                call.SyntaxError();
                return false;
            }

            if (ArgumentParser.TryInteger(call[++i], out count) && count is >= 1 and <= LargestCount) continue;
            call.Reply.Error("ERR COUNT must be > 0"u8);
            return false;
        }

        return true;
    }

    /// <summary>The options of XCLAIM.</summary>
    private struct ClaimOptions
    {
        public long MinIdle;
        public long DeliveryTime;
        public long RetryCount; // -1 for what it was
        public bool Force;
        public bool JustId;
        public StreamId LastId;
        public int End; // behind the last id

        public static bool TryRead(CommandContext call, out ClaimOptions options)
        {
            options = new ClaimOptions { DeliveryTime = -1, RetryCount = -1, End = 5 };
            while (options.End < call.Count && StreamArguments.TryParse(call[options.End], 0, out _)) options.End++;
            for (var at = options.End; at < call.Count; at++)
                if (!options.TryReadOption(call, ref at)) return false;
            if (options.DeliveryTime < 0 || options.DeliveryTime > call.Now) options.DeliveryTime = call.Now;
            return true;
        }

        private bool TryReadOption(CommandContext call, ref int at)
        {
            var hasValue = at + 1 < call.Count;
            if (call.Is(at, "force"u8))
            {
                Force = true;
            }
            else if (call.Is(at, "justid"u8))
            {
                JustId = true;
            }
            else if (call.Is(at, "idle"u8) && hasValue)
            {
                if (!call.TryInteger(++at, "ERR Invalid IDLE option argument for XCLAIM"u8, out var idle)) return false;
                DeliveryTime = unchecked(call.Now - idle);
            }
            else if (call.Is(at, "time"u8) && hasValue)
            {
                return call.TryInteger(++at, "ERR Invalid TIME option argument for XCLAIM"u8, out DeliveryTime);
            }
            else if (call.Is(at, "retrycount"u8) && hasValue)
            {
                return call.TryInteger(++at, "ERR Invalid RETRYCOUNT option argument for XCLAIM"u8, out RetryCount);
            }
            else if (call.Is(at, "lastid"u8) && hasValue)
            {
                return call.TryStreamId(++at, out LastId);
            }
            else
            {
                call.ErrorQuoting("ERR Unrecognized XCLAIM option '"u8, call[at], "'"u8);
                return false;
            }

            return true;
        }
    }
}
