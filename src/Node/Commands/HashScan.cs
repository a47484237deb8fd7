using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots.Values;
using Starling.Slots.Values.Hashes;

namespace Starling.Node.Commands;

/// <summary>A part of a walk through the fields of a hash (HSCAN): the options, and what matches so far.</summary>
internal sealed class HashScan : IHashVisitor
{
    private readonly CommandContext _call;
    private readonly RespWriter _matches;
    private readonly int _patternAt; // 0 for none
    private readonly long _count;
    private readonly bool _withValues;
    private readonly long _now;
    private long _visited;
    private long _written;

    private HashScan(CommandContext call, int patternAt, long count, bool withValues, long now)
    {
        _call = call;
        _matches = call.Reply.MakeSibling();
        _patternAt = patternAt;
        _count = count;
        _withValues = withValues;
        _now = now;
    }

    /// <summary>The most steps through a sparse table, so that one call stays short, as in Redis.</summary>
    public long Steps => _count > long.MaxValue / 10 ? long.MaxValue : _count * 10;

    /// <summary>As many fields were visited as were asked for.</summary>
    public bool IsEnough => _visited >= _count;

    /// <summary>Replies that a key that is not there has been walked through.</summary>
    public static void ReplyEmpty(CommandContext call)
    {
        call.Reply.Array(2);
        call.Reply.BulkInteger(0);
        call.Reply.Array(0);
    }

    /// <summary>Reads MATCH, COUNT and NOVALUES; false when the error is replied.</summary>
    /// <param name="call">The call.</param>
    /// <param name="first">The position of the first option.</param>
    /// <param name="now">Fields that have expired by then do not match; 0 for none.</param>
    /// <param name="scan">The walk.</param>
    public static bool TryParse(CommandContext call, int first, long now, out HashScan scan)
    {
        scan = null!;
        var patternAt = 0;
        var withValues = true;
        long count = 10;
        for (var i = first; i < call.Count; i++)
        {
            var hasValue = i + 1 < call.Count;
            if (hasValue && call.Is(i, "count"u8))
            {
                if (!call.TryInteger(++i, out count)) return false;
                if (count >= 1) continue;
                call.SyntaxError();
                return false;
            }

            if (hasValue && call.Is(i, "match"u8))
            {
                patternAt = call[++i].SequenceEqual("*"u8) ? 0 : i;
            }
            else if (call.Is(i, "novalues"u8))
            {
                withValues = false;
            }
            else
            {
                call.SyntaxError();
                return false;
            }
        }

        scan = new HashScan(call, patternAt, count, withValues, now);
        return true;
    }

    /// <inheritdoc/>
    public void Visit(HashEntry entry)
    {
        _visited++;
        if (_now != 0 && entry.HasExpired(_now)) return;
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        var field = entry.Field.Text(scratch);
        if (_patternAt > 0 && !GlobPattern.Matches(_call[_patternAt], field)) return;
        _matches.Bulk(field);
        _written++;
        if (!_withValues) return;
        _matches.Bulk(entry.Value.Text(scratch));
        _written++;
    }

    /// <summary>Replies with the cursor and what matched.</summary>
    public void Reply(ulong cursor)
    {
        _call.Reply.Array(2);
        _call.Reply.BulkInteger((long)cursor);
        _call.Reply.Array(_written);
        _call.Reply.Append(_matches);
    }
}
