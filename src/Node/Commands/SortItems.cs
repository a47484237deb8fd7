using Starling.Node.Serving;
using Starling.Slots;
using Starling.Slots.Values;

namespace Starling.Node.Commands;

/// <summary>
/// Copies of the elements that SORT works on: what it stores may take the place of the value that they come from.
/// </summary>
internal sealed class SortItems : IElementVisitor
{
    private readonly TextArena _texts = new();
    private readonly SortItem[] _items;
    private readonly bool _needsNumbers; // the elements' own
    private int _count;
    private bool _hasOddNumber;

    private SortItems(long count, bool needsNumbers)
    {
        _items = new SortItem[count];
        _needsNumbers = needsNumbers;
    }

    /// <summary>The elements that were asked for, in their order.</summary>
    public ReadOnlySpan<SortItem> Result => _items.AsSpan(From, Count);

    /// <summary>How many elements were asked for.</summary>
    public int Count { get; private set; }

    private int From { get; set; }

    /// <summary>Takes elements, sorts them if need be, and keeps those within the limits.</summary>
    /// <param name="call">The call.</param>
    /// <param name="elements">The elements of the value.</param>
    /// <param name="options">The options.</param>
    /// <param name="items">The result.</param>
    /// <returns>False when some number cannot be read and that is replied.</returns>
    public static bool TrySort(CommandContext call, ValueElements elements, in SortOptions options, out SortItems items)
    {
        var total = elements.Count;
        var from = Math.Clamp(options.Offset, 0, total);
        var count = options.Limit < 0 ? total - from : Math.Min(options.Limit, total - from);

        // What has no order of its own gets one before it is stored, so that every node stores the same.
        var givesOrder = options.KeepsOrder && !elements.AreOrdered && options.StoreAt > 0;
        if (options.KeepsOrder && !givesOrder)
        {
            items = new SortItems(count, needsNumbers: false) { Count = (int)count };
            var backward = options.Descending && elements.AreOrdered;
            elements.Visit(backward ? total - from - 1 : from, count, backward, items);
            return true;
        }

        var isBy = options.ByAt > 0 && !givesOrder;
        var alpha = options.Alpha || givesOrder;
        items = new SortItems(total, needsNumbers: !alpha && !isBy) { From = (int)from, Count = (int)count };
        elements.Visit(0, total, backward: false, items);
        if (isBy) items.FindWeights(call, new SortPattern(call[options.ByAt]), alpha);
        if (items._hasOddNumber)
        {
            call.Reply.Error("ERR One or more scores can't be converted into double"u8);
            return false;
        }

        items._items.AsSpan().Sort(new SortOrder(alpha, isBy, options.StoreAt > 0, options.Descending));
        return true;
    }

    /// <inheritdoc/>
    void IElementVisitor.Visit(ListElement element)
    {
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        var text = element.Text(scratch);
        ref var item = ref _items[_count];
        item.Element = _texts.Copy(text);
        item.Index = _count++;
        if (!_needsNumbers) return;
        if (element.TryNumber(out var number)) item.Number = number;
        else if (!DoubleParser.TryParse(text, out item.Number)) _hasOddNumber = true;
    }

    /// <summary>Looks up what each element is sorted by; what is not there counts as 0, and stands before every text.</summary>
    private void FindWeights(CommandContext call, SortPattern pattern, bool alpha)
    {
        foreach (ref var item in _items.AsSpan())
        {
            if (!pattern.TryFind(call, item.Element.Span, out var weight)) continue;
            item.HasWeight = true;
            if (alpha) item.Weight = _texts.Copy(weight);
            else if (!DoubleParser.TryParse(weight, out item.Number)) _hasOddNumber = true;
        }
    }
}
