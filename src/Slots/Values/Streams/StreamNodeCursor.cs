namespace Starling.Slots.Values.Streams;

/// <summary>
/// A place in a node that goes from entry to entry, deleted ones too, in both directions; first before the first or
/// behind the last one. Dead after a change of the node.
/// </summary>
internal unsafe struct StreamNodeCursor
{
    /// <summary>Flag of an entry that is deleted.</summary>
    public const int DeletedFlag = 1;

    /// <summary>Flag of an entry that has the fields of its node.</summary>
    public const int SameFieldsFlag = 2;

    private readonly StreamId _first;
    private readonly byte* _end;
    private readonly bool _isPacked;
    private byte* _next;
    private int _index; // of a packed node, going back: of the current entry
    private fixed ushort _offsets[NodePacking.MostEntries]; // of a packed node, going back: of the entries

    /// <summary>Stands at an edge of a node.</summary>
    /// <param name="node">The node.</param>
    /// <param name="id">The id of the node.</param>
    /// <param name="atEnd">Behind the last entry, for going back only; otherwise before the first, for going on.</param>
    public StreamNodeCursor(StreamNode* node, in StreamId id, bool atEnd)
    {
        _first = id;
        _isPacked = node->IsPacked;
        Head = StreamNodeHead.Of(node);
        _end = StreamNode.Content(node) + node->Length - (_isPacked ? 0 : 1);
        _next = Head.Entries;
        if (!atEnd) return;
        Start = _end;
        if (_isPacked) FindOffsets();
    }

    /// <summary>The head of the node.</summary>
    public StreamNodeHead Head { get; }

    /// <summary>Where the entry starts.</summary>
    public byte* Start { get; private set; }

    /// <summary>What is behind the entry.</summary>
    public readonly byte* Behind => _next;

    /// <summary>The flags of the entry.</summary>
    public int Flags { get; private set; }

    /// <summary>The id of the entry.</summary>
    public StreamId Id { get; private set; }

    /// <summary>The entry is marked as deleted.</summary>
    public readonly bool IsDeleted => (Flags & DeletedFlag) != 0;

    /// <summary>Number of fields of the entry.</summary>
    public int FieldCount { get; private set; }

    /// <summary>The first value, or the first field when the entry has fields of its own.</summary>
    public byte* Body { get; private set; }

    /// <summary>The entry; its fields and values alias the node.</summary>
    public readonly StreamEntry Entry =>
        new(Id, FieldCount, (Flags & SameFieldsFlag) != 0 ? Head.Fields : null, Body, _isPacked);

    /// <summary>Goes on; false at the last entry.</summary>
    public bool TryNext()
    {
        if (_next >= _end) return false;
        Start = _next;
        Parse();
        return true;
    }

    /// <summary>Goes back; false at the first entry.</summary>
    public bool TryPrevious()
    {
        if (_isPacked)
        {
            if (_index == 0) return false;
            Start = Head.Entries + _offsets[--_index];
        }
        else
        {
            if (Start == Head.Entries) return false;
            var at = Start - Listpack.EntryLengthBefore(Start);
            for (var count = StreamNodeHead.Number(at); count > 0; count--) at -= Listpack.EntryLengthBefore(at);
            Start = at;
        }

        Parse();
        return true;
    }

    private void Parse()
    {
        var at = Start;
        if (_isPacked)
        {
            Flags = SameFieldsFlag;
        }
        else
        {
            Flags = (int)StreamNodeHead.Number(at);
            at += Listpack.EntryLength(at);
        }

        var milliseconds = StreamNodeHead.Number(at);
        at += StreamNodeHead.Length(at, _isPacked);
        var sequence = StreamNodeHead.Number(at);
        at += StreamNodeHead.Length(at, _isPacked);
        Id = new StreamId(_first.Milliseconds + (ulong)milliseconds, _first.Sequence + (ulong)sequence);
        FieldCount = Head.FieldCount;
        var elements = FieldCount;
        if ((Flags & SameFieldsFlag) == 0)
        {
            FieldCount = (int)StreamNodeHead.Number(at);
            at += Listpack.EntryLength(at);
            elements = FieldCount * 2;
        }

        Body = at;
        at = StreamNodeHead.Skip(at, elements, _isPacked);
        _next = _isPacked ? at : at + Listpack.EntryLength(at);
    }

    private void FindOffsets()
    {
        while (_next < _end)
        {
            _offsets[_index++] = (ushort)(_next - Head.Entries);
            _next = StreamNodeHead.Skip(_next, 2 + Head.FieldCount, isPacked: true);
        }
    }
}
