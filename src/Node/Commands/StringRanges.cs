using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots.Values;

namespace Starling.Node.Commands;

/// <summary>The commands on parts of strings.</summary>
public static class StringRanges
{
    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        Row("append", 3, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast, "RW insert", "2.0.0",
            "Appends to the string at a key; makes the key when there is none.", Append),
        Row("strlen", 2, CommandFlags.ReadOnly | CommandFlags.Fast, "RO", "2.2.0",
            "Returns the length in bytes of the string at a key.", StrLen),
        Row("getrange", 4, CommandFlags.ReadOnly, "RO access", "2.4.0",
            "Returns a part of the string at a key.", GetRange),
        Row("substr", 4, CommandFlags.ReadOnly, "RO access", "1.0.0",
            "Returns a part of the string at a key; the old name of GETRANGE.", GetRange),
        Row("setrange", 4, CommandFlags.Write | CommandFlags.DenyOom, "RW update", "2.2.0",
            "Overwrites a part of the string at a key, padding it with zero bytes.", SetRange),
    ];

    private static Command Row(
        string name,
        int arity,
        CommandFlags flags,
        string keyFlags,
        string since,
        string summary,
        CommandHandler handler) =>
        new(name, arity, flags, KeySpec.At(1), handler)
        {
            KeyFlags = keyFlags,
            AclCategories = ["string"],
            Group = "string",
            Since = since,
            Summary = summary,
        };

    private static void Append(CommandContext call)
    {
        var key = call.Key(1);
        var suffix = call[2];
        if (!call.TryOpen<StringValue>(key, out var value)) return;
        if (!value.Exists)
        {
            value.Set(suffix);
            call.Changed(key, KeyEvent.Append);
            call.Reply.Integer(suffix.Length);
            return;
        }

        var oldLength = value.Bytes.Length;
        if (!IsAllowedLength(call, (long)oldLength + suffix.Length)) return;
        var bytes = value.Resize(oldLength + suffix.Length, oldLength, suffix.Length);
        suffix.CopyTo(bytes[oldLength..]);
        call.Changed(key, KeyEvent.Append);
        call.Reply.Integer(bytes.Length);
    }

    /// <summary>
    /// Replies with the error when a string would grow beyond proto-max-bulk-len, or beyond what an array can index.
    /// </summary>
    private static bool IsAllowedLength(CommandContext call, long length)
    {
        var limit = call.Session.Origin == ClientOrigin.Master ? long.MaxValue : call.Node.Config.ProtoMaxBulkLen;
        if (length <= Math.Min(limit, Array.MaxLength)) return true;
        call.Reply.Error(ErrorReplies.StringTooLong);
        return false;
    }

    private static void StrLen(CommandContext call)
    {
        if (call.TryRead<StringValue>(call.Key(1), out var value)) call.Reply.Integer(value.Bytes.Length);
    }

    private static void GetRange(CommandContext call)
    {
        if (!call.TryInteger(2, out long start)) return;
        if (!call.TryInteger(3, out long end)) return;
        if (call.TryRead<StringValue>(call.Key(1), out var value))
            call.Reply.Bulk(Part(value.Bytes, start, end));
    }

    /// <summary>
    /// The bytes from start to end, both included, negative ones counted from the end. As in Redis 7.2 an end before
    /// the first byte means the first byte, unless both are negative and in the wrong order.
    /// </summary>
    private static ReadOnlySpan<byte> Part(ReadOnlySpan<byte> value, long start, long end)
    {
        if (start < 0 && end < 0 && start > end) return default;
        if (start < 0) start = Math.Max(0, start + value.Length);
        if (end < 0) end = Math.Max(0, end + value.Length);
        end = Math.Min(end, value.Length - 1);
        return start > end || value.IsEmpty ? default : value[(int)start..(int)(end + 1)];
    }

    private static void SetRange(CommandContext call)
    {
        if (!call.TryInteger(2, out long offset)) return;
        if (offset < 0)
        {
            call.Reply.Error("ERR offset is out of range"u8);
            return;
        }

        var key = call.Key(1);
        var patch = call[3];
        if (!call.TryOpen<StringValue>(key, out var value)) return;
        var oldLength = value.Bytes.Length;
        if (patch.IsEmpty)
        {
            call.Reply.Integer(oldLength);
            return;
        }

        if (!IsAllowedLength(call, Math.Min(offset, int.MaxValue) + patch.Length)) return;

        if (!value.Exists) value.Set(default);
        var length = Math.Max(oldLength, (int)offset + patch.Length);
        var bytes = value.Resize(length, (int)offset, patch.Length);
        patch.CopyTo(bytes[(int)offset..]);
        call.Changed(key, KeyEvent.SetRange);
        call.Reply.Integer(length);
    }
}
