using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Slots.Values;

namespace Starling.Node.Commands;

/// <summary>The commands on several lists: LMOVE, RPOPLPUSH, LMPOP.</summary>
public static class ListMoves
{
    private const string MoveFlags = "RW access delete; RW insert";

    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        new("lmove", 5, CommandFlags.Write | CommandFlags.DenyOom, KeySpec.Range(1, 2), LMove)
        {
            KeyFlags = MoveFlags, AclCategories = ["list"], Group = "list", Since = "6.2.0",
            Summary = "Takes an element of an end of a list, puts it to an end of another one and returns it.",
        },
        new("rpoplpush", 3, CommandFlags.Write | CommandFlags.DenyOom, KeySpec.Range(1, 2), RPopLPush)
        {
            KeyFlags = MoveFlags, AclCategories = ["list"], Group = "list", Since = "1.2.0",
            Summary = "Takes the last element of a list, puts it before the first one of another and returns it.",
        },
        new("lmpop", -4, CommandFlags.Write | CommandFlags.MovableKeys, KeySpec.None, LMPop)
        {
            KeyCountAt = 1, KeyFlags = "RW access delete", AclCategories = ["list"], Group = "list", Since = "7.0.0",
            Summary = "Takes elements of an end of the first list that has any and returns them.",
        },
    ];

    private static void LMove(CommandContext call)
    {
        if (!TrySide(call, 3, out var fromHead) || !TrySide(call, 4, out var toHead)) return;
        if (!TryMove(call, fromHead, toHead, out var isThere)) return;
        if (!isThere) call.Reply.Null();
    }

    private static void RPopLPush(CommandContext call)
    {
        if (!TryMove(call, fromHead: false, toHead: true, out var isThere)) return;
        if (!isThere) call.Reply.Null();
    }

    private static void LMPop(CommandContext call)
    {
        if (!PopOptions.TryParse(call, 1, "left"u8, "right"u8, out var options)) return;
        if (!TryPopFirst(call, options, out var isThere)) return;
        if (!isThere) call.Reply.NullArray();
    }

    /// <summary>LEFT or RIGHT; otherwise the error is replied.</summary>
    internal static bool TrySide(CommandContext call, int index, out bool isHead)
    {
        isHead = call.Is(index, "left"u8);
        if (isHead || call.Is(index, "right"u8)) return true;
        call.SyntaxError();
        return false;
    }

    /// <summary>
    /// Moves an element from the list of the first key to that of the second and replies with it. False when an error
    /// is replied.
    /// </summary>
    /// <param name="call">The call.</param>
    /// <param name="fromHead">Takes the first element, not the last.</param>
    /// <param name="toHead">Puts it before the first one, not behind the last.</param>
    /// <param name="isThere">False when there was no element, and nothing is replied.</param>
    internal static bool TryMove(CommandContext call, bool fromHead, bool toHead, out bool isThere)
    {
        isThere = false;
        var from = call.Key(1);
        var to = call.Key(2);
        if (!call.TryOpen<ListValue>(from, out var source)) return false;
        if (!source.Exists) return true;
        isThere = true;
        var index = fromHead ? 0 : source.Count - 1;
        var pushed = toHead ? KeyEvent.LPush : KeyEvent.RPush;
        if (from.Bytes.SequenceEqual(to.Bytes))
        {
            Rotate(call, ref source, index, toHead);
            call.Changed(to, pushed);
            call.Changed(from, fromHead ? KeyEvent.LPop : KeyEvent.RPop, count: 0);
            return true;
        }

        if (!call.TryOpen<ListValue>(to, out var target)) return false;
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        var element = source.At(index).Text(scratch);
        target.Push(element, toHead);
        call.Reply.Bulk(element);
        call.Changed(to, pushed, count: 0); // the move counts once, as the pop
        Lists.Pop(call, from, ref source, 1, fromHead);
        return true;
    }

    /// <summary>
    /// Takes elements of the first list that there is, and replies with its key and them. False when an error is
    /// replied.
    /// </summary>
    /// <param name="call">The call.</param>
    /// <param name="options">What is wanted.</param>
    /// <param name="isThere">False when there was no element, and nothing is replied.</param>
    internal static bool TryPopFirst(CommandContext call, in PopOptions options, out bool isThere)
    {
        isThere = false;
        for (var i = options.FirstKey; i < options.FirstKey + options.Keys; i++)
        {
            var key = call.Key(i);
            if (!call.TryOpen<ListValue>(key, out var list)) return false;
            if (!list.Exists) continue;
            isThere = true;
            var count = Math.Min(options.Count, list.Count);
            call.Reply.Array(2);
            call.Reply.Bulk(key.Bytes);
            Lists.ReplyAndPop(call, key, ref list, count, options.AtStart);
            call.Effect(options.AtStart ? "LPOP"u8 : "RPOP"u8, key.Bytes, count);
            return true;
        }

        return true;
    }

    /// <summary>Moves an element within its list and replies with it.</summary>
    private static void Rotate(CommandContext call, ref ListValue list, long index, bool toHead)
    {
        // Taken out first, as Redis does it: a list at its limit keeps its encoding.
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        var text = list.At(index).Text(scratch);
        call.HasChangedNothing = true;
        var copy = call.Node.Buffers.Rent(text.Length);
        call.HasChangedNothing = false;
        text.CopyTo(copy);
        var element = copy.AsSpan(0, text.Length);
        call.Reply.Bulk(element);
        if (list.Count > 1)
        {
            list.Remove(index, 1);
            list.Push(element, toHead);
        }

        call.Node.Buffers.Return(copy);
    }
}
