using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots;

namespace Starling.Node.Commands;

/// <summary>The options of SORT and SORT_RO. Patterns and keys are positions among the arguments.</summary>
internal struct SortOptions
{
    /// <summary>The options start behind the command and the key.</summary>
    private const int FirstOption = 2;

    private static ReadOnlySpan<byte> MaySpanSlots =>
        " option of SORT denied in Cluster mode when keys formed by the pattern may be in different slots."u8;

    /// <summary>DESC.</summary>
    public bool Descending;

    /// <summary>ALPHA: compares texts, not numbers.</summary>
    public bool Alpha;

    /// <summary>BY a pattern without an asterisk: the elements stay in their order.</summary>
    public bool KeepsOrder;

    /// <summary>LIMIT: the elements that are passed over; negative means 0.</summary>
    public long Offset;

    /// <summary>LIMIT: the most elements; negative means all.</summary>
    public long Limit;

    /// <summary>Position of the last BY's pattern; 0 for none.</summary>
    public int ByAt;

    /// <summary>Position of the last STORE's key; 0 for none.</summary>
    public int StoreAt;

    /// <summary>Positions of the patterns of GET, in their order; null for none.</summary>
    public List<int>? Gets;

    /// <summary>Reads the options of a call; false when an error is replied.</summary>
    public static bool TryParse(CommandContext call, bool mayStore, out SortOptions options)
    {
        options = new SortOptions { Limit = -1 };
        // In a cluster a pattern must lead to keys of the slot of the one that is sorted: no other is sure to be here.
        var slot = call.Node.Cluster is null ? -1 : HashSlot.Of(call[1]);
        for (var i = FirstOption; i < call.Count; i++)
        {
            var option = OptionAt(call.Arguments, i);
            switch (option)
            {
                case Option.Ascending or Option.Descending:
                    options.Descending = option == Option.Descending;
                    break;
                case Option.Alpha:
                    options.Alpha = true;
                    break;
                case Option.Limit:
                    if (!call.TryInteger(i + 1, out options.Offset) || !call.TryInteger(i + 2, out options.Limit)) return false;
                    break;
                case Option.Store when mayStore:
                    options.StoreAt = i + 1;
                    break;
                case Option.By:
                    options.ByAt = i + 1;
                    if (!SortPattern.HasAsterisk(call[i + 1])) options.KeepsOrder = true;
                    else if (!StaysIn(slot, call[i + 1])) return Deny(call, [.. "ERR BY"u8, .. MaySpanSlots]);
                    else if (!MayReadAll(call)) return Deny(call, "ERR BY option of SORT denied due to insufficient ACL permissions."u8);
                    break;
                case Option.Get:
                    if (!StaysIn(slot, call[i + 1])) return Deny(call, [.. "ERR GET"u8, .. MaySpanSlots]);
                    if (!MayReadAll(call)) return Deny(call, "ERR GET option of SORT denied due to insufficient ACL permissions."u8);
                    (options.Gets ??= []).Add(i + 1);
                    break;
                default:
                    return Deny(call, ErrorReplies.Syntax);
            }

            i += ArgumentsOf(option);
        }

        return true;
    }

    /// <summary>The keys of a call of SORT that can be known: the one that is sorted, and where the result goes.</summary>
    public static bool FindKeys(ArgumentList arguments, List<int> positions)
    {
        positions.Add(1);
        var storeAt = 0;
        for (var i = FirstOption; i < arguments.Count; i++)
        {
            var option = OptionAt(arguments, i);
            if (option == Option.Store) storeAt = i + 1;
            i += ArgumentsOf(option);
        }

        if (storeAt > 0) positions.Add(storeAt);
        return true;
    }

    /// <summary>A call reads keys whose names it finds in the elements.</summary>
    public static bool ReadsOtherKeys(ArgumentList arguments)
    {
        for (var i = FirstOption; i < arguments.Count; i++)
        {
            var option = OptionAt(arguments, i);
            if (option is Option.By or Option.Get && SortPattern.HasAsterisk(arguments[i + 1])) return true;
            i += ArgumentsOf(option);
        }

        return false;
    }

    /// <summary>The option at a position, if all its arguments are there.</summary>
    private static Option OptionAt(ArgumentList arguments, int index)
    {
        var word = arguments[index];
        var left = arguments.Count - index - 1;
        if (ArgumentParser.Is(word, "asc"u8)) return Option.Ascending;
        if (ArgumentParser.Is(word, "desc"u8)) return Option.Descending;
        if (ArgumentParser.Is(word, "alpha"u8)) return Option.Alpha;
        if (left >= 2 && ArgumentParser.Is(word, "limit"u8)) return Option.Limit;
        if (left < 1) return Option.None;
        if (ArgumentParser.Is(word, "store"u8)) return Option.Store;
        if (ArgumentParser.Is(word, "by"u8)) return Option.By;
        return ArgumentParser.Is(word, "get"u8) ? Option.Get : Option.None;
    }

    private static int ArgumentsOf(Option option) => option switch
    {
        Option.Limit => 2,
        Option.Store or Option.By or Option.Get => 1,
        _ => 0,
    };

    /// <summary>
    /// Every key that the pattern may lead to is in a slot, or there is no cluster (slot -1). "#" leads to none.
    /// </summary>
    private static bool StaysIn(int slot, ReadOnlySpan<byte> pattern) =>
        slot < 0 || pattern is [(byte)'#'] || GlobPattern.SlotOf(pattern) == slot;

    /// <summary>The patterns may lead to any key.</summary>
    private static bool MayReadAll(CommandContext call) =>
        call.Node.AccessControl.UserOf(call.Session).Rights.AllowReadingAll(call.Command, call.Arguments);

    private static bool Deny(CommandContext call, ReadOnlySpan<byte> error)
    {
        call.Reply.Error(error);
        return false;
    }

    private enum Option
    {
        None,
        Ascending,
        Descending,
        Alpha,
        Limit,
        Store,
        By,
        Get,
    }
}
