namespace Starling.Slots.Values.Streams;

/// <summary>A consumer of a group. Dead after any change of the group.</summary>
public readonly unsafe ref struct StreamConsumerInfo
{
    private readonly StreamGroup* _group;
    private readonly StreamConsumer* _consumer;

    internal StreamConsumerInfo(StreamGroup* group, StreamConsumer* consumer)
    {
        _group = group;
        _consumer = consumer;
    }

    /// <summary>Its name.</summary>
    public ReadOnlySpan<byte> Name => StreamConsumer.Name(_consumer);

    /// <summary>When it was last heard of, in milliseconds of Unix time.</summary>
    public long SeenTime => _consumer->SeenTime;

    /// <summary>When it got an entry last, in milliseconds of Unix time; -1 for never.</summary>
    public long ActiveTime => _consumer->ActiveTime;

    /// <summary>Number of entries that it has not acknowledged.</summary>
    public long PendingCount => _consumer->PendingCount;

    /// <summary>These entries, from an id on.</summary>
    public StreamPendingRange Pending(in StreamId start) => new(_group, _consumer->Pending, start);
}
