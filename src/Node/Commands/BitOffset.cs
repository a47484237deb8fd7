using Starling.Node.Config;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots.Values;

namespace Starling.Node.Commands;

/// <summary>The positions of bits among the arguments of bitmap commands.</summary>
internal static class BitOffset
{
    /// <summary>Room for the rest of a bit field whose first bit is in the last byte that may be named.</summary>
    private const int FieldBytes = 8;

    private static ReadOnlySpan<byte> OutOfRange => "ERR bit offset is not an integer or out of range"u8;

    /// <summary>
    /// Reads the number of a bit in a string that proto-max-bulk-len allows, or replies with the error. A master's
    /// command may go beyond that directive.
    /// </summary>
    public static bool TryBitOffset(this CommandContext call, int index, out long offset) =>
        TryRead(call, call[index], width: 1, out offset);

    /// <summary>As <see cref="TryBitOffset"/>; behind '#' it counts fields of a width instead of bits.</summary>
    public static bool TryFieldOffset(this CommandContext call, int index, int width, out long offset)
    {
        var text = call[index];
        return text is [(byte)'#', ..] ? TryRead(call, text[1..], width, out offset) : TryRead(call, text, width: 1, out offset);
    }

    private static bool TryRead(CommandContext call, ReadOnlySpan<byte> text, int width, out long offset)
    {
        var longest = call.Session.Origin == ClientOrigin.Master
            ? ServerConfig.LongestArray - FieldBytes
            : Math.Min(call.Node.Config.ProtoMaxBulkLen, ServerConfig.LongestArray - FieldBytes);
        if (ArgumentParser.TryInteger(text, out offset) && offset >= 0 && offset <= long.MaxValue / width)
        {
            offset *= width;
            if (offset / BitRange.BitsPerByte < longest) return true;
        }

        call.Reply.Error(OutOfRange);
        return false;
    }
}
