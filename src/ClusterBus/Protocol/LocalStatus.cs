namespace Starling.ClusterBus.Protocol;

/// <summary>
/// What the rest of the server tells the machine about itself. Keep it fresh: set it before every step and tick.
/// </summary>
public readonly record struct LocalStatus
{
    /// <summary>
    /// A master's replication offset; on a replica, the offset up to which it has applied its master's stream.
    /// </summary>
    public long ReplicationOffset { get; init; }

    /// <summary>
    /// On a replica: milliseconds since the last byte from the master, or, while the replication link is down, since it
    /// went down. A replica that never had a link gives <see cref="long.MaxValue"/>.
    /// </summary>
    public long MasterDataAge { get; init; }

    /// <summary>
    /// True while the client writes of this master stand still because of <see cref="ClusterEffect.PauseWrites"/>: no
    /// write is under way any more.
    /// </summary>
    public bool WritesPaused { get; init; }
}
