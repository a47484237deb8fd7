using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots.Keyspace;
using Starling.Slots.Values;

namespace Starling.Node.Commands;

/// <summary>
/// The commands that wait for an element: BLPOP, BRPOP, BLMOVE, BRPOPLPUSH, BLMPOP. Each does what its namesake without
/// the B does when there is an element, and waits when there is none.
/// </summary>
public static class ListBlocking
{
    private const CommandFlags Pop = CommandFlags.Write | CommandFlags.NoScript | CommandFlags.Blocking;
    private const string MoveFlags = "RW access delete; RW insert";

    private static readonly KeyReadiness HoldsList = static (in Entry entry) => entry.Holds<ListValue>();
    private static readonly Action<RespWriter> NullArray = static reply => reply.NullArray();

    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        PopRow("blpop", "Takes the first element of the first list that has any; waits if there is none.", BLPop),
        PopRow("brpop", "Takes the last element of the first list that has any; waits if there is none.", BRPop),
        MoveRow("blmove", 6, "6.2.0",
            "Moves an element from an end of a list to an end of another; waits if there is none.", BLMove),
        MoveRow("brpoplpush", 4, "2.2.0",
            "Moves the last element of a list before the first one of another; waits if there is none.", BRPopLPush),
        new("blmpop", -5, CommandFlags.Write | CommandFlags.Blocking | CommandFlags.MovableKeys, KeySpec.None, BLMPop)
        {
            KeyCountAt = 2, KeyFlags = "RW access delete", AclCategories = ["list"], Group = "list", Since = "7.0.0",
            Summary = "Takes elements of an end of the first list that has any; waits if there is none.",
        },
    ];

    private static Command PopRow(string name, string summary, CommandHandler handler) =>
        new(name, -3, Pop, new KeySpec(1, -2, 1), handler)
        {
            KeyFlags = "RW access delete",
            AclCategories = ["list"],
            Group = "list",
            Since = "2.0.0",
            Summary = summary,
        };

    private static Command MoveRow(string name, int arity, string since, string summary, CommandHandler handler) =>
        new(name, arity, Pop | CommandFlags.DenyOom, KeySpec.Range(1, 2), handler)
        {
            KeyFlags = MoveFlags,
            AclCategories = ["list"],
            Group = "list",
            Since = since,
            Summary = summary,
        };

    private static void BLPop(CommandContext call) => PopOne(call, atHead: true);

    private static void BRPop(CommandContext call) => PopOne(call, atHead: false);

    private static void PopOne(CommandContext call, bool atHead)
    {
        if (!BlockingTimeout.TryRead(call, call.Count - 1, out var deadline)) return;
        for (var i = 1; i < call.Count - 1; i++)
        {
            var key = call.Key(i);
            if (!call.TryOpen<ListValue>(key, out var list)) return;
            if (!list.Exists) continue;
            Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
            call.Reply.Array(2);
            call.Reply.Bulk(key.Bytes);
            call.Reply.Bulk(list.At(atHead ? 0 : list.Count - 1).Text(scratch));
            Lists.Pop(call, key, ref list, 1, atHead);
            call.Effect(atHead ? "LPOP"u8 : "RPOP"u8, key.Bytes);
            return;
        }

        call.BlockOn(1, call.Count - 2, deadline, HoldsList, NullArray);
    }

    private static void BLMove(CommandContext call)
    {
        if (!ListMoves.TrySide(call, 3, out var fromHead) || !ListMoves.TrySide(call, 4, out var toHead)) return;
        if (!BlockingTimeout.TryRead(call, 5, out var deadline)) return;
        if (!TryMoveOrBlock(call, fromHead, toHead, deadline)) return;
        using var effect = call.BeginEffect();
        effect.Add("LMOVE"u8);
        for (var i = 1; i < 5; i++) effect.Add(call[i]);
    }

    private static void BRPopLPush(CommandContext call)
    {
        if (!BlockingTimeout.TryRead(call, 3, out var deadline)) return;
        if (TryMoveOrBlock(call, fromHead: false, toHead: true, deadline)) call.Effect("RPOPLPUSH"u8, call[1], call[2]);
    }

    /// <summary>True when an element was moved.</summary>
    private static bool TryMoveOrBlock(CommandContext call, bool fromHead, bool toHead, long deadline)
    {
        if (!ListMoves.TryMove(call, fromHead, toHead, out var isThere)) return false;
        if (isThere) return true;

        // As in Redis, who may not wait is answered another null than who waited in vain.
        if (call.MayBlock) call.BlockOn(1, 1, deadline, HoldsList, NullArray);
        else call.Reply.Null();
        return false;
    }

    private static void BLMPop(CommandContext call)
    {
        if (!PopOptions.TryParse(call, 2, "left"u8, "right"u8, out var options)) return;
        if (!BlockingTimeout.TryRead(call, 1, out var deadline)) return;
        if (!ListMoves.TryPopFirst(call, options, out var isThere) || isThere) return;
        call.BlockOn(options.FirstKey, options.Keys, deadline, HoldsList, NullArray);
    }
}
