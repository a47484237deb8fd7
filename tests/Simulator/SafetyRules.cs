using System.Buffers.Binary;
using Starling.ClusterBus.View;

namespace Starling.Simulator;

/// <summary>What must hold after every step, whatever the network and the processes do.</summary>
internal sealed class SafetyRules(IReadOnlyList<SimulatedNode> nodes)
{
    private readonly Dictionary<int, ulong> _currentEpochs = [];
    private readonly Dictionary<(int Observer, NodeId Master), ulong> _configEpochs = [];
    private readonly Dictionary<(int Voter, ulong Epoch), int> _votes = [];

    /// <summary>A node voted.</summary>
    public string? Voted(SimulatedNode voter, byte[] packet, SimulatedNode candidate)
    {
        var epoch = BinaryPrimitives.ReadUInt64BigEndian(packet.AsSpan(16));
        if (_votes.TryAdd((voter.Index, epoch), candidate.Index)) return null;
        return $"node {voter.Index} voted twice in epoch {epoch}: for {_votes[(voter.Index, epoch)]} and for {candidate.Index}";
    }

    /// <summary>A node's view changed.</summary>
    public string? Check(SimulatedNode node)
    {
        var view = node.View;
        if (view == node.CheckedView) return null;
        node.CheckedView = view;
        return CheckEpochs(node, view) ?? CheckClaims(node, view.Myself);
    }

    private string? CheckEpochs(SimulatedNode node, ClusterView view)
    {
        if (_currentEpochs.TryGetValue(node.Index, out var seen) && view.CurrentEpoch < seen)
            return $"currentEpoch of node {node.Index} went back from {seen} to {view.CurrentEpoch}";
        _currentEpochs[node.Index] = view.CurrentEpoch;
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
        if (!mine.IsMaster || mine.Slots.IsEmpty) return null;
        foreach (var other in nodes)
        {
            if (other == node || other.View?.Myself is not { IsMaster: true } theirs || theirs.ConfigEpoch != mine.ConfigEpoch) continue;
            for (var slot = mine.Slots.Next(0); slot >= 0; slot = mine.Slots.Next(slot + 1))
            {
                if (theirs.Slots.Contains(slot))
                    return $"nodes {node.Index} and {other.Index} both own slot {slot} in config epoch {mine.ConfigEpoch}";
            }
        }

        return null;
    }
}
