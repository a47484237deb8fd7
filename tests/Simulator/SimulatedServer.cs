using Starling.ClusterBus.Host;
using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.View;

namespace Starling.Simulator;

/// <summary>The server around a simulated node's bus: its routing table and its part in replication.</summary>
internal sealed class SimulatedServer(Simulation simulation, SimulatedNode node) : IClusterActions
{
    private bool _isPausing;

    /// <inheritdoc/>
    public ClusterOptions Options => node.Options;

    /// <inheritdoc/>
    public LocalStatus Status() => new()
    {
        ReplicationOffset = node.ReplicationOffset,
        MasterDataAge = node.LastMasterContactAt == 0
            ? long.MaxValue
            : Math.Max(0, simulation.Now - node.LastMasterContactAt),
        WritesPaused = node.WritesPausedUntil > simulation.Now,
        Master = node.MasterAddress,
        IsLinkUp = node.IsLinkUp && !node.ReplicatesFrom.IsNone,
        HasSynchronized = node.HasSynchronized && !node.ReplicatesFrom.IsNone,
        IsDataIncomplete = node.IsDataIncomplete,
    };

    /// <inheritdoc/>
    public void Publish(ClusterView view)
    {
        simulation.BeforeEffect(node);
        node.View = view;
        node.IsServing = true;
    }

    /// <inheritdoc/>
    public void BecomeReplicaOf(string host, int port)
    {
        simulation.BeforeEffect(node);
        simulation.Replication.Follow(node, simulation.NodeAt(host), port);
    }

    /// <inheritdoc/>
    public void StopFollowing()
    {
        simulation.BeforeEffect(node);
        node.IsLinkUp = false;
        node.HasLeftMaster = true;
    }

    /// <inheritdoc/>
    public void BecomeMaster()
    {
        simulation.BeforeEffect(node);
        simulation.Replication.Promote(node);
    }

    /// <inheritdoc/>
    public void PauseWrites()
    {
        simulation.BeforeEffect(node);
        var life = node.Life;
        _isPausing = true;

        // What is under way ends first.
        simulation.At(simulation.Now + 1 + simulation.Random.Next(4), () =>
        {
            if (_isPausing && node.Life == life && node.IsAlive) node.WritesPausedUntil = long.MaxValue;
        });
    }

    /// <inheritdoc/>
    public void ResumeWrites()
    {
        simulation.BeforeEffect(node);
        _isPausing = false;
        node.WritesPausedUntil = 0;
    }

    /// <inheritdoc/>
    public void DeleteKeysInSlots(SlotSet slots)
    {
        simulation.BeforeEffect(node);
        simulation.OnEffect?.Invoke(node.Index, new ClusterEffect.DeleteKeysInSlots(slots));
    }

    /// <inheritdoc/>
    public void FlushAll()
    {
        simulation.BeforeEffect(node);
        simulation.Replication.Flush(node);
    }

    /// <inheritdoc/>
    public void Deliver(byte[] channel, byte[] message, bool sharded) =>
        throw simulation.Failure("a message came that nobody has published");

    /// <inheritdoc/>
    public bool DoWork() => false;

    /// <inheritdoc/>
    public void Fail(string message) => throw simulation.Failure(message);
}
