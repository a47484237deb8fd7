using Starling.Slots.Memory;
using Starling.Slots.Values.Elements;

namespace Starling.Slots.Values.SortedSets;

/// <summary>
/// A sorted set that is put together from elements in any order and belongs to no key: what ZUNIONSTORE and its like store
/// or reply with. The elements are brought into their order once, at the end. Up to a megabyte of them are gathered in a
/// buffer, more in the table of a large set. Memory of a database, under the stripe that it was made for: it ends with
/// <see cref="Take"/> or is discarded.
/// </summary>
public sealed unsafe class SortedSetAssembly : IDisposable
{
    private const int MostBuffered = 1 << 20;

    private readonly ValueMemory _memory;
    private readonly ValueOptions _options;
    private ScoreBuffer _buffer;
    private ElementTable* _members; // of more than the buffer takes
    private ValueRoot _root; // once the elements are in order
    private long _longest;

    internal SortedSetAssembly(in ValueMemory memory, ValueOptions options)
    {
        _memory = memory;
        _options = options;
        _buffer = new ScoreBuffer(memory.Hash);
    }

    /// <summary>Number of elements.</summary>
    public long Count => _root.Address != null ? SortedSetRoot.Count(_root)
        : _members != null ? ElementTable.Count(_members) : _buffer.Count;

    /// <summary>Adds an element whose member is not there.</summary>
    public void Add(scoped ReadOnlySpan<byte> member, double score)
    {
        _longest = Math.Max(_longest, member.Length);
        if (TryBuffer(member, score)) return;
        ElementTable.Add(_memory, _members, member, LargeSortedSet.Bytes(in score));
    }

    /// <summary>Adds an element, or makes one score of those of an element that is there and this.</summary>
    public void Merge(scoped ReadOnlySpan<byte> member, double score, ScoreAggregate aggregate)
    {
        _longest = Math.Max(_longest, member.Length);
        if (_members == null)
        {
            var found = _buffer.Find(member);
            if (found >= 0)
            {
                _buffer.SetScore(found, aggregate.Apply(_buffer.Score(found), score));
                return;
            }

            if (TryBuffer(member, score)) return;
        }

        if (ElementTable.TryAdd(_memory, _members, member, LargeSortedSet.Bytes(in score), out var element)) return;
        score = aggregate.Apply(element.Score, score);
        ElementTable.Replace(_memory, _members, element, LargeSortedSet.Bytes(in score));
    }

    /// <summary>The elements in their order, -0 as it is. Nothing may be added from then on.</summary>
    public SortedSetRange Ordered()
    {
        Order(keepsNegativeZero: true);
        return _root.Address == null ? default : new SortedSetRange(_root, 0, Count, backward: false);
    }

    /// <summary>Gives the set away, which has an element; this is empty then.</summary>
    public LoadedValue Take()
    {
        Order(keepsNegativeZero: false);
        Invariant.That(_root.Address != null);
        var root = _root;
        _root = default;
        return new LoadedValue(ValueKind.SortedSet, root);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _buffer.Clear();
        if (_members != null) ElementStorage.Free(_memory, _members);
        if (_root.Address != null) SortedSetRoot.Free(_memory, ref _root);
        _members = null;
        _root = default;
    }

    /// <summary>Puts an element into the buffer; false when it has no room, and the elements are in a table.</summary>
    private bool TryBuffer(scoped ReadOnlySpan<byte> member, double score)
    {
        if (_members != null) return false;
        if (_buffer.Bytes + (long)member.Length <= MostBuffered)
        {
            _buffer.Add(member, score);
            return true;
        }

        _members = ElementTable.Make(_memory);
        for (var i = 0; i < _buffer.Count; i++)
        {
            var buffered = _buffer.Score(i);
            ElementTable.Add(_memory, _members, _buffer.Member(i), LargeSortedSet.Bytes(in buffered));
        }

        _buffer.Clear();
        return false;
    }

    private void Order(bool keepsNegativeZero)
    {
        if (_members != null) OrderTable();
        else if (_buffer.Count > 0) OrderBuffer(keepsNegativeZero);
    }

    private void OrderBuffer(bool keepsNegativeZero)
    {
        _buffer.Sort();
        var isPacked = new SortedSetLimits(_options).Allow(_buffer.Count, _longest, _buffer.Bytes);

        // A small set that is stored has 0 in its place, as a listpack of Redis does.
        for (var i = 0; isPacked && keepsNegativeZero && i < _buffer.Count; i++)
            isPacked = _buffer.Score(i) != 0 || !double.IsNegative(_buffer.Score(i));
        if (isPacked)
        {
            _root = Pack();
        }
        else
        {
            var members = ElementTable.Make(_memory, _buffer.Count);
            var items = ScratchArrays.Rent<ScoreItem>(_buffer.Count);
            for (var i = 0; i < _buffer.Count; i++)
            {
                var score = _buffer.Score(i);
                var element = ElementTable.Add(_memory, members, _buffer.Member(i), LargeSortedSet.Bytes(in score));
                items[i] = new ScoreItem { Score = score, Element = element.Block };
            }

            _root = LargeSortedSet.Of(members, ScoreTree.Build(_memory, items.AsSpan(0, _buffer.Count)));
            ScratchArrays.Return(items);
        }

        _buffer.Clear();
    }

    private ValueRoot Pack()
    {
        var length = 0L;
        for (var i = 0; i < _buffer.Count; i++) length += SortedSetPack.ElementLength(_buffer.Member(i), _buffer.Score(i));
        var root = SortedSetPack.Allocate(_memory, length, _buffer.Count);
        var at = root.Address;
        for (var i = 0; i < _buffer.Count; i++) at = SortedSetPack.Write(at, _buffer.Member(i), _buffer.Score(i));
        return root;
    }

    private void OrderTable()
    {
        var items = new ScoreItem[ElementTable.Count(_members)];
        var at = 0;
        foreach (var element in ElementTable.All(_members))
            items[at++] = new ScoreItem { Score = element.Score, Element = element.Block };
        items.AsSpan().Sort(static (x, y) => x.Score != y.Score ? x.Score.CompareTo(y.Score) : x.Member.SequenceCompareTo(y.Member));
        _root = LargeSortedSet.Of(_members, ScoreTree.Build(_memory, items));
        _members = null;
    }
}
