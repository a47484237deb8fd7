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

    /// <summary>
    /// On a replica: the master that the replication link is meant for, with the address that the last
    /// <see cref="ClusterEffect.BecomeReplicaOf"/> carried out gave; null on a master. The machine may have gone on to
    /// another one already.
    /// </summary>
    public (string Host, int Port)? Master { get; init; }

    /// <summary>
    /// The link to <see cref="Master"/> is up: data and offset are of that master's history, and its stream flows.
    /// </summary>
    public bool IsLinkUp { get; init; }

    /// <summary>
    /// The link to <see cref="Master"/> was up at some time since that is followed: whoever asks every tenth of a second
    /// misses a link that comes up and loses its master at once.
    /// </summary>
    public bool HasSynchronized { get; init; }

    /// <summary>
    /// The data set is not whole: a master's snapshot is being loaded, or could not be loaded to its end.
    /// </summary>
    public bool IsDataIncomplete { get; init; }
}
