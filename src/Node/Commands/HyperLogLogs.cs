using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Slots.Values;

namespace Starling.Node.Commands;

/// <summary>The commands that estimate how many different elements were added.</summary>
public static class HyperLogLogs
{
    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        new("pfadd", -2, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.Fast, KeySpec.At(1), Add)
        {
            KeyFlags = "RW insert", AclCategories = ["hyperloglog"], Group = "hyperloglog", Since = "2.8.9",
            Summary = "Adds elements to the HyperLogLog at a key; makes the key when there is none.",
        },
        new("pfcount", -2, CommandFlags.ReadOnly | CommandFlags.MayReplicate, KeySpec.From(1), Count)
        {
            KeyFlags = "RW access",
            KeyNotes = "RW because it may change the internal representation of the key, and propagate to replicas",
            AclCategories = ["hyperloglog"], Group = "hyperloglog", Since = "2.8.9",
            Summary = "Estimates the number of different elements of HyperLogLogs.",
        },
        new("pfmerge", -2, CommandFlags.Write | CommandFlags.DenyOom, KeySpec.From(1), Merge)
        {
            KeyFlags = "RW access insert;RO access", AclCategories = ["hyperloglog"], Group = "hyperloglog", Since = "2.8.9",
            Summary = "Adds the elements of HyperLogLogs to another one.",
        },
    ];

    private static ReadOnlySpan<byte> NotAHyperLogLog => "WRONGTYPE Key is not a valid HyperLogLog string value."u8;

    /// <summary>Replies that a HyperLogLog does not hold what it says.</summary>
    internal static void Corrupt(CommandContext call) => call.Reply.Error("INVALIDOBJ Corrupted HLL object detected"u8);

    /// <summary>Replies with the error when a string, which is there, is no HyperLogLog.</summary>
    internal static bool IsHyperLogLog(CommandContext call, in StringValue value)
    {
        if (HyperLogLog.IsOne(value.Bytes)) return true;
        call.Reply.Error(NotAHyperLogLog);
        return false;
    }

    private static void Add(CommandContext call)
    {
        var key = call.Key(1);
        if (!call.TryOpen<StringValue>(key, out var value)) return;
        var changes = 0;
        if (!value.Exists)
        {
            HyperLogLogEditor.Create(ref value);
            changes = 1;
        }
        else if (!IsHyperLogLog(call, value))
        {
            return;
        }

        var isCorrupt = false;
        for (var i = 2; i < call.Count && !isCorrupt; i++)
        {
            var (register, count) = HyperLogLog.Place(call[i]);
            var change = HyperLogLogEditor.Raise(ref value, register, count, call.Node.Config.HllSparseMaxBytes);
            if (change == HyperLogLogChange.Raised) changes++;
            isCorrupt = change == HyperLogLogChange.Corrupt;
        }

        if (changes > 0)
        {
            HyperLogLogEditor.Invalidate(ref value);
            call.Changed(key, KeyEvent.PfAdd, changes);
        }

        if (isCorrupt) Corrupt(call);
        else call.Reply.Integer(changes > 0 ? 1 : 0);
    }

    private static void Count(CommandContext call)
    {
        if (call.Count == 2) CountOne(call);
        else CountUnion(call);
    }

    private static void CountOne(CommandContext call)
    {
        var key = call.Key(1);
        if (!call.TryRead<StringValue>(key, out var value)) return;
        if (!value.Exists)
        {
            call.Reply.Integer(0);
            return;
        }

        if (!IsHyperLogLog(call, value)) return;
        if (!HyperLogLog.TryCached(value.Bytes, out var cardinality))
        {
            if (!HyperLogLog.TryCount(value.Bytes, out cardinality))
            {
                Corrupt(call);
                return;
            }

            // Whoever reads the string itself sees the cached cardinality, on replicas too.
            HyperLogLogEditor.Cache(ref value, cardinality);
            call.Changed(key, KeyEvent.PfRewritten);
        }

        call.Reply.Integer((long)cardinality);
    }

    private static void CountUnion(CommandContext call)
    {
        Span<byte> registers = stackalloc byte[HyperLogLog.Registers];
        if (TryUnion(call, registers, out _)) call.Reply.Integer((long)HyperLogLog.Count(registers));
    }

    /// <summary>Raises registers to those of all keys, or replies with the error.</summary>
    private static bool TryUnion(CommandContext call, Span<byte> registers, out bool anyDense)
    {
        anyDense = false;
        for (var i = 1; i < call.Count; i++)
        {
            if (!call.TryRead<StringValue>(call.Key(i), out var value)) return false;
            if (!value.Exists) continue;
            if (!IsHyperLogLog(call, value)) return false;
            anyDense |= HyperLogLog.IsDense(value.Bytes);
            if (HyperLogLog.TryMerge(value.Bytes, registers)) continue;
            Corrupt(call);
            return false;
        }

        return true;
    }

    private static void Merge(CommandContext call)
    {
        Span<byte> registers = stackalloc byte[HyperLogLog.Registers];
        if (!TryUnion(call, registers, out var anyDense)) return;
        var key = call.Key(1);
        if (!call.TryOpen<StringValue>(key, out var value)) return;
        if (!value.Exists) HyperLogLogEditor.Create(ref value);
        if (anyDense) HyperLogLogEditor.TryMakeDense(ref value);
        HyperLogLogEditor.RaiseAll(ref value, registers, call.Node.Config.HllSparseMaxBytes);
        HyperLogLogEditor.Invalidate(ref value);
        call.Changed(key, KeyEvent.PfAdd);
        call.Ok();
    }
}
