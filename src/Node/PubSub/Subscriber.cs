using Starling.Slots;

namespace Starling.Node.PubSub;

/// <summary>What a client is subscribed to. The table's lock guards the subscriptions; numbers are read by any thread.</summary>
internal sealed class Subscriber(ClientConnection connection)
{
    private readonly Dictionary<byte[], Subscription>?[] _subscriptions = new Dictionary<byte[], Subscription>[3];
    private readonly int[] _counts = new int[3];

    /// <summary>The client's connection.</summary>
    public ClientConnection Connection { get; } = connection;

    /// <summary>Number of all subscriptions.</summary>
    public int Total => Count(SubscriptionKind.Channel) + Count(SubscriptionKind.Pattern) + Count(SubscriptionKind.ShardChannel);

    /// <summary>Number of subscriptions of one kind.</summary>
    public int Count(SubscriptionKind kind) => Volatile.Read(ref _counts[(int)kind]);

    /// <summary>
    /// The number that confirmations tell: of shard channels, or of channels and patterns together.
    /// </summary>
    public int ToldCount(SubscriptionKind kind) => kind == SubscriptionKind.ShardChannel
        ? Count(kind)
        : Count(SubscriptionKind.Channel) + Count(SubscriptionKind.Pattern);

    /// <summary>The subscriptions of one kind, by name. With the table's lock held.</summary>
    public Dictionary<byte[], Subscription> Of(SubscriptionKind kind) =>
        _subscriptions[(int)kind] ??= new Dictionary<byte[], Subscription>(ByteStringComparer.Instance);

    /// <summary>The number of subscriptions of a kind has changed. With the table's lock held.</summary>
    public void NoteCount(SubscriptionKind kind)
    {
        Volatile.Write(ref _counts[(int)kind], Of(kind).Count);
        var session = Connection.Session;
        if (session.Kind is ClientKind.Normal or ClientKind.PubSub) session.Kind = Total > 0 ? ClientKind.PubSub : ClientKind.Normal;
    }
}
