using System.Collections.Concurrent;
using Starling.Resp;
using Starling.Slots;

namespace Starling.Node.PubSub;

/// <summary>
/// Who is subscribed to what. Its lock guards every change; it may be taken under stripes, and takes no other lock. Who publishes
/// reads without it.
/// </summary>
internal sealed class SubscriptionTable
{
    /// <summary>Bytes that a subscription takes beside its name, roughly: its objects and its places in dictionaries and lists.</summary>
    public const int BytesOfSubscription = 320;

    private readonly RankedLock _lock = new(LockRank.Subscriptions, nameof(SubscriptionTable));
    private readonly BufferPool _buffers;
    private readonly ConcurrentDictionary<byte[], Channel>[] _channels;

    /// <summary>A table without subscriptions.</summary>
    /// <param name="buffers">Hears how much memory subscriptions that end leave to the garbage collector.</param>
    public SubscriptionTable(BufferPool buffers)
    {
        _buffers = buffers;
        _channels = new ConcurrentDictionary<byte[], Channel>[3];
        for (var i = 0; i < _channels.Length; i++) _channels[i] = new(1, 0, ByteStringComparer.Instance);
    }

    /// <summary>The patterns that somebody is subscribed to, in the order in which they came.</summary>
    public SourceList<Channel> Patterns { get; } = new();

    /// <summary>Number of channels, patterns or shard channels that somebody is subscribed to.</summary>
    public int CountOf(SubscriptionKind kind) => _channels[(int)kind].Count;

    /// <summary>The channels, patterns or shard channels that somebody is subscribed to.</summary>
    public IEnumerable<byte[]> NamesOf(SubscriptionKind kind) => _channels[(int)kind].Select(pair => pair.Key);

    /// <summary>A channel, pattern or shard channel; null when nobody is subscribed to it.</summary>
    public Channel? Find(SubscriptionKind kind, ReadOnlySpan<byte> name) =>
        _channels[(int)kind].GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(name, out var channel) ? channel : null;

    /// <summary>Subscribes a client, unless it is subscribed already.</summary>
    public void Add(SubscriptionKind kind, Subscriber subscriber, ReadOnlySpan<byte> name)
    {
        using (_lock.Enter())
        {
            var own = subscriber.Of(kind);
            if (own.GetAlternateLookup<ReadOnlySpan<byte>>().ContainsKey(name)) return;
            var channel = Find(kind, name) ?? Open(kind, name.ToArray());
            var subscription = new Subscription(subscriber, channel);
            channel.Subscriptions.Add(subscription);
            own.Add(channel.Name, subscription);
            subscriber.NoteCount(kind);
        }
    }

    /// <summary>True when a client is subscribed.</summary>
    public bool Has(SubscriptionKind kind, Subscriber subscriber, ReadOnlySpan<byte> name)
    {
        using (_lock.Enter()) return subscriber.Of(kind).GetAlternateLookup<ReadOnlySpan<byte>>().ContainsKey(name);
    }

    /// <summary>Ends a subscription; false when there was none.</summary>
    public bool Remove(SubscriptionKind kind, Subscriber subscriber, ReadOnlySpan<byte> name)
    {
        using (_lock.Enter())
        {
            if (!subscriber.Of(kind).GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(name, out var subscription)) return false;
            Remove(kind, subscription);
            return true;
        }
    }

    /// <summary>The names of a client's subscriptions of one kind.</summary>
    public byte[][] NamesOf(SubscriptionKind kind, Subscriber subscriber)
    {
        using (_lock.Enter()) return [.. subscriber.Of(kind).Keys];
    }

    /// <summary>Ends every subscription of a client.</summary>
    public void RemoveAll(Subscriber subscriber)
    {
        using (_lock.Enter())
        {
            foreach (var kind in Enum.GetValues<SubscriptionKind>())
            {
                if (subscriber.Count(kind) == 0) continue;
                foreach (var subscription in subscriber.Of(kind).Values.ToArray()) Remove(kind, subscription);
            }
        }
    }

    /// <summary>Ends every subscription to a shard channel.</summary>
    /// <param name="name">The shard channel.</param>
    /// <param name="tell">Gets each subscriber, with what it is subscribed to no more, under the table's lock.</param>
    public void RemoveShardChannel(byte[] name, Action<Subscriber, byte[]> tell)
    {
        using (_lock.Enter())
        {
            if (Find(SubscriptionKind.ShardChannel, name) is not { } channel) return;
            foreach (var subscription in channel.Subscriptions.Items)
            {
                if (subscription.HasEnded) continue;
                Remove(SubscriptionKind.ShardChannel, subscription);
                tell(subscription.Subscriber, name);
            }
        }
    }

    private Channel Open(SubscriptionKind kind, byte[] name)
    {
        var channel = new Channel(name);
        _channels[(int)kind][name] = channel;
        if (kind == SubscriptionKind.Pattern) Patterns.Add(channel);
        return channel;
    }

    private void Remove(SubscriptionKind kind, Subscription subscription)
    {
        var (subscriber, channel) = (subscription.Subscriber, subscription.Channel);
        channel.Subscriptions.End(subscription);
        subscriber.Of(kind).Remove(channel.Name);
        subscriber.NoteCount(kind);
        _buffers.NoteDropped(BytesOfSubscription + channel.Name.Length);
        if (channel.Subscriptions.Count > 0) return;
        _channels[(int)kind].TryRemove(channel.Name, out _);
        if (kind == SubscriptionKind.Pattern) Patterns.End(channel);
    }
}
