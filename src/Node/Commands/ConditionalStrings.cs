using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots.Keyspace;
using Starling.Slots.Values;

namespace Starling.Node.Commands;

/// <summary>The commands of Redis 8.4 that look at strings before they change them.</summary>
public static class ConditionalStrings
{
    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        new("delex", -2, CommandFlags.Write | CommandFlags.Fast, KeySpec.At(1), DelEx)
        {
            KeyFlags = "RW delete variable_flags",
            FindKeyFlags = static arguments => arguments.Count > 2 ? "RW access delete" : "RM delete",
            AclCategories = ["string"], Group = "string", Since = "8.4.0",
            Summary = "Deletes a key if the string at it is, or is not, the one that is named.",
        },
        new("digest", 2, CommandFlags.ReadOnly | CommandFlags.Fast, KeySpec.At(1), Digest)
        {
            KeyFlags = "RO access", AclCategories = ["string"], Group = "string", Since = "8.4.0",
            Summary = "Returns the digest of the string at a key as hexadecimal digits.",
        },
        new("msetex", -4, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.MovableKeys, KeySpec.None, MSetEx)
        {
            KeyFlags = "OW update", FindKeys = TryFindKeys, AclCategories = ["string"], Group = "string", Since = "8.4.0",
            Tips = ["request_policy:multi_shard", "response_policy:all_succeeded"],
            Summary = "Sets several keys to strings, with one expiry and one condition for all of them.",
        },
    ];

    private static void DelEx(CommandContext call)
    {
        if (call.Count is not (2 or 4))
        {
            call.Reply.Error($"ERR wrong number of arguments for '{call.Command.FullName}' command");
            return;
        }

        var key = call.Key(1);
        var found = call.TryWrite(key, out var entry);
        var isMet = found;
        if (found && call.Count == 4 && !TryCompare(call, entry, out isMet)) return;
        if (!isMet)
        {
            call.Reply.Integer(0);
            return;
        }

        call.Delete(key, DeleteReason.Command);
        call.Effect("DEL"u8, call[1]);
        call.Reply.Integer(1);
    }

    /// <summary>DELEX looks at its condition when there is a key, and at its type first. False: the error is written.</summary>
    private static bool TryCompare(CommandContext call, in Entry entry, out bool isMet)
    {
        isMet = false;
        if (!entry.Holds<StringValue>())
        {
            call.Reply.Error("ERR Key should be of string type if conditions are specified"u8);
            return false;
        }

        if (!StringCondition.TryParse(call, 2, out var condition))
        {
            call.Reply.Error("ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE"u8);
            return false;
        }

        if (!condition.IsSound(call)) return false;
        isMet = condition.Holds(call, entry);
        return true;
    }

    private static void Digest(CommandContext call)
    {
        if (!call.TryRead<StringValue>(call.Key(1), out var value)) return;
        if (!value.Exists)
        {
            call.Reply.Null();
            return;
        }

        Span<byte> digits = stackalloc byte[StringCondition.DigestLength];
        StringCondition.Digest(value.Bytes, digits);
        call.Reply.Bulk(digits);
    }

    private static bool TryFindKeys(ArgumentList arguments, List<int> positions)
    {
        if (!ArgumentParser.TryInteger(arguments[1], out int count) || count < 1 || count > (arguments.Count - 2) / 2) return false;
        for (var i = 0; i < count; i++) positions.Add(2 + (2 * i));
        return true;
    }

    private static void MSetEx(CommandContext call)
    {
        if (!ArgumentParser.TryInteger(call[1], out int count) || count < 1)
        {
            call.Reply.Error("ERR invalid numkeys value"u8);
            return;
        }

        if (count > (call.Count - 2) / 2)
        {
            call.Reply.Error("ERR wrong number of key-value pairs"u8);
            return;
        }

        var end = 2 + (2 * count);
        if (!SetOptions.TryParseMSetEx(call, end, out var options))
        {
            call.SyntaxError();
            return;
        }

        long expiresAt = Entry.NoExpiry;
        if (options.HasExpiry && !SetOptions.TryExpiry(call, options.ExpiryAt, options.Expiry, out expiresAt)) return;
        if (!IsAllowed(call, options, end))
        {
            call.Reply.Integer(0);
            return;
        }

        for (var i = 2; i < end; i += 2)
        {
            var key = call.Key(i);
            var found = call.TryWrite(key, out var entry);
            var each = found && options.Expiry == SetOptions.ExpirySource.Keep ? entry.ExpiresAt : expiresAt;
            call.SetString(key, call[i + 1], each);
            if (options.HasExpiry) call.Note(key, KeyEvent.Expire); // here "expire" is heard before "set"
            call.Changed(key, KeyEvent.Set);
        }

        if (options.HasExpiry && !options.IsAbsolute) AbsoluteEffect(call, options, expiresAt);
        call.Reply.Integer(1);
    }

    private static bool IsAllowed(CommandContext call, in SetOptions options, int end)
    {
        if (!options.OnlyIfAbsent && !options.OnlyIfPresent) return true;
        for (var i = 2; i < end; i += 2)
            if (call.TryWrite(call.Key(i), out _) == options.OnlyIfAbsent) return false;
        return true;
    }

    /// <summary>The call as it was, with a point in time instead of a duration.</summary>
    private static void AbsoluteEffect(CommandContext call, in SetOptions options, long expiresAt)
    {
        using var effect = call.BeginEffect();
        for (var i = 0; i < call.Count; i++)
        {
            if (i == options.ExpiryAt - 1) effect.Add("PXAT"u8);
            else if (i == options.ExpiryAt) effect.Add(expiresAt);
            else effect.Add(call[i]);
        }
    }
}
