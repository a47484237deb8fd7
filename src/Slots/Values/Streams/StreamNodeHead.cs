namespace Starling.Slots.Values.Streams;

/// <summary>What the listpack of a node says of the node as a whole; dead after a change of the node.</summary>
internal readonly unsafe struct StreamNodeHead
{
    private StreamNodeHead(byte* live, bool isPacked)
    {
        Live = Number(live);
        var at = live + Length(live, isPacked);
        if (!isPacked)
        {
            Deleted = Number(at);
            at += Listpack.EntryLength(at);
        }

        FieldCount = (int)Number(at);
        Fields = at + Length(at, isPacked);
        at = Skip(Fields, FieldCount, isPacked);
        Entries = isPacked ? at : at + Listpack.EntryLength(at);
    }

    /// <summary>Entries that are there.</summary>
    public long Live { get; }

    /// <summary>Entries that are marked as deleted.</summary>
    public long Deleted { get; }

    /// <summary>Number of the fields of the first entry.</summary>
    public int FieldCount { get; }

    /// <summary>The first of these fields.</summary>
    public byte* Fields { get; }

    /// <summary>The first entry.</summary>
    public byte* Entries { get; }

    /// <summary>Of a sound node.</summary>
    public static StreamNodeHead Of(StreamNode* node)
    {
        var content = StreamNode.Content(node);
        return new StreamNodeHead(node->IsPacked ? content : content + Listpack.HeaderBytes, node->IsPacked);
    }

    /// <summary>The number of an element that is one.</summary>
    public static long Number(byte* at) => Listpack.Read(at).TryNumber(out var number) ? number : 0;

    /// <summary>Bytes of an element.</summary>
    public static int Length(byte* at, bool isPacked) =>
        isPacked ? Listpack.BareLength(at) : Listpack.EntryLength(at);

    /// <summary>What is behind some elements.</summary>
    public static byte* Skip(byte* at, int count, bool isPacked)
    {
        for (; count > 0; count--) at += Length(at, isPacked);
        return at;
    }
}
