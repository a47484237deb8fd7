using Starling.Node.Serving;
using Starling.Slots;
using Starling.Slots.Values.SortedSets;

namespace Starling.Node.Commands;

/// <summary>Reads the ends of ranges of scores ("(1", "-inf") and of members ("[a", "(a", "-", "+").</summary>
internal static class SortedSetBounds
{
    /// <summary>Reads a range of scores, or replies that it is none.</summary>
    /// <param name="call">The call.</param>
    /// <param name="minAt">Position of the lower end.</param>
    /// <param name="maxAt">Position of the upper end.</param>
    /// <param name="from">Where the range begins.</param>
    /// <param name="to">Where it ends; may lie before its beginning.</param>
    public static bool TryScores(CommandContext call, int minAt, int maxAt, out SortedSetCut from, out SortedSetCut to)
    {
        from = to = default;
        if (!TryScore(call[minAt], out var min, out var minIsOut) || !TryScore(call[maxAt], out var max, out var maxIsOut))
        {
            call.Reply.Error("ERR min or max is not a float"u8);
            return false;
        }

        from = minIsOut ? SortedSetCut.Behind(min) : SortedSetCut.Before(min);
        to = maxIsOut ? SortedSetCut.Before(max) : SortedSetCut.Behind(max);
        return true;
    }

    /// <summary>Reads a range of members, or replies that it is none; see <see cref="TryScores"/>.</summary>
    public static bool TryMembers(CommandContext call, int minAt, int maxAt, out SortedSetCut from, out SortedSetCut to)
    {
        to = default;
        if (TryMember(call[minAt], isMax: false, out from) && TryMember(call[maxAt], isMax: true, out to)) return true;
        call.Reply.Error("ERR min or max not valid string range item"u8);
        return false;
    }

    private static bool TryScore(ReadOnlySpan<byte> text, out double score, out bool isOut)
    {
        isOut = !text.IsEmpty && text[0] == '(';
        return DoubleParser.TryParseBound(isOut ? text[1..] : text, out score);
    }

    private static bool TryMember(ReadOnlySpan<byte> text, bool isMax, out SortedSetCut cut)
    {
        cut = default;
        if (text.IsEmpty) return false;
        var member = text[1..];
        switch (text[0])
        {
            case (byte)'-':
                cut = SortedSetCut.Start;
                return member.IsEmpty;
            case (byte)'+':
                cut = SortedSetCut.End;
                return member.IsEmpty;
            case (byte)'[':
                cut = isMax ? SortedSetCut.Behind(member) : SortedSetCut.Before(member);
                return true;
            case (byte)'(':
                cut = isMax ? SortedSetCut.Before(member) : SortedSetCut.Behind(member);
                return true;
            default:
                return false;
        }
    }
}
