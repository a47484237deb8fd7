namespace Starling.Slots.Values.SortedSets;

/// <summary>
/// How large a sorted set may become before it is no listpack any more (directives <c>zset-max-listpack-*</c>).
/// </summary>
/// <param name="options">The options of the keyspace.</param>
internal readonly struct SortedSetLimits(ValueOptions options)
{
    /// <summary>No listpack is longer than this: its length has to fit into 32 bits, and changing it takes time.</summary>
    private const long SafeBytes = 1 << 30;

    /// <summary>A set of that many elements, the longest member of that length, is a listpack.</summary>
    public bool Allow(long count, long longestMember, long bytes) =>
        count <= options.SortedSetMaxListpackEntries && longestMember <= options.SortedSetMaxListpackValue
        && bytes <= SafeBytes;
}
