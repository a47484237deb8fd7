namespace Starling.Slots.Values.Streams;

/// <summary>An entry of a stream: its id, and its fields with their values. Dead after any change of the stream.</summary>
public unsafe ref struct StreamEntry
{
    private readonly bool _isPacked;
    private byte* _field; // of the node, when the entry has the same
    private byte* _next;
    private int _left;

    internal StreamEntry(scoped in StreamId id, int fieldCount, byte* nodeFields, byte* body, bool isPacked)
    {
        Id = id;
        FieldCount = fieldCount;
        _field = nodeFields;
        _next = body;
        _left = fieldCount;
        _isPacked = isPacked;
    }

    /// <summary>The id.</summary>
    public StreamId Id { get; }

    /// <summary>Number of fields.</summary>
    public int FieldCount { get; }

    /// <summary>Reads the next field and its value; false when there is none.</summary>
    public bool TryRead(out ListElement field, out ListElement value)
    {
        field = default;
        value = default;
        if (_left == 0) return false;
        _left--;
        if (_field != null)
        {
            field = Listpack.Read(_field);
            _field += StreamNodeHead.Length(_field, _isPacked);
        }
        else
        {
            field = Listpack.Read(_next);
            _next += Listpack.EntryLength(_next);
        }

        value = Listpack.Read(_next);
        _next += StreamNodeHead.Length(_next, _isPacked);
        return true;
    }
}
