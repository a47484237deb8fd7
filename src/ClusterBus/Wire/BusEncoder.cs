using System.Buffers.Binary;
using Starling.ClusterBus.View;

namespace Starling.ClusterBus.Wire;

/// <summary>Writes messages as packets.</summary>
public static class BusEncoder
{
    /// <summary>The packet of a message.</summary>
    /// <param name="message">The message; its body must be the kind its type asks for.</param>
    /// <returns>The whole packet, "RCmb" and length included.</returns>
    public static byte[] Encode(BusMessage message)
    {
        var packet = new byte[BusProtocol.HeaderLength + BodyLength(message.Body)];
        WriteHeader(message, packet);
        var body = packet.AsSpan(BusProtocol.HeaderLength);
        switch (message.Body)
        {
            case BusBody.Heartbeat heartbeat: WriteHeartbeat(heartbeat, packet); break;
            case BusBody.Fail fail: fail.Node.Write(body); break;
            case BusBody.Publish publish: WritePublish(publish, body); break;
            case BusBody.Update update:
                BinaryPrimitives.WriteUInt64BigEndian(body, update.ConfigEpoch);
                update.Node.Write(body[8..]);
                update.Slots.Bytes.CopyTo(body[(8 + NodeId.TextLength)..]);
                break;
            case BusBody.Module module:
                BinaryPrimitives.WriteUInt64LittleEndian(body, module.ModuleId);
                BinaryPrimitives.WriteInt32BigEndian(body[8..], module.Payload.Length);
                body[12] = module.ModuleType;
                module.Payload.CopyTo(body[13..]);
                break;
        }

        return packet;
    }

    private static int BodyLength(BusBody body) => body switch
    {
        BusBody.Heartbeat heartbeat =>
            (heartbeat.Gossip.Count * BusProtocol.GossipLength) + ExtensionsLength(heartbeat.Extensions),
        BusBody.Fail => NodeId.TextLength,
        BusBody.Publish publish => 8 + publish.Channel.Length + publish.Message.Length,
        BusBody.Update => 8 + NodeId.TextLength + SlotSet.ByteLength,
        BusBody.Module module => 13 + module.Payload.Length,
        _ => 0,
    };

    private static int ExtensionsLength(PingExtensions extensions) =>
        TextExtensionLength(extensions.Hostname)
        + TextExtensionLength(extensions.HumanName)
        + (extensions.Forgotten.Count * BusExtension.ForgottenNodeLength)
        + (extensions.ShardId.IsNone ? 0 : BusExtension.ShardIdLength);

    private static int TextExtensionLength(string text) =>
        text.Length == 0 ? 0 : BusExtension.HeaderLength + BusExtension.Align(text.Length + 1);

    private static void WriteHeader(BusMessage message, Span<byte> packet)
    {
        "RCmb"u8.CopyTo(packet);
        BinaryPrimitives.WriteUInt32BigEndian(packet[BusHeader.LengthAt..], (uint)packet.Length);
        BinaryPrimitives.WriteUInt16BigEndian(packet[BusHeader.VersionAt..], BusProtocol.Version);
        BinaryPrimitives.WriteUInt16BigEndian(packet[BusHeader.PortAt..], (ushort)message.Address.Port);
        BinaryPrimitives.WriteUInt16BigEndian(packet[BusHeader.TypeAt..], (ushort)message.Type);
        BinaryPrimitives.WriteUInt64BigEndian(packet[BusHeader.CurrentEpochAt..], message.CurrentEpoch);
        BinaryPrimitives.WriteUInt64BigEndian(packet[BusHeader.ConfigEpochAt..], message.ConfigEpoch);
        BinaryPrimitives.WriteInt64BigEndian(packet[BusHeader.OffsetAt..], message.ReplicationOffset);
        message.Sender.Write(packet[BusHeader.SenderAt..]);
        message.Slots.Bytes.CopyTo(packet[BusHeader.SlotsAt..]);
        message.Master.Write(packet[BusHeader.MasterAt..]);
        BusText.Write(packet.Slice(BusHeader.IpAt, BusProtocol.IpLength), message.Address.Ip);
        BinaryPrimitives.WriteUInt16BigEndian(packet[BusHeader.SecondPortAt..], (ushort)message.Address.TlsPort);
        BinaryPrimitives.WriteUInt16BigEndian(packet[BusHeader.BusPortAt..], (ushort)message.Address.BusPort);
        BinaryPrimitives.WriteUInt16BigEndian(packet[BusHeader.FlagsAt..], (ushort)message.Flags);
        packet[BusHeader.StateAt] = message.IsClusterDown ? (byte)1 : (byte)0;
        packet[BusHeader.MessageFlagsAt] = (byte)message.MessageFlags;
    }

    private static void WriteHeartbeat(BusBody.Heartbeat heartbeat, Span<byte> packet)
    {
        BinaryPrimitives.WriteUInt16BigEndian(packet[BusHeader.CountAt..], (ushort)heartbeat.Gossip.Count);
        var rest = packet[BusProtocol.HeaderLength..];
        foreach (var entry in heartbeat.Gossip)
        {
            WriteGossip(entry, rest);
            rest = rest[BusProtocol.GossipLength..];
        }

        var extensions = heartbeat.Extensions;
        var count = 0;
        rest = WriteText(extensions.Hostname, BusExtension.Hostname, rest, ref count);
        rest = WriteText(extensions.HumanName, BusExtension.HumanName, rest, ref count);
        foreach (var forgotten in extensions.Forgotten)
        {
            var data =
                WriteExtensionHeader(rest, BusExtension.ForgottenNode, BusExtension.ForgottenNodeLength, ref count);
            forgotten.Node.Write(data);
            BinaryPrimitives.WriteUInt64BigEndian(data[NodeId.TextLength..], forgotten.Seconds);
            rest = rest[BusExtension.ForgottenNodeLength..];
        }

        if (!extensions.ShardId.IsNone)
            extensions.ShardId.Write(
                WriteExtensionHeader(rest, BusExtension.ShardId, BusExtension.ShardIdLength, ref count));
        BinaryPrimitives.WriteUInt16BigEndian(packet[BusHeader.ExtensionCountAt..], (ushort)count);
    }

    private static void WriteGossip(GossipEntry entry, Span<byte> target)
    {
        entry.Node.Write(target);
        BinaryPrimitives.WriteUInt32BigEndian(target[40..], entry.PingSentSeconds);
        BinaryPrimitives.WriteUInt32BigEndian(target[44..], entry.PongReceivedSeconds);
        BusText.Write(target.Slice(48, BusProtocol.IpLength), entry.Address.Ip);
        BinaryPrimitives.WriteUInt16BigEndian(target[94..], (ushort)entry.Address.Port);
        BinaryPrimitives.WriteUInt16BigEndian(target[96..], (ushort)entry.Address.BusPort);
        BinaryPrimitives.WriteUInt16BigEndian(target[98..], (ushort)entry.Flags);
        BinaryPrimitives.WriteUInt16BigEndian(target[100..], (ushort)entry.Address.TlsPort);
    }

    private static void WritePublish(BusBody.Publish publish, Span<byte> body)
    {
        BinaryPrimitives.WriteInt32BigEndian(body, publish.Channel.Length);
        BinaryPrimitives.WriteInt32BigEndian(body[4..], publish.Message.Length);
        publish.Channel.CopyTo(body[8..]);
        publish.Message.CopyTo(body[(8 + publish.Channel.Length)..]);
    }

    private static Span<byte> WriteText(string text, ushort type, Span<byte> rest, scoped ref int count)
    {
        var length = TextExtensionLength(text);
        if (length == 0) return rest;
        var data = WriteExtensionHeader(rest, type, length, ref count);
        BusText.Write(data[..(length - BusExtension.HeaderLength)], text);
        return rest[length..];
    }

    private static Span<byte> WriteExtensionHeader(Span<byte> rest, ushort type, int length, scoped ref int count)
    {
        BinaryPrimitives.WriteInt32BigEndian(rest, length);
        BinaryPrimitives.WriteUInt16BigEndian(rest[4..], type);
        count++;
        return rest[BusExtension.HeaderLength..];
    }
}
