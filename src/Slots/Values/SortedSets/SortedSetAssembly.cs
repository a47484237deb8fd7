using Starling.Slots.Values.Elements;

namespace Starling.Slots.Values.SortedSets;

/// <summary>
/// A sorted set that is put together from elements in any order and belongs to no key: what ZUNIONSTORE and its like store
/// or reply with. The elements are brought into their order once, at the end. Native memory of a database, under the stripe
/// that it was made for: it ends with <see cref="Take"/> or is discarded.
/// </summary>
public sealed unsafe class SortedSetAssembly : IDisposable
{
    private readonly ValueMemory _memory;
    private readonly ValueOptions _options;
    private ElementTable* _members;
    private ValueRoot _root;
    private long _longest;

    internal SortedSetAssembly(in ValueMemory memory, ValueOptions options)
    {
        _memory = memory;
        _options = options;
        _members = ElementTable.Make(memory);
    }

    /// <summary>Number of elements.</summary>
    public long Count => _members != null ? ElementTable.Count(_members)
        : _root.Address != null ? SortedSetRoot.Count(_root) : 0;

    /// <summary>Adds an element; false when its member is there, and nothing has changed.</summary>
    public bool TryAdd(scoped ReadOnlySpan<byte> member, double score)
    {
        _longest = Math.Max(_longest, member.Length);
        return ElementTable.TryAdd(_memory, _members, member, LargeSortedSet.Bytes(in score), out _);
    }

    /// <summary>Adds an element, or makes one score of those of an element that is there and this.</summary>
    public void Merge(scoped ReadOnlySpan<byte> member, double score, ScoreAggregate aggregate)
    {
        _longest = Math.Max(_longest, member.Length);
        if (ElementTable.TryAdd(_memory, _members, member, LargeSortedSet.Bytes(in score), out var element)) return;
        score = aggregate.Apply(element.Score, score);
        ElementTable.Replace(_memory, _members, element, LargeSortedSet.Bytes(in score));
    }

    /// <summary>The elements in their order. Nothing may be added from then on.</summary>
    public SortedSetRange Ordered()
    {
        Order(mayPack: false);
        return Count == 0 ? default : new SortedSetRange(_root, 0, Count, backward: false);
    }

    /// <summary>Gives the set away, which has an element; this is empty then.</summary>
    public LoadedValue Take()
    {
        Order(mayPack: true);
        var root = _root;
        _root = default;
        return new LoadedValue(ValueKind.SortedSet, root);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_members != null) ElementStorage.Free(_memory, _members);
        else if (_root.Address != null) SortedSetRoot.Free(_memory, ref _root);
        _members = null;
        _root = default;
    }

    /// <summary>Gives the set away without a value around it.</summary>
    internal ValueRoot TakeRoot() => Take().Root;

    private void Order(bool mayPack)
    {
        if (_members == null) return;
        var count = Count;
        if (count == 0)
        {
            ElementStorage.Free(_memory, _members);
            _members = null;
            return;
        }

        var items = new ScoreItem[count];
        var at = 0;
        foreach (var element in ElementTable.All(_members))
            items[at++] = new ScoreItem { Score = element.Score, Element = element.Block };
        items.AsSpan().Sort(static (x, y) => x.Score != y.Score ? x.Score.CompareTo(y.Score) : x.Member.SequenceCompareTo(y.Member));
        if (mayPack && new SortedSetLimits(_options).Allow(count, _longest, _members->ElementBytes))
        {
            _root = Pack(items);
            ElementStorage.Free(_memory, _members);
        }
        else
        {
            _root = LargeSortedSet.Of(_members, ScoreTree.Build(_memory, items));
        }

        _members = null;
    }

    private ValueRoot Pack(ReadOnlySpan<ScoreItem> items)
    {
        var length = 0L;
        foreach (ref readonly var item in items) length += SortedSetPack.ElementLength(item.Member, item.Score);
        var root = SortedSetPack.Allocate(_memory, length, items.Length);
        var at = root.Address;
        foreach (ref readonly var item in items) at = SortedSetPack.Write(at, item.Member, item.Score);
        return root;
    }
}
