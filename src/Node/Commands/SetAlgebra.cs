using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots.Keyspace;
using Starling.Slots.Values.Sets;

namespace Starling.Node.Commands;

/// <summary>
/// The commands that combine sets: SINTER, SUNION and SDIFF, their STORE variants and SINTERCARD. How is said by
/// <see cref="SetCombination"/>.
/// </summary>
public static class SetAlgebra
{
    private const int KeysOnStack = 32;

    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        ReadRow("sinter", "Returns the members that several sets have in common.", SInter),
        ReadRow("sunion", "Returns the members of several sets, each once.", SUnion),
        ReadRow("sdiff", "Returns the members of a set that are in none of some others.", SDiff),
        StoreRow("sinterstore", "RW update", "Stores the members that several sets have in common.", SInterStore),
        StoreRow("sunionstore", "OW update", "Stores the members of several sets.", SUnionStore),
        StoreRow("sdiffstore", "OW update", "Stores the members of a set that are in none of some others.", SDiffStore),
        new("sintercard", -3, CommandFlags.ReadOnly | CommandFlags.MovableKeys, KeySpec.None, SInterCard)
        {
            KeyCountAt = 1, KeyFlags = "RO access", AclCategories = ["set"], Group = "set", Since = "7.0.0",
            Summary = "Counts the members that several sets have in common.",
        },
    ];

    private static readonly Combination Intersect =
        static (CommandContext _, Span<SetView> sets, ref MemberSink sink) => SetCombination.Intersect(sets, ref sink);

    private delegate void Combination(CommandContext call, Span<SetView> sets, ref MemberSink sink);

    private static Command ReadRow(string name, string summary, CommandHandler handler) =>
        new(name, -2, CommandFlags.ReadOnly, KeySpec.From(1), handler)
        {
            KeyFlags = "RO access",
            AclCategories = ["set"],
            Group = "set",
            Since = "1.0.0",
            Tips = ["nondeterministic_output_order"],
            Summary = summary,
        };

    private static Command StoreRow(string name, string targetFlags, string summary, CommandHandler handler) =>
        new(name, -3, CommandFlags.Write | CommandFlags.DenyOom, KeySpec.From(1), handler)
        {
            KeyFlags = targetFlags + ";RO access",
            AclCategories = ["set"],
            Group = "set",
            Since = "1.0.0",
            Summary = summary,
        };

    private static void SInter(CommandContext call) => Reply(call, Intersect);

    private static void SUnion(CommandContext call) => Reply(call, SetCombination.Unite);

    private static void SDiff(CommandContext call) => Reply(call, SetCombination.Subtract);

    private static void SInterStore(CommandContext call) => Store(call, Intersect, KeyEvent.SInterStore);

    private static void SUnionStore(CommandContext call) =>
        Store(call, SetCombination.Unite, KeyEvent.SUnionStore, isUnion: true);

    private static void SDiffStore(CommandContext call) => Store(call, SetCombination.Subtract, KeyEvent.SDiffStore);

    private static void SInterCard(CommandContext call)
    {
        if (!ArgumentParser.TryInteger(call[1], out long keys) || keys < 1)
        {
            call.Reply.Error("ERR numkeys should be greater than 0"u8);
            return;
        }

        if (keys > call.Count - 2)
        {
            call.Reply.Error("ERR Number of keys can't be greater than number of args"u8);
            return;
        }

        if (!TryLimit(call, 2 + (int)keys, out var limit)) return;
        var count = (int)keys;
        var sets = count <= KeysOnStack ? stackalloc SetView[count] : new SetView[count];
        if (!TryRead(call, 2, sets)) return;
        var sink = new MemberSink(limit);
        SetCombination.Intersect(sets, ref sink);
        call.Reply.Integer(sink.Count);
    }

    /// <summary>Reads LIMIT, 0 for none; otherwise the error is replied.</summary>
    private static bool TryLimit(CommandContext call, int first, out long limit)
    {
        limit = 0;
        for (var i = first; i < call.Count; i += 2)
        {
            if (i + 1 == call.Count || !call.Is(i, "limit"u8))
            {
                call.SyntaxError();
                return false;
            }

            if (ArgumentParser.TryInteger(call[i + 1], out limit) && limit >= 0) continue;
            call.Reply.Error("ERR LIMIT can't be negative"u8);
            return false;
        }

        return true;
    }

    private static void Reply(CommandContext call, Combination combine)
    {
        var count = call.Count - 1;
        var sets = count <= KeysOnStack ? stackalloc SetView[count] : new SetView[count];
        if (!TryRead(call, 1, sets)) return;
        var mark = call.Reply.BeginArray();
        var sink = new MemberSink(call.Reply);
        combine(call, sets, ref sink);
        call.Reply.EndSet(mark, (int)sink.Count);
    }

    /// <summary>
    /// Makes the result the set of the first key, whatever it held, sources included; without any member the key goes.
    /// </summary>
    private static void Store(CommandContext call, Combination combine, KeyEvent what, bool isUnion = false)
    {
        var count = call.Count - 2;
        var sets = count <= KeysOnStack ? stackalloc SetView[count] : new SetView[count];
        if (!TryRead(call, 2, sets)) return;
        var key = call.Key(1);
        long least = 0;
        foreach (var set in sets) least = isUnion ? Math.Max(least, set.Count) : 0;
        using var builder = new SetBuilder(call.Database, key.Slot, least);
        var sink = new MemberSink(builder);
        combine(call, sets, ref sink);
        if (sink.Count == 0)
        {
            call.Delete(key, DeleteReason.Command);
        }
        else
        {
            call.TryWrite(key, out _); // an expired one goes as such
            call.Database.Put(key, builder.Take(), Entry.NoExpiry, call.AccessClock);
            call.Changed(key, what);
        }

        call.Reply.Integer(sink.Count);
    }

    /// <summary>Reads the sets of keys that follow each other; false when one is of another kind and that is replied.
    /// </summary>
    private static bool TryRead(CommandContext call, int first, Span<SetView> sets)
    {
        for (var i = 0; i < sets.Length; i++)
        {
            if (!call.TryRead<SetValue>(call.Key(first + i), out var set)) return false;
            sets[i] = set.View;
        }

        return true;
    }
}
