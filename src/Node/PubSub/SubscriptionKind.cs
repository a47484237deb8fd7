namespace Starling.Node.PubSub;

/// <summary>What a client can subscribe to.</summary>
public enum SubscriptionKind
{
    /// <summary>A channel: SUBSCRIBE and PUBLISH.</summary>
    Channel,

    /// <summary>Every channel whose name matches a pattern: PSUBSCRIBE.</summary>
    Pattern,

    /// <summary>A channel that belongs to its slot's shard: SSUBSCRIBE and SPUBLISH.</summary>
    ShardChannel,
}
