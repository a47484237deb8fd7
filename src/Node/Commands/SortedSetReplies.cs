using Starling.Node.Serving;
using Starling.Slots.Values;
using Starling.Slots.Values.SortedSets;

namespace Starling.Node.Commands;

/// <summary>
/// Elements of sorted sets in replies. With scores they are a flat array in RESP2, and an array of pairs in RESP3.
/// </summary>
internal static class SortedSetReplies
{
    /// <summary>Begins an array of elements.</summary>
    public static void Begin(CommandContext call, long count, bool withScores) =>
        call.Reply.Array(withScores && call.Reply.Protocol == 2 ? count * 2 : count);

    /// <summary>Writes an element of such an array.</summary>
    public static void Element(CommandContext call, SortedSetElement element, bool withScores)
    {
        if (withScores && call.Reply.Protocol > 2) call.Reply.Array(2);
        Member(call, element);
        if (withScores) call.Reply.Double(element.Score);
    }

    /// <summary>Writes a member.</summary>
    public static void Member(CommandContext call, SortedSetElement element)
    {
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        call.Reply.Bulk(element.Member.Text(scratch));
    }

    /// <summary>Replies with elements as an array.</summary>
    public static void All(CommandContext call, SortedSetRange range, long count, bool withScores)
    {
        Begin(call, count, withScores);
        foreach (var element in range) Element(call, element, withScores);
    }
}
