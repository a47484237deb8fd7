namespace Starling.Slots.Values.SortedSets;

/// <summary>Some elements of a sorted set, one after the other. Dead after any change of the set.</summary>
public unsafe ref struct SortedSetRange
{
    private readonly bool _backward;
    private readonly bool _isLarge;
    private ScorePath _path;
    private byte* _at;
    private long _left;
    private bool _started;

    internal SortedSetRange(in ValueRoot root, long rank, long count, bool backward)
    {
        _left = count;
        _backward = backward;
        if (count == 0) return;
        _isLarge = LargeSortedSet.Is(root);
        if (_isLarge) _path = ScorePath.To(LargeSortedSet.TreeOf(root), rank);
        else _at = SortedSetPack.At(root, rank);
    }

    /// <summary>The element; after <see cref="MoveNext"/> said that there is one.</summary>
    public readonly SortedSetElement Current => _isLarge
        ? new SortedSetElement(new ListElement(_path.Item->Member), _path.Item->Score, isPacked: false)
        : SortedSetPack.Read(_at);

    /// <summary>Goes to the first element, then to the next; false when there is none.</summary>
    public bool MoveNext()
    {
        if (_left == 0) return false;
        if (!_started) _started = true;
        else if (!_isLarge) _at = _backward ? SortedSetPack.Previous(_at) : SortedSetPack.Next(_at);
        else Invariant.That(_backward ? _path.TryPrevious() : _path.TryNext());
        _left--;
        return true;
    }

    /// <summary>Lets <c>foreach</c> take the range.</summary>
    public readonly SortedSetRange GetEnumerator() => this;
}
