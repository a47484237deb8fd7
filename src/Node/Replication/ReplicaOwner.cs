namespace Starling.Node.Replication;

/// <summary>Hears what becomes of a replica's connection.</summary>
internal sealed class ReplicaOwner(ReplicationService service, ReplicaLink link) : IConnectionOwner
{
    /// <inheritdoc/>
    public void OnDrained() => link.Pump(service.Log.Offset);

    /// <inheritdoc/>
    public void OnSent() => link.NoteSent(service.Server.SteadyMilliseconds);

    /// <inheritdoc/>
    public void OnClosed() => service.OnReplicaGone(link);
}
