using Starling.Slots.Keyspace;

namespace Starling.Node.Persistence;

/// <summary>
/// The keyspace's side of a running snapshot, and what was noted at its moment.
/// </summary>
internal sealed class SnapshotWork
{
    public required Snapshot Snapshot { get; init; }

    /// <summary>Unix time of the moment, in milliseconds.</summary>
    public required long StartedAt { get; init; }

    /// <summary>Keys, and keys with an expiry, of each database at the moment.</summary>
    public required (long Keys, long Expiring)[] Sizes { get; init; }

    /// <summary>Bytes that the data took at the moment.</summary>
    public required long UsedBytes { get; init; }

    /// <summary>Changes since the last save at the moment.</summary>
    public required long Changes { get; init; }

    /// <summary>The version of the RDB format that the data needs.</summary>
    public required int FormatVersion { get; init; }

    /// <summary>The place in the replication stream.</summary>
    public required ReplicationPosition? Position { get; init; }

    /// <summary>The code of every library of functions at the moment.</summary>
    public required IReadOnlyList<byte[]> Libraries { get; init; }

    /// <summary>Keys in all databases at the moment.</summary>
    public long KeysTotal => Sizes.Sum(size => size.Keys);
}
