namespace Starling.Slots.Keyspace;

/// <summary>What a <see cref="Defragmenter"/> has done since it was made.</summary>
public struct DefragmentationCounts
{
    /// <summary>Allocations of keys and values that were moved.</summary>
    public long Hits { get; internal set; }

    /// <summary>Allocations of keys and values that lay well.</summary>
    public long Misses { get; internal set; }

    /// <summary>Keys of which something was moved.</summary>
    public long KeyHits { get; internal set; }

    /// <summary>Keys of which nothing was moved.</summary>
    public long KeyMisses { get; internal set; }
}
