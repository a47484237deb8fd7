namespace Starling.Node.Replication;

/// <summary>A client that waits for replicas to acknowledge an offset.</summary>
/// <param name="offset">The replication offset after the client's last write.</param>
/// <param name="replicas">How many replicas it waits for.</param>
/// <param name="fsynced">It waits for their append-only files.</param>
internal sealed class AcknowledgementWaiter(long offset, long replicas, bool fsynced)
{
    /// <summary>How many replicas it waits for.</summary>
    public long Replicas => replicas;

    /// <summary>The client's suspension; null until it is suspended.</summary>
    public Suspension? Suspension { get; set; }

    /// <summary>The node became a replica: the wait ended in vain.</summary>
    public bool RoleChanged { get; set; }

    /// <summary>Replicas that have acknowledged by now.</summary>
    public int Count(ReplicaSet set) => fsynced ? set.CountFsyncAcked(offset) : set.CountAcked(offset);
}
