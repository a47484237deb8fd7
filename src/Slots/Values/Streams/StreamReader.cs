using System.Buffers.Binary;

namespace Starling.Slots.Values.Streams;

/// <summary>
/// Makes a stream of content from outside, in any of its forms. Whatever refers to something must find it there: ids
/// rise, every pending entry has one consumer.
/// </summary>
internal unsafe ref struct StreamReader
{
    private readonly IContentReader _reader;
    private readonly ContentForm _form;
    private StreamEditor _editor;

    /// <summary>Prepares for reading.</summary>
    private StreamReader(scoped in ValueMemory memory, ContentForm form, IContentReader reader, ref ValueRoot root)
    {
        _reader = reader;
        _form = form;
        _editor = new StreamEditor(memory, ref root);
    }

    private readonly bool HasCounters => _form >= ContentForm.StreamNodes2;

    /// <summary>Reads a stream.</summary>
    /// <param name="memory">Where its blocks come from.</param>
    /// <param name="form">The form of the content.</param>
    /// <param name="reader">The content.</param>
    /// <param name="root">The stream, if there is one.</param>
    public static ContentOutcome Read(
        scoped in ValueMemory memory, ContentForm form, IContentReader reader, out ValueRoot root)
    {
        root = StreamHead.Make(memory);
        var stream = new StreamReader(memory, form, reader, ref root);
        var outcome = stream.ReadAll();
        stream._editor.Finish();
        if (outcome == ContentOutcome.Read) return outcome;
        var pages = int.MaxValue;
        var counted = new StreamMemory(memory);
        Invariant.That(StreamBlocks.FreeSome(ref counted, StreamHead.Of(root), ref pages));
        return outcome;
    }

    private ContentOutcome ReadAll()
    {
        var outcome = ReadNodes(out var live, out var last);
        if (outcome != ContentOutcome.Read) return outcome;
        var head = _editor.Head;
        if (!_reader.TryNumber(out head->Length) || !TryId(out head->Last)) return ContentOutcome.EndedEarly;
        if (head->Length != (ulong)live || head->Last < last) return ContentOutcome.Invalid;
        if (HasCounters)
        {
            if (!TryId(out head->First) || !TryId(out head->MaxDeleted) || !_reader.TryNumber(out head->Added))
                return ContentOutcome.EndedEarly;
        }
        else
        {
            head->Added = head->Length;
            _editor.FindFirst();
        }

        return ReadGroups();
    }

    private ContentOutcome ReadNodes(out long live, out StreamId last)
    {
        live = 0;
        last = default;
        var previous = default(StreamId);
        if (!_reader.TryNumber(out var nodes)) return ContentOutcome.EndedEarly;
        for (ulong i = 0; i < nodes; i++)
        {
            if (!_reader.TryText(out var key)) return ContentOutcome.EndedEarly;
            if (key.Length != StreamId.Bytes) return ContentOutcome.Invalid;
            var id = StreamId.Read(key);
            if (!_reader.TryText(out var listpack)) return ContentOutcome.EndedEarly;
            if (i > 0 && (id <= previous || id <= last)) return ContentOutcome.Invalid;
            if (!StreamNodeCheck.IsSound(listpack, id, ref last, out var here)) return ContentOutcome.Invalid;
            _editor.AppendNode(id, StreamNode.MakeOf(ref _editor.Memory, listpack));
            live += here;
            previous = id;
        }

        return ContentOutcome.Read;
    }

    private ContentOutcome ReadGroups()
    {
        if (!_reader.TryNumber(out var groups)) return ContentOutcome.EndedEarly;
        var head = _editor.Head;
        for (; groups > 0; groups--)
        {
            if (!_reader.TryText(out var name)) return ContentOutcome.EndedEarly;
            if (StreamHead.FindGroup(head, name, out var place) >= 0) return ContentOutcome.Invalid;
            var group = StreamGroup.Make(ref _editor.Memory, name, default, StreamGroup.UnknownRead);
            StreamGroups.Add(ref _editor.Memory, head, place, group);
            if (!TryId(out group->Last)) return ContentOutcome.EndedEarly;
            ulong read = 0;
            if (HasCounters && !_reader.TryNumber(out read)) return ContentOutcome.EndedEarly;
            group->Read = HasCounters ? (long)read : StreamDistance.FromStart(head, group->Last);
            var outcome = ReadGroup(group);
            if (outcome != ContentOutcome.Read) return outcome;
        }

        return ContentOutcome.Read;
    }

    private ContentOutcome ReadGroup(StreamGroup* group)
    {
        Span<byte> raw = stackalloc byte[StreamId.Bytes];
        if (!_reader.TryNumber(out var pending)) return ContentOutcome.EndedEarly;
        for (; pending > 0; pending--)
        {
            if (!_reader.TryRaw(raw)) return ContentOutcome.EndedEarly;
            var id = StreamId.Read(raw);
            if (!TryTime(out var time) || !_reader.TryNumber(out var count)) return ContentOutcome.EndedEarly;
            if (StreamGroup.Find(group, id) != null) return ContentOutcome.Invalid;
            var slot = (PendingSlot*)IdTree.Insert(ref _editor.Memory, ref group->Pending, PendingSlot.Bytes, id);
            *slot = new PendingSlot { Id = id, DeliveryTime = time, DeliveryCount = (long)count, Consumer = -1 };
            group->PendingCount++;
        }

        if (!_reader.TryNumber(out var consumers)) return ContentOutcome.EndedEarly;
        var owned = 0L;
        for (; consumers > 0; consumers--)
        {
            var outcome = ReadConsumer(group, ref owned);
            if (outcome != ContentOutcome.Read) return outcome;
        }

        return owned == group->PendingCount ? ContentOutcome.Read : ContentOutcome.Invalid;
    }

    private ContentOutcome ReadConsumer(StreamGroup* group, ref long owned)
    {
        Span<byte> raw = stackalloc byte[StreamId.Bytes];
        if (!_reader.TryText(out var name)) return ContentOutcome.EndedEarly;
        if (ConsumerTable.Find(group->Consumers, name, out var order) >= 0) return ContentOutcome.Invalid;
        var consumer = StreamConsumer.Make(ref _editor.Memory, name, 0);
        var place = StreamGroups.AddConsumer(ref _editor.Memory, group, consumer, order);
        if (!TryTime(out consumer->SeenTime)) return ContentOutcome.EndedEarly;
        consumer->ActiveTime = consumer->SeenTime;
        if (_form == ContentForm.StreamNodes3 && !TryTime(out consumer->ActiveTime)) return ContentOutcome.EndedEarly;
        if (!_reader.TryNumber(out var pending)) return ContentOutcome.EndedEarly;
        for (; pending > 0; pending--)
        {
            if (!_reader.TryRaw(raw)) return ContentOutcome.EndedEarly;
            var slot = StreamGroup.Find(group, StreamId.Read(raw));
            if (slot == null || slot->Consumer >= 0) return ContentOutcome.Invalid;
            slot->Consumer = place;
            IdTree.Insert(ref _editor.Memory, ref consumer->Pending, StreamId.Bytes, slot->Id);
            consumer->PendingCount++;
            owned++;
        }

        return ContentOutcome.Read;
    }

    private readonly bool TryId(out StreamId id)
    {
        ulong sequence = 0;
        var isThere = _reader.TryNumber(out var milliseconds) && _reader.TryNumber(out sequence);
        id = new StreamId(milliseconds, sequence);
        return isThere;
    }

    private readonly bool TryTime(out long time)
    {
        Span<byte> raw = stackalloc byte[sizeof(long)];
        time = 0;
        if (!_reader.TryRaw(raw)) return false;
        time = BinaryPrimitives.ReadInt64LittleEndian(raw);
        return true;
    }
}
