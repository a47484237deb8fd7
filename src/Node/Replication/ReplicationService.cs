namespace Starling.Node.Replication;

/// <summary>The replication role of a node: master of its replicas, or replica of a master, or both (chained).</summary>
public sealed class ReplicationService
{
    /// <summary>Makes the service; a master with no replicas.</summary>
    public ReplicationService(NodeServer server)
    {
        Server = server;
        Log = new ReplicationLog();
    }

    private NodeServer Server { get; }

    /// <summary>The log.</summary>
    public ReplicationLog Log { get; }

    /// <summary>True while this node has a master.</summary>
    public bool IsReplica => false;

    /// <summary>True when the link to the master is up and synchronised.</summary>
    public bool IsLinkUp => throw new NotSupportedException();

    /// <summary>Offset of the data: the log's on a master, the processed offset of the master's stream on a replica.</summary>
    public long Offset => throw new NotSupportedException();

    /// <summary>
    /// Milliseconds of Unix time of the last word from the master while the link is up, or when it went down; 0 when it never was up.
    /// The cluster computes the age of a replica's data from it.
    /// </summary>
    public long LastMasterContact => throw new NotSupportedException();

    /// <summary>Becomes a replica of a master. Returns at once; takes every stripe itself.</summary>
    public void ReplicateFrom(string host, int port) => throw new NotSupportedException($"{host} {port}");

    /// <summary>Becomes a master: keeps the old replication id as second id. Takes every stripe itself.</summary>
    public void Promote() => throw new NotSupportedException();

    /// <summary>Replicas that are online and acknowledged within min-replicas-max-lag.</summary>
    public int GoodReplicas => throw new NotSupportedException(Server.ToString());
}
