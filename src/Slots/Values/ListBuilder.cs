namespace Starling.Slots.Values;

/// <summary>Makes a list of what was read from somewhere, piece by piece.</summary>
internal unsafe ref struct ListBuilder
{
    private readonly ValueMemory _memory;
    private readonly ValueOptions _options;
    private ValueRoot _root;

    public ListBuilder(scoped in ValueMemory memory, ValueOptions options)
    {
        _memory = memory;
        _options = options;
    }

    /// <summary>Nothing was added.</summary>
    public readonly bool IsEmpty => _root.Address == null;

    /// <summary>Adds an element.</summary>
    public void Add(scoped ReadOnlySpan<byte> element)
    {
        if (IsEmpty) _root = ListEditor.Make(_memory, _options, element);
        else new ListEditor(_memory, _options, ref _root).Push(element, atHead: false);
    }

    /// <summary>Adds a large element as it is; false when it could not be one.</summary>
    public bool TryAddLarge(scoped ReadOnlySpan<byte> element)
    {
        if (element.IsEmpty) return false;
        Append(ListNode.MakeOf(_memory, element, 0));
        return true;
    }

    /// <summary>Adds the elements of a listpack; false when the bytes are none.</summary>
    public bool TryAddListpack(scoped ReadOnlySpan<byte> bytes)
    {
        if (!Listpack.IsSound(bytes, out var count)) return false;

        // Redis skips empty ones too.
        if (count > 0) Append(ListNode.MakeOf(_memory, bytes, count));
        return true;
    }

    /// <summary>Frees what was made.</summary>
    public void Discard()
    {
        if (!IsEmpty) ListRoot.Free(_memory, _root);
        _root = default;
    }

    /// <summary>The list.</summary>
    public ValueRoot Finish()
    {
        new ListEditor(_memory, _options, ref _root).Settle();
        return _root;
    }

    private void Append(ListNode* node)
    {
        if (IsEmpty) _root = ListRoot.OfTree(ListTree.Make(_memory, node), node->Count);
        else new ListEditor(_memory, _options, ref _root).Append(node);
    }
}
