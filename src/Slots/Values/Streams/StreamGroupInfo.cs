namespace Starling.Slots.Values.Streams;

/// <summary>A consumer group of a stream. Dead after any change of the stream.</summary>
public readonly unsafe ref struct StreamGroupInfo
{
    private readonly StreamHead* _head;
    private readonly StreamGroup* _group;

    internal StreamGroupInfo(StreamHead* head, StreamGroup* group)
    {
        _head = head;
        _group = group;
    }

    /// <summary>Its name.</summary>
    public ReadOnlySpan<byte> Name => StreamGroup.Name(_group);

    /// <summary>The id of the last entry that was delivered.</summary>
    public StreamId LastId => _group->Last;

    /// <summary>Number of entries that were read; -1 when that is not known.</summary>
    public long EntriesRead => _group->Read;

    /// <summary>Number of entries that are not acknowledged.</summary>
    public long PendingCount => _group->PendingCount;

    /// <summary>Number of consumers.</summary>
    public int ConsumerCount => _group->ConsumerCount;

    /// <summary>Number of entries that were not delivered yet; false when that is not known.</summary>
    public bool TryLag(out long lag) => StreamDistance.TryLag(_head, _group, out lag);

    /// <summary>The place of a consumer, which stays its own as long as it lives; -1 when there is none of that name.
    /// </summary>
    public int FindConsumer(ReadOnlySpan<byte> name) => ConsumerTable.Find(_group->Consumers, name, out _);

    /// <summary>The consumer of a place.</summary>
    public StreamConsumerInfo Consumer(int place) => new(_group, ConsumerTable.At(_group->Consumers, place));

    /// <summary>A consumer by its position in the order of names.</summary>
    public StreamConsumerInfo ConsumerAt(int order) => Consumer(ConsumerTable.Place(_group->Consumers, order));

    /// <summary>What is not acknowledged, from an id on.</summary>
    public StreamPendingRange Pending(in StreamId start) => new(_group, _group->Pending, start);

    /// <summary>The smallest and the largest id that are not acknowledged; there is one.</summary>
    public (StreamId First, StreamId Last) PendingEdges()
    {
        Invariant.That(_group->PendingCount > 0);
        return (IdPath.First(_group->Pending).Id, IdPath.Last(_group->Pending).Id);
    }

    /// <summary>Finds a pending entry.</summary>
    public bool TryPending(in StreamId id, out StreamPending pending)
    {
        var slot = StreamGroup.Find(_group, id);
        pending = slot == null
            ? default
            : new StreamPending(slot->Id, slot->Consumer, slot->DeliveryTime, slot->DeliveryCount);
        return slot != null;
    }
}
