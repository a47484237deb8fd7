using Starling.ClusterBus.Host;
using Starling.ClusterBus.View;
using Starling.ClusterBus.Wire;
using Starling.Tests.Support;

namespace Starling.ClusterBus.Tests.Host;

public sealed class BusHostTests : IDisposable
{
    private readonly TestNodes _nodes = new();

    public void Dispose() => _nodes.Dispose();

    [Fact]
    public void Nodes_that_met_agree_and_are_ok()
    {
        var nodes = _nodes.ThreeMasters();
        foreach (var node in nodes)
        {
            Assert.Equal(3, node.View.Nodes.Count);
            Assert.Equal(3, node.View.Size);
            Assert.Equal(nodes[1].Id, node.View.OwnerOf(6000)!.Id);
            Assert.Equal(ClusterHealth.Ok, node.Published!.Health);
            Assert.Equal("127.0.0.1", node.View.Myself.Address.Ip);
        }
    }

    [Fact]
    public void A_replica_takes_over_from_a_master_that_is_gone_and_the_master_comes_back_as_its_replica()
    {
        var nodes = _nodes.ThreeMasters();
        var replica = _nodes.Add();
        replica.Meet(nodes[0].Port);
        Until("all know all", () => nodes.Append(replica).All(node => node.View.Nodes.Count == 4));
        var master = nodes[0].Id;
        Assert.Null(replica.Do((machine, now, effects) => machine.Replicate(master, hasKeys: false, now, effects)));
        Assert.Contains($"replica of {nodes[0].Port}", replica.Actions);
        Until("all know the replica", () => nodes.All(node => node.View.Find(replica.Id)!.IsReplica));
        var old = nodes[0].Id;

        nodes[0].Stop();

        Until("the replica owns the slots", () => nodes[1..].Append(replica).All(
            node => node.View.OwnerOf(0)!.Id == replica.Id && node.View.Health == ClusterHealth.Ok));
        Assert.Contains("master", replica.Actions);

        nodes[0].Restart();

        Until("the old master is a replica", () => nodes[0].View.Myself.MasterId == replica.Id
            && replica.View.Find(old) is { IsReplica: true, IsFailing: false });
        Assert.Contains($"replica of {replica.Port}", nodes[0].Actions);
    }

    [Fact]
    public void A_node_started_again_is_the_same_node()
    {
        var nodes = _nodes.ThreeMasters();
        var id = nodes[2].Id;
        nodes[2].Stop();
        nodes[2].Restart();
        Assert.Equal(id, nodes[2].Id);
        Until("it is ok again", () => nodes.All(node => node.View.Health == ClusterHealth.Ok)
            && nodes[2].View.OwnerOf(16383)!.IsMyself);
    }

    [Fact]
    public void Links_are_described_with_the_nodes_at_their_ends()
    {
        var nodes = _nodes.ThreeMasters();
        Until("two links to each node", () => LinksOf(nodes[0]).Count == 4);
        var links = LinksOf(nodes[0]);
        foreach (var other in nodes[1..])
        {
            Assert.Single(links, link => link.Node == other.Id && link.IsInbound);
            Assert.Single(links, link => link.Node == other.Id && !link.IsInbound);
        }
    }

    [Fact]
    public void Work_that_posts_itself_again_and_again_does_not_keep_a_node_from_its_heartbeats()
    {
        var node = _nodes.ThreeMasters()[0];
        var stops = 0;
        node.Host.Post(Again);
        try
        {
            var sent = node.Host.Statistics.Sent(BusType.Ping);
            Until("it pings", () => node.Host.Statistics.Sent(BusType.Ping) > sent + 3);
        }
        finally
        {
            Volatile.Write(ref stops, 1);
        }

        void Again()
        {
            if (Volatile.Read(ref stops) == 0) node.Host.Post(Again);
        }
    }

    [Fact]
    public void A_killed_link_is_made_anew()
    {
        var nodes = _nodes.ThreeMasters();
        var before = LinksOf(nodes[0]).Single(link => link.Node == nodes[1].Id && !link.IsInbound);
        nodes[0].DoOnBus(() => nodes[0].Host.KillLinks(nodes[1].Id, inbound: true, outbound: true));
        Until("the link is back", () => LinksOf(nodes[0]).Exists(
            link => link.Node == nodes[1].Id && !link.IsInbound && link.CreatedAt > before.CreatedAt));
    }

    [Fact]
    public void Dropped_packets_of_a_type_are_as_if_they_never_came()
    {
        var first = _nodes.Add();
        var second = _nodes.Add();
        second.Host.DropFilter = (int)BusType.Meet;
        first.Meet(second.Port);
        Until("a MEET was sent", () => first.Host.Statistics.Sent(BusType.Meet) > 0);
        Until("the handshake timed out", () => first.View.Nodes.Count == 1);
        Assert.Single(second.View.Nodes);

        second.Host.DropFilter = -1;
        first.Meet(second.Port);
        Until("they met", () => first.View.Nodes.Count == 2 && second.View.Nodes.Count == 2);
    }

    private static List<LinkDescription> LinksOf(TestNode node)
    {
        List<LinkDescription> links = [];
        node.DoOnBus(() => links = node.Host.DescribeLinks());
        return links;
    }

    private static void Until(string description, Func<bool> condition) => Wait.Until(description, condition);
}
