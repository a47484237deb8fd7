using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Starling.ClusterBus.View;

namespace Starling.ClusterBus.Wire;

/// <summary>
/// Reads packets. Any bytes may come in: every length is checked against the packet, and nothing is thrown.
/// </summary>
public static class BusDecoder
{
    /// <summary>Reads one packet.</summary>
    /// <param name="packet">The whole packet.</param>
    /// <param name="message">The message, or null.</param>
    /// <param name="reason">Why there is no message, in words for the log, or null.</param>
    public static BusDecodeResult Decode(
        ReadOnlySpan<byte> packet, out BusMessage? message, out string? reason)
    {
        message = null;
        reason = null;
        if (packet.Length < BusProtocol.HeaderLength) return Malformed("shorter than a header", out reason);
        var header = new BusHeader(packet);
        if (!header.HasSignature) return Malformed("no signature", out reason);
        if (header.Length != packet.Length) return Malformed("length field and length differ", out reason);
        if (header.Version != BusProtocol.Version)
        {
            reason = "unknown protocol version";
            return BusDecodeResult.Unknown;
        }

        if ((int)header.Type >= BusProtocol.TypeCount)
        {
            reason = "unknown packet type";
            return BusDecodeResult.Unknown;
        }

        if (!NodeId.TryParse(header.Sender, out var sender) || sender.IsNone)
            return Malformed("invalid sender name", out reason);
        if (!TryReadOptionalId(header.Master, out var master)) return Malformed("invalid master name", out reason);
        if (!TryReadBody(header, packet[BusProtocol.HeaderLength..], out var body, out reason))
            return BusDecodeResult.Malformed;
        message = new BusMessage
        {
            Type = header.Type,
            Sender = sender,
            CurrentEpoch = header.CurrentEpoch,
            ConfigEpoch = header.ConfigEpoch,
            ReplicationOffset = header.ReplicationOffset,
            Slots = new SlotSet(header.Slots),
            Master = master,

            // An address that cannot be one is none: the link's other end counts then.
            Address = new NodeAddress(BusText.ReadIp(header.Ip), header.Port, header.BusPort, header.SecondPort),
            Flags = header.Flags,
            IsClusterDown = header.State != 0,
            MessageFlags = header.MessageFlags,
            Body = body,
        };
        return BusDecodeResult.Message;
    }

    private static BusDecodeResult Malformed(string why, out string? reason)
    {
        reason = why;
        return BusDecodeResult.Malformed;
    }

    private static bool Wrong(string why, out string? reason)
    {
        reason = why;
        return false;
    }

    private static bool TryReadOptionalId(ReadOnlySpan<byte> field, out NodeId id)
    {
        id = default;
        return !field.ContainsAnyExcept((byte)0) || NodeId.TryParse(field, out id);
    }

    private static bool TryReadBody(
        BusHeader header, ReadOnlySpan<byte> data, [NotNullWhen(true)] out BusBody? body, out string? reason)
    {
        body = null;
        reason = null;
        switch (header.Type)
        {
            case BusType.Ping or BusType.Pong or BusType.Meet:
                return TryReadHeartbeat(header, data, out body, out reason);
            case BusType.Fail:
                if (data.Length != NodeId.TextLength) return Wrong("wrong length", out reason);
                if (!NodeId.TryParse(data, out var failing))
                    return Wrong("invalid name of the failing node", out reason);
                body = new BusBody.Fail(failing);
                return true;
            case BusType.Publish or BusType.PublishShard:
                return TryReadPublish(data, out body, out reason);
            case BusType.Update:
                return TryReadUpdate(data, out body, out reason);
            case BusType.Module:
                return TryReadModule(data, out body, out reason);
            default:
                if (data.Length != 0) return Wrong("wrong length", out reason);
                body = BusBody.Empty.Instance;
                return true;
        }
    }

    private static bool TryReadPublish(
        ReadOnlySpan<byte> data, [NotNullWhen(true)] out BusBody? body, out string? reason)
    {
        body = null;
        reason = null;
        if (data.Length < 8) return Wrong("wrong length", out reason);
        ulong channelLength = BinaryPrimitives.ReadUInt32BigEndian(data);
        ulong messageLength = BinaryPrimitives.ReadUInt32BigEndian(data[4..]);
        if (8 + channelLength + messageLength != (ulong)data.Length) return Wrong("wrong length", out reason);
        body = new BusBody.Publish(
            data.Slice(8, (int)channelLength).ToArray(), data[(8 + (int)channelLength)..].ToArray());
        return true;
    }

    private static bool TryReadUpdate(
        ReadOnlySpan<byte> data, [NotNullWhen(true)] out BusBody? body, out string? reason)
    {
        body = null;
        reason = null;
        if (data.Length != 8 + NodeId.TextLength + SlotSet.ByteLength) return Wrong("wrong length", out reason);
        if (!NodeId.TryParse(data.Slice(8, NodeId.TextLength), out var node))
            return Wrong("invalid name in an update", out reason);
        body = new BusBody.Update(
            node, BinaryPrimitives.ReadUInt64BigEndian(data), new SlotSet(data[(8 + NodeId.TextLength)..]));
        return true;
    }

    private static bool TryReadModule(
        ReadOnlySpan<byte> data, [NotNullWhen(true)] out BusBody? body, out string? reason)
    {
        body = null;
        reason = null;
        if (data.Length < 13) return Wrong("wrong length", out reason);
        if (BinaryPrimitives.ReadUInt32BigEndian(data[8..]) != (uint)(data.Length - 13))
            return Wrong("wrong length", out reason);
        body = new BusBody.Module(BinaryPrimitives.ReadUInt64LittleEndian(data), data[12], data[13..].ToArray());
        return true;
    }

    private static bool TryReadHeartbeat(
        BusHeader header, ReadOnlySpan<byte> data, [NotNullWhen(true)] out BusBody? body, out string? reason)
    {
        body = null;
        reason = null;
        if (data.Length < header.Count * BusProtocol.GossipLength)
            return Wrong("more gossip sections than bytes", out reason);
        var gossip = new List<GossipEntry>(header.Count);
        for (var i = 0; i < header.Count; i++)
        {
            // What a third node calls itself is not the sender's fault, and its heartbeat counts.
            if (TryReadGossip(data, out var entry)) gossip.Add(entry);
            data = data[BusProtocol.GossipLength..];
        }

        var extensions = PingExtensions.None;
        if ((header.MessageFlags & MessageFlags.ExtensionData) != 0 && header.ExtensionCount > 0
            && !TryReadExtensions(header.ExtensionCount, ref data, out extensions))
            return Wrong("invalid ping extension", out reason);
        if (data.Length != 0) return Wrong("wrong length", out reason);
        body = new BusBody.Heartbeat(gossip, extensions);
        return true;
    }

    private static bool TryReadGossip(ReadOnlySpan<byte> data, out GossipEntry entry)
    {
        entry = default;
        if (!NodeId.TryParse(data[..NodeId.TextLength], out var node) || node.IsNone) return false;
        var field = data.Slice(48, BusProtocol.IpLength);
        var ip = BusText.ReadIp(field);
        if (ip.Length == 0 && field[0] != 0) return false;
        var address = new NodeAddress(
            ip,
            BinaryPrimitives.ReadUInt16BigEndian(data[94..]),
            BinaryPrimitives.ReadUInt16BigEndian(data[96..]),
            BinaryPrimitives.ReadUInt16BigEndian(data[100..]));
        entry = new GossipEntry(
            node,
            BinaryPrimitives.ReadUInt32BigEndian(data[40..]),
            BinaryPrimitives.ReadUInt32BigEndian(data[44..]),
            address,
            (NodeFlags)BinaryPrimitives.ReadUInt16BigEndian(data[98..]));
        return true;
    }

    // Lengths that do not fit cost the message, since nothing behind them can be found; a value that cannot be what it
    // should (Redis lets users announce names that do not survive its own nodes.conf) costs that value.
    private static bool TryReadExtensions(int count, ref ReadOnlySpan<byte> data, out PingExtensions extensions)
    {
        extensions = PingExtensions.None;
        string hostname = "", humanName = "";
        var shardId = NodeId.None;
        List<ForgottenNode>? forgotten = null;
        for (; count > 0; count--)
        {
            if (data.Length < BusExtension.HeaderLength) return false;
            var length = BinaryPrimitives.ReadUInt32BigEndian(data);
            if (length < BusExtension.HeaderLength || length % 8 != 0 || length > data.Length) return false;
            var value = data[BusExtension.HeaderLength..(int)length];
            switch (BinaryPrimitives.ReadUInt16BigEndian(data[4..]))
            {
                case BusExtension.Hostname:
                    if (!BusText.TryReadHostname(value, out hostname)) hostname = "";
                    break;
                case BusExtension.HumanName:
                    if (!BusText.TryReadHumanName(value, out humanName)) humanName = "";
                    break;
                case BusExtension.ForgottenNode:
                    if (value.Length < NodeId.TextLength + 8) return false;
                    if (!NodeId.TryParse(value[..NodeId.TextLength], out var node)) break;
                    var seconds = BinaryPrimitives.ReadUInt64BigEndian(value[NodeId.TextLength..]);
                    (forgotten ??= []).Add(new ForgottenNode(node, seconds));
                    break;
                case BusExtension.ShardId:
                    if (value.Length < NodeId.TextLength) return false;
                    if (!NodeId.TryParse(value[..NodeId.TextLength], out shardId)) shardId = NodeId.None;
                    break;
            }

            data = data[(int)length..];
        }

        extensions = new PingExtensions { Hostname = hostname, HumanName = humanName, ShardId = shardId };
        if (forgotten is not null) extensions = extensions with { Forgotten = forgotten };
        return true;
    }
}
