using Starling.Node.Serving;
using Starling.Slots.Values;
using Starling.Slots.Values.Hashes;

namespace Starling.Node.Commands;

/// <summary>The commands that return some fields of a hash: at random, or a part of a walk.</summary>
public static class HashSampling
{
    /// <summary>
    /// Different fields are chosen by going through all of them when at least one of so many is wanted, else one by one.
    /// </summary>
    private const int SparseChoice = 8;

    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        Hashes.Row("hrandfield", -2, CommandFlags.ReadOnly, "RO access", "6.2.0", "Returns random fields of a hash.",
            HRandField, "nondeterministic_output"),
        Hashes.Row("hscan", -3, CommandFlags.ReadOnly, "RO access", "2.8.0",
            "Walks through the fields of a hash, some at a time.", HScan, "nondeterministic_output"),
    ];

    private static void HScan(CommandContext call)
    {
        if (!Scanning.TryCursor(call[2], out var cursor))
        {
            call.Reply.Error("ERR invalid cursor"u8);
            return;
        }

        if (!call.TryReadHash(call.Key(1), out var hash)) return;
        if (!hash.Exists)
        {
            ElementScan.ReplyEmpty(call);
            return;
        }

        if (!ElementScan.TryParseFields(call, 3, hash.Now, out var scan)) return;
        var steps = scan.Steps;
        do cursor = hash.Scan(cursor, ref scan);
        while (cursor != 0 && !scan.IsEnough && --steps > 0);
        scan.Reply(cursor);
    }

    private static void HRandField(CommandContext call)
    {
        long count = 0;
        var hasCount = call.Count >= 3;
        if (hasCount)
        {
            if (!call.TryInteger(2, out count)) return;
            if (count == long.MinValue)
            {
                call.Reply.Error("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807"u8);
                return;
            }

            if (call.Count > 4 || (call.Count == 4 && !call.Is(3, "withvalues"u8)))
            {
                call.SyntaxError();
                return;
            }

            if (call.Count == 4 && count is < -(long.MaxValue / 2) or > long.MaxValue / 2)
            {
                call.Reply.Error("ERR value is out of range"u8);
                return;
            }
        }

        if (!call.TryReadHash(call.Key(1), out var hash)) return;
        if (!hasCount) ReplyOne(call, hash);
        else if (!hash.Exists || count == 0) call.Reply.Array(0);
        else if (count < 0) ReplyAnyTimes(call, hash, -count, call.Count == 4);
        else ReplyDifferent(call, hash, count, call.Count == 4);
    }

    private static void ReplyOne(CommandContext call, scoped in HashValue hash)
    {
        if (!TryPick(call, hash, out var entry))
        {
            call.Reply.Null();
            return;
        }

        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        call.Reply.Bulk(entry.Field.Text(scratch));
    }

    /// <summary>Picks one of the fields that have not expired; false when that does not succeed soon.</summary>
    private static bool TryPick(CommandContext call, in HashValue hash, out HashEntry entry)
    {
        entry = default;
        if (!hash.Exists) return false;
        for (var tries = 0; tries < 100; tries++)
        {
            entry = hash.Pick(Below(call, hash.Count));
            if (hash.Now == 0 || !entry.HasExpired(hash.Now)) return true;
        }

        foreach (var first in hash.Entries)
        {
            entry = first;
            return true;
        }

        return false;
    }

    private static void ReplyAnyTimes(CommandContext call, scoped in HashValue hash, long count, bool withValues)
    {
        if (!TryPick(call, hash, out _))
        {
            call.Reply.Array(0);
            return;
        }

        BeginReply(call, count, withValues);
        var start = call.Reply.Length;
        for (; count > 0; count--)
        {
            TryPick(call, hash, out var entry);
            ReplyEntry(call, entry, withValues);
            if (RandomMembers.IsTooLong(call, start)) return;
        }
    }

    private static void ReplyDifferent(CommandContext call, scoped in HashValue hash, long count, bool withValues)
    {
        var live = hash.LiveCount;
        count = Math.Min(count, live);
        BeginReply(call, count, withValues);
        if (hash.IsPacked || live != hash.Count || live <= count * SparseChoice)
        {
            // Each field is taken with the chance that makes the number come out in the end.
            var left = live;
            foreach (var entry in hash.Entries)
            {
                if (count == 0) return;
                if (Below(call, left--) >= count) continue;
                ReplyEntry(call, entry, withValues);
                count--;
            }

            return;
        }

        var chosen = new HashSet<long>();
        while (count > 0)
        {
            var number = Below(call, live);
            if (!chosen.Add(number)) continue;
            ReplyEntry(call, hash.Pick(number), withValues);
            count--;
        }
    }

    private static void BeginReply(CommandContext call, long count, bool withValues) =>
        call.Reply.Array(withValues && call.Reply.Protocol == 2 ? count * 2 : count);

    private static void ReplyEntry(CommandContext call, scoped in HashEntry entry, bool withValues)
    {
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        if (withValues && call.Reply.Protocol > 2) call.Reply.Array(2);
        call.Reply.Bulk(entry.Field.Text(scratch));
        if (withValues) call.Reply.Bulk(entry.Value.Text(scratch));
    }

    private static long Below(CommandContext call, long count) => (long)(call.NextRandom() % (ulong)count);
}
