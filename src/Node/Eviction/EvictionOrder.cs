namespace Starling.Node.Eviction;

/// <summary>Which key goes when memory is short (maxmemory-policy).</summary>
internal enum EvictionOrder
{
    /// <summary>None: writes are refused.</summary>
    None,

    /// <summary>Any one.</summary>
    Random,

    /// <summary>The one that nobody accessed for the longest time.</summary>
    LeastRecentlyUsed,

    /// <summary>The one that is accessed most rarely.</summary>
    LeastFrequentlyUsed,

    /// <summary>The one that expires first.</summary>
    SoonestToExpire,
}
