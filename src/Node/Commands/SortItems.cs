using Starling.Node.Serving;
using Starling.Slots;
using Starling.Slots.Values;

namespace Starling.Node.Commands;

/// <summary>
/// Copies of the elements that SORT works on: what it stores may take the place of the value that they come from. Each
/// thread keeps one for its next call.
/// </summary>
internal sealed class SortItems : IElementVisitor, IDisposable
{
    private const int FewestItems = 64;
    private const int MostKept = 4096;

    [ThreadStatic]
    private static SortItems? t_spare;

    private readonly TextArena _texts = new();
    private SortItem[] _items = [];
    private ulong[] _keys = []; // what is sorted, see SortOrder
    private int[] _order = [];
    private bool _needsNumbers; // the elements' own
    private int _count;
    private int _from;
    private bool _hasOddNumber;

    private SortItems()
    {
    }

    /// <summary>How many elements were asked for.</summary>
    public int Count { get; private set; }

    /// <summary>One of the elements that were asked for, in their order.</summary>
    public ReadOnlySpan<byte> this[int index] => _texts[_items[_order[_from + index]].Element];

    /// <summary>Takes elements, sorts them if need be, and keeps those within the limits.</summary>
    /// <param name="call">The call.</param>
    /// <param name="elements">The elements of the value.</param>
    /// <param name="options">The options.</param>
    /// <param name="items">The result; to be disposed of.</param>
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
            items = Begin(count, needsNumbers: false);
            items.Count = (int)count;
            var backward = options.Descending && elements.AreOrdered;
            elements.Visit(backward ? total - from - 1 : from, count, backward, items);
            return true;
        }

        var isBy = options.ByAt > 0 && !givesOrder;
        var alpha = options.Alpha || givesOrder;
        items = Begin(total, needsNumbers: !alpha && !isBy);
        (items._from, items.Count) = ((int)from, (int)count);
        elements.Visit(0, total, backward: false, items);
        var order = new SortOrder(items._texts, items._items, alpha, isBy, options.StoreAt > 0, options.Descending);
        if (isBy) items.FindWeights(call, new SortPattern(call[options.ByAt]), alpha ? order : null);
        else if (alpha) items.TakeTexts(order);
        if (items._hasOddNumber)
        {
            call.Reply.Error("ERR One or more scores can't be converted into double"u8);
            items.Dispose();
            return false;
        }

        order.Sort(items._keys.AsSpan(0, items._count), items._order.AsSpan(0, items._count));
        return true;
    }

    /// <summary>The elements are dead.</summary>
    public void Dispose()
    {
        _texts.Clear();
        if (_items.Length <= MostKept) t_spare = this;
    }

    /// <inheritdoc/>
    void IElementVisitor.Visit(ListElement element)
    {
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        var text = element.Text(scratch);
        _items[_count] = new SortItem { Element = _texts.Copy(text) };
        _order[_count] = _count;
        if (_needsNumbers)
        {
            if (element.TryNumber(out var whole)) _keys[_count] = SortOrder.KeyOf((double)whole);
            else if (DoubleParser.TryParse(text, out var number)) _keys[_count] = SortOrder.KeyOf(number);
            else _hasOddNumber = true;
        }

        _count++;
    }

    private static SortItems Begin(long count, bool needsNumbers)
    {
        var items = t_spare ?? new SortItems();
        t_spare = null;
        if (items._items.Length < count)
        {
            var room = Math.Max(FewestItems, count);
            items._items = new SortItem[room];
            items._keys = new ulong[room];
            items._order = new int[room];
        }

        items._needsNumbers = needsNumbers;
        items._hasOddNumber = false;
        (items._count, items._from) = (0, 0);
        return items;
    }

    private void TakeTexts(SortOrder order)
    {
        for (var i = 0; i < _count; i++) _keys[i] = order.KeyOf(_texts[_items[i].Element]);
    }

    /// <summary>Looks up what each element is sorted by; what is not there counts as 0, and stands before every text.</summary>
    /// <param name="call">The call.</param>
    /// <param name="pattern">Leads to it.</param>
    /// <param name="texts">Says what the texts are sorted by; null where they are numbers.</param>
    private void FindWeights(CommandContext call, SortPattern pattern, SortOrder? texts)
    {
        for (var i = 0; i < _count; i++)
        {
            ref var item = ref _items[i];
            _keys[i] = texts is null ? SortOrder.KeyOf(0.0) : 0;
            if (!pattern.TryFind(call, _texts[item.Element], out var weight)) continue;
            item.HasWeight = true;
            if (texts is not null)
            {
                item.Weight = _texts.Copy(weight);
                _keys[i] = texts.KeyOf(weight);
            }
            else if (DoubleParser.TryParse(weight, out var number))
            {
                _keys[i] = SortOrder.KeyOf(number);
            }
            else
            {
                _hasOddNumber = true;
            }
        }
    }
}
