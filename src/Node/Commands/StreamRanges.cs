using Starling.Node.Serving;
using Starling.Slots.Values.Streams;

namespace Starling.Node.Commands;

/// <summary>XRANGE and XREVRANGE.</summary>
public static class StreamRanges
{
    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        Streams.Row("xrange", -4, CommandFlags.ReadOnly, "RO access", "5.0.0",
            "Returns the entries between two ids.", XRange),
        Streams.Row("xrevrange", -4, CommandFlags.ReadOnly, "RO access", "5.0.0",
            "Returns the entries between two ids, the last ones first.", XRevRange),
    ];

    private static void XRange(CommandContext call) => Range(call, 2, 3, backward: false);

    private static void XRevRange(CommandContext call) => Range(call, 3, 2, backward: true);

    private static void Range(CommandContext call, int startAt, int endAt, bool backward)
    {
        if (!call.TryInterval(startAt, endAt, out var start, out var end)) return;
        var count = -1L;
        for (var i = 4; i < call.Count; i += 2)
        {
            if (!call.Is(i, "count"u8) || i + 1 >= call.Count)
            {
                call.SyntaxError();
                return;
            }

            if (!call.TryInteger(i + 1, out count)) return;
            count = Math.Max(0, count);
        }

        if (!call.TryRead<StreamValue>(call.Key(1), out var stream)) return;
        if (!stream.Exists) call.Reply.Array(0);
        else if (count == 0) call.Reply.NullArray();
        else call.Reply.StreamEntries(stream.Range(start, end, backward), Math.Max(0, count));
    }
}
