namespace Starling.Node.Maintenance;

/// <summary>What INFO says of defragmentation, since the start or CONFIG RESETSTAT.</summary>
/// <param name="Hits">Allocations that were moved.</param>
/// <param name="Misses">Allocations that lay well.</param>
/// <param name="KeyHits">Keys of which something was moved.</param>
/// <param name="KeyMisses">Keys of which nothing was moved.</param>
internal sealed record DefragmentationStatistics(long Hits, long Misses, long KeyHits, long KeyMisses);
