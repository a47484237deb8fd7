using Starling.ClusterBus.View;
using Starling.ClusterBus.Wire;

namespace Starling.ClusterBus.Protocol;

/// <summary>
/// Takes packets in: finds the sender, learns what every header tells, and hands the rest to the part it is for.
/// </summary>
internal sealed class PacketHandler(MachineCore core)
{
    private const long ComplaintInterval = 1000;

    private long _lastComplaintAt = long.MinValue / 2;
    private long _suppressed;

    public void Handle(BusLink link, ReadOnlySpan<byte> packet)
    {
        switch (BusDecoder.Decode(packet, out var message, out var reason))
        {
            case BusDecodeResult.Malformed:
                core.Statistics.Malformed++;
                Complain($"Received invalid packet from {link.RemoteIp}: {reason}");
                break;
            case BusDecodeResult.Unknown:
                Complain($"Received unknown packet type: {new BusHeader(packet).Type:D}");
                break;
            case BusDecodeResult.Message:
                core.Statistics.CountReceived(message!.Type);
                Handle(link, message);
                break;
        }
    }

    private void Handle(BusLink link, BusMessage message)
    {
        if (message.Sender == core.Myself.Id)
        {
            HandleOwn(link, message.Type);
            return;
        }

        if (!TryFindSender(link, message, out var sender)) return;
        if (sender is not null) LearnFromHeader(sender, message);
        switch (message.Type)
        {
            case BusType.Ping or BusType.Pong or BusType.Meet:
                OnHeartbeat(link, sender, message, (BusBody.Heartbeat)message.Body);
                break;
            case BusType.Fail:
                OnFail(sender, message, ((BusBody.Fail)message.Body).Node);
                break;
            case BusType.Publish or BusType.PublishShard:
                if (sender is null) break;
                var (channel, text) = (BusBody.Publish)message.Body;
                core.Emit(new ClusterEffect.Deliver(channel, text, message.Type == BusType.PublishShard));
                break;
            case BusType.FailoverAuthRequest:
                if (sender is not null) core.Election.Vote(sender, message, link);
                break;
            case BusType.FailoverAuthAck:
                if (sender is not null) core.Election.CountVote(sender, message);
                break;
            case BusType.ManualFailoverStart:
                if (sender is not null) core.ManualFailover.StartPause(sender);
                break;
            case BusType.Update:
                if (sender is not null) core.SlotClaims.ProcessUpdate((BusBody.Update)message.Body);
                break;
            case BusType.Module:
                // Modules of redis-server talk among themselves; there is none here to hear it.
                break;
        }
    }

    /// <summary>
    /// A message of this node's own: it was told to meet itself, or another node's address leads here. The first is how
    /// a node that is alone learns its address, and is answered for that.
    /// </summary>
    private void HandleOwn(BusLink link, BusType type)
    {
        if (!IsHeartbeat(type)) return;
        if (!link.IsInbound)
        {
            if (link.Node!.IsInHandshake) core.RemoveNode(link.Node);
            else core.Handshake.ForgetAddress(link);
        }
        else if (type == BusType.Meet)
        {
            core.Handshake.LearnOwnAddress(link, type);
            core.Gossip.SendHeartbeat(link, BusType.Pong);
        }
    }

    private static bool IsHeartbeat(BusType type) => type is BusType.Ping or BusType.Pong or BusType.Meet;

    /// <summary>
    /// The known node that sent the message, or null. A link this node opened in a handshake gives the node its name
    /// here.
    /// </summary>
    /// <returns>False when the message is not to be looked at further.</returns>
    private bool TryFindSender(BusLink link, BusMessage message, out ClusterNode? sender)
    {
        sender = null;
        if (!link.IsInbound)
        {
            if (link.Node!.IsInHandshake)
            {
                if (IsHeartbeat(message.Type)) sender = core.Handshake.Complete(link, message);
                return sender is not null;
            }

            sender = link.Node;
            if (sender.Id == message.Sender) return true;
            if (IsHeartbeat(message.Type)) core.Handshake.ForgetAddress(link);
            return false;
        }

        sender = core.State.Find(message.Sender);
        if (sender is { IsInHandshake: true }) sender = null;
        if (sender is not null && link.Node != sender) BindInbound(link, sender);
        return true;
    }

    private void BindInbound(BusLink link, ClusterNode sender)
    {
        if (link.Node is { } former && former.InboundLink == link) former.InboundLink = null;
        if (sender.InboundLink is { } old) core.CloseLink(old);
        link.Node = sender;
        sender.InboundLink = link;
    }

    private void LearnFromHeader(ClusterNode sender, BusMessage message)
    {
        if ((message.MessageFlags & MessageFlags.ExtensionData) != 0) sender.Flags |= NodeFlags.ExtensionsSupported;
        sender.DataReceivedAt = core.Now;
        if (message.CurrentEpoch > core.State.CurrentEpoch)
        {
            core.State.CurrentEpoch = message.CurrentEpoch;
            core.Persist(sync: true);
            core.ViewChanged();
        }

        // A replica tells its master's epoch. redis-server takes that for the replica's own, and goes on so when it becomes a
        // master in its own right by CLUSTER RESET, with a lower one: what it claims then is worth more here than there, and
        // a slot that it loses nobody may win.
        if (message.Master.IsNone && message.ConfigEpoch > sender.ConfigEpoch)
        {
            sender.ConfigEpoch = message.ConfigEpoch;
            core.Persist(sync: true);
            core.ViewChanged();
        }

        sender.ReplicationOffset = message.ReplicationOffset;
        core.ManualFailover.LearnMasterOffset(sender, message);
    }

    private void OnHeartbeat(BusLink link, ClusterNode? sender, BusMessage message, BusBody.Heartbeat body)
    {
        if (message.Type != BusType.Pong)
        {
            core.Handshake.LearnOwnAddress(link, message.Type);
            if (sender is null && message.Type == BusType.Meet)
            {
                core.Handshake.Answer(link, message);
                core.Gossip.Process(null, body.Gossip);
            }

            core.Gossip.SendHeartbeat(link, BusType.Pong);
        }

        if (sender is null) return;
        var noFailover = message.Flags & NodeFlags.NoFailover;
        if ((sender.Flags & NodeFlags.NoFailover) != noFailover)
        {
            sender.Flags = (sender.Flags & ~NodeFlags.NoFailover) | noFailover;
            core.ViewChanged();
        }

        if (message.Type == BusType.Ping) core.Handshake.UpdateAddress(sender, link, message);
        if (message.Type == BusType.Pong && !link.IsInbound) core.FailureDetector.Answered(sender);
        core.SlotClaims.ProcessHeartbeat(sender, message);
        core.Gossip.Process(sender, body.Gossip);
        core.Gossip.ProcessExtensions(sender, body.Extensions);
    }

    private void OnFail(ClusterNode? sender, BusMessage message, NodeId failing)
    {
        if (sender is not null) core.FailureDetector.MarkFailingByMessage(sender, failing);
        else core.Log(
            ClusterLogLevel.Notice, $"Ignoring FAIL message from unknown node {message.Sender} about {failing}");
    }

    private void Complain(string text)
    {
        if (core.Now - _lastComplaintAt < ComplaintInterval)
        {
            _suppressed++;
            return;
        }

        core.Log(
            ClusterLogLevel.Warning, _suppressed == 0 ? text : $"{text} ({_suppressed} more such lines were left out)");
        _lastComplaintAt = core.Now;
        _suppressed = 0;
    }
}
