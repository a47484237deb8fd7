using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots.Values;
using Starling.Slots.Values.Hashes;
using Starling.Slots.Values.SortedSets;

namespace Starling.Node.Commands;

/// <summary>
/// A part of a walk through the elements of a collection (SSCAN, ZSCAN, HSCAN): the options, and the elements that match so
/// far. A small collection is visited whole.
/// </summary>
internal sealed class ElementScan : IElementVisitor, ISortedSetVisitor, IHashVisitor
{
    private readonly CommandContext _call;
    private readonly RespWriter _matches;
    private readonly int _patternAt; // 0 for none
    private readonly long _count;
    private readonly bool _withValues;
    private readonly long _now;
    private long _visited;
    private long _written;

    private ElementScan(CommandContext call, int patternAt, long count, bool withValues, long now)
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

    /// <summary>As many elements were visited as were asked for.</summary>
    public bool IsEnough => _visited >= _count;

    /// <summary>Reads the cursor; false when the error is replied.</summary>
    public static bool TryCursor(CommandContext call, int index, out ulong cursor)
    {
        if (Scanning.TryCursor(call[index], out cursor)) return true;
        call.Reply.Error("ERR invalid cursor"u8);
        return false;
    }

    /// <summary>Replies that a key that is not there has been walked through.</summary>
    public static void ReplyEmpty(CommandContext call)
    {
        call.Reply.Array(2);
        call.Reply.BulkInteger(0);
        call.Reply.Array(0);
    }

    /// <summary>Reads MATCH and COUNT; false when the error is replied.</summary>
    /// <param name="call">The call.</param>
    /// <param name="first">The position of the first option.</param>
    /// <param name="scan">The walk.</param>
    public static bool TryParse(CommandContext call, int first, out ElementScan scan) => TryParse(call, first, isOfFields: false, 0, out scan);

    /// <summary>Reads MATCH, COUNT and NOVALUES for the fields of a hash; false when the error is replied.</summary>
    /// <param name="call">The call.</param>
    /// <param name="first">The position of the first option.</param>
    /// <param name="now">Fields that have expired by then, in milliseconds of Unix time, do not match; 0 for none.</param>
    /// <param name="scan">The walk.</param>
    public static bool TryParseFields(CommandContext call, int first, long now, out ElementScan scan) =>
        TryParse(call, first, isOfFields: true, now, out scan);

    /// <inheritdoc/>
    public void Visit(ListElement element) => TryMatch(element);

    /// <inheritdoc/>
    public void Visit(SortedSetElement element)
    {
        if (!TryMatch(element.Member)) return;
        Span<byte> scratch = stackalloc byte[SortedSetElement.ScratchLength];
        _matches.Bulk(element.KeptScore(scratch));
        _written++;
    }

    /// <inheritdoc/>
    public void Visit(HashEntry entry)
    {
        if (_now != 0 && entry.HasExpired(_now)) _visited++;
        else if (TryMatch(entry.Field) && _withValues) Write(entry.Value);
    }

    /// <summary>Replies with the cursor and what matched.</summary>
    public void Reply(ulong cursor)
    {
        _call.Reply.Array(2);
        _call.Reply.BulkInteger((long)cursor);
        _call.Reply.Array(_written);
        _call.Reply.Append(_matches);
    }

    private static bool TryParse(CommandContext call, int first, bool isOfFields, long now, out ElementScan scan)
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
                continue;
            }

            var isNoValues = call.Is(i, "novalues"u8);
            if (isNoValues && isOfFields)
            {
                withValues = false;
                continue;
            }

            if (isNoValues) call.Reply.Error("ERR NOVALUES option can only be used in HSCAN"u8);
            else call.SyntaxError();
            return false;
        }

        scan = new ElementScan(call, patternAt, count, withValues, now);
        return true;
    }

    private bool TryMatch(ListElement element)
    {
        _visited++;
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        var text = element.Text(scratch);
        if (_patternAt > 0 && !GlobPattern.Matches(_call[_patternAt], text)) return false;
        _matches.Bulk(text);
        _written++;
        return true;
    }

    private void Write(ListElement element)
    {
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        _matches.Bulk(element.Text(scratch));
        _written++;
    }
}
