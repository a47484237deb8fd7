using Starling.ClusterBus.Protocol;

namespace Starling.Simulator;

/// <summary>Plans the faults of a run.</summary>
internal sealed class FaultInjector(Simulation simulation, SimulationPlan plan)
{
    private RandomSource Random => simulation.Random;

    /// <summary>Schedules all of them from now on.</summary>
    public void Schedule()
    {
        var at = simulation.Now;
        for (var i = 0; i < plan.Faults; i++)
        {
            at += Random.Next(plan.FaultInterval * 2);
            simulation.At(at, InjectOne);
        }
    }

    private SimulatedNode AnyNode() => simulation.Nodes[Random.Next(simulation.Nodes.Count)];

    private long Duration() => plan.NodeTimeout / 2 + Random.Next((int)plan.NodeTimeout * 6);

    private void InjectOne()
    {
        switch (Random.Next(10))
        {
            case 0 or 1 or 2: CrashOne(); break;
            case 3 or 4: PauseOne(); break;
            case 5 or 6: Partition(); break;
            case 7: CutOneWay(); break;
            default: AskForFailover(); break;
        }
    }

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
        node.PausedUntil = simulation.Now + Duration();
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

    private void Split(List<SimulatedNode> inside, List<SimulatedNode> outside, bool bothWays)
    {
        foreach (var one in inside)
        {
            foreach (var other in outside)
            {
                simulation.Cut(one, other);
                if (bothWays) simulation.Cut(other, one);
            }
        }

        simulation.At(simulation.Now + Duration(), () =>
        {
            foreach (var one in inside)
            {
                foreach (var other in outside)
                {
                    simulation.Mend(one, other);
                    simulation.Mend(other, one);
                }
            }
        });
    }

    private void AskForFailover()
    {
        var node = AnyNode();
        if (!node.IsAlive || node.PausedUntil > simulation.Now || !node.View.Myself.IsReplica) return;
        var mode = Random.Next(2) == 0 ? FailoverMode.Default : FailoverMode.Force;
        simulation.Note(node, $"is asked to fail over: {mode}");
        simulation.Call(node, () => node.Machine.Failover(mode, simulation.Now, node.Effects));
    }
}
