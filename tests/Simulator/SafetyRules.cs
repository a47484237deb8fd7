using System.Buffers.Binary;
using Starling.ClusterBus.View;
using Starling.ClusterBus.Wire;

namespace Starling.Simulator;

/// <summary>What must hold after every step, whatever the network and the processes do.</summary>
internal sealed class SafetyRules(Simulation simulation, SimulationPlan plan, IReadOnlyList<SimulatedNode> nodes)
{
    private readonly Dictionary<int, ulong> _currentEpochs = [];
    private readonly Dictionary<(int Observer, NodeId Master), ulong> _configEpochs = [];
    private readonly Dictionary<(NodeId Voter, ulong Epoch), int> _votes = [];
    private readonly HashSet<(int Observer, NodeId Suspect)> _suspected = [];
    private readonly Dictionary<(int Observer, NodeId Suspect), long> _suspectedUntil = [];
    private (int Sender, NodeId Failing, long At) _lastFail;

    // Config epochs that a node took without asking anybody (TAKEOVER, SETSLOT, a collision): another may have them too,
    // until the collision is seen. The specification has it so, and redis-server does it.
    private readonly HashSet<ulong> _taken = [];

    /// <summary>
    /// A packet leaves a node: its epoch must be on the disk, and a vote must be the only one of its epoch.
    /// </summary>
    public string? Sent(SimulatedNode sender, BusType type, byte[] packet, SimulatedNode receiver)
    {
        var epoch = BinaryPrimitives.ReadUInt64BigEndian(packet.AsSpan(16));
        var durable = sender.Disk.Durable;
        if (durable is null) return $"node {sender.Index} sends {type} before it has a file";
        if (epoch > durable.CurrentEpoch)
            return $"node {sender.Index} sends {type} in epoch {epoch}, and its disk knows only {durable.CurrentEpoch}";
        if (ClaimedEpoch(sender, type, packet) is { } claimed && claimed > durable.Myself.ConfigEpoch)
            return $"node {sender.Index} claims by {type} in config epoch {claimed}, and its disk knows only {durable.Myself.ConfigEpoch}";
        if (type == BusType.Fail) return CheckFail(sender, packet);
        if (type != BusType.FailoverAuthAck) return null;
        if (durable.LastVoteEpoch < epoch)
            return $"node {sender.Index} votes in epoch {epoch}, and its disk knows only of "
                + $"its vote in {durable.LastVoteEpoch}";
        if (_votes.TryAdd((durable.Myself.Id, epoch), receiver.Index)) return null;
        return $"node {sender.Index} voted twice in epoch {epoch}: for {_votes[(durable.Myself.Id, epoch)]} and for "
            + $"{receiver.Index}";
    }

    // The config epoch in which the sender claims slots; null where it tells that of another.
    private static ulong? ClaimedEpoch(SimulatedNode sender, BusType type, byte[] packet)
    {
        if (type == BusType.Update && BusDecoder.Decode(packet, out var message, out _) == BusDecodeResult.Message
            && message is { Body: BusBody.Update update } && update.Node == sender.Machine.Id)
            return update.ConfigEpoch;
        var header = new BusHeader(packet);
        return header.Master.ContainsAnyExcept((byte)0) ? null : header.ConfigEpoch;
    }

    /// <summary>An administrator made a node forget: what it knew before does not count any more.</summary>
    public void Forgets(SimulatedNode node)
    {
        _currentEpochs.Remove(node.Index);
        foreach (var key in _configEpochs.Keys.Where(key => key.Observer == node.Index).ToArray())
            _configEpochs.Remove(key);
    }

    /// <summary>
    /// A node starts from its disk. What only its own clients could see of an epoch may have been lost.
    /// </summary>
    public void Starts(SimulatedNode node)
    {
        Forgets(node);
        if (node.Disk.Durable is not { } durable) return;
        _currentEpochs[node.Index] = durable.CurrentEpoch;
        foreach (var record in durable.Nodes)
        {
            if (record.IsMaster) _configEpochs[(node.Index, record.Id)] = record.ConfigEpoch;
        }
    }

    /// <summary>A node's view changed.</summary>
    public string? Check(SimulatedNode node)
    {
        var view = node.View;
        if (view == node.CheckedView) return null;
        node.CheckedView = view;
        if (view.Myself is { IsMaster: true } mine && mine.ConfigEpoch != node.AgreedEpoch) _taken.Add(mine.ConfigEpoch);
        NoteSuspicions(node, view);
        return CheckEpochs(node, view) ?? CheckClaims(node, view.Myself);
    }

    /// <summary>
    /// A node says that another has failed: a majority of the masters must have said so to it, or have told so within the
    /// time that their word counts.
    /// </summary>
    private string? CheckFail(SimulatedNode sender, byte[] packet)
    {
        BusDecoder.Decode(packet, out var message, out _);
        var failing = ((BusBody.Fail)message!.Body).Node;
        var window = (2 * plan.NodeTimeout) + (2 * plan.Delay.Maximum) + 100;

        // Whoever slept takes old news for new.
        if (failing == sender.Machine.Id || simulation.Now - sender.PausedUntil <= window) return null;
        if (_lastFail == (sender.Index, failing, simulation.Now)) return null;
        _lastFail = (sender.Index, failing, simulation.Now);

        // It decided before the message left; who owned slots then may own none by now.
        return CheckFail(sender, sender.View, failing, window) is null ? null : CheckFail(sender, sender.Machine.Snapshot(), failing, window);
    }

    private string? CheckFail(SimulatedNode sender, ClusterView view, NodeId failing, long window)
    {
        var agreeing = view.Nodes.Count(record => record.IsMaster && !record.Slots.IsEmpty
            && (simulation.Find(record.Id) is not { } master || HasSuspected(master, failing, window)));
        return agreeing >= (view.Size / 2) + 1
            ? null
            : $"node {sender.Index} says that {failing} has failed, and {agreeing} of {view.Size} masters have suspected it of late";
    }

    private bool HasSuspected(SimulatedNode master, NodeId suspect, long window) =>
        _suspected.Contains((master.Index, suspect))
        || (_suspectedUntil.TryGetValue((master.Index, suspect), out var until) && simulation.Now - until <= window)
        || (master.Machine.Snapshot().Find(suspect) is { } record && (record.IsFailing || record.IsPossiblyFailing));

    private void NoteSuspicions(SimulatedNode node, ClusterView view)
    {
        foreach (var record in view.Nodes)
        {
            var key = (node.Index, record.Id);
            if (record.IsFailing || record.IsPossiblyFailing) _suspected.Add(key);
            else if (_suspected.Remove(key)) _suspectedUntil[key] = simulation.Now;
        }
    }

    private string? CheckEpochs(SimulatedNode node, ClusterView view)
    {
        if (_currentEpochs.TryGetValue(node.Index, out var seen) && view.CurrentEpoch < seen)
            return $"currentEpoch of node {node.Index} went back from {seen} to {view.CurrentEpoch}";
        _currentEpochs[node.Index] = view.CurrentEpoch;
        foreach (var key in _configEpochs.Keys)
        {
            // FORGET reaches other nodes with the gossip.
            if (key.Observer == node.Index && view.Find(key.Master) is null) _configEpochs.Remove(key);
        }

        foreach (var record in view.Nodes)
        {
            if (!record.IsMaster || record.IsInHandshake) continue;
            if (record.ConfigEpoch > view.CurrentEpoch)
                return $"node {node.Index} knows config epoch {record.ConfigEpoch} of {record.Id}, beyond its currentEpoch {view.CurrentEpoch}";
            var key = (node.Index, record.Id);
            if (_configEpochs.TryGetValue(key, out var epoch) && record.ConfigEpoch < epoch)
                return $"configEpoch of {record.Id} as node {node.Index} knows it went back from {epoch} to {record.ConfigEpoch}";
            _configEpochs[key] = record.ConfigEpoch;
        }

        return null;
    }

    private string? CheckClaims(SimulatedNode node, NodeRecord mine)
    {
        if (!mine.IsMaster || mine.Slots.IsEmpty || _taken.Contains(mine.ConfigEpoch)) return null;
        foreach (var other in nodes)
        {
            if (other == node || other.View?.Myself is not { IsMaster: true } theirs
                || theirs.ConfigEpoch != mine.ConfigEpoch)
                continue;
            for (var slot = mine.Slots.Next(0); slot >= 0; slot = mine.Slots.Next(slot + 1))
            {
                if (theirs.Slots.Contains(slot))
                    return $"nodes {node.Index} and {other.Index} both own slot {slot} in config epoch {mine.ConfigEpoch}";
            }
        }

        return null;
    }
}
