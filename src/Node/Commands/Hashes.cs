using System.Buffers.Text;
using Starling.Node.Execution;
using Starling.Node.Expiry;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots;
using Starling.Slots.Keyspace;
using Starling.Slots.Values;
using Starling.Slots.Values.Hashes;

namespace Starling.Node.Commands;

/// <summary>The commands that set, get, count and delete fields of a hash.</summary>
public static class Hashes
{
    private const CommandFlags Change = CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast;
    private const CommandFlags Look = CommandFlags.ReadOnly | CommandFlags.Fast;

    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        Row("hset", -4, Change, "RW update", "2.0.0", "Sets fields of a hash.", HSet),
        Row("hmset", -4, Change, "RW update", "2.0.0", "Sets fields of a hash; HSET does as well.", HMSet),
        Row("hsetnx", 4, Change, "RW insert", "2.0.0", "Sets a field of a hash unless the field exists.", HSetNx),
        Row("hget", 3, Look, "RO access", "2.0.0", "Returns the value of a field of a hash.", HGet),
        Row("hmget", -3, Look, "RO access", "2.0.0", "Returns the values of fields of a hash.", HMGet),
        Row("hgetall", 2, CommandFlags.ReadOnly, "RO access", "2.0.0", "Returns all fields of a hash with their values.",
            HGetAll, "nondeterministic_output_order"),
        Row("hkeys", 2, CommandFlags.ReadOnly, "RO access", "2.0.0", "Returns all fields of a hash.",
            HKeys, "nondeterministic_output_order"),
        Row("hvals", 2, CommandFlags.ReadOnly, "RO access", "2.0.0", "Returns all values of a hash.",
            HVals, "nondeterministic_output_order"),
        Row("hlen", 2, Look, "RO", "2.0.0", "Returns the number of fields of a hash.", HLen),
        Row("hstrlen", 3, Look, "RO", "3.2.0", "Returns the length of the value of a field of a hash.", HStrLen),
        Row("hexists", 3, Look, "RO", "2.0.0", "Tells whether a field of a hash exists.", HExists),
        Row("hdel", -3, CommandFlags.Write | CommandFlags.Fast, "RW delete", "2.0.0", "Deletes fields of a hash.", HDel),
        Row("hincrby", 4, Change, "RW access update", "2.0.0",
            "Adds a number to the integer in a field of a hash; a missing field counts as 0.", HIncrBy),
        Row("hincrbyfloat", 4, Change, "RW access update", "2.6.0",
            "Adds a number to the floating-point number in a field of a hash; a missing field counts as 0.", HIncrByFloat),
    ];

    /// <summary>A row of a command on one hash at the first argument.</summary>
    internal static Command Row(
        string name,
        int arity,
        CommandFlags flags,
        string keyFlags,
        string since,
        string summary,
        CommandHandler handler,
        params string[] tips) =>
        new(name, arity, flags, KeySpec.At(1), handler)
        {
            KeyFlags = keyFlags,
            AclCategories = ["hash"],
            Group = "hash",
            Since = since,
            Summary = summary,
            Tips = tips,
        };

    /// <summary>Replies with the value of a field, or null.</summary>
    internal static bool ReplyValue(CommandContext call, scoped in HashValue hash, scoped ReadOnlySpan<byte> field)
    {
        if (!hash.TryGet(field, out var value))
        {
            call.Reply.Null();
            return false;
        }

        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        call.Reply.Bulk(value.Text(scratch));
        return true;
    }

    /// <summary>Replies that the number of arguments is wrong.</summary>
    internal static void WrongArity(CommandContext call) =>
        call.Reply.Error($"ERR wrong number of arguments for '{call.Command.FullName}' command");

    private static void HSet(CommandContext call)
    {
        if (TrySetAll(call, out var added)) call.Reply.Integer(added);
    }

    private static void HMSet(CommandContext call)
    {
        if (TrySetAll(call, out _)) call.Ok();
    }

    private static bool TrySetAll(CommandContext call, out long added)
    {
        added = 0;
        if (call.Count % 2 != 0)
        {
            WrongArity(call);
            return false;
        }

        var key = call.Key(1);
        if (!call.TryOpenHash(key, out var hash)) return false;
        if (!hash.Exists && call.Count > 4)
        {
            var bytes = 0L;
            for (var i = 2; i < call.Count; i++) bytes += HashValue.PackedBytes(call[i]);
            hash.Reserve(bytes);
        }

        for (var i = 2; i < call.Count; i += 2)
            if (hash.Set(call[i], call[i + 1])) added++;
        hash.Settle();
        call.Changed(key, KeyEvent.HSet, (call.Count - 2) / 2);
        return true;
    }

    private static void HSetNx(CommandContext call)
    {
        var key = call.Key(1);
        if (!call.TryOpenHash(key, out var hash)) return;
        FieldExpiry.RemoveIfExpired(call, key, ref hash, call[2]);
        if (hash.TryGet(call[2], out _))
        {
            call.Reply.Integer(0);
            return;
        }

        hash.Set(call[2], call[3]);
        call.Changed(key, KeyEvent.HSet);
        call.Reply.Integer(1);
    }

    private static void HGet(CommandContext call)
    {
        if (call.TryReadHash(call.Key(1), out var hash)) ReplyValue(call, hash, call[2]);
    }

    private static void HMGet(CommandContext call)
    {
        if (!call.TryReadHash(call.Key(1), out var hash)) return;
        call.Reply.Array(call.Count - 2);
        for (var i = 2; i < call.Count; i++) ReplyValue(call, hash, call[i]);
    }

    private static void HGetAll(CommandContext call)
    {
        if (!call.TryReadHash(call.Key(1), out var hash)) return;
        call.Reply.Map((int)hash.LiveCount);
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        foreach (var entry in hash.Entries)
        {
            call.Reply.Bulk(entry.Field.Text(scratch));
            call.Reply.Bulk(entry.Value.Text(scratch));
        }
    }

    private static void HKeys(CommandContext call)
    {
        if (!call.TryReadHash(call.Key(1), out var hash)) return;
        call.Reply.Array(hash.LiveCount);
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        foreach (var entry in hash.Entries) call.Reply.Bulk(entry.Field.Text(scratch));
    }

    private static void HVals(CommandContext call)
    {
        if (!call.TryReadHash(call.Key(1), out var hash)) return;
        call.Reply.Array(hash.LiveCount);
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        foreach (var entry in hash.Entries) call.Reply.Bulk(entry.Value.Text(scratch));
    }

    /// <summary>As in Redis, expired fields count until they are removed.</summary>
    private static void HLen(CommandContext call)
    {
        if (call.TryReadHash(call.Key(1), out var hash)) call.Reply.Integer(hash.Count);
    }

    private static void HStrLen(CommandContext call)
    {
        if (!call.TryReadHash(call.Key(1), out var hash)) return;
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        call.Reply.Integer(hash.TryGet(call[2], out var value) ? value.Text(scratch).Length : 0);
    }

    private static void HExists(CommandContext call)
    {
        if (call.TryReadHash(call.Key(1), out var hash)) call.Reply.Integer(hash.TryGet(call[2], out _) ? 1 : 0);
    }

    private static void HDel(CommandContext call)
    {
        var key = call.Key(1);
        if (!call.TryOpenHash(key, out var hash)) return;
        var removed = 0;
        for (var i = 2; i < call.Count; i++)
            if (hash.Remove(call[i])) removed++;
        if (removed > 0) call.Changed(key, KeyEvent.HDel, removed);
        call.Reply.Integer(removed);
    }

    private static void HIncrBy(CommandContext call)
    {
        if (!call.TryInteger(3, out long increment)) return;
        var key = call.Key(1);
        if (!call.TryOpenHash(key, out var hash)) return;
        FieldExpiry.RemoveIfExpired(call, key, ref hash, call[2]);
        long number = 0;
        var isThere = hash.TryGet(call[2], out var old, out var expiresAt);
        if (isThere && !old.TryNumber(out number) && !DecimalInteger.TryParse(old.Text(default), out number))
        {
            call.Reply.Error("ERR hash value is not an integer"u8);
            return;
        }

        var sum = unchecked(number + increment);
        if (((number ^ sum) & (increment ^ sum)) < 0)
        {
            call.Reply.Error("ERR increment or decrement would overflow"u8);
            return;
        }

        Span<byte> digits = stackalloc byte[DecimalInteger.MaxLength];
        Utf8Formatter.TryFormat(sum, digits, out var length);
        hash.Set(call[2], digits[..length], isThere ? expiresAt : Entry.NoExpiry);
        call.Changed(key, KeyEvent.HIncrBy);
        call.Reply.Integer(sum);
    }

    private static void HIncrByFloat(CommandContext call)
    {
        if (!ExtendedFloat.TryParse(call[3], out var increment))
        {
            call.Reply.Error(ErrorReplies.NotAFloat);
            return;
        }

        if (!increment.IsFinite)
        {
            call.Reply.Error("ERR value is NaN or Infinity"u8);
            return;
        }

        var key = call.Key(1);
        if (!call.TryOpenHash(key, out var hash)) return;
        FieldExpiry.RemoveIfExpired(call, key, ref hash, call[2]);
        var number = ExtendedFloat.Zero;
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        var isThere = hash.TryGet(call[2], out var old, out var expiresAt);
        if (isThere && !ExtendedFloat.TryParse(old.Text(scratch), out number))
        {
            call.Reply.Error("ERR hash value is not a float"u8);
            return;
        }

        var sum = ExtendedFloat.Add(number, increment);
        if (!sum.IsFinite)
        {
            call.Reply.Error("ERR increment would produce NaN or Infinity"u8);
            return;
        }

        var text = sum.ToHumanText();
        hash.Set(call[2], text, isThere ? expiresAt : Entry.NoExpiry);
        call.Changed(key, KeyEvent.HIncrByFloat);
        PropagateSum(call, text, isThere && expiresAt != Entry.NoExpiry);
        call.Reply.Bulk(text);
    }

    /// <summary>The result, not the sum, goes to the log: replicas need not share our arithmetic.</summary>
    private static void PropagateSum(CommandContext call, ReadOnlySpan<byte> sum, bool keepsExpiry)
    {
        using var effect = call.BeginEffect();
        effect.Add(keepsExpiry ? "HSETEX"u8 : "HSET"u8);
        effect.Add(call[1]);
        if (keepsExpiry)
        {
            effect.Add("KEEPTTL"u8);
            effect.Add("FIELDS"u8);
            effect.Add(1);
        }

        effect.Add(call[2]);
        effect.Add(sum);
    }
}
