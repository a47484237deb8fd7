using Starling.Node.Serving;

namespace Starling.Node.Replication;

/// <summary>A client that waits for replicas to acknowledge an offset.</summary>
/// <param name="Offset">The replication offset after the client's last write.</param>
/// <param name="Replicas">How many replicas it waits for.</param>
/// <param name="Fsynced">It waits for their append-only files.</param>
internal sealed record AcknowledgementWaiter(long Offset, long Replicas, bool Fsynced)
{
    /// <summary>The client's suspension; null until it is suspended.</summary>
    public Suspension? Suspension { get; set; }

    /// <summary>The node became a replica: the wait ended in vain.</summary>
    public bool RoleChanged { get; set; }

    /// <summary>Replicas that have acknowledged by now.</summary>
    public int Count(ReplicaSet replicas) =>
        Fsynced ? replicas.CountFsyncAcked(Offset) : replicas.CountAcked(Offset);
}
