using Starling.Node.Execution;
using Starling.Node.Expiry;
using Starling.Node.Serving;
using Starling.Slots.Keyspace;
using Starling.Slots.Values.Hashes;

namespace Starling.Node.Commands;

/// <summary>The commands that get or set fields of a hash and do something about their expiry or existence as well.</summary>
public static class FieldsWithExpiry
{
    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        Hashes.Row("hgetdel", -5, CommandFlags.Write | CommandFlags.Fast, "RW access delete", "8.0.0",
            "Returns the values of fields of a hash and deletes the fields.", HGetDel),
        Hashes.Row("hgetex", -5, CommandFlags.Write | CommandFlags.Fast, "RW access update", "8.0.0",
            "Returns the values of fields of a hash and sets or removes their expiry.", HGetEx),
        Hashes.Row("hsetex", -6, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast, "RW update", "8.0.0",
            "Sets fields of a hash and their expiry.", HSetEx),
    ];

    private static void HGetDel(CommandContext call)
    {
        var key = call.Key(1);
        if (!call.TryOpenHash(key, out var hash)) return;
        if (!FieldExpiration.TryFields(call, 2, FieldExpiration.NotPositive)) return;
        call.Reply.Array(call.Count - 4);
        var deleted = 0;
        for (var i = 4; i < call.Count; i++)
        {
            if (!Hashes.ReplyValue(call, hash, call[i])) continue;
            hash.Remove(call[i]);
            deleted++;
        }

        if (deleted == 0) return;
        call.Changed(key, KeyEvent.HDel, deleted);
        using var effect = call.BeginEffect();
        effect.Add("HDEL"u8);
        for (var i = 1; i < call.Count; i++)
            if (i is 1 or > 3) effect.Add(call[i]);
    }

    private static void HGetEx(CommandContext call)
    {
        var key = call.Key(1);
        if (!call.TryOpenHash(key, out var hash)) return;
        long expiresAt = 0;
        var hasExpiry = FieldOptions.IsExpiry(call[2], out var isSeconds, out var isRelative);
        var persists = call.Is(2, "persist"u8);
        if (hasExpiry && !FieldExpiration.TryExpiry(call, 3, isSeconds, isRelative, out expiresAt)) return;
        var fieldsAt = hasExpiry ? 4 : persists ? 3 : 2;
        if (!FieldExpiration.TryFields(call, fieldsAt, FieldExpiration.NotPositive)) return;
        var first = fieldsAt + 2;
        var outcomes = call.Count - first <= 256 ? stackalloc sbyte[call.Count - first] : new sbyte[call.Count - first];
        call.Reply.Array(call.Count - first);
        var persisted = 0;
        for (var i = first; i < call.Count; i++)
        {
            if (!Hashes.ReplyValue(call, hash, call[i])) continue;
            if (hasExpiry)
            {
                outcomes[i - first] = (sbyte)(FieldExpiration.SetExpiry(call, ref hash, call[i], expiresAt) ? 2 : 1);
            }
            else if (persists && hash.TryGet(call[i], out _, out var before) && before != Entry.NoExpiry)
            {
                hash.SetExpiry(call[i], Entry.NoExpiry);
                persisted++;
            }
        }

        if (persisted > 0) PropagatePersist(call, key, first);
        FieldExpiration.Declare(call, key, outcomes, first, expiresAt);
    }

    private static void PropagatePersist(CommandContext call, scoped in Key key, int first)
    {
        call.Changed(key, KeyEvent.HPersist);
        using var effect = call.BeginEffect();
        effect.Add("HPERSIST"u8);
        effect.Add(key.Bytes);
        for (var i = first - 2; i < call.Count; i++) effect.Add(call[i]);
    }

    private static void HSetEx(CommandContext call)
    {
        if (!FieldOptions.TryParse(call, out var options)) return;
        var key = call.Key(1);
        if (!call.TryOpenHash(key, out var hash)) return;
        for (var i = options.First; i < call.Count; i += 2)
            FieldExpiry.RemoveIfExpired(call, key, ref hash, call[i]);
        for (var i = options.First; i < call.Count && (options.OnlyIfAbsent || options.OnlyIfPresent); i += 2)
        {
            if (hash.TryGet(call[i], out _) == options.OnlyIfPresent) continue;
            call.Reply.Integer(0);
            return;
        }

        var isPast = options.HasExpiry && call.IsPastForMaster(options.ExpiresAt);
        for (var i = options.First; i < call.Count; i += 2)
        {
            var expiresAt = options.HasExpiry ? options.ExpiresAt : Entry.NoExpiry;
            if (options.KeepsExpiry && hash.TryGet(call[i], out _, out var before)) expiresAt = before;
            hash.Set(call[i], call[i + 1], isPast ? Entry.NoExpiry : expiresAt);
        }

        var count = (call.Count - options.First) / 2;
        if (isPast) DeletePast(call, key, ref hash, options.First);
        else call.Changed(key, KeyEvent.HSet, count);
        if (options.HasExpiry && !isPast)
        {
            call.Note(key, KeyEvent.HExpire);
            PropagateAbsolute(call, options, count);
        }

        call.Reply.Integer(1);
    }

    /// <summary>The fields were set with an expiry that is past: they go at once, and replicas get an HDEL.</summary>
    private static void DeletePast(CommandContext call, scoped in Key key, ref HashValue hash, int first)
    {
        var removed = 0;
        call.Changed(key, KeyEvent.HSet, (call.Count - first) / 2);
        for (var i = first; i < call.Count; i += 2)
            if (hash.Remove(call[i])) removed++;
        call.Node.Expiry.CountFields(removed);
        call.Changed(key, KeyEvent.HDel, 0);
        using var effect = call.BeginEffect();
        effect.Add("HDEL"u8);
        effect.Add(key.Bytes);
        for (var i = first; i < call.Count; i += 2) effect.Add(call[i]);
    }

    private static void PropagateAbsolute(CommandContext call, in FieldOptions options, int count)
    {
        using var effect = call.BeginEffect();
        effect.Add("HSETEX"u8);
        effect.Add(call[1]);
        effect.Add("PXAT"u8);
        effect.Add(options.ExpiresAt);
        effect.Add("FIELDS"u8);
        effect.Add(count);
        for (var i = options.First; i < call.Count; i++) effect.Add(call[i]);
    }
}
