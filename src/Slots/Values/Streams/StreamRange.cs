namespace Starling.Slots.Values.Streams;

/// <summary>The entries of a stream between two ids, one after the other. Dead after any change of the stream.</summary>
public unsafe ref struct StreamRange
{
    private readonly StreamId _start;
    private readonly StreamId _end;
    private readonly bool _isBackward;
    private IdPath _path;
    private StreamNodeCursor _cursor;
    private bool _isInNode;

    internal StreamRange(StreamHead* head, in StreamId start, in StreamId end, bool backward)
    {
        _start = start;
        _end = end;
        _isBackward = backward;
        if (head == null || start > end) return;

        // What is in range may lie in the node before the first one that begins there.
        _path = IdPath.AtMost(head->Nodes, backward ? end : start);
        if (_path.Depth == 0 && !backward) _path = IdPath.First(head->Nodes);
    }

    /// <summary>The entry.</summary>
    public readonly StreamEntry Current => _cursor.Entry;

    /// <summary>The id of the entry.</summary>
    public readonly StreamId Id => _cursor.Id;

    /// <summary>Goes on, or to the first one; false when there is none.</summary>
    public bool MoveNext()
    {
        while (_path.Depth > 0)
        {
            if (!_isInNode) _cursor = new StreamNodeCursor(StreamHead.Node(_path.Slot), _path.Id, _isBackward);
            _isInNode = true;
            while (_isBackward ? _cursor.TryPrevious() : _cursor.TryNext())
            {
                if (_cursor.IsDeleted) continue;
                if (_isBackward ? _cursor.Id > _end : _cursor.Id < _start) continue;
                if (_isBackward ? _cursor.Id >= _start : _cursor.Id <= _end) return true;
                _path = default;
                return false;
            }

            _isInNode = false;
            if (!(_isBackward ? _path.TryPrevious() : _path.TryNext())) _path = default;
        }

        return false;
    }
}
