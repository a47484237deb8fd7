using Starling.ClusterBus.View;
using Starling.ClusterBus.Wire;

namespace Starling.ClusterBus.Protocol;

/// <summary>Builds messages from the state of the moment and sends them.</summary>
internal sealed class Messenger(MachineCore core)
{
    /// <summary>Sends a message; nothing happens on a link that is not established.</summary>
    public void Send(BusLink? link, BusType type, BusBody body, MessageFlags flags = MessageFlags.None)
    {
        if (link is { IsEstablished: true }) Send(link, type, Encode(type, body, flags));
    }

    /// <summary>Sends one message to every node with a link, except those in handshake.</summary>
    public void Broadcast(BusType type, BusBody body, MessageFlags flags = MessageFlags.None)
    {
        byte[]? packet = null;
        foreach (var node in core.State.Nodes.Values)
        {
            if (node.IsMyself || node.IsInHandshake || node.Link is not { IsEstablished: true } link) continue;
            packet ??= Encode(type, body, flags);
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
            packet ??= Encode(type, body, MessageFlags.None);
            Send(link, type, packet);
        }
    }

    public void SendUpdate(BusLink? link, ClusterNode about) =>
        Send(link, BusType.Update, new BusBody.Update(about.Id, about.ConfigEpoch, core.State.ClaimedSlots(about)));

    private byte[] Encode(BusType type, BusBody body, MessageFlags flags)
    {
        var state = core.State;
        var myself = state.Myself;
        var owner = myself.IsReplica && myself.Master is { } master ? master : myself;
        if (myself.IsMaster && core.ManualFailover.IsUnderWay && core.Local.WritesPaused) flags |= MessageFlags.Paused;
        return BusEncoder.Encode(new BusMessage
        {
            Type = type,
            Sender = myself.Id,
            CurrentEpoch = state.CurrentEpoch,
            ConfigEpoch = owner.ConfigEpoch,
            ReplicationOffset = core.ReplicaData.Offset,
            Slots = owner.Slots,
            Master = myself.Master?.Id ?? NodeId.None,
            Address =
                new NodeAddress(core.Options.AnnounceIp, core.Options.Port, core.Options.BusPort, core.Options.TlsPort),
            Flags = myself.Flags,
            IsClusterDown = state.Health != ClusterHealth.Ok,

            // Always said, so that others know that extensions may be sent here.
            MessageFlags = flags | MessageFlags.ExtensionData,
            Body = body,
        });
    }

    private void Send(BusLink link, BusType type, byte[] packet)
    {
        core.Statistics.CountSent(type);
        core.Emit(new ClusterEffect.Send(link.Id, type, packet));
    }
}
