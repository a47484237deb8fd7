using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Starling.Slots.Values.Streams;

/// <summary>
/// Changes the entries of a stream, node by node as Redis does, so that nodes begin and go at the same entries. Blocks
/// that snapshots need are copied first. <see cref="Finish"/> ends the change.
/// </summary>
internal unsafe ref struct StreamEditor
{
    private const int MostSpare = 1024;

    /// <summary>No node becomes longer than this.</summary>
    private const long LongestNode = 1 << 30;

    private readonly ref ValueRoot _root;
    private StreamMemory _memory;

    /// <summary>Begins a change.</summary>
    public StreamEditor(scoped in ValueMemory memory, ref ValueRoot root)
    {
        _memory = new StreamMemory(memory);
        _root = ref root;
        root.Address = _memory.Own(root.Address, sizeof(StreamHead));
    }

    /// <summary>The head, for being changed.</summary>
    public readonly StreamHead* Head => StreamHead.Of(_root);

    /// <summary>The memory of the change.</summary>
    [UnscopedRef]
    public ref StreamMemory Memory => ref _memory;

    /// <summary>Ends the change.</summary>
    public readonly void Finish() => Head->AllocatedBytes += _memory.Growth;

    /// <summary>Adds an entry behind the last one.</summary>
    /// <param name="options">How large nodes may become.</param>
    /// <param name="id">Its id, larger than <see cref="StreamHead.Last"/>.</param>
    /// <param name="elements">Fields and values in turn; together not longer than <see cref="LongestNode"/>.</param>
    public void Append<TElements>(ValueOptions options, in StreamId id, scoped in TElements elements)
        where TElements : IStreamElements, allows ref struct
    {
        var total = 0L;
        for (var i = 0; i < elements.Count; i++) total += elements[i].Length;
        var path = LastBefore(id);
        if (path.Depth > 0 && !IsFull(options, StreamHead.Node(path.Slot), total))
        {
            AppendTo(ref OwnNode(ref path), path.Id, id, elements, options);
        }
        else
        {
            if (path.Depth > 0) Settle(ref path);
            var node = MakeNode(id, elements);
            var slot = IdTree.Insert(ref _memory, ref Head->Nodes, StreamHead.NodeSlotBytes, id);
            StreamHead.Node(slot) = node;
            Head->NodeCount++;
        }

        var head = Head;
        head->Added++;
        head->Last = id;
        if (++head->Length == 1) head->First = id;
    }

    /// <summary>Adds a node that was read from somewhere, behind the last one.</summary>
    public void AppendNode(in StreamId id, StreamNode* node)
    {
        var path = IdPath.Last(Head->Nodes);
        if (path.Depth > 0) Settle(ref path);
        var slot = IdTree.Insert(ref _memory, ref Head->Nodes, StreamHead.NodeSlotBytes, id);
        StreamHead.Node(slot) = node;
        Head->NodeCount++;
    }

    /// <summary>Deletes an entry; false when there is none of that id.</summary>
    public bool Delete(in StreamId id)
    {
        var path = IdPath.AtMost(Head->Nodes, id);
        if (path.Depth == 0 || !TryFind(StreamHead.Node(path.Slot), path.Id, id, out var cursor)) return false;
        Head->Length--;
        var live = cursor.Head.Live;
        if (live == 1)
        {
            RemoveNode(ref path);
            return true;
        }

        ref var node = ref OwnNode(ref path);
        if (node->IsPacked) UnpackNode(ref node);
        Invariant.That(TryFind(node, path.Id, id, out cursor));
        Mark(ref node, (int)(cursor.Start - StreamNode.Content(node)));
        SetCounts(ref node, -1);
        return true;
    }

    /// <summary>Takes out entries from the first one on, as <paramref name="trim"/> says.</summary>
    /// <returns>How many were taken out.</returns>
    public long Trim(in StreamTrim trim)
    {
        var removed = 0L;
        while (true)
        {
            var path = IdPath.First(Head->Nodes);
            if (path.Depth == 0 || (trim.IsByLength && Head->Length <= trim.MaxLength)) return removed;
            var entries = StreamNodeHead.Of(StreamHead.Node(path.Slot)).Live;
            if (trim.Limit > 0 && removed + entries > trim.Limit) return removed;
            if (!MayGo(path, entries, trim))
            {
                return trim.IsApproximate ? removed : removed + TrimNode(ref path, trim);
            }

            Head->Length -= (ulong)entries;
            removed += entries;
            RemoveNode(ref path);
        }
    }

    /// <summary>Says anew which entry is the first one.</summary>
    public readonly void FindFirst()
    {
        var head = Head;
        if (head->Length == 0) head->First = default;
        else Invariant.That(StreamHead.TryEdge(head, last: false, withDeleted: false, out head->First));
    }

    /// <summary>Finds an entry that is not deleted in the node where it must be.</summary>
    public static bool TryFind(StreamNode* node, in StreamId nodeId, in StreamId id, out StreamNodeCursor cursor)
    {
        cursor = new StreamNodeCursor(node, nodeId, atEnd: false);
        while (cursor.TryNext())
        {
            if (!cursor.IsDeleted && cursor.Id >= id) return cursor.Id == id;
        }

        return false;
    }

    private static bool IsFull(ValueOptions options, StreamNode* node, long added)
    {
        var most = options.StreamNodeMaxBytes;
        if (most is 0 or > LongestNode) most = LongestNode;
        var length = node->IsPacked ? NodePacking.UnpackedLength(node) : node->Length;
        if (length + added >= most) return true;
        if (options.StreamNodeMaxEntries == 0) return false;
        var head = StreamNodeHead.Of(node);
        return head.Live + head.Deleted >= options.StreamNodeMaxEntries;
    }

    private StreamNode* MakeNode<TElements>(in StreamId id, scoped in TElements elements)
        where TElements : IStreamElements, allows ref struct
    {
        var fields = elements.Count / 2;
        long length = Listpack.EmptyBytes + Listpack.EntryLength(1) + (2 * Listpack.EntryLength(0));
        length += Listpack.EntryLength(fields);
        for (var i = 0; i < fields; i++) length += Listpack.EntryLength(elements[2 * i]);
        var node = StreamNode.Make(ref _memory, checked((int)length));
        var start = StreamNode.Content(node);
        var at = start + Listpack.HeaderBytes;
        at += Listpack.Write(at, 1);
        at += Listpack.Write(at, 0);
        at += Listpack.Write(at, fields);
        for (var i = 0; i < fields; i++) at = WriteText(at, elements[2 * i]);
        at += Listpack.Write(at, 0);
        *at++ = Listpack.End;
        Invariant.That(at - start == length);
        Listpack.WriteHeader(start, (int)length, Math.Min(4 + fields, Listpack.UnknownCount));
        WriteEntry(ref node, id, id, elements, sameFields: true, spare: 0);
        return node;
    }

    private void AppendTo<TElements>(
        ref StreamNode* node, in StreamId nodeId, in StreamId id, scoped in TElements elements, ValueOptions options)
        where TElements : IStreamElements, allows ref struct
    {
        if (node->IsPacked) UnpackNode(ref node);
        var head = StreamNodeHead.Of(node);
        var sameFields = HasFields(head, elements);
        var spare = Math.Min(node->Length / 2, MostSpare);
        if (options.StreamNodeMaxBytes > 0)
            spare = (int)Math.Clamp(options.StreamNodeMaxBytes - node->Length, 0, spare);
        SetNumber(ref node, Listpack.HeaderBytes, head.Live + 1);
        WriteEntry(ref node, nodeId, id, elements, sameFields, spare);
    }

    private static bool HasFields<TElements>(in StreamNodeHead head, scoped in TElements elements)
        where TElements : IStreamElements, allows ref struct
    {
        if (head.FieldCount != elements.Count / 2) return false;
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        var at = head.Fields;
        for (var i = 0; i < head.FieldCount; i++)
        {
            if (!Listpack.Read(at).Text(scratch).SequenceEqual(elements[2 * i])) return false;
            at += Listpack.EntryLength(at);
        }

        return true;
    }

    /// <summary>Writes an entry at the end of a node.</summary>
    private void WriteEntry<TElements>(
        ref StreamNode* node,
        in StreamId nodeId,
        in StreamId id,
        scoped in TElements elements,
        bool sameFields,
        int spare)
        where TElements : IStreamElements, allows ref struct
    {
        var fields = elements.Count / 2;
        var milliseconds = (long)(id.Milliseconds - nodeId.Milliseconds);
        var sequence = (long)(id.Sequence - nodeId.Sequence);
        var flags = sameFields ? StreamNodeCursor.SameFieldsFlag : 0;
        var count = sameFields ? fields + 3L : (2L * fields) + 4;
        long length = Listpack.EntryLength(flags) + Listpack.EntryLength(milliseconds)
            + Listpack.EntryLength(sequence) + Listpack.EntryLength(count);
        if (!sameFields) length += Listpack.EntryLength(fields);
        for (var i = 0; i < elements.Count; i++)
            if (!sameFields || (i & 1) != 0) length += Listpack.EntryLength(elements[i]);

        var from = node->Length - 1;
        StreamNode.Splice(ref _memory, ref node, from, 0, checked((int)length), spare);
        var start = StreamNode.Content(node);
        var at = start + from;
        at += Listpack.Write(at, flags);
        at += Listpack.Write(at, milliseconds);
        at += Listpack.Write(at, sequence);
        if (!sameFields) at += Listpack.Write(at, fields);
        for (var i = 0; i < elements.Count; i++)
            if (!sameFields || (i & 1) != 0) at = WriteText(at, elements[i]);
        at += Listpack.Write(at, count);
        Invariant.That(at - start == node->Length - 1);
        var elementsBefore = Unsafe.ReadUnaligned<ushort>(start + 4);
        var total = elementsBefore == Listpack.UnknownCount ? Listpack.UnknownCount : elementsBefore + count + 1;
        Listpack.WriteHeader(start, node->Length, (int)Math.Min(total, Listpack.UnknownCount));
    }

    private static byte* WriteText(byte* at, ReadOnlySpan<byte> text)
    {
        Listpack.Write(at, text);
        return at + Listpack.EntryLength(at);
    }

    /// <summary>A whole node may be taken out.</summary>
    private readonly bool MayGo(in IdPath path, long entries, in StreamTrim trim)
    {
        if (trim.IsByLength) return (long)Head->Length - entries >= (long)trim.MaxLength;
        var cursor = new StreamNodeCursor(StreamHead.Node(path.Slot), path.Id, atEnd: true);
        return !cursor.TryPrevious() || cursor.Id < trim.MinId;
    }

    /// <summary>Marks entries of the first node as deleted.</summary>
    private long TrimNode(ref IdPath path, in StreamTrim trim)
    {
        ref var node = ref OwnNode(ref path);
        if (node->IsPacked) UnpackNode(ref node);
        var removed = 0;
        var cursor = new StreamNodeCursor(node, path.Id, atEnd: false);
        while (cursor.TryNext())
        {
            if (trim.IsByLength ? Head->Length <= trim.MaxLength : cursor.Id >= trim.MinId) break;
            if (cursor.IsDeleted) continue;
            Mark(ref node, (int)(cursor.Start - StreamNode.Content(node)));
            removed++;
            Head->Length--;
        }

        if (removed > 0) SetCounts(ref node, -removed);
        return removed;
    }

    /// <summary>Marks an entry as deleted; takes as many bytes as before.</summary>
    private void Mark(ref StreamNode* node, int at)
    {
        var flags = StreamNodeHead.Number(StreamNode.Content(node) + at);
        SetNumber(ref node, at, flags | StreamNodeCursor.DeletedFlag);
    }

    /// <summary>Counts entries as live no more, but deleted.</summary>
    private void SetCounts(ref StreamNode* node, long live)
    {
        var head = StreamNodeHead.Of(node);
        SetNumber(ref node, Listpack.HeaderBytes, head.Live + live);
        var at = Listpack.HeaderBytes + Listpack.EntryLength(StreamNode.Content(node) + Listpack.HeaderBytes);
        SetNumber(ref node, at, head.Deleted - live);
    }

    private void SetNumber(ref StreamNode* node, int at, long number)
    {
        var old = Listpack.EntryLength(StreamNode.Content(node) + at);
        StreamNode.Splice(ref _memory, ref node, at, old, Listpack.EntryLength(number));
        Listpack.Write(StreamNode.Content(node) + at, number);
        Unsafe.WriteUnaligned(StreamNode.Content(node), (uint)node->Length);
    }

    private void UnpackNode(ref StreamNode* node)
    {
        var unpacked = NodePacking.Unpack(ref _memory, node);
        StreamNode.Free(ref _memory, node);
        node = unpacked;
    }

    /// <summary>The last node gets no more entries: makes it small.</summary>
    private void Settle(ref IdPath path)
    {
        var node = StreamHead.Node(path.Slot);
        var packed = NodePacking.TryPack(ref _memory, node);
        if (packed == null)
        {
            if (!node->IsPacked) StreamNode.Fit(ref _memory, ref OwnNode(ref path));
            return;
        }

        StreamHead.Node(IdTree.Own(ref _memory, ref Head->Nodes, ref path)) = packed;
        StreamNode.Free(ref _memory, node);
    }

    /// <summary>The node that a path leads to, for being changed.</summary>
    private ref StreamNode* OwnNode(ref IdPath path)
    {
        ref var node = ref StreamHead.Node(IdTree.Own(ref _memory, ref Head->Nodes, ref path));
        node = (StreamNode*)_memory.Own(node, node->BlockBytes);
        return ref node;
    }

    /// <summary>
    /// The last node, which begins before an entry to come. Others go: all they hold is deleted entries, from before
    /// the last id was set back, and the entry would be looked for before them.
    /// </summary>
    private IdPath LastBefore(in StreamId id)
    {
        var path = IdPath.Last(Head->Nodes);
        for (; path.Depth > 0 && path.Id >= id; path = IdPath.Last(Head->Nodes))
        {
            Invariant.That(StreamNodeHead.Of(StreamHead.Node(path.Slot)).Live == 0);
            RemoveNode(ref path);
        }

        return path;
    }

    private void RemoveNode(ref IdPath path)
    {
        StreamNode.Free(ref _memory, StreamHead.Node(path.Slot));
        IdTree.Remove(ref _memory, ref Head->Nodes, ref path);
        Head->NodeCount--;
    }
}
