using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Slots.Keyspace;

namespace Starling.Node.Commands;

/// <summary>The commands that set, remove and show expiries.</summary>
public static class Expiration
{
    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        Writer("expire", -3, "1.0.0", "Sets a key's expiry in seconds from now.", Expire),
        Writer("pexpire", -3, "2.6.0", "Sets a key's expiry in milliseconds from now.", PExpire),
        Writer("expireat", -3, "1.2.0", "Sets a key's expiry in seconds of Unix time.", ExpireAt),
        Writer("pexpireat", -3, "2.6.0", "Sets a key's expiry in milliseconds of Unix time.", PExpireAt),
        Writer("persist", 2, "2.2.0", "Removes a key's expiry.", Persist),
        Reader("ttl", "1.0.0", "Returns the seconds until a key expires.", Ttl, ["nondeterministic_output"]),
        Reader("pttl", "2.6.0", "Returns the milliseconds until a key expires.", PTtl, ["nondeterministic_output"]),
        Reader("expiretime", "7.0.0", "Returns a key's expiry in seconds of Unix time.", ExpireTime, []),
        Reader("pexpiretime", "7.0.0", "Returns a key's expiry in milliseconds of Unix time.", PExpireTime, []),
    ];

    private static Command Writer(string name, int arity, string since, string summary, CommandHandler handler) =>
        new(name, arity, CommandFlags.Write | CommandFlags.Fast, KeySpec.At(1), handler)
        {
            KeyFlags = "RW update",
            AclCategories = ["keyspace"],
            Group = "generic",
            Since = since,
            Summary = summary,
        };

    private static Command Reader(string name, string since, string summary, CommandHandler handler, string[] tips) =>
        new(name, 2, CommandFlags.ReadOnly | CommandFlags.Fast, KeySpec.At(1), handler)
        {
            Tips = tips,
            KeyFlags = "RO access",
            AclCategories = ["keyspace"],
            Group = "generic",
            Since = since,
            Summary = summary,
        };

    [Flags]
    private enum Conditions
    {
        None = 0,
        OnlyIfNone = 1,
        OnlyIfSome = 2,
        OnlyIfLater = 4,
        OnlyIfEarlier = 8,
    }

    /// <summary>PEXPIREAT key milliseconds: what a new expiry from another command becomes in the log.</summary>
    internal static void PExpireAtEffect(CommandContext call, ReadOnlySpan<byte> key, long expiresAt)
    {
        call.Effect("PEXPIREAT"u8, key, expiresAt);
    }

    private static void Expire(CommandContext call) => SetExpiry(call, call.Now, inSeconds: true);

    private static void PExpire(CommandContext call) => SetExpiry(call, call.Now, inSeconds: false);

    private static void ExpireAt(CommandContext call) => SetExpiry(call, 0, inSeconds: true);

    private static void PExpireAt(CommandContext call) => SetExpiry(call, 0, inSeconds: false);

    private static void SetExpiry(CommandContext call, long from, bool inSeconds)
    {
        if (!TryConditions(call, out var conditions)) return;
        if (!TryTime(call, from, inSeconds, out var expiresAt)) return;

        var key = call.Key(1);
        if (!call.TryWrite(key, out var entry) || !Holds(conditions, entry.ExpiresAt, expiresAt))
        {
            call.Reply.Integer(0);
            return;
        }

        if (call.IsPastForMaster(expiresAt))
        {
            call.Delete(key, DeleteReason.ExpiredByCommand);
        }
        else
        {
            // Times before 1970 reach here on replicas and while loading only, where they wait for the master's DEL.
            expiresAt = Math.Max(0, expiresAt);
            call.Database.SetExpiry(key, expiresAt);
            call.Changed(key, KeyEvent.Expire);
            using var effect = call.BeginEffect();
            effect.Add("PEXPIREAT"u8);
            effect.Add(call[1]);
            effect.Add(expiresAt);
            for (var i = 3; i < call.Count; i++) effect.Add(call[i]);
        }

        call.Reply.Integer(1);
    }

    private static bool TryConditions(CommandContext call, out Conditions conditions)
    {
        conditions = Conditions.None;
        for (var i = 3; i < call.Count; i++)
        {
            if (call.Is(i, "nx"u8)) conditions |= Conditions.OnlyIfNone;
            else if (call.Is(i, "xx"u8)) conditions |= Conditions.OnlyIfSome;
            else if (call.Is(i, "gt"u8)) conditions |= Conditions.OnlyIfLater;
            else if (call.Is(i, "lt"u8)) conditions |= Conditions.OnlyIfEarlier;
            else
            {
                call.ErrorQuoting("ERR Unsupported option "u8, call[i], default);
                return false;
            }
        }

        if ((conditions & Conditions.OnlyIfNone) != 0 && conditions != Conditions.OnlyIfNone)
        {
            call.Reply.Error("ERR NX and XX, GT or LT options at the same time are not compatible"u8);
            return false;
        }

        const Conditions Both = Conditions.OnlyIfLater | Conditions.OnlyIfEarlier;
        if ((conditions & Both) != Both) return true;
        call.Reply.Error("ERR GT and LT options at the same time are not compatible"u8);
        return false;
    }

    private static bool TryTime(CommandContext call, long from, bool inSeconds, out long expiresAt)
    {
        if (!call.TryInteger(2, out expiresAt)) return false;
        if (inSeconds && expiresAt is > long.MaxValue / 1000 or < long.MinValue / 1000)
        {
            call.InvalidExpireTime();
            return false;
        }

        if (inSeconds) expiresAt *= 1000;
        if (expiresAt > long.MaxValue - from)
        {
            call.InvalidExpireTime();
            return false;
        }

        expiresAt += from;
        return true;
    }

    /// <summary>No expiry counts as one infinitely late.</summary>
    private static bool Holds(Conditions conditions, long current, long wanted)
    {
        var hasNone = current == Entry.NoExpiry;
        if ((conditions & Conditions.OnlyIfNone) != 0 && !hasNone) return false;
        if ((conditions & Conditions.OnlyIfSome) != 0 && hasNone) return false;
        if ((conditions & Conditions.OnlyIfLater) != 0 && (hasNone || wanted <= current)) return false;
        return (conditions & Conditions.OnlyIfEarlier) == 0 || hasNone || wanted < current;
    }

    private static void Persist(CommandContext call)
    {
        var key = call.Key(1);
        if (!call.TryWrite(key, out var entry) || entry.ExpiresAt == Entry.NoExpiry)
        {
            call.Reply.Integer(0);
            return;
        }

        call.Database.SetExpiry(key, Entry.NoExpiry);
        call.Changed(key, KeyEvent.Persist);
        call.Reply.Integer(1);
    }

    private static void Ttl(CommandContext call) => Show(call, call.Now, inSeconds: true);

    private static void PTtl(CommandContext call) => Show(call, call.Now, inSeconds: false);

    private static void ExpireTime(CommandContext call) => Show(call, 0, inSeconds: true);

    private static void PExpireTime(CommandContext call) => Show(call, 0, inSeconds: false);

    /// <summary>-2 without a key, -1 without an expiry; seconds are rounded to the nearest.</summary>
    private static void Show(CommandContext call, long from, bool inSeconds)
    {
        if (!call.TryPeek(call.Key(1), out var entry))
        {
            call.Reply.Integer(-2);
            return;
        }

        if (entry.ExpiresAt == Entry.NoExpiry)
        {
            call.Reply.Integer(-1);
            return;
        }

        var left = Math.Max(0, entry.ExpiresAt - from);
        call.Reply.Integer(inSeconds ? (long)(((ulong)left + 500) / 1000) : left);
    }
}
