using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots.Keyspace;
using Starling.Slots.Values;

namespace Starling.Node.Commands;

/// <summary>The commands that set and get whole strings.</summary>
public static class Strings
{
    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        Row("get", 2, CommandFlags.ReadOnly | CommandFlags.Fast, "RO access", "1.0.0",
            "Returns the string at a key.", Get),
        new("set", -3, CommandFlags.Write | CommandFlags.DenyOom, KeySpec.At(1), Set)
        {
            KeyFlags = "RW access update variable_flags", KeyNotes = "RW and ACCESS due to the optional `GET` argument",
            FindKeyFlags = SetKeyFlags, IsAsGoodAsFast = true,
            AclCategories = ["string"], Group = "string", Since = "1.0.0",
            Summary = "Sets a key to a string, whatever it held, with an optional expiry and condition.",
        },
        Row("setnx", 3, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast, "OW insert", "1.0.0",
            "Sets a key to a string if the key does not exist.", SetNx),
        Row("setex", 4, CommandFlags.Write | CommandFlags.DenyOom, "OW update", "2.0.0",
            "Sets a key to a string that expires after a number of seconds.", SetEx),
        Row("psetex", 4, CommandFlags.Write | CommandFlags.DenyOom, "OW update", "2.6.0",
            "Sets a key to a string that expires after a number of milliseconds.", PSetEx),
        Row("getset", 3, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast, "RW access update", "1.0.0",
            "Sets a key to a string and returns the old one.", GetSet),
        Row("getdel", 2, CommandFlags.Write | CommandFlags.Fast, "RW access delete", "6.2.0",
            "Returns the string at a key and deletes the key.", GetDel),
        new("getex", -2, CommandFlags.Write | CommandFlags.Fast, KeySpec.At(1), GetEx)
        {
            KeyFlags = "RW access update", KeyNotes = "RW and UPDATE because it changes the TTL",
            AclCategories = ["string"], Group = "string", Since = "6.2.0",
            Summary = "Returns the string at a key and sets or removes the key's expiry.",
        },
        new("mget", -2, CommandFlags.ReadOnly | CommandFlags.Fast, KeySpec.From(1), MGet)
        {
            KeyFlags = "RO access", AclCategories = ["string"], Group = "string", Since = "1.0.0",
            Tips = ["request_policy:multi_shard"], Summary = "Returns the strings at several keys.",
        },
        new("mset", -3, CommandFlags.Write | CommandFlags.DenyOom, KeySpec.From(1, 2), MSet)
        {
            KeyFlags = "OW update", AclCategories = ["string"], Group = "string", Since = "1.0.1",
            Tips = ["request_policy:multi_shard", "response_policy:all_succeeded"],
            Summary = "Sets several keys to strings.",
        },
        new("msetnx", -3, CommandFlags.Write | CommandFlags.DenyOom, KeySpec.From(1, 2), MSetNx)
        {
            KeyFlags = "OW insert", AclCategories = ["string"], Group = "string", Since = "1.0.1",
            Summary = "Sets several keys to strings if none of them exists.",
        },
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

    private static void Get(CommandContext call) => ReplyWithValue(call, call.Key(1));

    /// <summary>
    /// Replies with the string at a key, null when there is none. False when the error reply for another kind of value
    /// is written.
    /// </summary>
    private static bool ReplyWithValue(CommandContext call, scoped in Key key)
    {
        if (!call.TryRead<StringValue>(key, out var value)) return false;
        if (value.Exists) call.Reply.Bulk(value.Bytes);
        else call.Reply.Null();
        return true;
    }

    /// <summary>SET reads the key with GET or a condition on the string only.</summary>
    private static readonly KeyUses Sets = "OW update";

    private static readonly KeyUses ReadsAndSets = "RW access update";

    private static KeyUses SetKeyFlags(ArgumentList arguments)
    {
        for (var i = 3; i < arguments.Count; i++)
        {
            var word = arguments[i];
            if (ArgumentParser.Is(word, "get"u8) || ArgumentParser.Is(word, "ifeq"u8) || ArgumentParser.Is(word, "ifne"u8)
                || ArgumentParser.Is(word, "ifdeq"u8) || ArgumentParser.Is(word, "ifdne"u8)) return ReadsAndSets;
        }

        return Sets;
    }

    private static void Set(CommandContext call)
    {
        if (!SetOptions.TryParseSet(call, out var options))
        {
            call.SyntaxError();
            return;
        }

        long expiresAt = Entry.NoExpiry;
        if (options.HasExpiry && !SetOptions.TryExpiry(call, options.ExpiryAt, options.Expiry, out expiresAt)) return;

        var key = call.Key(1);
        if (options.Condition.IsGiven && !CanCompare(call, key, options)) return;
        if (options.ReturnOld && !ReplyWithValue(call, key)) return;

        // Without a condition nobody asks what is there, unless it may have to be reported as expired.
        if (options.LooksAtOld || call.MayHaveExpired(key))
        {
            var found = call.TryWrite(key, out var entry);
            if (!IsAllowed(call, options, found, entry))
            {
                if (!options.ReturnOld) call.Reply.Null();
                return;
            }

            if (found && options.Expiry == SetOptions.ExpirySource.Keep) expiresAt = entry.ExpiresAt;
        }

        call.SetString(key, call[2], expiresAt);
        call.Changed(key, KeyEvent.Set);
        if (options.HasExpiry)
        {
            call.Note(key, KeyEvent.Expire);

            // PXAT is what the others become; as in Redis 7.2 it goes out as it came.
            if (options.Expiry != SetOptions.ExpirySource.MillisecondsAt) SetEffect(call, call[2], expiresAt);
        }
        else if (options.ReturnOld || options.Condition.IsGiven)
        {
            SetEffectWithoutGet(call, options);
        }

        if (!options.ReturnOld) call.Ok();
    }

    /// <summary>SET key value PXAT milliseconds: what other kinds of expiry become in the log.</summary>
    private static void SetEffect(CommandContext call, ReadOnlySpan<byte> value, long expiresAt)
    {
        call.Effect("SET"u8, call[1], value, "PXAT"u8, expiresAt);
    }

    /// <summary>
    /// False, with the error, when the condition cannot be compared with what is there; before GET replies with it, so that there is
    /// one reply.
    /// </summary>
    private static bool CanCompare(CommandContext call, in Key key, in SetOptions options)
    {
        if (!call.TryWrite(key, out var entry)) return true;
        if (entry.Holds<StringValue>()) return options.Condition.IsSound(call);
        call.Reply.Error(ErrorReplies.WrongType);
        return false;
    }

    /// <summary>True when what is there lets SET do its work.</summary>
    private static bool IsAllowed(CommandContext call, in SetOptions options, bool found, in Entry entry)
    {
        if (options.Condition.IsGiven) return found ? options.Condition.Holds(call, entry) : !options.Condition.IsEqual;
        return !(found ? options.OnlyIfAbsent : options.OnlyIfPresent);
    }

    /// <summary>
    /// The call as it was, but for GET, which may be repeated: a replica has nobody to answer. A condition on the string that was
    /// there is fulfilled, so that the rest is all there is to say.
    /// </summary>
    private static void SetEffectWithoutGet(CommandContext call, in SetOptions options)
    {
        using var effect = call.BeginEffect();
        for (var i = 0; i < call.Count; i++)
        {
            if (i > 2 && options.Condition.IsGiven && StringCondition.TryParse(call, i, out _)) i++;
            else if (i < 3 || !call.Is(i, "get"u8)) effect.Add(call[i]);
        }
    }

    private static void SetNx(CommandContext call)
    {
        var key = call.Key(1);
        if (call.TryWrite(key, out _))
        {
            call.Reply.Integer(0);
            return;
        }

        call.SetString(key, call[2], Entry.NoExpiry);
        call.Changed(key, KeyEvent.Set);
        call.Reply.Integer(1);
    }

    private static void SetEx(CommandContext call) => SetExpiring(call, SetOptions.ExpirySource.Seconds);

    private static void PSetEx(CommandContext call) => SetExpiring(call, SetOptions.ExpirySource.Milliseconds);

    private static void SetExpiring(CommandContext call, SetOptions.ExpirySource source)
    {
        if (!SetOptions.TryExpiry(call, 2, source, out var expiresAt)) return;
        var key = call.Key(1);
        call.SetString(key, call[3], expiresAt);
        call.Changed(key, KeyEvent.Set);
        call.Note(key, KeyEvent.Expire);
        SetEffect(call, call[3], expiresAt);
        call.Ok();
    }

    private static void GetSet(CommandContext call)
    {
        var key = call.Key(1);
        if (!ReplyWithValue(call, key)) return;
        call.SetString(key, call[2], Entry.NoExpiry);
        call.Changed(key, KeyEvent.Set);
        call.Effect("SET"u8, call[1], call[2]);
    }

    private static void GetDel(CommandContext call)
    {
        var key = call.Key(1);
        if (!ReplyWithValue(call, key)) return;
        if (call.Delete(key, DeleteReason.Command)) call.Effect("DEL"u8, call[1]);
    }

    private static void GetEx(CommandContext call)
    {
        if (!SetOptions.TryParseGetEx(call, out var options))
        {
            call.SyntaxError();
            return;
        }

        var key = call.Key(1);
        if (!call.TryRead<StringValue>(key, out var value)) return;
        if (!value.Exists)
        {
            call.Reply.Null();
            return;
        }

        long expiresAt = Entry.NoExpiry;
        if (options.HasExpiry && !SetOptions.TryExpiry(call, options.ExpiryAt, options.Expiry, out expiresAt)) return;

        call.Reply.Bulk(value.Bytes);
        if (options.IsAbsolute && call.IsPastForMaster(expiresAt))
        {
            call.Delete(key, DeleteReason.ExpiredByCommand);
        }
        else if (options.HasExpiry)
        {
            call.Database.SetExpiry(key, expiresAt);
            call.Changed(key, KeyEvent.Expire);
            Expiration.PExpireAtEffect(call, call[1], expiresAt);
        }
        else if (options.Expiry == SetOptions.ExpirySource.Persist && HasExpiry(call, key))
        {
            call.Database.SetExpiry(key, Entry.NoExpiry);
            call.Changed(key, KeyEvent.Persist);
            call.Effect("PERSIST"u8, call[1]);
        }
    }

    private static bool HasExpiry(CommandContext call, scoped in Key key) =>
        call.Database.TryFind(key, out var entry) && entry.ExpiresAt != Entry.NoExpiry;

    private static void MGet(CommandContext call)
    {
        call.Reply.Array(call.Count - 1);
        for (var i = 1; i < call.Count; i++)
        {
            if (call.TryFind<StringValue>(call.Key(i), out var value)) call.Reply.Bulk(value.Bytes);
            else call.Reply.Null();
        }
    }

    private static void MSet(CommandContext call) => SetAll(call, onlyIfAbsent: false);

    private static void MSetNx(CommandContext call) => SetAll(call, onlyIfAbsent: true);

    private static void SetAll(CommandContext call, bool onlyIfAbsent)
    {
        if (call.Count % 2 == 0)
        {
            call.Reply.Error($"ERR wrong number of arguments for '{call.Command.FullName}' command");
            return;
        }

        for (var i = 1; onlyIfAbsent && i < call.Count; i += 2)
        {
            if (!call.TryWrite(call.Key(i), out _)) continue;
            call.Reply.Integer(0);
            return;
        }

        for (var i = 1; i < call.Count; i += 2)
        {
            var key = call.Key(i);
            call.SetString(key, call[i + 1], Entry.NoExpiry);
            call.Changed(key, KeyEvent.Set);
        }

        if (onlyIfAbsent) call.Reply.Integer(1);
        else call.Ok();
    }
}
