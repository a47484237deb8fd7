namespace Starling.Slots.Values;

/// <summary>Some elements of a list, one after the other. Dead after any change of the list.</summary>
public ref struct ListRange
{
    private readonly bool _backward;
    private ListCursor _cursor;
    private long _left;
    private bool _started;

    internal ListRange(in ValueRoot root, long index, long count, bool backward)
    {
        _left = count;
        _backward = backward;
        if (count > 0) _cursor = new ListCursor(root, index);
    }

    /// <summary>The element; after <see cref="MoveNext"/> said that there is one.</summary>
    public readonly ListElement Current => _cursor.Current;

    /// <summary>Goes to the first element, then to the next; false when there is none.</summary>
    public bool MoveNext()
    {
        if (_left == 0) return false;
        if (_started) Invariant.That(_backward ? _cursor.TryPrevious() : _cursor.TryNext());
        _started = true;
        _left--;
        return true;
    }

    /// <summary>Lets <c>foreach</c> take the range.</summary>
    public readonly ListRange GetEnumerator() => this;
}
