using Starling.Node.Execution;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots;
using Starling.Slots.Keyspace;
using Starling.Slots.Values;

namespace Starling.Node.Commands;

/// <summary>
/// SORT and SORT_RO, for every kind of value that has elements. What they read besides their key they know only from its
/// elements: then the executor holds every stripe.
/// </summary>
public static class Sorting
{
    private const string ReadFlags = "RO access";

    private static readonly AclCategories Categories = ["list", "set", "sortedset", "dangerous"];

    private static readonly (string Notes, KeyUses Flags) FoundKeys = (
        "For the optional BY/GET keyword. It is marked 'unknown' because the key names derive from the content of the key we sort",
        ReadFlags);

    private static readonly (string Notes, KeyUses Flags) StoredKey = (
        "For the optional STORE keyword. It is marked 'unknown' because the keyword can appear anywhere in the argument array",
        "OW update");

    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        new("sort", -2, CommandFlags.Write | CommandFlags.DenyOom | CommandFlags.MovableKeys, KeySpec.At(1), Sort)
        {
            FindKeys = SortOptions.FindKeys, TouchesUnknownKeys = SortOptions.ReadsOtherKeys,
            KeyFlags = ReadFlags, UnplacedKeys = [FoundKeys, StoredKey], FindKeyFlags = _ => ReadFlags + ";OW update",
            AclCategories = Categories, Since = "1.0.0",
            Summary = "Sorts the elements of a list, set or sorted set; returns or stores them, or what they lead to.",
        },
        new("sort_ro", -2, CommandFlags.ReadOnly | CommandFlags.MovableKeys, KeySpec.At(1), SortReadOnly)
        {
            TouchesUnknownKeys = SortOptions.ReadsOtherKeys,
            KeyFlags = ReadFlags, UnplacedKeys = [FoundKeys], AclCategories = Categories, Since = "7.0.0",
            Summary = "Sorts the elements of a list, set or sorted set and returns them, or what they lead to.",
        },
    ];

    private static void Sort(CommandContext call) => Sort(call, mayStore: true);

    private static void SortReadOnly(CommandContext call) => Sort(call, mayStore: false);

    private static void Sort(CommandContext call, bool mayStore)
    {
        if (!SortOptions.TryParse(call, mayStore, out var options)) return;
        call.HasChangedNothing = true;
        ValueElements elements = default;
        if (call.TryRead(call.Key(1), out var entry) && !entry.TryElements(out elements))
        {
            call.Reply.Error(ErrorReplies.WrongType);
            return;
        }

        if (!SortItems.TrySort(call, elements, options, out var items)) return;
        using (items)
        {
            var content = new SortContent(call, items, options.Gets);
            if (options.StoreAt > 0) Store(call, options.StoreAt, content);
            else content.Reply();
        }
    }

    /// <summary>Makes the result the list of a key, whatever it held; without any element the key goes.</summary>
    private static void Store(CommandContext call, int keyAt, SortContent content)
    {
        call.HasChangedNothing = false;
        var key = call.Key(keyAt);
        if (content.Count == 0)
        {
            call.Delete(key, DeleteReason.Command);
        }
        else
        {
            var outcome = call.Database.Load(key.Slot, ContentForm.ListElements, content, out var list);
            Invariant.That(outcome == ContentOutcome.Read);
            call.TryWrite(key, out _); // an expired one goes as such
            call.Database.Put(key, list, Entry.NoExpiry, call.AccessClock);
            call.Changed(key, KeyEvent.SortStore, content.Count);
        }

        call.Reply.Integer(content.Count);
    }
}
