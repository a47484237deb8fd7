using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.View;
using Starling.Simulator;

namespace Starling.ClusterBus.Tests.Protocol;

/// <summary>
/// A simulated cluster on a good network, for tests that do one thing to it. Masters come first: node 0 owns the first
/// slots.
/// </summary>
internal sealed class CalmCluster
{
    private readonly List<string> _log = [];

    public CalmCluster(int shards, int replicas, ulong seed = 1, long nodeTimeout = 2000, bool keepsData = true)
    {
        Simulation = new Simulation(new SimulationPlan
        {
            Seed = seed,
            Shards = shards,
            Replicas = replicas,
            NodeTimeout = nodeTimeout,
            Delay = (1, 3),
            Loss = 0,
            Duplication = 0,
            CrashInBatch = 0,
            FaultInterval = 1,
            KeepsData = keepsData,
        })
        {
            OnLog = (node, text) => _log.Add($"{node}: {text}"),
        };
        Simulation.Build();
        _log.Clear();
    }

    public Simulation Simulation { get; }

    public IReadOnlyList<SimulatedNode> Nodes => Simulation.Nodes;

    public SimulatedNode this[int index] => Nodes[index];

    public IEnumerable<SimulatedNode> ReplicasOf(int master) =>
        Nodes.Where(node => node.IsAlive && node.View.Myself.MasterId == Nodes[master].View.Myself.Id);

    public bool HasLogged(int node, string text) => _log.Exists(line => line.StartsWith($"{node}: {text}", StringComparison.Ordinal));

    public bool HasLogged(string text) => _log.Exists(line => line.Contains(text, StringComparison.Ordinal));

    public int CountLogged(string text) => _log.Count(line => line.Contains(text, StringComparison.Ordinal));

    /// <summary>
    /// Runs until the condition holds; fails after that many virtual milliseconds. Returns how long it took.
    /// </summary>
    public long Until(Func<bool> condition, long limit = 30_000)
    {
        var start = Simulation.Now;
        while (!condition())
        {
            Assert.True(Simulation.Now - start <= limit, "not reached within " + limit + " ms\n" + string.Join('\n', _log));
            Simulation.RunFor(5);
        }

        return Simulation.Now - start;
    }

    /// <summary>Calls an operation of a node's machine and carries out its effects; returns its error.</summary>
    public string? Do(int node, Func<ClusterMachine, EffectList, string?> operation)
    {
        string? error = null;
        Simulation.Call(Nodes[node], () => error = operation(Nodes[node].Machine, Nodes[node].Effects));
        return error;
    }

    public void Isolate(int node)
    {
        foreach (var other in Nodes.Where(other => other.Index != node))
        {
            Simulation.Cut(Nodes[node], other);
            Simulation.Cut(other, Nodes[node]);
        }
    }

    public void Rejoin(int node)
    {
        foreach (var other in Nodes.Where(other => other.Index != node))
        {
            Simulation.Mend(Nodes[node], other);
            Simulation.Mend(other, Nodes[node]);
        }
    }

    public bool Owns(int node, int slot) => Nodes[node].View is { } view && view.Myself.IsMaster && view.Myself.Slots.Contains(slot);

    public bool AllSay(Func<ClusterView, bool> claim) => Nodes.All(node => !node.IsAlive || claim(node.View));

    public bool IsHealthy => AllSay(view => view.Health == ClusterHealth.Ok);
}
