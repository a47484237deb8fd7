using System.Globalization;
using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.View;

namespace Starling.Simulator;

/// <summary>
/// A cluster of machines in virtual time, on a network that delays, loses, duplicates and reorders messages and is
/// partitioned, with processes that pause, crash between two effects and start again from what they had persisted. The
/// same seed gives the same run.
/// </summary>
public sealed class Simulation
{
    private const long Epoch = 1_700_000_000_000;
    private const int KeptLogLines = 120;
    private const NodeFlags Shown = ~(NodeFlags.ExtensionsSupported | NodeFlags.Meet | NodeFlags.MigrateTo);

    private readonly SimulationPlan _plan;
    private readonly RandomSource _random;
    private readonly PriorityQueue<Action, (long At, long Order)> _events = new();
    private readonly List<SimulatedNode> _nodes = [];
    private readonly HashSet<(int From, int To)> _cut = [];
    private readonly Queue<string> _log = new();
    private readonly SafetyRules _rules;
    private long _order;
    private bool _isRough;

    /// <summary>Prepares the run of a plan.</summary>
    public Simulation(SimulationPlan plan)
    {
        _plan = plan;
        _random = new RandomSource(plan.Seed);
        _rules = new SafetyRules(_nodes);
        Now = Epoch;
    }

    /// <summary>Virtual Unix milliseconds.</summary>
    public long Now { get; private set; }

    /// <summary>Packets that arrived.</summary>
    public long Delivered { get; private set; }

    /// <summary>Failovers that were won.</summary>
    public int Promotions { get; private set; }

    internal IReadOnlyList<SimulatedNode> Nodes => _nodes;

    internal RandomSource Random => _random;

    /// <summary>Called with every line a node logs: the node's index and the text.</summary>
    internal Action<int, string>? OnLog { get; set; }

    /// <summary>Called with every effect that is carried out: the node's index and the effect.</summary>
    internal Action<int, ClusterEffect>? OnEffect { get; set; }

    /// <summary>Runs a seed to its end.</summary>
    /// <exception cref="SimulationFailure">A rule was broken.</exception>
    public static Simulation Run(ulong seed)
    {
        var simulation = new Simulation(SimulationPlan.FromSeed(seed));
        simulation.Run();
        return simulation;
    }

    /// <summary>Builds the cluster, disturbs it, heals it, and waits for agreement.</summary>
    /// <exception cref="SimulationFailure">A rule was broken.</exception>
    public void Run()
    {
        Build();
        new FaultInjector(this, _plan).Schedule();
        _isRough = true;
        RunFor(((long)_plan.Faults * _plan.FaultInterval) + _plan.NodeTimeout);
        Heal();
        RunUntilAgreed("after healing");
    }

    /// <summary>Starts the nodes and makes them one healthy cluster.</summary>
    internal void Build()
    {
        for (var i = 0; i < _plan.Nodes; i++)
        {
            var node = new SimulatedNode(
                i, new ClusterOptions { NodeTimeout = _plan.NodeTimeout, Port = 7000, BusPort = 17000 });
            _nodes.Add(node);
            Start(node);
            Call(node, () => node.Machine.SetConfigEpoch((ulong)i + 1, Now, node.Effects));
        }

        At(Now + 100, ReplicationStep);
        for (var shard = 0; shard < _plan.Shards; shard++)
        {
            var node = _nodes[shard];
            Call(node, () => node.Machine.AddSlots(SlotsOf(node.Index), Now, node.Effects));
        }

        var first = _nodes[0];
        foreach (var node in _nodes.Skip(1)) Call(first, () => first.Machine.Meet(node.Ip, 7000, 17000, Now, first.Effects));
        RunUntil(
            () => _nodes.All(node => node.View.Nodes.Count(record => !record.IsInHandshake) == _nodes.Count),
            60_000,
            "all nodes have met");
        foreach (var node in _nodes.Skip(_plan.Shards))
        {
            var master = _nodes[(node.Index - _plan.Shards) % _plan.Shards].Machine.Id;
            Call(node, () => node.Machine.Replicate(master, hasKeys: false, Now, node.Effects));
        }

        RunUntilAgreed("after the start");
        foreach (var node in _nodes) WriteDisk(node);
    }

    internal void At(long at, Action action) => _events.Enqueue(action, (at, _order++));

    internal void RunFor(long milliseconds)
    {
        var end = Now + milliseconds;
        while (_events.TryPeek(out _, out var next) && next.At <= end) RunNext();
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
        var limit = Now + 60_000 + (20 * _plan.NodeTimeout);
        while (Disagreement() is { } reason)
        {
            if (Now > limit) throw Failure($"no agreement {when}: {reason}\n{DescribeViews()}");
            RunFor(500);
        }
    }

    internal void Start(SimulatedNode node)
    {
        ClusterView? saved = null;
        if (node.Disk.Length > 0 && !NodesFile.TryParse(node.Disk, Now, out saved, out var error))
            throw Failure($"nodes.conf of node {node.Index}: {error}");
        node.Life++;
        node.IsAlive = true;
        node.PausedUntil = 0;
        node.WritesPausedUntil = 0;
        node.ReplicatesFrom = default;
        (node.MasterAddress, node.IsLinkUp) = (null, false);
        node.LastMasterContactAt = Now;
        node.TickAt = long.MaxValue;
        var random = new RandomSource((_plan.Seed * 1_000_003) + (ulong)((node.Index * 1000) + node.Life));
        node.Machine = new ClusterMachine(node.Options, random, saved, Now);
        Note(node, "starts");
        Call(node, () => node.Machine.Start(Now, node.Effects));
    }

    internal void Crash(SimulatedNode node)
    {
        if (!node.IsAlive) return;
        Note(node, "crashes");
        node.IsAlive = false;

        // What was not synced may or may not have reached the disk.
        if (_random.Next(2) == 0 && node.HasUnsyncedFile) WriteDisk(node);
        node.HasUnsyncedFile = false;
        foreach (var link in node.Links.Values.ToArray()) Close(link, node);
        node.Links.Clear();
    }

    internal void Cut(SimulatedNode from, SimulatedNode to) => _cut.Add((from.Index, to.Index));

    internal void Mend(SimulatedNode from, SimulatedNode to) => _cut.Remove((from.Index, to.Index));

    internal void Note(SimulatedNode node, string text)
    {
        _log.Enqueue($"{Now - Epoch,8} node {node.Index,2}: {text}");
        if (_log.Count > KeptLogLines) _log.Dequeue();
    }

    /// <summary>Lets a living node do something and carries out what it asks for.</summary>
    internal void Call(SimulatedNode node, Action action)
    {
        node.UpdateLocal(Now);
        action();
        Execute(node);
    }

    private SlotSet SlotsOf(int shard)
    {
        var first = 16384 * shard / _plan.Shards;
        return SlotSet.Range(first, (16384 * (shard + 1) / _plan.Shards) - 1);
    }

    private SimulationFailure Failure(string rule) =>
        new($"seed {_plan.Seed}, {Now - Epoch} ms: {rule}\n{_plan}\n" + string.Join('\n', _log));

    private void RunNext()
    {
        _events.TryDequeue(out var action, out var at);
        Now = Math.Max(Now, at.At);
        action!();
    }

    private void Heal()
    {
        _isRough = false;
        _cut.Clear();
        foreach (var node in _nodes)
        {
            node.PausedUntil = 0;
            if (!node.IsAlive) Start(node);
        }
    }

    private void ScheduleTick(SimulatedNode node)
    {
        var at = Math.Max(node.Machine.NextTickAt, Now + 1);
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
        Call(node, () => node.Machine.Tick(Now, node.Effects));
    }

    private void Execute(SimulatedNode node)
    {
        var effects = node.Effects.ToArray();
        node.Effects.Clear();
        var crashAfter = _isRough && _random.NextDouble() < _plan.CrashInBatch
            ? _random.Next(effects.Length + 1)
            : int.MaxValue;
        for (var i = 0; i < effects.Length; i++)
        {
            if (i == crashAfter)
            {
                Crash(node);
                At(Now + 500 + _random.Next(10_000), () => Restart(node));
                return;
            }

            Execute(node, effects[i]);
        }

        if (_rules.Check(node) is { } broken) throw Failure(broken);
        ScheduleTick(node);
    }

    private void Restart(SimulatedNode node)
    {
        if (!node.IsAlive) Start(node);
    }

    private void Execute(SimulatedNode node, ClusterEffect effect)
    {
        OnEffect?.Invoke(node.Index, effect);
        switch (effect)
        {
            case ClusterEffect.Connect connect: Connect(node, connect); break;
            case ClusterEffect.CloseLink close:
                if (node.Links.Remove(close.Link.Value, out var closed)) Close(closed, node);
                break;
            case ClusterEffect.Send send: Send(node, send); break;
            case ClusterEffect.Persist persist:
                node.HasUnsyncedFile = !persist.Sync;
                if (persist.Sync) WriteDisk(node);
                break;
            case ClusterEffect.PublishView publish: node.View = publish.View; break;
            case ClusterEffect.BecomeReplicaOf replica:
                node.ReplicatesFrom = replica.Master;
                (node.MasterAddress, node.IsLinkUp) = ((replica.Ip, replica.Port), false);
                node.LastMasterContactAt = Now;
                break;
            case ClusterEffect.BecomeMaster:
                node.ReplicatesFrom = default;
                (node.MasterAddress, node.IsLinkUp) = (null, false);
                break;
            case ClusterEffect.PauseWrites pause:
                At(Now + 1 + _random.Next(4), () => node.WritesPausedUntil = pause.Until);
                break;
            case ClusterEffect.ResumeWrites: node.WritesPausedUntil = 0; break;
            case ClusterEffect.Log log:
                if (log.Level < ClusterLogLevel.Notice) break;
                Note(node, log.Text);
                OnLog?.Invoke(node.Index, log.Text);
                if (log.Text.StartsWith("Failover election won", StringComparison.Ordinal)) Promotions++;
                break;
        }
    }

    private static void WriteDisk(SimulatedNode node)
    {
        node.Disk = node.Machine.FormatNodesFile();
        var variables = node.Disk[node.Disk.LastIndexOf("vars", StringComparison.Ordinal)..].Split(' ', '\n');
        node.DurableEpoch = ulong.Parse(variables[2], CultureInfo.InvariantCulture);
        node.DurableVote = ulong.Parse(variables[4], CultureInfo.InvariantCulture);
    }

    private int Delay() => _plan.Delay.Minimum + _random.Next(_plan.Delay.Maximum - _plan.Delay.Minimum + 1);

    private bool IsCut(SimulatedNode from, SimulatedNode to) => _cut.Contains((from.Index, to.Index));

    /// <summary>Does something at a node, later when it is paused, never in another life of it.</summary>
    private void Reach(SimulatedNode node, int life, long at, Action action) => At(at, () =>
    {
        if (!node.IsAlive || node.Life != life) return;
        if (node.PausedUntil > Now) Reach(node, life, node.PausedUntil + _random.Next(5), action);
        else action();
    });

    private void Connect(SimulatedNode client, ClusterEffect.Connect connect)
    {
        var server = _nodes.Find(node => node.Ip == connect.Ip) ?? throw Failure($"a connection to {connect.Ip}");
        var link = new SimulatedLink(client, connect.Link, server);
        client.Links[connect.Link.Value] = link;
        var life = client.Life;
        At(Now + Delay(), () =>
        {
            if (!link.IsOpen || IsCut(client, server) || IsCut(server, client)) return;
            if (!server.IsAlive)
            {
                Lose(link, client);
                return;
            }

            // The system accepts for a process that is paused.
            link.ServerLife = server.Life;
            link.ServerEnd = server.Machine.AcceptLink(client.Ip, server.Ip, Now);
            server.Links[link.ServerEnd.Value] = link;
            Reach(client, life, Now + Delay(), () =>
            {
                if (!link.IsOpen) return;
                var (machine, effects) = (client.Machine, client.Effects);
                Call(client, () => machine.LinkEstablished(link.ClientEnd, server.Ip, client.Ip, Now, effects));
            });
        });
    }

    private void Close(SimulatedLink link, SimulatedNode by)
    {
        if (!link.IsOpen) return;
        link.IsOpen = false;
        var other = link.Other(by);
        if (link.ServerEnd.IsNone || IsCut(by, other)) return;
        Lose(link, other);
    }

    private void Lose(SimulatedLink link, SimulatedNode end)
    {
        if (!link.IsOfThisLife(end)) return;
        Reach(end, end.Life, Now + Delay(), () =>
        {
            link.IsOpen = false;
            if (end.Links.Remove(link.EndOf(end).Value))
                Call(end, () => end.Machine.LinkLost(link.EndOf(end), Now, end.Effects));
        });
    }

    private void Send(SimulatedNode node, ClusterEffect.Send send)
    {
        if (!node.Links.TryGetValue(send.Link.Value, out var link))
            throw Failure($"node {node.Index} sends on a link it does not have");
        var target = link.Other(node);
        if (_rules.Sent(node, send.Type, send.Packet, target) is { } broken) throw Failure(broken);
        if (!link.IsOpen || IsCut(node, target)) return;
        if (_isRough && _random.NextDouble() < _plan.Loss) return;
        Deliver(link, target, send.Packet);
        if (_isRough && _random.NextDouble() < _plan.Duplication) Deliver(link, target, send.Packet);
    }

    private void Deliver(SimulatedLink link, SimulatedNode target, byte[] packet)
    {
        if (!link.IsOfThisLife(target)) return;
        Reach(target, target.Life, Now + Delay(), () =>
        {
            if (!link.IsOpen) return;
            Delivered++;
            Call(target, () => target.Machine.Step(link.EndOf(target), packet, Now, target.Effects));
        });
    }

    /// <summary>Masters take writes, replicas follow them.</summary>
    private void ReplicationStep()
    {
        At(Now + 100, ReplicationStep);
        foreach (var node in _nodes)
        {
            if (!node.IsAlive || node.PausedUntil > Now) continue;
            if (node.ReplicatesFrom.IsNone)
            {
                if (node.WritesPausedUntil <= Now && node.View.Health == ClusterHealth.Ok)
                    node.ReplicationOffset += _random.Next(100);
                continue;
            }

            var master = _nodes.Find(other => other.IsAlive && other.Machine.Id == node.ReplicatesFrom);
            if (master is null || node.IsReplicationStalled) node.IsLinkUp = false;
            if (master is null || node.IsReplicationStalled || master.PausedUntil > Now || IsCut(master, node)
                || IsCut(node, master))
                continue;
            node.ReplicationOffset = master.ReplicationOffset;
            node.LastMasterContactAt = Now;
            node.IsLinkUp = true;
        }
    }

    /// <summary>Why the nodes do not all see the same healthy cluster, or null.</summary>
    private string? Disagreement()
    {
        var owners = new List<NodeRecord>();
        for (var shard = 0; shard < _plan.Shards; shard++)
        {
            var slots = SlotsOf(shard);
            if (_nodes[0].View.OwnerOf(slots.Next(0)) is not { } owner)
                return $"node 0 knows no owner of shard {shard}";
            if (!owner.Slots.Equals(slots)) return $"node 0 sees shard {shard} in pieces";
            owners.Add(owner);
        }

        foreach (var node in _nodes)
        {
            var view = node.View;
            if (view.Health != ClusterHealth.Ok) return $"node {node.Index} is {view.Health}";
            foreach (var owner in owners)
            {
                if (view.Find(owner.Id) is not { } record || !record.IsMaster
                    || !record.Slots.Equals(owner.Slots) || record.ConfigEpoch != owner.ConfigEpoch)
                    return $"node {node.Index} does not see {owner.Id} as node 0 does";
                if (record.IsFailing || record.IsPossiblyFailing) return $"node {node.Index} sees {owner.Id} failing";
            }

            if (view.Nodes.Any(record => record.IsMaster && !record.Slots.IsEmpty
                && owners.TrueForAll(owner => owner.Id != record.Id)))
                return $"node {node.Index} sees one more master with slots";
            var isOwner = owners.Exists(owner => owner.Id == view.Myself.Id);
            if (isOwner != view.Myself.IsMaster) return $"node {node.Index} has the wrong role";
            if (view.Myself.IsReplica && owners.TrueForAll(owner => owner.Id != view.Myself.MasterId))
                return $"node {node.Index} is a replica of a node without slots";
            if (!SameAsMachine(node)) return $"node {node.Index} did not publish its last view";
        }

        return null;
    }

    private string DescribeViews() =>
        string.Concat(_nodes.Select(node =>
            $"as node {node.Index} sees it, {node.View.Health}:\n{NodesReply.Format(node.Machine.Snapshot())}"));

    private static bool SameAsMachine(SimulatedNode node)
    {
        var now = node.Machine.Snapshot();
        return now.CurrentEpoch == node.View.CurrentEpoch && now.Health == node.View.Health
            && now.Nodes.Count == node.View.Nodes.Count
            && now.Nodes.Zip(node.View.Nodes).All(pair => pair.First.Id == pair.Second.Id
                && ((pair.First.Flags ^ pair.Second.Flags) & Shown) == 0
                && pair.First.MasterId == pair.Second.MasterId && pair.First.Slots.Equals(pair.Second.Slots)
                    && pair.First.ConfigEpoch == pair.Second.ConfigEpoch);
    }
}
