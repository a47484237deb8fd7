using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.View;
using Starling.ClusterBus.Wire;

namespace Starling.ClusterBus.Tests.Wire;

/// <summary>Values that make no sense cost themselves, not the message they are in.</summary>
public sealed class OddValueTests
{
    private static readonly NodeId Sender = new RandomSource(1).NextNodeId();
    private static readonly NodeId First = new RandomSource(2).NextNodeId();
    private static readonly NodeId Second = new RandomSource(3).NextNodeId();

    [Theory]
    [InlineData(48, "bad address")] // the address
    [InlineData(48, "evil\nline")]
    [InlineData(0, "NOT-A-NODE-NAME")]
    public void An_odd_gossip_entry_costs_that_entry(int offset, string value)
    {
        var packet = Ping("");
        System.Text.Encoding.ASCII.GetBytes(value).CopyTo(packet, BusProtocol.HeaderLength + offset);
        var message = Decoded(packet);
        var entry = Assert.Single(((BusBody.Heartbeat)message.Body).Gossip);
        Assert.Equal((Second, "10.0.0.2"), (entry.Node, entry.Address.Ip));
        Assert.Equal("a.example", ((BusBody.Heartbeat)message.Body).Extensions.Hostname);
    }

    [Theory]
    [InlineData("redis-0.cache")]
    [InlineData("redis_0.cache")]
    [InlineData("fe80::1%eth0")]
    public void Host_names_and_zones_are_addresses(string ip)
    {
        var message = Decoded(Ping(ip));
        Assert.Equal(ip, message.Address.Ip);
        Assert.Equal(ip, ((BusBody.Heartbeat)message.Body).Gossip[0].Address.Ip);
    }

    [Fact]
    public void An_odd_address_of_the_sender_is_no_address()
    {
        var packet = Ping("");
        "two words"u8.CopyTo(packet.AsSpan(2168));
        Assert.Equal(new NodeAddress("", 7000, 17000), Decoded(packet).Address);
    }

    [Theory]
    [InlineData("a.example", "a,exampl")]
    [InlineData("b-name", "b=name")]
    [InlineData("forgotten", "ODD")]
    [InlineData("shard", "ODD")]
    public void An_odd_value_of_an_extension_costs_that_value(string good, string bad)
    {
        var packet = Ping("");
        var text = good switch
        {
            "forgotten" => Second.ToString(),
            "shard" => First.ToString(),
            _ => good,
        };

        // The names of nodes are in the gossip sections too; the extensions come last.
        var at = packet.AsSpan().LastIndexOf(System.Text.Encoding.ASCII.GetBytes(text));
        System.Text.Encoding.ASCII.GetBytes(bad).CopyTo(packet, at);
        var extensions = ((BusBody.Heartbeat)Decoded(packet).Body).Extensions;
        Assert.Equal(good == "a.example" ? "" : "a.example", extensions.Hostname);
        Assert.Equal(good == "b-name" ? "" : "b-name", extensions.HumanName);
        Assert.Equal(good == "forgotten" ? 0 : 1, extensions.Forgotten.Count);
        Assert.Equal(good == "shard" ? NodeId.None : First, extensions.ShardId);
    }

    private static BusMessage Decoded(byte[] packet)
    {
        Assert.Equal(BusDecodeResult.Message, BusDecoder.Decode(packet, out var message, out var reason));
        Assert.Null(reason);
        return message!;
    }

    private static byte[] Ping(string ip)
    {
        GossipEntry[] gossip =
        [
            new(First, 1, 2, new NodeAddress(ip.Length > 0 ? ip : "10.0.0.1", 7000, 17000), NodeFlags.Master),
            new(Second, 1, 2, new NodeAddress("10.0.0.2", 7000, 17000), NodeFlags.Master),
        ];
        var extensions = new PingExtensions
        {
            Hostname = "a.example",
            HumanName = "b-name",
            ShardId = First,
            Forgotten = [new ForgottenNode(Second, 5)],
        };
        return BusEncoder.Encode(new BusMessage
        {
            Type = BusType.Ping,
            Sender = Sender,
            Slots = new SlotSet(),
            Address = new NodeAddress(ip, 7000, 17000),
            Flags = NodeFlags.Master,
            MessageFlags = MessageFlags.ExtensionData,
            Body = new BusBody.Heartbeat(gossip, extensions),
        });
    }
}
