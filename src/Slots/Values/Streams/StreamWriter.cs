using System.Buffers.Binary;
using Starling.Slots.Keyspace;

namespace Starling.Slots.Values.Streams;

/// <summary>Writes the content of a stream piece by piece; the stream must not change meanwhile.</summary>
internal sealed unsafe class StreamWriter
{
    private const int PartBytes = 64 << 10;
    private const int PendingBytes = 24;

    private readonly StreamHead* _head;
    private Step _step;
    private IdPath _path;
    private byte[] _scratch = [];
    private int _written; // bytes of the node that is being written in parts
    private int _group;
    private int _consumer; // in the order of names

    /// <summary>Begins with a stream.</summary>
    public StreamWriter(in ValueRoot root) => _head = StreamHead.Of(root);

    private enum Step
    {
        Begin,
        Nodes,
        Counters,
        Group,
        Pending,
        Consumer,
        ConsumerPending,
        Done,
    }

    private StreamGroup* Group => _head->Groups[_group];

    private StreamConsumer* Consumer =>
        ConsumerTable.At(Group->Consumers, ConsumerTable.Place(Group->Consumers, _consumer));

    /// <summary>Writes the next pieces.</summary>
    /// <param name="writer">Gets them.</param>
    /// <param name="bytes">Stops when about so many are written.</param>
    /// <returns>False when that was all.</returns>
    public bool WriteSome(IContentWriter writer, long bytes)
    {
        while (bytes > 0 && _step != Step.Done)
        {
            bytes -= _step switch
            {
                Step.Begin => Begin(writer),
                Step.Nodes => WriteNode(writer),
                Step.Counters => WriteCounters(writer),
                Step.Group => BeginGroup(writer),
                Step.Pending => WritePending(writer),
                Step.Consumer => BeginConsumer(writer),
                _ => WriteConsumerPending(writer),
            };
        }

        return _step != Step.Done;
    }

    private static void WriteId(IContentWriter writer, in StreamId id)
    {
        writer.Number(id.Milliseconds);
        writer.Number(id.Sequence);
    }

    private static void WriteRawId(IContentWriter writer, in StreamId id)
    {
        Span<byte> raw = stackalloc byte[StreamId.Bytes];
        id.Write(raw);
        writer.Raw(raw);
    }

    private static void WriteTime(IContentWriter writer, long time)
    {
        Span<byte> raw = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(raw, time);
        writer.Raw(raw);
    }

    private int Begin(IContentWriter writer)
    {
        writer.Number((ulong)_head->NodeCount);
        _path = IdPath.First(_head->Nodes);
        _step = _path.Depth == 0 ? Step.Counters : Step.Nodes;
        return 1;
    }

    private int WriteNode(IContentWriter writer)
    {
        var node = StreamHead.Node(_path.Slot);
        var bytes = StreamNode.Bytes(node);
        if (node->IsPacked)
        {
            var length = NodePacking.UnpackedLength(node);
            if (_scratch.Length < length) _scratch = new byte[length];
            fixed (byte* scratch = _scratch) NodePacking.Unpack(node, scratch);
            bytes = _scratch.AsSpan(0, length);
        }

        if (_written == 0)
        {
            Span<byte> key = stackalloc byte[StreamId.Bytes];
            _path.Id.Write(key);
            writer.Text(key);
        }

        if (bytes.Length > PartBytes && writer is SnapshotRecords records) return WritePart(records, bytes);
        writer.Text(bytes);
        NextNode();
        return bytes.Length;
    }

    private int WritePart(SnapshotRecords records, ReadOnlySpan<byte> bytes)
    {
        if (_written == 0) records.BeginText(bytes.Length);
        var part = bytes.Slice(_written, Math.Min(PartBytes, bytes.Length - _written));
        records.TextPart(part);
        _written += part.Length;
        if (_written == bytes.Length) NextNode();
        return part.Length;
    }

    private void NextNode()
    {
        _written = 0;
        if (!_path.TryNext()) _step = Step.Counters;
    }

    private int WriteCounters(IContentWriter writer)
    {
        writer.Number(_head->Length);
        WriteId(writer, _head->Last);
        WriteId(writer, _head->First);
        WriteId(writer, _head->MaxDeleted);
        writer.Number(_head->Added);
        writer.Number((ulong)_head->GroupCount);
        _step = _head->GroupCount == 0 ? Step.Done : Step.Group;
        return StreamId.Bytes;
    }

    private int BeginGroup(IContentWriter writer)
    {
        var group = Group;
        writer.Text(StreamGroup.Name(group));
        WriteId(writer, group->Last);
        writer.Number((ulong)group->Read);
        writer.Number((ulong)group->PendingCount);
        _path = IdPath.First(group->Pending);
        _step = Step.Pending;
        if (_path.Depth == 0) EndPending(writer);
        return StreamId.Bytes;
    }

    private int WritePending(IContentWriter writer)
    {
        var slot = (PendingSlot*)_path.Slot;
        WriteRawId(writer, slot->Id);
        WriteTime(writer, slot->DeliveryTime);
        writer.Number((ulong)slot->DeliveryCount);
        if (!_path.TryNext()) EndPending(writer);
        return PendingBytes;
    }

    private void EndPending(IContentWriter writer)
    {
        writer.Number((ulong)Group->ConsumerCount);
        _consumer = -1;
        NextConsumer();
    }

    private void NextConsumer()
    {
        _step = Step.Consumer;
        if (++_consumer < Group->ConsumerCount) return;
        _step = ++_group < _head->GroupCount ? Step.Group : Step.Done;
    }

    private int BeginConsumer(IContentWriter writer)
    {
        var consumer = Consumer;
        writer.Text(StreamConsumer.Name(consumer));
        WriteTime(writer, consumer->SeenTime);
        writer.Number((ulong)consumer->PendingCount);
        _path = IdPath.First(consumer->Pending);
        _step = Step.ConsumerPending;
        if (_path.Depth == 0) NextConsumer();
        return StreamId.Bytes;
    }

    private int WriteConsumerPending(IContentWriter writer)
    {
        WriteRawId(writer, _path.Id);
        if (!_path.TryNext()) NextConsumer();
        return StreamId.Bytes;
    }
}
