using Starling.ClusterBus.Host;
using Starling.ClusterBus.View;

namespace Starling.Simulator;

/// <summary>
/// A node's nodes.conf: requests that come while one is written are carried out together, by the state of then, as the
/// real writer does. A write takes a time that the plan says, longer while the disk is stuck, and a crash loses what was
/// not synced, or not.
/// </summary>
internal sealed class SimulatedDisk(Simulation simulation, SimulatedNode node) : IConfigStore
{
    private bool _isBusy;
    private bool _wantsSync;
    private ClusterView? _unsynced;

    /// <inheritdoc/>
    public long Requested { get; private set; }

    /// <inheritdoc/>
    public long Done { get; private set; }

    /// <summary>What would be found after a power cut; null when there is no file.</summary>
    public ClusterView? Durable { get; private set; }

    /// <summary>
    /// What the node, a replica until then, was found to own when others began to hear of it; null when it has gone on as a master
    /// since. Another state may be the machine's by the time when it does.
    /// </summary>
    public NodeRecord? Won { get; set; }

    /// <summary>Nothing is written before that moment of virtual time.</summary>
    public long StuckUntil { get; set; }

    /// <inheritdoc/>
    public long Request(bool sync)
    {
        simulation.BeforeEffect(node);
        Requested++;
        _wantsSync |= sync;
        if (!_isBusy) Begin();
        return Requested;
    }

    /// <summary>The simulation never waits; it has no thread to do so.</summary>
    public void Wait(long request) =>
        throw new InvalidOperationException("a simulated node waits for its disk: " + request);

    /// <summary>Writes the state of now at once.</summary>
    public void WriteNow()
    {
        Durable = node.Machine.Snapshot();
        _unsynced = null;
    }

    /// <summary>The process is gone, or the machine's power: what was not synced is there or not.</summary>
    public void Crash(bool keepsUnsynced)
    {
        if (keepsUnsynced && _unsynced is { } view) Keep(view);
        _unsynced = null;
        Won = null;
        _isBusy = _wantsSync = false;
        Requested = Done = 0;
    }

    private void Begin()
    {
        var (life, request, sync) = (node.Life, Requested, _wantsSync);
        var delay = simulation.DiskDelay(node);
        _wantsSync = false;
        _unsynced = node.Machine.Snapshot();
        if (delay == 0)
        {
            End(request, sync);
            return;
        }

        _isBusy = true;
        simulation.At(simulation.Now + delay, () => Finish(life, request, sync));
    }

    private void Finish(int life, long request, bool sync)
    {
        if (!node.IsAlive || node.Life != life) return;
        if (StuckUntil > simulation.Now)
        {
            simulation.At(StuckUntil, () => Finish(life, request, sync));
            return;
        }

        _isBusy = false;
        End(request, sync);
        if (Requested > Done) Begin();
        simulation.Reach(node, life, simulation.Now, () => simulation.Drain(node));
    }

    private void End(long request, bool sync)
    {
        if (sync && _unsynced is { } view)
        {
            Keep(view);
            _unsynced = null;
        }

        Done = request;
    }

    // From here on others may hear of it.
    private void Keep(ClusterView view)
    {
        if (Durable?.Myself is { IsMaster: true } before && view.Myself is { IsMaster: true } mine
            && mine.ConfigEpoch > before.ConfigEpoch && node.ReplicatesFrom.IsNone)
            simulation.Ledger.Raised(node, mine);
        if (view.Myself is not { IsMaster: true } owner) Won = null;
        else if (Durable?.Myself is { IsReplica: true }) Won = owner;
        Durable = view;
    }
}
