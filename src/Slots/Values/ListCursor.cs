namespace Starling.Slots.Values;

/// <summary>A place in a list that goes from element to element in both directions. Dead after any change.</summary>
internal unsafe struct ListCursor
{
    private ListPath _path;
    private ListNode* _node;
    private byte* _at;
    private int _index;

    /// <summary>Stands on an element.</summary>
    /// <param name="root">The list.</param>
    /// <param name="index">0 up to one less than the number of elements.</param>
    public ListCursor(in ValueRoot root, long index)
    {
        if (ListRoot.IsTree(root))
        {
            _path = ListPath.To(ListRoot.Tree(root), ref index);
            _node = _path.Node;
        }
        else
        {
            _node = ListRoot.Node(root);
        }

        _index = (int)index;
        if (!_node->IsPlain) _at = ListNode.Content(_node) + ListNode.OffsetOf(_node, _index);
    }

    /// <summary>The element.</summary>
    public readonly ListElement Current =>
        _node->IsPlain ? new ListElement(ListNode.Bytes(_node)) : Listpack.Read(_at);

    /// <summary>Goes on; false at the last element.</summary>
    public bool TryNext()
    {
        if (_index + 1 < _node->Count)
        {
            _index++;
            _at += Listpack.EntryLength(_at);
            return true;
        }

        if (_path.Depth == 0 || !_path.TryNext()) return false;
        _node = _path.Node;
        _index = 0;
        _at = ListNode.Content(_node) + Listpack.HeaderBytes;
        return true;
    }

    /// <summary>Goes back; false at the first element.</summary>
    public bool TryPrevious()
    {
        if (_index > 0)
        {
            _index--;
            _at -= Listpack.EntryLengthBefore(_at);
            return true;
        }

        if (_path.Depth == 0 || !_path.TryPrevious()) return false;
        _node = _path.Node;
        _index = _node->Count - 1;
        if (_node->IsPlain) return true;
        var end = ListNode.Content(_node) + _node->Length - 1;
        _at = end - Listpack.EntryLengthBefore(end);
        return true;
    }
}
