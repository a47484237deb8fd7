using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.View;
using Starling.ClusterBus.Wire;
using static Starling.ClusterBus.Tests.Protocol.LoneMachine;

namespace Starling.ClusterBus.Tests.Protocol;

/// <summary>What a node announces of itself, and how it learns it.</summary>
public sealed class OwnAddressTests
{
    [Fact]
    public void Without_an_announced_address_the_one_that_others_reach_it_by_counts_again()
    {
        var cluster = new CalmCluster(3, 0);
        var ip = cluster[0].View.Myself.Address.Ip;
        Announce(cluster, "192.0.2.7");
        Assert.Equal("192.0.2.7", cluster[0].View.Myself.Address.Ip);
        Announce(cluster, "");
        Assert.Equal(ip, cluster[0].View.Myself.Address.Ip);
    }

    [Fact]
    public void Without_an_announced_address_and_without_links_it_is_learned_from_the_next_ping()
    {
        var node = new LoneMachine(
            Options with { AnnounceIp = "192.0.2.7" }, Myself(Master(1, 0, 8000)), Master(2, 8001, 16383));
        Assert.Equal("192.0.2.7", node.View.Myself.Address.Ip);
        node.Machine.Reconfigure(Options, node.Now, node.Effects);
        Assert.Equal("", node.View.Myself.Address.Ip);
        node.Hear(2);
        Assert.Equal("10.0.0.1", node.View.Myself.Address.Ip);
    }

    [Fact]
    public void The_address_of_the_file_stays_when_none_was_announced()
    {
        var node = new LoneMachine(Options, Myself(Master(1)));
        node.Machine.Reconfigure(Options with { NodeTimeout = 3000 }, node.Now, node.Effects);
        Assert.Equal("10.0.0.1", node.View.Myself.Address.Ip);
    }

    [Fact]
    public void A_node_that_meets_itself_learns_its_address()
    {
        var node = new LoneMachine(Options, Myself(Master(1)) with { Address = NodeAddress.None });
        Assert.Equal("", node.View.Myself.Address.Ip);
        Assert.Null(node.Machine.Meet("10.0.0.9", 7000, 17000, node.Now, node.Effects));
        node.Wait(100);
        var link = node.Effects.OfType<ClusterEffect.Connect>().Single().Link;
        node.Machine.LinkEstablished(link, "10.0.0.9", "10.0.0.9", node.Now, node.Effects);
        var meet = node.Effects.OfType<ClusterEffect.Send>().Single();
        Assert.Equal((link, BusType.Meet), (meet.Link, meet.Type));
        var other = node.Machine.AcceptLink("10.0.0.9", "10.0.0.9", node.Now);
        node.Machine.Step(other, meet.Packet, node.Now, node.Effects);
        Assert.Equal("10.0.0.9", node.View.Myself.Address.Ip);
        var pong = node.Effects.OfType<ClusterEffect.Send>().Single(send => send.Type == BusType.Pong);
        Assert.Equal(other, pong.Link);
        node.Machine.Step(link, pong.Packet, node.Now, node.Effects);
        Assert.Single(node.View.Nodes);
        Assert.Contains(node.Effects, effect => effect is ClusterEffect.CloseLink close && close.Link == link);
    }

    [Theory]
    [InlineData(0, 1000)]
    [InlineData(200, 200)]
    [InlineData(5000, 5000)]
    public void A_node_is_pinged_when_its_last_pong_is_older_than_the_ping_interval(long interval, long expected)
    {
        var node = new LoneMachine(
            Options with { PingInterval = interval, NodeTimeout = interval > 2000 ? 20_000 : 2000 },
            Myself(Master(1, 0, 8000)),
            Master(2, 8001, 16383));
        var link = Established(node);

        // Nodes picked at random get a ping a second besides; over half a minute they are few beside the regular ones.
        node.Effects.Clear();
        var start = node.Now;
        var pings = 0;
        while (node.Now < start + 30_000)
        {
            node.Wait(100);
            if (!node.Effects.Any(effect => effect is ClusterEffect.Send { Type: BusType.Ping } ping && ping.Link == link)) continue;
            pings++;
            node.Effects.Clear();
            Pong(node, link);
        }

        var random = expected > 1000 ? 30 : 0;
        Assert.InRange(pings, 30_000 / (expected + 200), (30_000 / expected) + random + 1);
    }

    [Fact]
    public void A_replica_takes_no_slots()
    {
        var cluster = new CalmCluster(3, 1);
        Assert.Null(cluster.Do(0, (machine, effects) => machine.DeleteSlots(SlotSet.Range(5, 5), cluster.Simulation.Now, effects)));
        Assert.Null(cluster.Do(3, (machine, effects) => machine.DeleteSlots(SlotSet.Range(5, 5), cluster.Simulation.Now, effects)));
        Assert.Equal(
            "ERR Please use ADDSLOTS only with masters.",
            cluster.Do(3, (machine, effects) => machine.AddSlots(SlotSet.Range(5, 5), cluster.Simulation.Now, effects)));
        Assert.True(cluster[3].Machine.Snapshot().Myself.Slots.IsEmpty);
    }

    [Fact]
    public void A_replica_that_owns_slots_in_its_file_can_still_change_masters()
    {
        var replica = Myself(Master(1, 0, 10)) with { Flags = NodeFlags.Replica | NodeFlags.Myself, MasterId = Id(2) };
        var node = new LoneMachine(Options, replica, Master(2, 11, 8000), Master(3, 8001, 16383));
        Assert.Null(node.Machine.Replicate(Id(3), hasKeys: true, node.Now, node.Effects));
        Assert.Equal(Id(3), node.View.Myself.MasterId);
        Assert.Null(node.View.OwnerOf(5));
    }

    private static void Announce(CalmCluster cluster, string ip) => cluster.Do(0, (machine, effects) =>
    {
        machine.Reconfigure(machine.Options with { AnnounceIp = ip }, cluster.Simulation.Now, effects);
        return null;
    });

    private static LinkId Established(LoneMachine node)
    {
        node.Wait(100);
        var link = node.Effects.OfType<ClusterEffect.Connect>().Single().Link;
        node.Machine.LinkEstablished(link, "10.0.0.2", "10.0.0.1", node.Now, node.Effects);
        Pong(node, link);
        return link;
    }

    private static void Pong(LoneMachine node, LinkId link)
    {
        var pong = new BusMessage
        {
            Type = BusType.Pong,
            Sender = Id(2),
            CurrentEpoch = 5,
            ConfigEpoch = 2,
            Slots = SlotSet.Range(8001, 16383),
            Address = Address(2),
            Flags = NodeFlags.Master,
            Body = new BusBody.Heartbeat([], PingExtensions.None),
        };
        node.Machine.Step(link, BusEncoder.Encode(pong), node.Now, node.Effects);
    }
}
