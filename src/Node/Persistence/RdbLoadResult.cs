namespace Starling.Node.Persistence;

/// <summary>What came of loading an RDB stream.</summary>
public sealed class RdbLoadResult
{
    /// <summary>
    /// Null when the stream was loaded to its end; else why not. Keys read before the failure are in the keyspace.
    /// </summary>
    public string? Error { get; init; }

    /// <summary>True when the stream was loaded to its end.</summary>
    public bool Succeeded => Error is null;

    /// <summary>
    /// The content makes no sense, where redis-server ends the process: not only that it ended early, or is none of a version
    /// that can be read.
    /// </summary>
    public bool IsDamaged { get; init; }

    /// <summary>Keys that are in the keyspace now.</summary>
    public long KeysLoaded { get; init; }

    /// <summary>Keys that were dropped since their expiry had passed.</summary>
    public long KeysExpired { get; init; }

    /// <summary>The place in a replication stream that the snapshot stands for, when its header says so.</summary>
    public ReplicationPosition? Position { get; init; }

    /// <summary>
    /// Bytes that were read from the stream and lie behind the end of the RDB data: on a socket, the beginning of what
    /// follows.
    /// </summary>
    public ReadOnlyMemory<byte> Unread { get; init; }
}
