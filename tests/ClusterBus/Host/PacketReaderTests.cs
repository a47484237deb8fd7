using System.Buffers.Binary;
using Starling.ClusterBus.Host;
using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.Wire;

namespace Starling.ClusterBus.Tests.Host;

public sealed class PacketReaderTests
{
    [Fact]
    public void Packets_cut_at_every_byte_come_out_whole()
    {
        var first = Packet(BusType.Ping, BusProtocol.HeaderLength);
        var second = Packet(BusType.Pong, BusProtocol.HeaderLength + 700);
        byte[] stream = [.. first, .. second];
        for (var cut = 0; cut <= stream.Length; cut++)
        {
            var reader = new PacketReader();
            var packets = new List<byte[]>();
            Feed(reader, stream.AsSpan(0, cut), packets);
            Feed(reader, stream.AsSpan(cut), packets);
            Assert.Equal(2, packets.Count);
            Assert.True(first.AsSpan().SequenceEqual(packets[0]), $"cut at {cut}");
            Assert.True(second.AsSpan().SequenceEqual(packets[1]), $"cut at {cut}");
        }
    }

    [Theory]
    [InlineData("RCmx", BusProtocol.HeaderLength)]
    [InlineData("RCmb", BusProtocol.HeaderLength - 1)]
    [InlineData("RCmb", 0)]
    [InlineData("RCmb", uint.MaxValue)]
    public void What_is_not_the_bus_protocol_is_malformed(string signature, uint length)
    {
        var bytes = Packet(BusType.Ping, BusProtocol.HeaderLength);
        System.Text.Encoding.ASCII.GetBytes(signature).CopyTo(bytes, 0);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4), length);
        var reader = new PacketReader();
        bytes.CopyTo(reader.Free);
        reader.Filled(bytes.Length);
        Assert.Equal(PacketStatus.Malformed, reader.TryTake(out _));
    }

    [Fact]
    public void A_huge_announced_length_takes_no_memory_before_the_bytes_come()
    {
        var bytes = Packet(BusType.Ping, BusProtocol.HeaderLength);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4), PacketReader.MaxBuffered);
        var reader = new PacketReader();
        bytes.CopyTo(reader.Free);
        reader.Filled(bytes.Length);
        Assert.Equal(PacketStatus.Incomplete, reader.TryTake(out _));
        Assert.True(reader.Free.Length > 0);
        Assert.InRange(reader.Allocated, 0, 16 * 1024);
    }

    [Fact]
    public void A_published_message_that_is_too_long_is_skipped_and_the_next_packet_read()
    {
        const int Length = PacketReader.MaxBuffered + 5_000_000;
        var huge = new byte[Length];
        Packet(BusType.Publish, BusProtocol.HeaderLength).CopyTo(huge, 0);
        BinaryPrimitives.WriteUInt32BigEndian(huge.AsSpan(4), Length);
        var next = Packet(BusType.Ping, BusProtocol.HeaderLength);
        var reader = new PacketReader();
        var packets = new List<byte[]>();
        Feed(reader, huge, packets);
        Feed(reader, next, packets);
        Assert.Equal([next], packets);
        Assert.InRange(reader.Allocated, 0, 64 * 1024);
    }

    [Theory]
    [InlineData(4096, 4000)]
    [InlineData(1 << 29, 1 << 29)]
    [InlineData(1 << 30, (1 << 29) + 1)]
    [InlineData(1 << 30, PacketReader.MaxPublished - 1)]
    public void A_buffer_grows_to_what_an_array_can_hold_and_has_room_for_more(int length, int used) =>
        Assert.InRange(PacketReader.LengthFor(length, used), used + 2048, Array.MaxLength);

    [Fact]
    public void A_heartbeat_that_is_too_long_is_malformed()
    {
        var bytes = Packet(BusType.Ping, BusProtocol.HeaderLength);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4), PacketReader.MaxBuffered + 1);
        var reader = new PacketReader();
        bytes.CopyTo(reader.Free);
        reader.Filled(bytes.Length);
        Assert.Equal(PacketStatus.Malformed, reader.TryTake(out _));
    }

    [Fact]
    public void Random_bytes_never_throw_and_never_take_much_memory()
    {
        var random = new RandomSource(20241031);
        for (var round = 0; round < 2000; round++)
        {
            var reader = new PacketReader();
            var bytes = Packet((BusType)random.Next(20), BusProtocol.HeaderLength + random.Next(4000));
            for (var change = random.Next(6); change > 0; change--)
                bytes[random.Next(random.Next(2) == 0 ? 16 : bytes.Length)] = (byte)random.Next(256);
            Feed(reader, bytes, []);
            Assert.InRange(reader.Allocated, 0, 64 * 1024);
        }
    }

    private static byte[] Packet(BusType type, int length)
    {
        var packet = new byte[length];
        "RCmb"u8.CopyTo(packet);
        BinaryPrimitives.WriteUInt32BigEndian(packet.AsSpan(4), (uint)length);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(8), BusProtocol.Version);
        BinaryPrimitives.WriteUInt16BigEndian(packet.AsSpan(12), (ushort)type);
        for (var i = 16; i < length; i++) packet[i] = (byte)i;
        return packet;
    }

    private static void Feed(PacketReader reader, ReadOnlySpan<byte> bytes, List<byte[]> packets)
    {
        while (!bytes.IsEmpty)
        {
            var free = reader.Free;
            var count = Math.Min(free.Length, bytes.Length);
            bytes[..count].CopyTo(free);
            reader.Filled(count);
            bytes = bytes[count..];
            while (true)
            {
                var status = reader.TryTake(out var packet);
                if (status == PacketStatus.Packet) packets.Add(packet.ToArray());
                else if (status == PacketStatus.Malformed) return;
                else if (status == PacketStatus.Incomplete) break;
            }
        }
    }
}
