using System.Globalization;
using Starling.ClusterBus.Wire;
using Starling.Slots;

namespace Starling.ClusterBus.View;

/// <summary>Reads nodes.conf line by line. Every method returns null, or what is wrong.</summary>
internal sealed class NodesFileReader(long now)
{
    private readonly SortedList<NodeId, NodeRecord> _nodes = [];
    private readonly SortedSet<NodeId> _mentioned = [];
    private readonly SortedList<int, NodeId> _migrating = [];
    private readonly SortedList<int, NodeId> _importing = [];
    private readonly SlotSet _assigned = new();
    private NodeId _myself;
    private ulong? _currentEpoch;
    private ulong? _lastVoteEpoch;
    private bool _wasEmptyAtExit;

    public string? Read(string[] fields)
    {
        if (fields[0].Equals("vars", StringComparison.OrdinalIgnoreCase)) return ReadVariables(fields);
        if (fields.Length < 8) return "fewer than eight fields";
        if (!NodeId.TryParse(fields[0].AsSpan(), out var id) || id.IsNone) return $"'{fields[0]}' is not a node name";
        if (_nodes.ContainsKey(id)) return $"node {id} appears twice";
        var node = new NodeRecord { Id = id };
        var error = ReadAddress(fields[1], ref node) ?? ReadFlags(fields[2], ref node)
            ?? ReadMaster(fields[3], ref node) ?? ReadTimes(fields, ref node)
            ?? ReadSlots(fields.AsSpan(8), ref node);
        if (error is not null) return error;
        if (!node.IsInHandshake) _nodes.Add(id, node);
        return null;
    }

    public string? Finish(out ClusterView? view)
    {
        view = null;
        if (_myself.IsNone || !_nodes.TryGetValue(_myself, out var myself)) return "no node is marked myself";
        if (!myself.IsMaster && !myself.IsReplica) return "the node marked myself is neither master nor slave";
        if (myself.IsReplica && myself.MasterId.IsNone) return "the node marked myself is a slave without master";
        foreach (var id in _mentioned)
        {
            if (!_nodes.ContainsKey(id)) _nodes.Add(id, new NodeRecord { Id = id, Flags = NodeFlags.NoAddress });
        }

        var currentEpoch = _currentEpoch ?? 0;
        foreach (var node in _nodes.Values) currentEpoch = Math.Max(currentEpoch, node.ConfigEpoch);
        view = new ClusterView(Adopted(), _migrating, _importing)
        {
            CurrentEpoch = currentEpoch,

            // redis-server takes a missing one for 0, and then votes a second time in an epoch it may have voted in.
            LastVoteEpoch = _lastVoteEpoch ?? currentEpoch,
            WasEmptyAtExit = _wasEmptyAtExit,
        };
        return null;
    }

    private static bool TryNumber(ReadOnlySpan<char> text, int maximum, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number <= maximum;

    private static string? ReadAddress(string field, ref NodeRecord node)
    {
        var parts = field.Split(',');
        var endpoint = parts[0].AsSpan();
        var colon = endpoint.LastIndexOf(':');
        if (colon < 0) return $"'{parts[0]}' is not an address";
        var ports = endpoint[(colon + 1)..];
        var at = ports.IndexOf('@');
        if (!TryNumber(at < 0 ? ports : ports[..at], 65535, out var port)) return $"'{parts[0]}' has no valid port";
        var busPort = port + BusProtocol.PortOffset;
        if (at >= 0 && !TryNumber(ports[(at + 1)..], 65535, out busPort)) return $"'{parts[0]}' has no valid bus port";
        var address = new NodeAddress(endpoint[..colon].ToString(), port, busPort);
        if (parts.Length > 1)
        {
            foreach (var c in parts[1])
            {
                if (!BusText.IsHostnameCharacter(c)) return $"'{parts[1]}' is not a hostname";
            }

            node = node with { Hostname = parts[1] };
        }

        for (var i = 2; i < parts.Length; i++)
        {
            var error = ReadAuxiliaryField(parts[i], ref node, ref address);
            if (error is not null) return error;
        }

        node = node with { Address = address };
        return null;
    }

    private static string? ReadAuxiliaryField(string field, ref NodeRecord node, ref NodeAddress address)
    {
        var equals = field.IndexOf('=', StringComparison.Ordinal);
        if (equals < 0) return $"'{field}' is not a field of the form name=value";
        var value = field[(equals + 1)..];
        switch (field[..equals])
        {
            case "shard-id":
                if (!NodeId.TryParse(value.AsSpan(), out var shard)) return $"'{value}' is not a shard id";
                node = node with { ShardId = shard };
                return null;
            case "nodename":
                foreach (var c in value)
                {
                    if (!BusText.IsNameCharacter(c)) return $"'{value}' is not a node name for people";
                }

                node = node with { HumanName = value };
                return null;
            case "tls-port":
                if (!TryNumber(value, 65535, out var tlsPort)) return $"'{value}' is not a port";
                address = address with { TlsPort = tlsPort };
                return null;
            case "tcp-port":
                if (!TryNumber(value, 65535, out var tcpPort)) return $"'{value}' is not a port";
                address = address with { TlsPort = address.Port, Port = tcpPort };
                return null;
            default:
                // Those of servers to come, and Valkey's client-ipv4 and client-ipv6, which are for its own clients.
                return null;
        }
    }

    private string? ReadVariables(string[] fields)
    {
        if (fields.Length % 2 == 0) return "a variable without value";
        for (var i = 1; i < fields.Length; i += 2)
        {
            if (fields[i].Equals("emptyAtExit", StringComparison.OrdinalIgnoreCase)) _wasEmptyAtExit = fields[i + 1] == "1";
            var isCurrent = fields[i].Equals("currentEpoch", StringComparison.OrdinalIgnoreCase);
            if (!isCurrent && !fields[i].Equals("lastVoteEpoch", StringComparison.OrdinalIgnoreCase)) continue;
            if (!ulong.TryParse(fields[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var epoch))
                return $"'{fields[i + 1]}' is not an epoch";
            if (isCurrent) _currentEpoch = epoch;
            else _lastVoteEpoch = epoch;
        }

        return null;
    }

    private string? ReadFlags(string field, ref NodeRecord node)
    {
        var flags = NodeFlags.None;
        foreach (var word in field.Split(','))
        {
            if (!NodesReply.TryParseFlag(word, out var flag)) return $"'{word}' is not a flag";
            flags |= flag;
        }

        if ((flags & (NodeFlags.Master | NodeFlags.Replica)) == (NodeFlags.Master | NodeFlags.Replica))
            return "a node that is both master and slave";
        if ((flags & NodeFlags.Myself) != 0)
        {
            if (!_myself.IsNone) return "a second node is marked myself";
            _myself = node.Id;
        }

        node = node with { Flags = flags, FailedAt = (flags & NodeFlags.Failing) != 0 ? now : 0 };
        return null;
    }

    private string? ReadMaster(string field, ref NodeRecord node)
    {
        if (field.StartsWith('-')) return null;
        if (!NodeId.TryParse(field.AsSpan(), out var master) || master.IsNone) return $"'{field}' is not a node name";
        if (master == node.Id) return "a node that is its own master";
        if (node.IsMaster) return "a master that has a master";
        _mentioned.Add(master);
        node = node with { MasterId = master };
        return null;
    }

    private string? ReadTimes(string[] fields, ref NodeRecord node)
    {
        if (!long.TryParse(fields[4], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var ping))
            return $"'{fields[4]}' is not a time";
        if (!long.TryParse(fields[5], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var pong))
            return $"'{fields[5]}' is not a time";
        if (!ulong.TryParse(fields[6], NumberStyles.None, CultureInfo.InvariantCulture, out var epoch))
            return $"'{fields[6]}' is not an epoch";
        node = node with
        {
            PingSentAt = ping != 0 ? now : 0,
            PongReceivedAt = pong != 0 ? now : 0,
            ConfigEpoch = node.IsReplica && !node.MasterId.IsNone && (node.Flags & NodeFlags.Myself) == 0 ? 0 : epoch,
        };
        return null;
    }

    private string? ReadSlots(ReadOnlySpan<string> fields, ref NodeRecord node)
    {
        var slots = new SlotSet();
        foreach (var field in fields)
        {
            if (field.StartsWith('['))
            {
                var error = ReadMove(field);
                if (error is not null) return error;
                continue;
            }

            var dash = field.IndexOf('-', StringComparison.Ordinal);
            if (!TryNumber(dash < 0 ? field : field.AsSpan(0, dash), HashSlot.Count - 1, out var first))
                return $"'{field}' is not a slot";
            var last = first;
            if (dash >= 0 && !TryNumber(field.AsSpan(dash + 1), HashSlot.Count - 1, out last))
                return $"'{field}' is not a slot range";
            if (last < first) return $"'{field}' is not a slot range";
            for (var slot = first; slot <= last; slot++)
            {
                if (!_assigned.Add(slot)) return $"slot {slot} has two owners";
                slots.Add(slot);
            }
        }

        node = node with { Slots = slots };
        return null;
    }

    private string? ReadMove(string field)
    {
        var arrow = field.IndexOf("->-", StringComparison.Ordinal);
        var isMigrating = arrow >= 0;
        if (!isMigrating) arrow = field.IndexOf("-<-", StringComparison.Ordinal);
        if (arrow < 0 || !field.EndsWith(']')) return $"'{field}' is not a slot on the move";
        if (!TryNumber(field.AsSpan(1, arrow - 1), HashSlot.Count - 1, out var slot))
            return $"'{field}' is not a slot on the move";
        if (!NodeId.TryParse(field.AsSpan(arrow + 3, field.Length - arrow - 4), out var node) || node.IsNone)
            return $"'{field}' has no node name";
        _mentioned.Add(node);
        (isMigrating ? _migrating : _importing)[slot] = node;
        return null;
    }

    private List<NodeRecord> Adopted()
    {
        var nodes = new List<NodeRecord>(_nodes.Count);
        foreach (var node in _nodes.Values)
        {
            var adopted = node;
            if (!node.MasterId.IsNone && _nodes[node.MasterId].ShardId is { IsNone: false } shard)
                adopted = node with { ShardId = shard };
            nodes.Add(adopted);
        }

        return nodes;
    }
}
