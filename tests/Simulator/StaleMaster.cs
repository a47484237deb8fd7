using Starling.ClusterBus.Protocol;

namespace Starling.Simulator;

/// <summary>
/// A master that is replaced while it hears nobody, and then comes back to all but its successor, for longer than others may leave it in
/// its belief (<see cref="Convergence"/>): only they can tell it. Single faults at random hardly ever meet in that order.
/// </summary>
/// <remarks>Its choices come from a source of its own.</remarks>
internal sealed class StaleMaster(Simulation simulation, SimulationPlan plan)
{
    private const long Step = 50;
    private readonly RandomSource _random = new(plan.Seed ^ 0x57A1E);
    private bool _isOver;

    /// <summary>Begins.</summary>
    public void Schedule() => simulation.At(simulation.Now + 10_000 + _random.Next(60_000), () =>
    {
        if (_isOver) return;
        var shard = _random.Next(plan.Shards);
        if (OwnerOf(simulation.HomeSlotOf(shard), except: null) is not { } master)
        {
            Schedule();
            return;
        }

        simulation.Note(master, "hears nobody until it has a successor");
        Isolate(master, simulation.HomeSlotOf(shard), simulation.Now + (20 * plan.NodeTimeout));
    });

    /// <summary>No more.</summary>
    public void Stop() => _isOver = true;

    private void Isolate(SimulatedNode master, int slot, long giveUpAt)
    {
        if (_isOver) return;
        var successor = OwnerOf(slot, except: master);
        if (successor is null && simulation.Now < giveUpAt)
        {
            foreach (var other in simulation.Nodes.Where(other => other != master)) SetCut(master, other, isCut: true);
            simulation.At(simulation.Now + Step, () => Isolate(master, slot, giveUpAt));
            return;
        }

        foreach (var other in simulation.Nodes.Where(other => other != master && other != successor)) SetCut(master, other, isCut: false);
        if (successor is null)
        {
            Schedule();
            return;
        }

        simulation.Note(master, $"hears all but its successor, node {successor.Index}");
        KeepApart(master, successor, simulation.Now + (3 * Convergence.LimitOf(plan)));
    }

    // Other faults mend links, too.
    private void KeepApart(SimulatedNode master, SimulatedNode successor, long until)
    {
        if (_isOver) return;
        var isCut = simulation.Now < until;
        SetCut(master, successor, isCut);
        if (isCut) simulation.At(simulation.Now + Step, () => KeepApart(master, successor, until));
        else Schedule();
    }

    private SimulatedNode? OwnerOf(int slot, SimulatedNode? except)
    {
        foreach (var node in simulation.Nodes)
            if (node != except && node.IsAlive && node.View.Myself is { IsMaster: true } mine && mine.Slots.Contains(slot)) return node;
        return null;
    }

    private void SetCut(SimulatedNode one, SimulatedNode other, bool isCut)
    {
        foreach (var (from, to) in new[] { (one, other), (other, one) })
        {
            if (isCut) simulation.Cut(from, to);
            else simulation.Mend(from, to);
        }
    }
}
