using System.Buffers.Text;
using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots.Values;

namespace Starling.Node.Commands;

/// <summary>The commands that count: strings read as numbers.</summary>
public static class Increments
{
    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        Row("incr", 2, "1.0.0", "Adds one to the integer at a key; a missing key counts as 0.", Incr),
        Row("decr", 2, "1.0.0", "Subtracts one from the integer at a key; a missing key counts as 0.", Decr),
        Row("incrby", 3, "1.0.0", "Adds a number to the integer at a key; a missing key counts as 0.", IncrBy),
        Row("decrby", 3, "1.0.0", "Subtracts a number from the integer at a key; a missing key counts as 0.", DecrBy),
        Row("incrbyfloat", 3, "2.6.0",
            "Adds a number to the floating-point number at a key; a missing key counts as 0.", IncrByFloat),
    ];

    private static Command Row(string name, int arity, string since, string summary, CommandHandler handler) =>
        new(name, arity, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast, KeySpec.At(1), handler)
        {
            KeyFlags = "RW access update",
            AclCategories = ["string"],
            Group = "string",
            Since = since,
            Summary = summary,
        };

    private static void Incr(CommandContext call) => Add(call, 1);

    private static void Decr(CommandContext call) => Add(call, -1);

    private static void IncrBy(CommandContext call)
    {
        if (call.TryInteger(2, out long increment)) Add(call, increment);
    }

    private static void DecrBy(CommandContext call)
    {
        if (!call.TryInteger(2, out long decrement)) return;
        if (decrement == long.MinValue)
        {
            call.Reply.Error("ERR decrement would overflow"u8);
            return;
        }

        Add(call, -decrement);
    }

    private static void Add(CommandContext call, long increment)
    {
        var key = call.Key(1);
        if (!call.TryOpen<StringValue>(key, out var text)) return;
        long value = 0;
        if (text.Exists && !ArgumentParser.TryInteger(text.Bytes, out value))
        {
            call.Reply.Error(ErrorReplies.NotAnInteger);
            return;
        }

        var sum = unchecked(value + increment);
        if (((value ^ sum) & (increment ^ sum)) < 0)
        {
            call.Reply.Error("ERR increment or decrement would overflow"u8);
            return;
        }

        Span<byte> digits = stackalloc byte[ArgumentParser.MaxIntegerLength];
        Utf8Formatter.TryFormat(sum, digits, out var length);
        text.Set(digits[..length]);
        call.Changed(key, KeyEvent.IncrBy);
        call.Reply.Integer(sum);
    }

    private static void IncrByFloat(CommandContext call)
    {
        var key = call.Key(1);
        if (!call.TryOpen<StringValue>(key, out var old)) return;
        var value = ExtendedFloat.Zero;
        if (old.Exists && !ExtendedFloat.TryParse(old.Bytes, out value))
        {
            call.Reply.Error(ErrorReplies.NotAFloat);
            return;
        }

        if (!ExtendedFloat.TryParse(call[2], out var increment))
        {
            call.Reply.Error(ErrorReplies.NotAFloat);
            return;
        }

        var sum = ExtendedFloat.Add(value, increment);
        if (!sum.IsFinite)
        {
            call.Reply.Error("ERR increment would produce NaN or Infinity"u8);
            return;
        }

        var text = sum.ToHumanText();
        old.Set(text);
        call.Changed(key, KeyEvent.IncrByFloat);

        // The result, not the sum, goes to the log: replicas need not share our arithmetic.
        call.Effect("SET"u8, call[1], text, "KEEPTTL"u8);
        call.Reply.Bulk(text);
    }
}
