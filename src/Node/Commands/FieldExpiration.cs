using Starling.Node.Execution;
using Starling.Node.Expiry;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots.Keyspace;
using Starling.Slots.Values.Hashes;

namespace Starling.Node.Commands;

/// <summary>The commands that set, remove and tell the expiries of a hash's fields.</summary>
public static class FieldExpiration
{
    /// <summary>The latest expiry of a field, in milliseconds of Unix time: Redis has 48 bits for it.</summary>
    private const long LatestExpiry = (1L << 48) - 2;

    private const int NoField = -2;
    private const int NoExpiry = -1;
    private const int ConditionNotMet = 0;
    private const int Done = 1;
    private const int Deleted = 2;

    private const CommandFlags Change = CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast;
    private const CommandFlags Look = CommandFlags.ReadOnly | CommandFlags.Fast;

    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        Hashes.Row("hexpire", -6, Change, "RW update", "7.4.0", "Lets fields of a hash expire in some seconds.",
            call => Expire(call, isSeconds: true, isRelative: true)),
        Hashes.Row("hpexpire", -6, Change, "RW update", "7.4.0", "Lets fields of a hash expire in some milliseconds.",
            call => Expire(call, isSeconds: false, isRelative: true)),
        Hashes.Row("hexpireat", -6, Change, "RW update", "7.4.0", "Lets fields of a hash expire at a Unix time.",
            call => Expire(call, isSeconds: true, isRelative: false)),
        Hashes.Row("hpexpireat", -6, Change, "RW update", "7.4.0",
            "Lets fields of a hash expire at a Unix time in milliseconds.",
            call => Expire(call, isSeconds: false, isRelative: false)),
        Hashes.Row("hpersist", -5, CommandFlags.Write | CommandFlags.Fast, "RW update", "7.4.0",
            "Removes the expiries of fields of a hash.", HPersist),
        Hashes.Row("httl", -5, Look, "RO access", "7.4.0", "Returns the seconds after which fields of a hash expire.",
            call => Tell(call, isSeconds: true, isRelative: true), "nondeterministic_output"),
        Hashes.Row("hpttl", -5, Look, "RO access", "7.4.0",
            "Returns the milliseconds after which fields of a hash expire.",
            call => Tell(call, isSeconds: false, isRelative: true), "nondeterministic_output"),
        Hashes.Row("hexpiretime", -5, Look, "RO access", "7.4.0",
            "Returns the Unix times at which fields of a hash expire.",
            call => Tell(call, isSeconds: true, isRelative: false)),
        Hashes.Row("hpexpiretime", -5, Look, "RO access", "7.4.0",
            "Returns the Unix times in milliseconds at which fields of a hash expire.",
            call => Tell(call, isSeconds: false, isRelative: false)),
    ];

    private enum Condition
    {
        None,
        NoExpiryYet,
        HasExpiry,
        Later,
        Earlier,
    }

    /// <summary>
    /// Reads an expiry that must not be negative, as milliseconds of Unix time; false when the error is replied.
    /// </summary>
    internal static bool TryExpiry(CommandContext call, int index, bool isSeconds, bool isRelative, out long expiresAt)
    {
        if (!call.TryInteger(index, out expiresAt)) return false;
        if (expiresAt < 0)
        {
            call.Reply.Error("ERR invalid expire time, must be >= 0"u8);
            return false;
        }

        var start = isRelative ? call.Now : 0;
        if (isSeconds && expiresAt > LatestExpiry / 1000)
        {
            call.InvalidExpireTime();
            return false;
        }

        if (isSeconds) expiresAt *= 1000;
        if (expiresAt > LatestExpiry - start)
        {
            call.InvalidExpireTime();
            return false;
        }

        expiresAt += start;
        return true;
    }

    /// <summary>Reads FIELDS and the number of fields, which are all that follows; false when the error is replied.
    /// </summary>
    /// <param name="call">The call.</param>
    /// <param name="index">The position of FIELDS.</param>
    /// <param name="error">The error's text when the number is none or not positive, its code first.</param>
    internal static bool TryFields(CommandContext call, int index, ReadOnlySpan<byte> error)
    {
        if (index >= call.Count || !call.Is(index, "fields"u8))
        {
            call.Reply.Error("ERR Mandatory argument FIELDS is missing or not at the right position"u8);
            return false;
        }

        if (index + 1 == call.Count || !ArgumentParser.TryInteger(call[index + 1], out long count) || count < 1)
        {
            call.Reply.Error(error);
            return false;
        }

        if (count == call.Count - index - 2) return true;
        call.Reply.Error("ERR The `numfields` parameter must match the number of arguments"u8);
        return false;
    }

    /// <summary>Error when the number of fields is no positive integer.</summary>
    internal static ReadOnlySpan<byte> NotPositive => "ERR Number of fields must be a positive integer"u8;

    /// <summary>
    /// Gives a field that is there an expiry, or deletes it when that is past and this node deletes what has expired; true
    /// when it was deleted.
    /// </summary>
    internal static bool SetExpiry(
        CommandContext call, scoped ref HashValue hash, scoped ReadOnlySpan<byte> field, long expiresAt)
    {
        if (!call.IsPastForMaster(expiresAt))
        {
            hash.SetExpiry(field, expiresAt);
            return false;
        }

        hash.Remove(field);
        call.Node.Expiry.CountFields(1);
        return true;
    }

    /// <summary>Declares what was done to fields, and what replicas do: HDEL of the ones, HPEXPIREAT of the others.</summary>
    /// <param name="call">The call.</param>
    /// <param name="key">The key.</param>
    /// <param name="outcomes">Of each field: <see cref="Done"/>, <see cref="Deleted"/> or anything else.</param>
    /// <param name="first">The position of the first field.</param>
    /// <param name="expiresAt">The expiry.</param>
    internal static void Declare(
        CommandContext call, scoped in Key key, ReadOnlySpan<sbyte> outcomes, int first, long expiresAt)
    {
        var updated = outcomes.Count((sbyte)Done);
        var deleted = outcomes.Count((sbyte)Deleted);
        if (updated + deleted == 0) return;
        call.Changed(key, deleted > 0 ? KeyEvent.HDel : KeyEvent.HExpire, updated + deleted);
        if (deleted > 0)
        {
            using var effect = call.BeginEffect();
            effect.Add("HDEL"u8);
            effect.Add(key.Bytes);
            for (var i = 0; i < outcomes.Length; i++)
                if (outcomes[i] == Deleted) effect.Add(call[first + i]);
        }

        if (updated > 0)
        {
            using var effect = call.BeginEffect();
            effect.Add("HPEXPIREAT"u8);
            effect.Add(key.Bytes);
            effect.Add(expiresAt);
            effect.Add("FIELDS"u8);
            effect.Add(updated);
            for (var i = 0; i < outcomes.Length; i++)
                if (outcomes[i] == Done) effect.Add(call[first + i]);
        }
    }

    private static void Expire(CommandContext call, bool isSeconds, bool isRelative)
    {
        var key = call.Key(1);
        if (!call.TryOpenHash(key, out var hash)) return;
        if (!TryExpiry(call, 2, isSeconds, isRelative, out var expiresAt)) return;
        var condition = ConditionAt(call, 3);
        var fieldsAt = condition == Condition.None ? 3 : 4;
        if (!TryFields(call, fieldsAt, "ERR Parameter `numFields` should be greater than 0"u8)) return;
        var first = fieldsAt + 2;
        var count = call.Count - first;
        var outcomes = count <= 256 ? stackalloc sbyte[count] : new sbyte[count];
        call.Reply.Array(count);
        for (var i = 0; i < count; i++)
        {
            outcomes[i] = (sbyte)ExpireField(call, ref hash, call[first + i], condition, expiresAt);
            call.Reply.Integer(outcomes[i]);
        }

        Declare(call, key, outcomes, first, expiresAt);
    }

    private static int ExpireField(
        CommandContext call,
        scoped ref HashValue hash,
        scoped ReadOnlySpan<byte> field,
        Condition condition,
        long expiresAt)
    {
        if (!hash.TryGet(field, out _, out var before)) return NoField;
        var hadExpiry = before != Entry.NoExpiry;
        var isMet = condition switch
        {
            Condition.NoExpiryYet => !hadExpiry,
            Condition.HasExpiry => hadExpiry,
            Condition.Later => hadExpiry && expiresAt > before,
            Condition.Earlier => !hadExpiry || expiresAt < before,
            _ => true,
        };
        if (!isMet) return ConditionNotMet;
        return SetExpiry(call, ref hash, field, expiresAt) ? Deleted : Done;
    }

    private static Condition ConditionAt(CommandContext call, int index)
    {
        if (call.Is(index, "nx"u8)) return Condition.NoExpiryYet;
        if (call.Is(index, "xx"u8)) return Condition.HasExpiry;
        if (call.Is(index, "gt"u8)) return Condition.Later;
        return call.Is(index, "lt"u8) ? Condition.Earlier : Condition.None;
    }

    private static void Tell(CommandContext call, bool isSeconds, bool isRelative)
    {
        if (!call.TryReadHash(call.Key(1), out var hash)) return;
        if (!TryFields(call, 2, NotPositive)) return;
        call.Reply.Array(call.Count - 4);
        var start = isRelative ? call.Now : 0;
        for (var i = 4; i < call.Count; i++)
        {
            if (!hash.TryGet(call[i], out _, out var expiresAt)) call.Reply.Integer(NoField);
            else if (expiresAt == Entry.NoExpiry) call.Reply.Integer(NoExpiry);
            else if (isSeconds) call.Reply.Integer((expiresAt + 999 - start) / 1000);
            else call.Reply.Integer(expiresAt - start);
        }
    }

    private static void HPersist(CommandContext call)
    {
        var key = call.Key(1);
        if (!call.TryOpenHash(key, out var hash)) return;
        if (!TryFields(call, 2, NotPositive)) return;
        for (var i = 4; i < call.Count; i++) FieldExpiry.RemoveIfExpired(call, key, ref hash, call[i]);
        call.Reply.Array(call.Count - 4);
        var changed = 0;
        for (var i = 4; i < call.Count; i++)
        {
            var outcome = Persist(ref hash, call[i]);
            if (outcome == Done) changed++;
            call.Reply.Integer(outcome);
        }

        if (changed > 0) call.Changed(key, KeyEvent.HPersist);
    }

    private static int Persist(scoped ref HashValue hash, scoped ReadOnlySpan<byte> field)
    {
        if (!hash.TryGet(field, out _, out var expiresAt)) return NoField;
        if (expiresAt == Entry.NoExpiry) return NoExpiry;
        hash.SetExpiry(field, Entry.NoExpiry);
        return Done;
    }
}
