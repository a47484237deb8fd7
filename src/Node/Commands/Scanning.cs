using Starling.Node.Expiry;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots;
using Starling.Slots.Keyspace;

namespace Starling.Node.Commands;

/// <summary>
/// The commands that walk through a database: SCAN, KEYS, RANDOMKEY. They take one slot's stripe at a time.
/// </summary>
public static class Scanning
{
    private const int SlotBits = 14;
    private const ulong TableCursorMask = (1UL << 48) - 1;
    private const int RandomKeyTries = 100;

    // A reply of SCAN ends when it is as long as that, whatever COUNT says: that is a hint, and the cursor goes on.
    private const long LongScan = 256L * 1024 * 1024;

    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        new("scan", -2, CommandFlags.ReadOnly, KeySpec.None, Scan)
        {
            Locks = LockMode.None, AclCategories = ["keyspace"], Group = "generic", Since = "2.8.0",
            Tips = ["nondeterministic_output", "request_policy:special", "response_policy:special"],
            Summary = "Walks through the keys of the selected database, some at a time.",
        },
        new("keys", 2, CommandFlags.ReadOnly, KeySpec.None, KeysMatching)
        {
            Locks = LockMode.None, AclCategories = ["keyspace", "dangerous"], Group = "generic", Since = "1.0.0",
            Tips = ["request_policy:all_shards", "nondeterministic_output_order"],
            Summary = "Returns all keys that match a pattern.",
        },
        new("randomkey", 1, CommandFlags.ReadOnly, KeySpec.None, RandomKey)
        {
            Locks = LockMode.None, AclCategories = ["keyspace"], Group = "generic", Since = "1.0.0",
            Tips = ["request_policy:all_shards", "response_policy:special", "nondeterministic_output"],
            Summary = "Returns a random key of the selected database.",
        },
    ];

    private static void Scan(CommandContext call)
    {
        if (!TryCursor(call[1], out var cursor))
        {
            call.Reply.Error("ERR invalid cursor"u8);
            return;
        }

        if (!TryScanOptions(call, out var filter, out var count)) return;
        var keys = call.Reply.MakeSibling();
        var visitor = new ScanVisitor(filter, call.Now, keys);
        cursor = Walk(call, cursor, count, ref visitor);
        call.Reply.Array(2);
        call.Reply.BulkInteger((long)cursor);
        call.Reply.Array(visitor.Matched);
        call.Reply.Append(keys);
    }

    /// <summary>What C's strtoul reads, all of it: the cursor of Redis 7.2 may have a sign or be empty.</summary>
    internal static bool TryCursor(ReadOnlySpan<byte> text, out ulong cursor)
    {
        cursor = 0;
        if (text.IsEmpty) return true;
        var isNegative = text[0] == '-';
        if (text[0] is (byte)'-' or (byte)'+') text = text[1..];
        if (text.IsEmpty) return false;
        foreach (var character in text)
        {
            var digit = (uint)character - '0';
            if (digit > 9 || cursor > (ulong.MaxValue - digit) / 10) return false;
            cursor = (cursor * 10) + digit;
        }

        if (isNegative) cursor = unchecked(0 - cursor);
        return true;
    }

    private static bool TryScanOptions(CommandContext call, out Filter filter, out long count)
    {
        filter = default;
        filter.OnlySlot = -1;
        count = 10;
        for (var i = 2; i < call.Count; i += 2)
        {
            var hasValue = i + 1 < call.Count;
            if (hasValue && call.Is(i, "count"u8))
            {
                if (!call.TryInteger(i + 1, out count)) return false;
                if (count >= 1) continue;
                call.SyntaxError();
                return false;
            }

            if (hasValue && call.Is(i, "match"u8))
            {
                filter.Pattern = call[i + 1];
                filter.HasPattern = !filter.Pattern.SequenceEqual("*"u8);
                filter.OnlySlot = filter.HasPattern ? GlobPattern.SlotOf(filter.Pattern) : -1;
            }
            else if (hasValue && call.Is(i, "type"u8))
            {
                filter.Type = call[i + 1];
                filter.HasType = true;
            }
            else
            {
                call.SyntaxError();
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// Visits about <paramref name="count"/> keys from a cursor on and returns the cursor to go on with, 0 at the end.
    /// A cursor is a place in one slot's table with the slot in its low bits, so that it stays good while tables grow,
    /// shrink, appear and go.
    /// </summary>
    private static ulong Walk(CommandContext call, ulong cursor, long count, ref ScanVisitor visitor)
    {
        var slot = (int)(cursor & (HashSlot.Count - 1));
        var tableCursor = (cursor >> SlotBits) & TableCursorMask;
        var onlySlot = visitor.OnlySlot;
        if (onlySlot >= 0 && slot != onlySlot)
        {
            if (slot > onlySlot) return 0;
            (slot, tableCursor) = (onlySlot, 0);
        }

        // As in Redis: a bound on the steps through sparse tables, so that one call stays short.
        var steps = count > long.MaxValue / 10 ? long.MaxValue : count * 10;
        var expired = new KeyBatch();
        while (visitor.Visited < count && steps > 0 && visitor.Written < LongScan)
        {
            if (tableCursor == 0)
            {
                slot = onlySlot >= 0 ? onlySlot : call.Database.NextSlotInUse(slot, expiring: false);
                if (slot < 0) return 0;
            }

            using (call.Part(slot))
            {
                visitor.Expired = expired;
                do tableCursor = call.Database.ScanSlot(slot, tableCursor, ref visitor);
                while (tableCursor != 0 && visitor.Visited < count && visitor.Written < LongScan && --steps > 0);
                for (var i = 0; i < expired.Count; i++) DeleteExpired(call, expired[i]);
                expired.Clear();
            }

            steps--;
            if (tableCursor != 0) continue;
            if (onlySlot >= 0 || ++slot == HashSlot.Count) return 0;
        }

        if (tableCursor != 0) return (tableCursor << SlotBits) | (uint)slot;
        slot = call.Database.NextSlotInUse(slot, expiring: false);
        return slot < 0 ? 0 : (uint)slot;
    }

    /// <summary>Deletes a key that has expired, inside a part.</summary>
    private static void DeleteExpired(CommandContext call, ReadOnlySpan<byte> name) =>
        call.Node.Expiry.TryDelete(call, call.Database, call.Keyspace.Key(name));

    private static void KeysMatching(CommandContext call)
    {
        var pattern = call[1];
        var filter = new Filter { Pattern = pattern, HasPattern = !pattern.SequenceEqual("*"u8), OnlySlot = -1 };
        if (filter.HasPattern) filter.OnlySlot = GlobPattern.SlotOf(pattern);
        var mark = call.Reply.BeginArray();
        var visitor = new ScanVisitor(filter, call.Now, call.Reply);
        if (filter.OnlySlot >= 0)
        {
            WalkSlot(call, filter.OnlySlot, ref visitor);
        }
        else
        {
            for (var slot = NextSlot(call.Database, -1); slot >= 0; slot = NextSlot(call.Database, slot))
                WalkSlot(call, slot, ref visitor);
        }

        call.Reply.EndArray(mark, visitor.Matched);
    }

    /// <summary>Visits every key of a slot once: the stripe is held throughout.</summary>
    private static void WalkSlot(CommandContext call, int slot, ref ScanVisitor visitor)
    {
        using var held = call.Part(slot);
        ulong cursor = 0;
        do cursor = call.Database.ScanSlot(slot, cursor, ref visitor);
        while (cursor != 0);
    }

    private static int NextSlot(Database database, int slot) =>
        slot + 1 == HashSlot.Count ? -1 : database.NextSlotInUse(slot + 1, expiring: false);

    private static void RandomKey(CommandContext call)
    {
        for (var i = 0; i < RandomKeyTries; i++)
        {
            var found = TryRandom(call);
            if (found is null) break;
            if (found.Value) return;
        }

        // Nothing, or nearly nothing but expired keys: the first live one will do.
        for (var slot = NextSlot(call.Database, -1); slot >= 0; slot = NextSlot(call.Database, slot))
            if (TryAnyLive(call, slot)) return;

        call.Reply.Null();
    }

    /// <summary>
    /// Picks a stripe with the chance of its share of the keys, then a key in it. True when the reply is written, false
    /// when the key had expired or all keys of the stripe went meanwhile, null when there is no key.
    /// </summary>
    private static bool? TryRandom(CommandContext call)
    {
        var stripe = call.Database.PickStripe(call.NextRandom());
        if (stripe < 0) return null;
        var random = call.NextRandom();
        using var held = call.Part(stripe); // the slot of a stripe's number is one of its slots
        if (!call.Database.TryPickInStripe(stripe, random, out var entry)) return false;
        if (KeyExpiry.IsExpired(entry, call.Now))
        {
            DeleteExpired(call, entry.Key.ToArray());
            return false;
        }

        call.Reply.Bulk(entry.Key);
        return true;
    }

    private static bool TryAnyLive(CommandContext call, int slot)
    {
        using var held = call.Part(slot);
        var visitor = new FirstLiveVisitor(call.Now, call.Reply);
        ulong cursor = 0;
        do cursor = call.Database.ScanSlot(slot, cursor, ref visitor);
        while (cursor != 0 && !visitor.IsDone);
        return visitor.IsDone;
    }

    private ref struct Filter
    {
        public ReadOnlySpan<byte> Pattern;
        public bool HasPattern;
        public ReadOnlySpan<byte> Type;
        public bool HasType;
        public int OnlySlot;
    }

    private ref struct ScanVisitor(Filter filter, long now, RespWriter output) : IEntryVisitor
    {
        /// <summary>Bytes of the keys that matched.</summary>
        public readonly long Written => output.Length;

        private readonly Filter _filter = filter;

        public long Visited { get; private set; }

        public int Matched { get; private set; }

        public KeyBatch? Expired { get; set; }

        public readonly int OnlySlot => _filter.OnlySlot;

        public void Visit(in Entry entry)
        {
            Visited++;
            if (_filter.HasPattern && !GlobPattern.Matches(_filter.Pattern, entry.Key)) return;
            if (_filter.HasType && !ArgumentParser.Is(_filter.Type, entry.KindName)) return;
            if (KeyExpiry.IsExpired(entry, now))
            {
                Expired?.Add(entry);
                return;
            }

            Matched++;
            output.Bulk(entry.Key);
        }
    }

    private struct FirstLiveVisitor(long now, RespWriter reply) : IEntryVisitor
    {
        public bool IsDone { get; private set; }

        public void Visit(in Entry entry)
        {
            if (IsDone || KeyExpiry.IsExpired(entry, now)) return;
            IsDone = true;
            reply.Bulk(entry.Key);
        }
    }
}
