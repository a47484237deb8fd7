namespace Starling.Slots.Values.Streams;

/// <summary>
/// Packs nodes that have become full, losing nothing: an entry that has the fields of its node needs no flags, no number
/// of elements, and no element needs the length behind it. A packed node has the number of entries, that of the fields,
/// the fields, then of each entry the differences of its id and its values, all encoded as in a listpack. For small
/// entries that is a seventh less. Only nodes without deleted entries are packed.
/// </summary>
internal static unsafe class NodePacking
{
    /// <summary>Nodes with more entries stay as they are.</summary>
    public const int MostEntries = 128;

    private const int LongestContent = ushort.MaxValue;

    /// <summary>A packed node with the entries of a node; null when that cannot be packed, or had better not.</summary>
    public static StreamNode* TryPack(ref StreamMemory memory, StreamNode* node)
    {
        if (node->IsPacked || node->Length > LongestContent) return null;
        var length = Measure(node);
        if (length == 0) return null;
        var packed = StreamNode.Make(ref memory, length, isPacked: true);
        var cursor = new StreamNodeCursor(node, default, atEnd: false);
        var from = StreamNode.Content(node) + Listpack.HeaderBytes;
        var to = StreamNode.Content(packed);
        CopyBare(ref from, ref to, 1); // live
        from += Listpack.EntryLength(from); // deleted
        CopyBare(ref from, ref to, 1 + cursor.Head.FieldCount);
        while (cursor.TryNext())
        {
            from = cursor.Start + Listpack.EntryLength(cursor.Start);
            CopyBare(ref from, ref to, 2 + cursor.FieldCount);
        }

        Invariant.That(to == StreamNode.Content(packed) + length);
        return packed;
    }

    /// <summary>Bytes of the listpack of a packed node.</summary>
    public static int UnpackedLength(StreamNode* node)
    {
        var head = StreamNodeHead.Of(node);
        var perEntry = Listpack.EntryLength(StreamNodeCursor.SameFieldsFlag) + Listpack.EntryLength(3L + head.FieldCount);
        var length = Listpack.EmptyBytes + (2 * Listpack.EntryLength(0)) + (head.Live * perEntry);
        var end = StreamNode.Content(node) + node->Length;
        for (var at = StreamNode.Content(node); at < end; at += Listpack.BareLength(at)) length += Listpack.EntryLength(at);
        return (int)length;
    }

    /// <summary>Writes the listpack of a packed node.</summary>
    /// <param name="node">The node.</param>
    /// <param name="to">Room for <see cref="UnpackedLength"/> bytes.</param>
    public static void Unpack(StreamNode* node, byte* to)
    {
        var start = to;
        var from = StreamNode.Content(node);
        var end = from + node->Length;
        var head = StreamNodeHead.Of(node);
        to += Listpack.HeaderBytes;
        CopyWhole(ref from, ref to, 1);
        to += Listpack.Write(to, 0);
        CopyWhole(ref from, ref to, 1 + head.FieldCount);
        to += Listpack.Write(to, 0);
        long count = 4 + head.FieldCount;
        for (; from < end; count += 4 + head.FieldCount)
        {
            to += Listpack.Write(to, StreamNodeCursor.SameFieldsFlag);
            CopyWhole(ref from, ref to, 2 + head.FieldCount);
            to += Listpack.Write(to, 3L + head.FieldCount);
        }

        *to++ = Listpack.End;
        Listpack.WriteHeader(start, (int)(to - start), (int)Math.Min(count, Listpack.UnknownCount));
    }

    /// <summary>A node with the listpack of a packed one.</summary>
    public static StreamNode* Unpack(ref StreamMemory memory, StreamNode* node)
    {
        var unpacked = StreamNode.Make(ref memory, UnpackedLength(node));
        Unpack(node, StreamNode.Content(unpacked));
        return unpacked;
    }

    /// <summary>Bytes of the packed content; 0 when the node cannot be packed.</summary>
    private static int Measure(StreamNode* node)
    {
        var cursor = new StreamNodeCursor(node, default, atEnd: false);
        var head = cursor.Head;
        if (head.Deleted != 0 || head.Live is 0 or > MostEntries) return 0;
        var length = Bare(StreamNode.Content(node) + Listpack.HeaderBytes, 1, skip: 0);
        length += Bare(StreamNode.Content(node) + Listpack.HeaderBytes, 1 + head.FieldCount, skip: 2);
        while (cursor.TryNext())
        {
            if (cursor.Flags != StreamNodeCursor.SameFieldsFlag) return 0;
            length += Bare(cursor.Start, 2 + cursor.FieldCount, skip: 1);
        }

        return length;
    }

    private static int Bare(byte* at, int count, int skip)
    {
        at = StreamNodeHead.Skip(at, skip, isPacked: false);
        var length = 0;
        for (; count > 0; count--)
        {
            length += Listpack.BareLength(at);
            at += Listpack.EntryLength(at);
        }

        return length;
    }

    private static void CopyBare(ref byte* from, ref byte* to, int count)
    {
        for (; count > 0; count--)
        {
            var bare = Listpack.BareLength(from);
            Buffer.MemoryCopy(from, to, bare, bare);
            to += bare;
            from += Listpack.EntryLength(from);
        }
    }

    private static void CopyWhole(ref byte* from, ref byte* to, int count)
    {
        for (; count > 0; count--)
        {
            var bare = Listpack.BareLength(from);
            Buffer.MemoryCopy(from, to, bare, bare);
            to += bare;
            from += bare;
            to += Listpack.WriteLengthBehind(to, bare);
        }
    }
}
