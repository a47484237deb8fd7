using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots.Values;
using Starling.Slots.Values.SortedSets;

namespace Starling.Node.Commands;

/// <summary>
/// A part of a walk through the members of a collection (SSCAN, ZSCAN): the options, and the elements that match so far. A
/// small collection is visited whole.
/// </summary>
internal sealed class ElementScan : IElementVisitor, ISortedSetVisitor
{
    private readonly CommandContext _call;
    private readonly RespWriter _matches;
    private readonly int _patternAt; // 0 for none
    private readonly long _count;
    private long _visited;
    private int _matched;

    private ElementScan(CommandContext call, int patternAt, long count)
    {
        _call = call;
        _matches = call.Reply.MakeSibling();
        _patternAt = patternAt;
        _count = count;
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
    public static bool TryParse(CommandContext call, int first, out ElementScan scan)
    {
        scan = null!;
        var patternAt = 0;
        long count = 10;
        for (var i = first; i < call.Count; i += 2)
        {
            var hasValue = i + 1 < call.Count;
            if (hasValue && call.Is(i, "count"u8))
            {
                if (!call.TryInteger(i + 1, out count)) return false;
                if (count >= 1) continue;
                call.SyntaxError();
                return false;
            }

            if (hasValue && call.Is(i, "match"u8))
            {
                patternAt = call[i + 1].SequenceEqual("*"u8) ? 0 : i + 1;
                continue;
            }

            if (call.Is(i, "novalues"u8)) call.Reply.Error("ERR NOVALUES option can only be used in HSCAN"u8);
            else call.SyntaxError();
            return false;
        }

        scan = new ElementScan(call, patternAt, count);
        return true;
    }

    /// <inheritdoc/>
    public void Visit(ListElement element) => TryMatch(element);

    /// <inheritdoc/>
    public void Visit(SortedSetElement element)
    {
        if (!TryMatch(element.Member)) return;
        Span<byte> scratch = stackalloc byte[SortedSetElement.ScratchLength];
        _matches.Bulk(element.KeptScore(scratch));
        _matched++;
    }

    /// <summary>Replies with the cursor and what matched.</summary>
    public void Reply(ulong cursor)
    {
        _call.Reply.Array(2);
        _call.Reply.BulkInteger((long)cursor);
        _call.Reply.Array(_matched);
        _call.Reply.Append(_matches);
    }

    private bool TryMatch(ListElement element)
    {
        _visited++;
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        var text = element.Text(scratch);
        if (_patternAt > 0 && !GlobPattern.Matches(_call[_patternAt], text)) return false;
        _matched++;
        _matches.Bulk(text);
        return true;
    }
}
