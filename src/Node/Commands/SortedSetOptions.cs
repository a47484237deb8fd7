using Starling.Node.Serving;
using Starling.Slots.Values.SortedSets;

namespace Starling.Node.Commands;

/// <summary>The options of ZADD, which stand between the key and the first pair of score and member.</summary>
internal readonly record struct SortedSetOptions
{
    private const int FirstOption = 2;

    /// <summary>NX, XX, GT, LT and INCR.</summary>
    public SortedSetConditions Conditions { get; init; }

    /// <summary>CH: those that got another score count as well.</summary>
    public bool CountsUpdates { get; init; }

    /// <summary>Position of the first score.</summary>
    public int FirstPair { get; init; }

    /// <summary>INCR.</summary>
    public bool IsIncrement => (Conditions & SortedSetConditions.Increment) != 0;

    /// <summary>Reads the options of a call, and sees to it that pairs follow; false when an error is replied.</summary>
    public static bool TryParse(CommandContext call, out SortedSetOptions options)
    {
        options = new SortedSetOptions { FirstPair = FirstOption };
        for (; options.FirstPair < call.Count; options = options with { FirstPair = options.FirstPair + 1 })
        {
            if (call.Is(options.FirstPair, "ch"u8)) options = options with { CountsUpdates = true };
            else if (ConditionAt(call, options.FirstPair) is not SortedSetConditions.None and var condition)
                options = options with { Conditions = options.Conditions | condition };
            else break;
        }

        var left = call.Count - options.FirstPair;
        if (left == 0 || left % 2 != 0)
        {
            call.SyntaxError();
            return false;
        }

        var conditions = options.Conditions;
        if (Has(conditions, SortedSetConditions.OnlyNew | SortedSetConditions.OnlyPresent))
            return Deny(call, "ERR XX and NX options at the same time are not compatible"u8);
        if (Has(conditions, SortedSetConditions.OnlyGreater | SortedSetConditions.OnlyNew)
            || Has(conditions, SortedSetConditions.OnlyLess | SortedSetConditions.OnlyNew)
            || Has(conditions, SortedSetConditions.OnlyGreater | SortedSetConditions.OnlyLess))
            return Deny(call, "ERR GT, LT, and/or NX options at the same time are not compatible"u8);
        if (options.IsIncrement && left > 2)
            return Deny(call, "ERR INCR option supports a single increment-element pair"u8);
        return true;
    }

    private static SortedSetConditions ConditionAt(CommandContext call, int index)
    {
        if (call.Is(index, "nx"u8)) return SortedSetConditions.OnlyNew;
        if (call.Is(index, "xx"u8)) return SortedSetConditions.OnlyPresent;
        if (call.Is(index, "gt"u8)) return SortedSetConditions.OnlyGreater;
        if (call.Is(index, "lt"u8)) return SortedSetConditions.OnlyLess;
        return call.Is(index, "incr"u8) ? SortedSetConditions.Increment : SortedSetConditions.None;
    }

    private static bool Has(SortedSetConditions conditions, SortedSetConditions all) => (conditions & all) == all;

    private static bool Deny(CommandContext call, ReadOnlySpan<byte> error)
    {
        call.Reply.Error(error);
        return false;
    }
}
