using System.Net;
using Starling.ClusterBus.View;
using Starling.ClusterBus.Wire;

namespace Starling.ClusterBus.Protocol;

/// <summary>How nodes meet, find each other's names and follow each other's addresses.</summary>
internal sealed class Handshake(MachineCore core)
{
    /// <summary>CLUSTER MEET. Returns an error text, or null.</summary>
    public string? Start(string ip, int port, int busPort)
    {
        if (!TryParseIp(ip, out var parsed) || port is <= 0 or > 65535 || busPort is <= 0 or > 65535)
            return $"ERR Invalid node address specified: {ip}:{port}";
        var address = new NodeAddress(parsed, port, busPort);
        if (IsUnderWay(address)) return null;
        var node = core.CreateNode(NodeId.None, NodeFlags.Handshake | NodeFlags.Meet);
        node.Address = address;
        return null;
    }

    /// <summary>An unknown node sent a MEET: find out its name by a PING of our own.</summary>
    public void Answer(BusLink link, BusMessage message)
    {
        var address = AddressOf(link, message);
        if (address.Ip.Length == 0 || address.BusPort == 0 || IsUnderWay(address)) return;
        var node = core.CreateNode(NodeId.None, NodeFlags.Handshake);
        node.Address = address;
        core.Persist(sync: false);
    }

    /// <summary>Opens the missing links, and gives up handshakes that take too long.</summary>
    public void Tick()
    {
        var timeout = Math.Max(core.Options.NodeTimeout, 1000);
        var nodes = core.State.Nodes.Values;
        for (var i = nodes.Count - 1; i >= 0; i--)
        {
            var node = nodes[i];
            if (node.IsMyself || !node.HasAddress) continue;
            if (node.IsInHandshake && core.Now - node.CreatedAt > timeout)
            {
                core.RemoveNode(node);
                continue;
            }

            if (node.Link is not null) continue;
            node.Link = core.OpenLink(node, isInbound: false);

            // The failure detector's clock runs from here: no ping can be sent before the link is there.
            if (node.PingSentAt == 0) node.PingSentAt = core.Now;
            core.Emit(new ClusterEffect.Connect(node.Link.Id, node.Id, node.Address.Ip, node.Address.BusPort));
        }
    }

    /// <summary>A link this node asked for is there: PING, or MEET, at once.</summary>
    public void LinkEstablished(BusLink link)
    {
        var node = link.Node!;
        var earlier = node.PingSentAt;
        core.Gossip.SendHeartbeat(link, (node.Flags & NodeFlags.Meet) != 0 ? BusType.Meet : BusType.Ping);
        if (earlier != 0) node.PingSentAt = earlier;
        node.Flags &= ~NodeFlags.Meet;
    }

    /// <summary>
    /// The first heartbeat on a link this node opened during a handshake: the node gets its name, or turns out to be
    /// one that is known already.
    /// </summary>
    /// <returns>The node now known by its name; null when the link was closed.</returns>
    public ClusterNode? Complete(BusLink link, BusMessage message)
    {
        var node = link.Node!;
        if (core.State.Find(message.Sender) is { } known)
        {
            core.Log(
                ClusterLogLevel.Verbose,
                $"Handshake: we already know node {known}, updating the address if needed.");
            if (!known.IsMyself) UpdateAddress(known, link, message);
            core.RemoveNode(node);
            return null;
        }

        core.State.Nodes.Remove(node.Id);
        node.Id = message.Sender;
        core.State.Nodes.Add(node.Id, node);
        core.Log(ClusterLogLevel.Debug, $"Handshake with node {node.Id} completed.");
        node.Flags &= ~NodeFlags.Handshake;
        node.Flags |= Gossip.RoleOf(message.Flags);
        core.Persist(sync: false);
        core.CheckState();
        return node;
    }

    /// <summary>
    /// Another node than expected answers at a node's address: that address is not the node's any more.
    /// </summary>
    public void ForgetAddress(BusLink link)
    {
        var node = link.Node!;
        core.Log(
            ClusterLogLevel.Debug,
            $"PONG contains mismatching sender ID. About node {node.Id} added {core.Now - node.CreatedAt} ms ago, "
            + $"having flags {(int)node.Flags}");
        node.Flags |= NodeFlags.NoAddress;
        node.Address = NodeAddress.None;
        core.CloseLink(link);
        core.Persist(sync: false);
        core.ViewChanged();
    }

    /// <summary>The node may have told a new address: take it, and connect anew. True when it did.</summary>
    public bool UpdateAddress(ClusterNode node, BusLink link, BusMessage message)
    {
        if (link == node.Link) return false;
        var address = AddressOf(link, message);
        if (address.Ip.Length == 0 || address == node.Address) return false;
        node.Address = address;
        if (node.Link is { } old) core.CloseLink(old);
        node.Flags &= ~NodeFlags.NoAddress;
        core.Log(ClusterLogLevel.Notice, $"Address updated for node {node}, now {address.Ip}:{address.ClientPort}");
        core.Persist(sync: false);
        core.ViewChanged();
        if (core.Myself.Master == node) core.FollowMaster();
        return true;
    }

    /// <summary>
    /// A MEET, or any PING while the own address is not known, tells by which address others reach this node.
    /// </summary>
    public void LearnOwnAddress(BusLink link, BusType type)
    {
        var myself = core.Myself;
        if (core.Options.AnnounceIp.Length > 0 || link.LocalIp.Length == 0 || myself.Address.Ip == link.LocalIp) return;
        if (type != BusType.Meet && myself.Address.Ip.Length > 0) return;
        myself.Address = myself.Address with { Ip = link.LocalIp };
        core.Log(ClusterLogLevel.Notice, $"IP address for this node updated to {link.LocalIp}");
        core.Persist(sync: false);
        core.ViewChanged();
    }

    /// <summary>
    /// Four decimal numbers, or IP version 6; the system's parser takes much more ("7000", "0x7f.1").
    /// </summary>
    private static bool TryParseIp(string ip, out string normal)
    {
        normal = "";
        if (!IPAddress.TryParse(ip, out var parsed)) return false;
        normal = parsed.ToString();
        return ip.Contains(':', StringComparison.Ordinal) ? !ip.AsSpan().ContainsAny("[]%") : normal == ip;
    }

    private static NodeAddress AddressOf(BusLink link, BusMessage message) =>
        message.Address.Ip.Length > 0 ? message.Address : message.Address with { Ip = link.RemoteIp };

    private bool IsUnderWay(NodeAddress address)
    {
        foreach (var node in core.State.Nodes.Values)
        {
            if (node.IsInHandshake && string.Equals(node.Address.Ip, address.Ip, StringComparison.OrdinalIgnoreCase)
                && node.Address.ClientPort == address.ClientPort && node.Address.BusPort == address.BusPort)
                return true;
        }

        return false;
    }
}
