using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots.Values;

namespace Starling.Node.Commands;

/// <summary>The commands that look for elements of a list: LINSERT, LREM, LPOS.</summary>
public static class ListSearch
{
    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        Lists.Row("linsert", 5, CommandFlags.Write | CommandFlags.DenyOom, "RW insert", "2.2.0",
            "Puts an element before or behind another one of a list.", LInsert),
        Lists.Row("lrem", 4, CommandFlags.Write, "RW delete", "1.0.0",
            "Takes out elements of a list that equal a value.", LRem),
        Lists.Row("lpos", -3, CommandFlags.ReadOnly, "RO access", "6.0.6",
            "Returns the indexes of elements of a list that equal a value.", LPos),
    ];

    private struct PositionOptions
    {
        public long Rank;
        public long Count; // -1 when not given: one index, not an array
        public long MaxLength;
    }

    private static void LInsert(CommandContext call)
    {
        var isAfter = call.Is(2, "after"u8);
        if (!isAfter && !call.Is(2, "before"u8))
        {
            call.SyntaxError();
            return;
        }

        var key = call.Key(1);
        if (!call.TryOpen<ListValue>(key, out var list)) return;
        if (!list.Exists)
        {
            call.Reply.Integer(0);
            return;
        }

        var pivot = list.Find(new ListNeedle(call[3]), 0);
        if (pivot < 0)
        {
            call.Reply.Integer(-1);
            return;
        }

        list.Insert(isAfter ? pivot + 1 : pivot, call[4]);
        call.Changed(key, KeyEvent.LInsert);
        call.Reply.Integer(list.Count);
    }

    private static void LRem(CommandContext call)
    {
        if (!call.TryInteger(2, out long count)) return;
        var key = call.Key(1);
        if (!call.TryOpen<ListValue>(key, out var list)) return;
        var limit = count is 0 or long.MinValue ? long.MaxValue : Math.Abs(count);
        var removed = list.RemoveEqual(new ListNeedle(call[3]), limit, backward: count < 0);
        if (removed > 0) call.Changed(key, KeyEvent.LRem, removed);
        call.Reply.Integer(removed);
    }

    private static void LPos(CommandContext call)
    {
        if (!TryOptions(call, out var options)) return;
        if (!call.TryRead<ListValue>(call.Key(1), out var list)) return;
        var needle = new ListNeedle(call[2]);
        var backward = options.Rank < 0;
        var skipped = Math.Abs(options.Rank) - 1;
        var looked = options.MaxLength == 0 ? list.Count : Math.Min(options.MaxLength, list.Count);
        var index = backward ? list.Count - 1 : 0;
        var mark = options.Count >= 0 ? call.Reply.BeginArray() : 0;
        var found = 0;
        foreach (var element in list.Range(Math.Max(0, index), looked, backward))
        {
            if (element.Equals(needle) && skipped-- <= 0)
            {
                call.Reply.Integer(index);
                if (options.Count < 0) return;
                if (++found == options.Count) break;
            }

            index += backward ? -1 : 1;
        }

        if (options.Count < 0) call.Reply.Null();
        else call.Reply.EndArray(mark, found);
    }

    /// <summary>False when the error is replied.</summary>
    private static bool TryOptions(CommandContext call, out PositionOptions options)
    {
        options = new PositionOptions { Rank = 1, Count = -1 };
        for (var i = 3; i < call.Count; i++)
        {
            var hasValue = i + 1 < call.Count;
            if (call.Is(i, "rank"u8) && hasValue)
            {
                if (!TryRank(call, ++i, out options.Rank)) return false;
            }
            else if (call.Is(i, "count"u8) && hasValue)
            {
                if (!TryNatural(call, ++i, "ERR COUNT can't be negative"u8, out options.Count)) return false;
            }
            else if (call.Is(i, "maxlen"u8) && hasValue)
            {
                if (!TryNatural(call, ++i, "ERR MAXLEN can't be negative"u8, out options.MaxLength)) return false;
            }
            else
            {
                call.SyntaxError();
                return false;
            }
        }

        return true;
    }

    private static bool TryRank(CommandContext call, int index, out long rank)
    {
        if (!call.TryInteger(index, out rank)) return false;
        if (rank == long.MinValue)
        {
            call.Reply.Error("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"u8);
            return false;
        }

        if (rank != 0) return true;
        call.Reply.Error(
            "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... "u8 +
            "or use negative to start from the end of the list"u8);
        return false;
    }

    private static bool TryNatural(CommandContext call, int index, ReadOnlySpan<byte> error, out long value)
    {
        if (ArgumentParser.TryInteger(call[index], out value) && value >= 0) return true;
        call.Reply.Error(error);
        return false;
    }
}
