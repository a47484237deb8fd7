using System.Buffers.Binary;
using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.View;
using Starling.ClusterBus.Wire;

namespace Starling.ClusterBus.Tests.Wire;

public sealed class BusCodecTests
{
    [Fact]
    public void Every_message_comes_back_as_it_went_in() => Samples.ForAllSeeds(random =>
    {
        var message = Samples.Message(random);
        return BusDecoder.Decode(BusEncoder.Encode(message), out var back, out _) == BusDecodeResult.Message && Samples.Same(message, back!);
    });

    [Fact]
    public void Packets_of_redis_server_come_back_byte_for_byte()
    {
        foreach (var path in Samples.GoldenPackets)
        {
            var packet = File.ReadAllBytes(path);
            Assert.True(BusDecoder.Decode(packet, out var message, out var reason) == BusDecodeResult.Message, $"{path}: {reason}");
            Assert.True(packet.AsSpan().SequenceEqual(BusEncoder.Encode(message!)), path);
        }
    }

    [Fact]
    public void A_ping_of_redis_server_says_what_it_said()
    {
        Assert.Equal(BusDecodeResult.Message, BusDecoder.Decode(Samples.Golden("ping-hostname.bin"), out var message, out _));
        Assert.Equal(BusType.Ping, message!.Type);
        Assert.Equal("8a4ecb366d95b0180c7946d42f92df304cde66f1", message.Sender.ToString());
        Assert.Equal("127.0.0.1", message.Address.Ip);
        Assert.Equal(21002, message.Address.Port);
        Assert.Equal(31052, message.Address.BusPort);
        Assert.Equal(NodeFlags.Master | NodeFlags.Myself | NodeFlags.MigrateTo, message.Flags);
        Assert.Equal(SlotSet.Range(5461, 10922), message.Slots);
        Assert.Equal(MessageFlags.ExtensionData, message.MessageFlags);
        var body = Assert.IsType<BusBody.Heartbeat>(message.Body);
        Assert.Equal(3, body.Gossip.Count);
        Assert.Equal("node-one.example", body.Extensions.Hostname);
    }

    [Fact]
    public void A_forced_request_an_update_and_a_publication_of_redis_server_say_what_they_said()
    {
        BusDecoder.Decode(Samples.Golden("auth-request-forced.bin"), out var request, out _);
        Assert.Equal((BusType.FailoverAuthRequest, MessageFlags.ForceAck, 5UL), (request!.Type, request.MessageFlags, request.CurrentEpoch));
        BusDecoder.Decode(Samples.Golden("update.bin"), out var update, out _);
        var body = Assert.IsType<BusBody.Update>(update!.Body);
        Assert.Equal(("27c6b7e4941b5216768aedf00311ebdc6b012b82", 6UL), (body.Node.ToString(), body.ConfigEpoch));
        Assert.Equal(SlotSet.Range(5461, 10922), body.Slots);
        BusDecoder.Decode(Samples.Golden("publish.bin"), out var publish, out _);
        var publication = Assert.IsType<BusBody.Publish>(publish!.Body);
        Assert.True(publication.Channel.AsSpan().SequenceEqual("news"u8) && publication.Message.AsSpan().SequenceEqual("hello"u8));
    }

    [Fact]
    public void A_packet_cut_anywhere_is_malformed()
    {
        foreach (var path in Samples.GoldenPackets)
        {
            var packet = File.ReadAllBytes(path);
            for (var length = 0; length < packet.Length; length++)
            {
                var cut = packet[..length];
                if (length >= 8) BinaryPrimitives.WriteUInt32BigEndian(cut.AsSpan(4), (uint)length);
                Assert.Equal(BusDecodeResult.Malformed, BusDecoder.Decode(cut, out _, out _));
            }
        }
    }

    [Fact]
    public void A_packet_with_bytes_to_spare_is_malformed()
    {
        foreach (var path in Samples.GoldenPackets)
        {
            var packet = File.ReadAllBytes(path);
            Array.Resize(ref packet, packet.Length + 8);
            BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), (uint)packet.Length);
            Assert.Equal(BusDecodeResult.Malformed, BusDecoder.Decode(packet, out _, out _));
        }
    }

    [Fact]
    public void Unknown_types_versions_and_extensions_are_not_malformed()
    {
        var packet = Samples.Golden("mfstart.bin");
        packet[13] = 200;
        Assert.Equal(BusDecodeResult.Unknown, BusDecoder.Decode(packet, out _, out _));
        packet = Samples.Golden("ping.bin");
        packet[9] = 2;
        Assert.Equal(BusDecodeResult.Unknown, BusDecoder.Decode(packet, out _, out _));
        packet = Samples.Golden("ping-hostname.bin");
        packet[^27] = 77;
        Assert.Equal(BusDecodeResult.Message, BusDecoder.Decode(packet, out var message, out _));
        Assert.Equal("", ((BusBody.Heartbeat)message!.Body).Extensions.Hostname);
    }

    [Fact]
    public void A_hundred_thousand_mutated_packets_throw_nothing()
    {
        var random = new RandomSource(7);
        var packets = Samples.GoldenPackets.Select(File.ReadAllBytes).ToArray();
        for (var i = 0; i < 100_000; i++) BusDecoder.Decode(PacketMutation.Mutate(packets[random.Next(packets.Length)], random), out _, out _);
    }

    [Fact]
    public void Frames_are_found_wherever_the_stream_is_cut()
    {
        var packet = Samples.Golden("ping.bin");
        for (var length = 0; length < packet.Length; length++)
        {
            Assert.Equal(FrameStatus.Incomplete, BusFraming.TryRead(packet.AsSpan(0, length), 100_000, out var known));
            Assert.Equal(length < BusFraming.PrefixLength ? 0 : packet.Length, known);
        }

        Assert.Equal(FrameStatus.Complete, BusFraming.TryRead([.. packet, .. packet], 100_000, out var whole));
        Assert.Equal(packet.Length, whole);
    }

    [Fact]
    public void A_stream_that_is_not_the_bus_or_too_long_is_refused()
    {
        Assert.Equal(FrameStatus.Invalid, BusFraming.TryRead("GET / HTTP"u8, 100_000, out _));
        Assert.Equal(FrameStatus.Invalid, BusFraming.TryRead("RCx"u8, 100_000, out _));
        Assert.Equal(FrameStatus.Invalid, BusFraming.TryRead(Samples.Golden("ping.bin"), 2500, out _));
        Assert.Equal(FrameStatus.Invalid, BusFraming.TryRead([.. "RCmb"u8, 0, 0, 0, 9], 100_000, out _));
        Assert.Equal(FrameStatus.Invalid, BusFraming.TryRead([.. "RCmb"u8, 255, 255, 255, 255], int.MaxValue, out _));
    }
}
