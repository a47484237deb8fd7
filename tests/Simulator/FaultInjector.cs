using Starling.ClusterBus.Protocol;

namespace Starling.Simulator;

/// <summary>Plans the faults of a run.</summary>
internal sealed class FaultInjector(Simulation simulation, SimulationPlan plan)
{
    private RandomSource Random => simulation.Random;

    private readonly StaleMaster _staleMaster = new(simulation, plan);
    private bool _isOver;

    /// <summary>Begins.</summary>
    public void Schedule()
    {
        if (Has(SimulationFaults.Links) && plan.Replicas > 0) _staleMaster.Schedule();
        ScheduleOne();
    }

    private void ScheduleOne() => simulation.At(simulation.Now + Random.Next(plan.FaultInterval * 2), () =>
    {
        if (_isOver) return;
        InjectOne();
        ScheduleOne();
    });

    /// <summary>No more.</summary>
    public void Stop()
    {
        _isOver = true;
        _staleMaster.Stop();
    }

    private SimulatedNode AnyNode() => simulation.Nodes[Random.Next(simulation.Nodes.Count)];

    private long Duration() => plan.NodeTimeout / 2 + Random.Next((int)plan.NodeTimeout * 6);

    private void InjectOne()
    {
        switch (Random.Next(20))
        {
            case 0 or 1 or 2 when Has(SimulationFaults.Processes): CrashOne(); break;
            case 3 or 4 when Has(SimulationFaults.Processes): PauseOne(); break;
            case 5 or 6 when Has(SimulationFaults.Processes): Partition(); break;
            case 7 when Has(SimulationFaults.Links): CutOneWay(); break;
            case 8 when Has(SimulationFaults.Links): CutLink(); break;
            case 9 when Has(SimulationFaults.Links): Bridge(); break;
            case 10 or 11 when Has(SimulationFaults.Disks): StickDisk(); break;
            case 12 or 13 when Has(SimulationFaults.Clocks): StepClock(); break;
            case 14 when Has(SimulationFaults.Administration): MoveSlot(); break;
            case 15 when Has(SimulationFaults.Administration):
                simulation.Administrator.Forget(AnyNode(), AnyNode());
                break;
            case 16 when Has(SimulationFaults.Administration):
                simulation.Administrator.Reset(AnyNode(), hard: Random.Next(2) == 0);
                break;
            case 17 or 18 or 19 when Has(SimulationFaults.Failovers): AskForFailover(); break;
            default: break;
        }
    }

    private bool Has(SimulationFaults kind) => (plan.Faults & kind) != 0;

    private void CrashOne()
    {
        var node = AnyNode();
        simulation.Crash(node);
        simulation.At(simulation.Now + Duration(), () =>
        {
            if (!node.IsAlive) simulation.Start(node);
        });
    }

    private void PauseOne()
    {
        var node = AnyNode();
        if (!node.IsAlive) return;

        // Two that overlap are one: what the node has put off is put off until the end of the first.
        node.PausedUntil = Math.Max(node.PausedUntil, simulation.Now + Duration());
        simulation.Note(node, $"pauses for {node.PausedUntil - simulation.Now} ms");
    }

    /// <summary>Two groups that do not hear each other for a while.</summary>
    private void Partition()
    {
        var share = 1 + Random.Next(4);
        var inside = new List<SimulatedNode>();
        var outside = new List<SimulatedNode>();
        foreach (var node in simulation.Nodes) (Random.Next(5) < share ? inside : outside).Add(node);
        foreach (var node in inside) simulation.Note(node, "is cut off with its group");
        Split(inside, outside, bothWays: true);
    }

    private void CutOneWay()
    {
        var node = AnyNode();
        simulation.Note(node, "is not heard");
        Split([node], [.. simulation.Nodes.Where(other => other != node)], bothWays: false);
    }

    /// <summary>One link, in one direction or both.</summary>
    private void CutLink()
    {
        var (one, other) = (AnyNode(), AnyNode());
        if (one == other) return;
        simulation.Note(one, $"does not reach node {other.Index}");
        Split([one], [other], bothWays: Random.Next(2) == 0);
    }

    /// <summary>Two groups that do not hear each other, and a node that hears both.</summary>
    private void Bridge()
    {
        var bridge = AnyNode();
        var sides = new[] { new List<SimulatedNode>(), new List<SimulatedNode>() };
        foreach (var node in simulation.Nodes)
        {
            if (node != bridge) sides[Random.Next(2)].Add(node);
        }

        simulation.Note(bridge, $"is the bridge between {sides[0].Count} and {sides[1].Count} nodes");
        Split(sides[0], sides[1], bothWays: true);
    }

    private void Split(List<SimulatedNode> inside, List<SimulatedNode> outside, bool bothWays)
    {
        var cuts = new List<(SimulatedNode From, SimulatedNode To)>();
        foreach (var one in inside)
        {
            foreach (var other in outside)
            {
                cuts.Add((one, other));
                if (bothWays) cuts.Add((other, one));
            }
        }

        foreach (var (from, to) in cuts) simulation.Cut(from, to);
        simulation.At(simulation.Now + Duration(), () =>
        {
            foreach (var (from, to) in cuts) simulation.Mend(from, to);
        });
    }

    private void StickDisk()
    {
        var node = AnyNode();
        node.Disk.StuckUntil = simulation.Now + Duration();
        simulation.Note(node, $"has a disk that is stuck for {node.Disk.StuckUntil - simulation.Now} ms");
    }

    private void StepClock()
    {
        var node = AnyNode();
        long[] steps = [-3_600_000, -60_000, -1000, 1000, 60_000, 3_600_000];
        var step = steps[Random.Next(steps.Length)];

        // Not ever further off.
        node.Clock.Skew = Math.Abs(node.Clock.Skew) > 100_000_000 ? 0 : node.Clock.Skew + step;
        simulation.Note(node, $"has its wall clock set by {step} ms, to {node.Clock.Skew} ms");
    }

    private void MoveSlot()
    {
        var (source, target) = (AnyNode(), AnyNode());
        if (source == target || !target.IsAlive || !target.View.Myself.IsMaster) return;
        var slot = source.View.Myself.Slots.Next(Random.Next(16384));
        if (slot >= 0 && !simulation.IsHomeSlot(slot)) simulation.Administrator.MoveSlot(source, target, slot);
    }

    private void AskForFailover()
    {
        var node = AnyNode();
        if (!node.IsAlive || node.PausedUntil > simulation.Now || !node.View.Myself.IsReplica) return;
        var mode = Random.Next(7) switch
        {
            0 or 1 or 2 => FailoverMode.Default,
            3 or 4 or 5 => FailoverMode.Force,
            _ => Has(SimulationFaults.Administration) ? FailoverMode.Takeover : FailoverMode.Force,
        };
        simulation.Administrator.Ask(node, $"FAILOVER {mode}", (machine, now, effects) => machine.Failover(mode, now, effects));
    }
}
