namespace Starling.Node.Eviction;

/// <summary>The directive maxmemory-policy, understood.</summary>
/// <param name="Order">Which key goes first.</param>
/// <param name="ExpiringOnly">Only keys with an expiry go.</param>
internal readonly record struct EvictionPolicy(EvictionOrder Order, bool ExpiringOnly)
{
    /// <summary>The policy of one of the directive's words.</summary>
    public static EvictionPolicy Parse(string word) => word switch
    {
        "allkeys-lru" => new EvictionPolicy(EvictionOrder.LeastRecentlyUsed, ExpiringOnly: false),
        "allkeys-lfu" => new EvictionPolicy(EvictionOrder.LeastFrequentlyUsed, ExpiringOnly: false),
        "allkeys-random" => new EvictionPolicy(EvictionOrder.Random, ExpiringOnly: false),
        "volatile-lru" => new EvictionPolicy(EvictionOrder.LeastRecentlyUsed, ExpiringOnly: true),
        "volatile-lfu" => new EvictionPolicy(EvictionOrder.LeastFrequentlyUsed, ExpiringOnly: true),
        "volatile-random" => new EvictionPolicy(EvictionOrder.Random, ExpiringOnly: true),
        "volatile-ttl" => new EvictionPolicy(EvictionOrder.SoonestToExpire, ExpiringOnly: true),
        _ => default,
    };
}
