using Starling.ClusterBus.View;
using Starling.ClusterBus.Wire;

namespace Starling.ClusterBus.Protocol;

/// <summary>Builds messages from the state of the moment and sends them.</summary>
internal sealed class Messenger(MachineCore core)
{
    /// <summary>
    /// Sends a message; nothing happens on a link that is not established. It says of this node what is durable.
    /// </summary>
    public void Send(BusLink? link, BusType type, BusBody body)
    {
        if (link is { IsEstablished: true }) Send(link, type, Encode(type, body, core.Durability.Told));
    }

    /// <summary>Sends a message with the news of this call; when they are durable.</summary>
    public void SendWhenDurable(BusLink? link, BusType type, BusBody body)
    {
        if (link is not { IsEstablished: true }) return;
        core.Statistics.CountSent(type);
        var packet = Encode(type, body, core.Durability.Current());
        core.Durability.Hold(new ClusterEffect.Send(link.Id, type, packet));
    }

    /// <summary>
    /// Sends one message with the news of this call to every node with a link, except those in handshake; when they are
    /// durable.
    /// </summary>
    public void BroadcastWhenDurable(BusType type, BusBody body, MessageFlags flags)
    {
        var packet = Encode(type, body, core.Durability.Current(), flags);
        foreach (var node in core.State.Nodes.Values)
        {
            if (node.IsMyself || node.IsInHandshake || node.Link is not { IsEstablished: true } link) continue;
            core.Statistics.CountSent(type);
            core.Durability.Hold(new ClusterEffect.Send(link.Id, type, packet));
        }
    }

    /// <summary>Sends one message to every node with a link, except those in handshake.</summary>
    public void Broadcast(BusType type, BusBody body)
    {
        byte[]? packet = null;
        foreach (var node in core.State.Nodes.Values)
        {
            if (node.IsMyself || node.IsInHandshake || node.Link is not { IsEstablished: true } link) continue;
            packet ??= Encode(type, body, core.Durability.Told);
            Send(link, type, packet);
        }
    }

    /// <summary>Sends one message to the linked nodes of this node's shard.</summary>
    public void BroadcastToShard(BusType type, BusBody body)
    {
        byte[]? packet = null;
        var master = core.State.ShardMaster;
        foreach (var node in core.State.Nodes.Values)
        {
            if (node.IsMyself || node.IsInHandshake || node.Link is not { IsEstablished: true } link) continue;
            if (master is null || (node != master && node.Master != master)) continue;
            packet ??= Encode(type, body, core.Durability.Told);
            Send(link, type, packet);
        }
    }

    /// <summary>
    /// Tells about a node's claims; later, when the sender asks for it again, if their epoch is not durable here yet: a
    /// header's currentEpoch is never below an epoch that its message tells. So are this node's own claims: a master that
    /// heard of them would give its place to a replica that may come back from a crash without having taken it.
    /// </summary>
    public void SendUpdate(BusLink? link, ClusterNode about)
    {
        if (about.IsMyself && core.Durability.IsPending) return;
        if (about.ConfigEpoch <= core.Durability.Told.CurrentEpoch)
            Send(link, BusType.Update, new BusBody.Update(about.Id, about.ConfigEpoch, core.State.ClaimedSlots(about)));
    }

    private byte[] Encode(
        BusType type, BusBody body, in Durability.Claims claims, MessageFlags flags = MessageFlags.None)
    {
        var state = core.State;
        var myself = state.Myself;
        const NodeFlags Role = NodeFlags.Master | NodeFlags.Replica;
        if (myself.IsMaster && core.ManualFailover.IsUnderWay && core.Local.WritesPaused) flags |= MessageFlags.Paused;
        return BusEncoder.Encode(new BusMessage
        {
            Type = type,
            Sender = myself.Id,
            CurrentEpoch = claims.CurrentEpoch,
            ConfigEpoch = claims.ConfigEpoch,
            ReplicationOffset = core.ReplicaData.Offset,
            Slots = claims.Slots,
            Master = claims.Master,
            Address =
                new NodeAddress(core.Options.AnnounceIp, core.Options.Port, core.Options.BusPort, core.Options.TlsPort),
            Flags = (myself.Flags & ~Role) | (claims.Flags & Role),
            IsClusterDown = state.Health != ClusterHealth.Ok,

            // Always said, so that others know that extensions may be sent here.
            MessageFlags = flags | MessageFlags.ExtensionData,
            Body = body,
        });
    }

    private void Send(BusLink link, BusType type, byte[] packet)
    {
        if (core.Durability.IsStuck) return;
        core.Statistics.CountSent(type);
        core.Emit(new ClusterEffect.Send(link.Id, type, packet));
    }
}
