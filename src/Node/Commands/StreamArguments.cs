using System.Text;
using Starling.Node.Serving;
using Starling.Slots.Values.Streams;

namespace Starling.Node.Commands;

/// <summary>What the commands on streams do with arguments: ids, and the ends of intervals.</summary>
internal static class StreamArguments
{
    private const int LongestId = 127;

    private static ReadOnlySpan<byte> InvalidId => "ERR Invalid stream ID specified as stream command argument"u8;

    /// <summary>Reads an id, or replies with the error.</summary>
    /// <param name="call">The call.</param>
    /// <param name="index">Position of the argument.</param>
    /// <param name="id">The id; an id without a sequence has 0.</param>
    public static bool TryStreamId(this CommandContext call, int index, out StreamId id)
    {
        if (TryParse(call[index], 0, out id)) return true;
        call.Reply.Error(InvalidId);
        return false;
    }

    /// <summary>As <see cref="TryStreamId"/>, where - and + stand for the smallest and the largest id.</summary>
    public static bool TryStreamIdOrEdge(this CommandContext call, int index, out StreamId id)
    {
        if (TryEdge(call[index], out id) || TryParse(call[index], 0, out id)) return true;
        call.Reply.Error(InvalidId);
        return false;
    }

    /// <summary>
    /// Reads the id of an entry that is to be added, which may leave the sequence to the stream, or replies with the error.
    /// </summary>
    public static bool TryNewStreamId(this CommandContext call, int index, out StreamId id, out bool hasSequence)
    {
        var text = call[index];
        hasSequence = !text.EndsWith("-*"u8) || text.IndexOf((byte)'-') != text.Length - 2;
        if (!hasSequence) text = text[..^2];
        if (call[index].Length <= LongestId && TryParse(text, 0, out id)) return true;
        id = default;
        call.Reply.Error(InvalidId);
        return false;
    }

    /// <summary>
    /// Reads the ends of an interval, - and + for everything, without what a '(' excludes; or replies with the error.
    /// </summary>
    public static bool TryInterval(
        this CommandContext call, int startAt, int endAt, out StreamId start, out StreamId end)
    {
        end = default;
        return TryStart(call, startAt, out start) && TryEnd(call, endAt, out end);
    }

    /// <summary>Reads the start of an interval; see <see cref="TryInterval"/>.</summary>
    public static bool TryStart(this CommandContext call, int index, out StreamId start)
    {
        if (!TryBound(call, index, 0, out start, out var isExcluded)) return false;
        if (!isExcluded || start.TryNext(out start)) return true;
        call.Reply.Error("ERR invalid start ID for the interval"u8);
        return false;
    }

    /// <summary>
    /// Reads an id without its error; a sequence that is not said is <paramref name="missing"/>.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> text, ulong missing, out StreamId id)
    {
        id = default;
        if (text.Length > LongestId) return false;
        var end = text.IndexOf((byte)0);
        if (end >= 0) text = text[..end];
        var dash = text.IndexOf((byte)'-');
        var sequence = missing;
        if (dash >= 0 && !TryUnsigned(text[(dash + 1)..], out sequence)) return false;
        if (!TryUnsigned(dash >= 0 ? text[..dash] : text, out var milliseconds)) return false;
        id = new StreamId(milliseconds, sequence);
        return true;
    }

    /// <summary>Replies that the options of a subcommand do not parse.</summary>
    public static void SubcommandSyntaxError(this CommandContext call)
    {
        var container = call.Command.Container!.Name.ToUpperInvariant();
        call.ErrorQuoting(
            "ERR unknown subcommand or wrong number of arguments for '"u8,
            call[1][..Math.Min(128, call[1].Length)],
            Encoding.ASCII.GetBytes($"'. Try {container} HELP."));
    }

    /// <summary>Replies with an error that quotes two arguments, each up to its first zero byte.</summary>
    public static void ErrorQuoting(
        this CommandContext call,
        ReadOnlySpan<byte> before,
        ReadOnlySpan<byte> first,
        ReadOnlySpan<byte> between,
        ReadOnlySpan<byte> second,
        ReadOnlySpan<byte> after)
    {
        var end = first.IndexOf((byte)0);
        call.ErrorQuoting([.. before, .. end < 0 ? first : first[..end], .. between], second, after);
    }

    /// <summary>Replies that a group is not there that an existing key should have.</summary>
    public static void NoSuchGroup(this CommandContext call, scoped ReadOnlySpan<byte> key, scoped ReadOnlySpan<byte> group) =>
        call.ErrorQuoting("NOGROUP No such consumer group '"u8, group, "' for key name '"u8, key, "'"u8);

    private static bool TryEnd(CommandContext call, int index, out StreamId end)
    {
        if (!TryBound(call, index, ulong.MaxValue, out end, out var isExcluded)) return false;
        if (!isExcluded || end.TryPrevious(out end)) return true;
        call.Reply.Error("ERR invalid end ID for the interval"u8);
        return false;
    }

    private static bool TryBound(CommandContext call, int index, ulong missing, out StreamId id, out bool isExcluded)
    {
        var text = call[index];
        isExcluded = text.Length > 1 && text[0] == '(';
        if (isExcluded ? TryParse(text[1..], missing, out id) : TryEdge(text, out id) || TryParse(text, missing, out id)) return true;
        call.Reply.Error(InvalidId);
        return false;
    }

    private static bool TryEdge(ReadOnlySpan<byte> text, out StreamId id)
    {
        id = text is [(byte)'+'] ? StreamId.Max : StreamId.Min;
        return text is [(byte)'-'] or [(byte)'+'];
    }

    /// <summary>Reads a number as C's strtoull does, which Redis falls back to: blanks and a sign may go before it.</summary>
    private static bool TryUnsigned(ReadOnlySpan<byte> text, out ulong value)
    {
        value = 0;
        var isBlank = text.Length > 0 && text[0] is (byte)' ' or >= 9 and <= 13;
        while (text.Length > 0 && text[0] is (byte)' ' or >= 9 and <= 13) text = text[1..];
        var isNegative = text.Length > 0 && text[0] == '-';
        if (isNegative && !isBlank) return false;
        if (text.Length > 0 && text[0] is (byte)'+' or (byte)'-') text = text[1..];
        if (text.IsEmpty) return false;
        foreach (var digit in text)
        {
            if (digit is < (byte)'0' or > (byte)'9') return false;
            var next = ((UInt128)value * 10) + (ulong)(digit - '0');
            if (next > ulong.MaxValue) return false;
            value = (ulong)next;
        }

        if (isNegative) value = 0 - value;
        return true;
    }
}
