using System.Globalization;
using System.Text;
using Starling.ClusterBus.Host;
using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.View;

namespace Starling.Simulator;

/// <summary>
/// A cluster of machines in virtual time, driven by the code of the real host, on a network that delays, loses,
/// duplicates and reorders messages and is cut, with disks that are slow or stuck, wall clocks that are wrong and step,
/// and processes that pause, crash between two effects and start again from what they had persisted. The same seed gives
/// the same run.
/// </summary>
public sealed class Simulation
{
    /// <summary>The length of a whole run's disturbances: ten minutes of virtual time.</summary>
    public const long FullLength = 600_000;

    private const long Epoch = 1_700_000_000_000;
    private const int DefaultLogLines = 150;
    private const string Moves = "Migrating to orphaned master ";

    private readonly SimulationPlan _plan;
    private readonly EventQueue _events = new();
    private readonly List<SimulatedNode> _nodes = [];
    private readonly Dictionary<string, SimulatedNode> _byIp = new(StringComparer.Ordinal);
    private readonly Queue<string> _log = new();
    private readonly Dictionary<NodeId, int> _names = [];
    private readonly SafetyRules _rules;

    /// <summary>Prepares the run of a plan.</summary>
    public Simulation(SimulationPlan plan)
    {
        _plan = plan;
        Random = new RandomSource(plan.Seed);
        _rules = new SafetyRules(this, plan, _nodes);
        Network = new SimulatedNetwork(this, plan, _rules);
        Replication = new ReplicationModel(this, plan);
        Ledger = new Ledger(this, plan);
        Administrator = new Administrator(this, plan);
        Now = Epoch;
    }

    /// <summary>Virtual Unix milliseconds: what a clock shows that is right.</summary>
    public long Now { get; private set; }

    /// <summary>Packets that arrived.</summary>
    public long Delivered => Network.Delivered;

    /// <summary>Failovers that were won.</summary>
    public int Promotions { get; private set; }

    internal IReadOnlyList<SimulatedNode> Nodes => _nodes;

    internal RandomSource Random { get; }

    internal SimulatedNetwork Network { get; }

    internal ReplicationModel Replication { get; }

    internal Ledger Ledger { get; }

    internal Administrator Administrator { get; }

    /// <summary>The network and the processes have the faults that the plan gives them all the time.</summary>
    internal bool IsRough { get; private set; }

    /// <summary>The cluster is being made: nodes that do not know each other yet.</summary>
    internal bool IsBuilding { get; private set; }

    /// <summary>How many of the last log lines a failure shows.</summary>
    internal int LogLines { get; init; } = DefaultLogLines;

    /// <summary>Called with every line a node logs: the node's index and the text.</summary>
    internal Action<int, string>? OnLog { get; set; }

    /// <summary>Called with every deletion of keys: the node's index and the effect.</summary>
    internal Action<int, ClusterEffect>? OnEffect { get; set; }

    /// <summary>Runs a seed to its end.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="length">How long the cluster is disturbed, milliseconds of virtual time.</param>
    /// <param name="faults">How it is disturbed.</param>
    /// <param name="logLines">How many of the last log lines a failure shows.</param>
    /// <exception cref="SimulationFailure">A rule was broken.</exception>
    public static Simulation Run(
        ulong seed,
        long length = FullLength,
        SimulationFaults faults = SimulationFaults.All,
        int logLines = DefaultLogLines)
    {
        var simulation = new Simulation(SimulationPlan.FromSeed(seed, length, faults)) { LogLines = logLines };
        simulation.Run();
        return simulation;
    }

    /// <summary>Builds the cluster, disturbs it, heals it, and waits for agreement.</summary>
    /// <exception cref="SimulationFailure">A rule was broken.</exception>
    public void Run()
    {
        Build();
        var faults = new FaultInjector(this, _plan);
        faults.Schedule();
        IsRough = true;
        RunFor(_plan.Length);
        Heal();
        faults.Stop();
        Administrator.Repair();
        RunUntilAgreed("after healing");
        Ledger.CheckAll();
    }

    /// <summary>Starts the nodes and makes them one healthy cluster.</summary>
    internal void Build()
    {
        IsBuilding = true;
        for (var i = 0; i < _plan.Nodes; i++)
        {
            var options = new ClusterOptions { NodeTimeout = _plan.NodeTimeout, Port = 7000, BusPort = 17000 };
            var node = new SimulatedNode(this, i, options);
            node.Clock.Skew = _plan.ClockSkew == 0 ? 0 : Random.Next(2 * _plan.ClockSkew) - _plan.ClockSkew;
            _nodes.Add(node);
            _byIp.Add(node.Ip, node);
        }

        foreach (var node in _nodes)
        {
            Start(node);
            node.AgreedEpoch = (ulong)node.Index + 1;
            Do(node, (machine, now, effects) => machine.SetConfigEpoch(node.AgreedEpoch, now, effects));
        }

        Replication.Schedule();
        foreach (var node in _nodes.Take(_plan.Shards))
            Do(node, (machine, now, effects) => machine.AddSlots(SlotsOf(node.Index), now, effects));
        foreach (var node in _nodes.Skip(1))
            Do(_nodes[0], (machine, now, effects) => machine.Meet(node.Ip, 7000, 17000, now, effects));
        RunUntil(
            () => _nodes.All(node => node.View.Nodes.Count(record => !record.IsInHandshake) == _nodes.Count),
            60_000,
            "all nodes have met");
        foreach (var node in _nodes.Skip(_plan.Shards))
        {
            var master = _nodes[(node.Index - _plan.Shards) % _plan.Shards].Machine.Id;
            Do(node, (machine, now, effects) => machine.Replicate(master, hasKeys: false, now, effects));
        }

        RunUntilAgreed("after the start");
        RunUntil(() => _nodes.All(node => node.LoadingUntil == 0), 60_000, "all replicas are synchronised");
        foreach (var node in _nodes) node.Disk.WriteNow();
        IsBuilding = false;
        new Convergence(this, _plan).Schedule();
    }

    internal void At(long at, Action action) => _events.Add(at, action);

    /// <summary>A packet that is under way arrives at a time.</summary>
    internal void Arrive(SimulatedNode target, SimulatedLink link, byte[] packet, long at) =>
        _events.Add(at, target, link, packet);

    internal void RunFor(long milliseconds)
    {
        var end = Now + milliseconds;
        while (_events.TryTake(end, out var next))
        {
            Now = Math.Max(Now, next.At);
            if (next.Action is { } action) action();
            else if (next.Target is { } target) Arrived(target, next.Life, next.Link!, next.Packet!);
        }

        Now = end;
    }

    internal void RunUntil(Func<bool> condition, long limit, string what)
    {
        var end = Now + limit;
        while (!condition())
        {
            if (Now > end) throw Failure($"not reached within {limit} ms: {what}");
            RunFor(100);
        }
    }

    internal void RunUntilAgreed(string when)
    {
        var limit = Now + 120_000 + (20 * _plan.NodeTimeout);
        while (Agreement.Missing(_nodes) is { } reason)
        {
            if (Now > limit) throw Failure($"no agreement {when}: {reason}\n{DescribeViews()}");
            RunFor(500);
        }
    }

    internal void Start(SimulatedNode node)
    {
        ClusterView? saved = null;
        var time = Now + node.Clock.Skew;
        if (node.Disk.Durable is { } durable
            && !NodesFile.TryParse(NodesFile.Format(durable), time, out saved, out var error))
            throw Failure($"nodes.conf of node {node.Index}: {error}");
        node.Life++;
        node.IsAlive = true;
        node.StartedAt = Now;
        node.PausedUntil = 0;
        node.WritesPausedUntil = 0;
        node.MasterAddress = null;
        node.HasLeftMaster = node.IsLinkUp = node.HasSynchronized = node.IsDataIncomplete = false;
        node.LastMasterContactAt = 0;
        node.LoadingUntil = 0;
        foreach (var replica in _nodes.Where(other => other == node || other.HandsOverFrom == node))
            (replica.IsHandoverAsked, replica.HandsOverFrom) = (false, null);
        node.TickAt = long.MaxValue;
        node.CrashAfter = -1;
        node.HeardAt = new long[_plan.Nodes];
        var random = new RandomSource((_plan.Seed * 1_000_003) + (ulong)((node.Index * 1000) + node.Life));
        node.Machine = new ClusterMachine(node.Options, random, saved, time);
        node.Driver = new MachineDriver(
            node.Machine, node.Server, Network.LinksOf(node), node.Disk, node.Clock, node.Logger);
        node.View = node.Machine.Snapshot();

        // It died when its claim was on the disk, and before its server knew.
        if (node.View.Myself.IsMaster) Replication.Promote(node);
        node.ReplicatesFrom = default;
        node.IsServing = false;
        _rules.Starts(node);
        Note(node, "starts");
        node.Driver.Tell();
        var hasLostData = node.ReplicationOffset == 0;
        Do(node, (machine, now, effects) => machine.Start(hasLostData, now, effects));
    }

    internal void Crash(SimulatedNode node)
    {
        if (!node.IsAlive) return;
        Note(node, "crashes");
        node.IsAlive = false;
        node.Disk.Crash(keepsUnsynced: Random.Next(2) == 0);
        Network.CloseAll(node);
        if (!_plan.KeepsData) Replication.Flush(node);
    }

    internal void Cut(SimulatedNode from, SimulatedNode to) => Network.Cut(from, to);

    internal void Mend(SimulatedNode from, SimulatedNode to) => Network.Mend(from, to);

    internal void Note(SimulatedNode node, string text)
    {
        _log.Enqueue($"{Elapsed(Now),8} node {node.Index,2}: {text}");
        if (_log.Count > LogLines) _log.Dequeue();
    }

    /// <summary>An administrator made a node forget.</summary>
    internal void Forgets(SimulatedNode node) => _rules.Forgets(node);

    /// <summary>A node wrote a line to its log.</summary>
    internal void Logged(SimulatedNode node, string text)
    {
        Note(node, text);
        OnLog?.Invoke(node.Index, text);
        if (text.StartsWith("Failover election won", StringComparison.Ordinal)) Promotions++;
        else if (text.EndsWith("after successful failover", StringComparison.Ordinal))
            (node.AgreedEpoch, node.IsElected) = (node.Machine.Snapshot().Myself.ConfigEpoch, true);
        else if (text.StartsWith(Moves, StringComparison.Ordinal)) node.MovesTo = IdIn(text.AsSpan(Moves.Length));
        else if (text.EndsWith("no replica that can be heard has data.", StringComparison.Ordinal)) Ledger.GivenUp(node);
        else NoteHandover(node, text);
    }

    // Told by what the user asked for and when the votes are, not by what the machine says of the offset: that is what is checked.
    private void NoteHandover(SimulatedNode node, string text)
    {
        // The user's word, which may leave the epoch as it is: it is no election though one was won in that epoch before.
        if (text.StartsWith("Taking over the master", StringComparison.Ordinal)) node.IsElected = false;
        if (text.StartsWith("Manual failover user request accepted", StringComparison.Ordinal))
        {
            (node.IsHandoverAsked, node.HandsOverFrom) = (true, null);
        }
        else if (text.StartsWith("Starting a failover election", StringComparison.Ordinal))
        {
            var view = node.Machine.Snapshot();
            var isMasterUp = view.Find(view.Myself.MasterId) is { IsFailing: false };
            node.HandsOverFrom = node.IsHandoverAsked && isMasterUp ? Find(view.Myself.MasterId) : null;
        }
        else if (text.StartsWith("Manual failover timed out", StringComparison.Ordinal)
            || text.StartsWith("Forced failover user request", StringComparison.Ordinal)
            || text.StartsWith("Taking over the master", StringComparison.Ordinal))
        {
            // A master takes writes again when its own time is over, whatever has become of its replica.
            foreach (var replica in _nodes.Where(other => other == node || other.HandsOverFrom == node))
                (replica.IsHandoverAsked, replica.HandsOverFrom) = (false, null);
        }
    }

    /// <summary>Lets a living node do something and carries out what it asks for.</summary>
    internal void Call(SimulatedNode node, Action action) => Do(node, (_, _, _) => action());

    /// <summary>Calls a living node's machine and carries out what it asks for.</summary>
    internal void Do(SimulatedNode node, MachineCall call) => Run(node, () => node.Driver.Call(call));

    /// <summary>The disk has got on: what waited for it is done.</summary>
    internal void Drain(SimulatedNode node) => Run(node, node.Driver.Drain);

    /// <summary>Does something at a node, later when it is paused, never in another life of it.</summary>
    internal void Reach(SimulatedNode node, int life, long at, Action action) => At(at, () =>
    {
        if (!node.IsAlive || node.Life != life) return;
        if (node.PausedUntil > Now) Reach(node, life, node.PausedUntil + Random.Next(5), action);
        else action();
    });

    /// <summary>A packet arrived at a living node.</summary>
    internal void Step(SimulatedNode node, LinkId link, byte[] packet)
    {
        PrepareCrash(node);
        try
        {
            node.Driver.Step(link, packet);
        }
        catch (SimulatedCrash)
        {
            CrashAndRestart(node);
            return;
        }

        Settle(node);
    }

    /// <summary>An effect is about to be carried out: the moment in which a process may die.</summary>
    /// <exception cref="SimulatedCrash">It dies.</exception>
    internal void BeforeEffect(SimulatedNode node)
    {
        if (node.CrashAfter >= 0 && node.CrashAfter-- == 0) throw new SimulatedCrash();
    }

    /// <summary>How long the disk of a node takes for a write that begins now, milliseconds.</summary>
    internal long DiskDelay(SimulatedNode node)
    {
        if (node.Disk.StuckUntil > Now) return node.Disk.StuckUntil - Now;
        return IsRough && _plan.DiskDelay > 0 ? Random.Next(_plan.DiskDelay) : 0;
    }

    internal SimulatedNode NodeAt(string ip) =>
        _byIp.TryGetValue(ip, out var node) ? node : throw Failure($"nobody has the address {ip}");

    internal SimulatedNode? Find(NodeId id) => _nodes.Find(node => node.Machine.Id == id);

    /// <summary>The slot of a shard that never moves by hand: the ledger's writes go to it.</summary>
    internal int HomeSlotOf(int shard) => 16384 * shard / _plan.Shards;

    internal bool IsHomeSlot(int slot)
    {
        for (var shard = 0; shard < _plan.Shards; shard++)
        {
            if (HomeSlotOf(shard) == slot) return true;
        }

        return false;
    }

    /// <summary>The owner of a slot when the cluster agrees.</summary>
    internal SimulatedNode OwnerOf(int slot) =>
        _nodes[0].View.OwnerOf(slot) is { } owner && Find(owner.Id) is { } node
            ? node
            : throw Failure($"nobody owns slot {slot}");

    internal static long Elapsed(long at) => at - Epoch;

    internal SimulationFailure Failure(string rule)
    {
        var text = new StringBuilder($"seed {_plan.Seed}, {Elapsed(Now)} ms: {rule}\n{_plan}\n").AppendJoin('\n', _log);
        foreach (var (id, index) in _names) text.Replace(id.ToString(), string.Create(CultureInfo.InvariantCulture, $"{id.ToString()[..4]}={index}"));
        return new SimulationFailure(text.ToString());
    }

    private NodeId IdIn(ReadOnlySpan<char> text) =>
        NodeId.TryParse(text, out var id) ? id : throw Failure($"'{text}' is no name of a node");

    private SlotSet SlotsOf(int shard) =>
        SlotSet.Range(HomeSlotOf(shard), (16384 * (shard + 1) / _plan.Shards) - 1);

    private void Arrived(SimulatedNode target, int life, SimulatedLink link, byte[] packet)
    {
        if (!target.IsAlive || target.Life != life) return;
        if (target.PausedUntil > Now) Arrive(target, link, packet, target.PausedUntil + Random.Next(5));
        else Network.Arrived(target, link, packet);
    }

    private void Heal()
    {
        IsRough = false;
        Network.MendAll();
        foreach (var node in _nodes)
        {
            node.PausedUntil = Math.Min(node.PausedUntil, Now);
            node.Disk.StuckUntil = 0;
            if (!node.IsAlive) Start(node);
        }
    }

    private void Run(SimulatedNode node, Action action)
    {
        PrepareCrash(node);
        try
        {
            action();
        }
        catch (SimulatedCrash)
        {
            CrashAndRestart(node);
            return;
        }

        Settle(node);
    }

    private void PrepareCrash(SimulatedNode node)
    {
        if (IsRough && _plan.CrashInBatch > 0 && Random.NextDouble() < _plan.CrashInBatch)
            node.CrashAfter = Random.Next(8);
    }

    private void CrashAndRestart(SimulatedNode node)
    {
        Crash(node);
        At(Now + 500 + Random.Next(10_000), () =>
        {
            if (!node.IsAlive) Start(node);
        });
    }

    private void Settle(SimulatedNode node)
    {
        node.CrashAfter = -1;
        _names[node.Machine.Id] = node.Index;
        if (_rules.Check(node) is { } broken) throw Failure(broken);
        ScheduleTick(node);
    }

    private void ScheduleTick(SimulatedNode node)
    {
        var at = Now + Math.Max(1, node.Driver.TimeToWait());
        if (at >= node.TickAt) return;
        node.TickAt = at;
        var life = node.Life;
        At(at, () => Tick(node, life, at));
    }

    private void Tick(SimulatedNode node, int life, long at)
    {
        if (!node.IsAlive || node.Life != life || node.TickAt != at) return;
        if (node.PausedUntil > Now)
        {
            var later = node.TickAt = node.PausedUntil;
            At(later, () => Tick(node, life, later));
            return;
        }

        node.TickAt = long.MaxValue;
        Run(node, () =>
        {
            node.Driver.Tell();
            if (node.Driver.IsTickDue) node.Driver.Tick();
        });
    }

    private string DescribeViews() =>
        string.Concat(_nodes.Select(node =>
            $"as node {node.Index} sees it, {node.View.Health}:\n{NodesReply.Format(node.Machine.Snapshot())}"));
}
