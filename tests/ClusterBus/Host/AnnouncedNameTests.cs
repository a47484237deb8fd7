using System.Net;
using System.Net.Sockets;
using Starling.ClusterBus.Host;
using Starling.ClusterBus.View;
using Starling.Tests.Support;

namespace Starling.ClusterBus.Tests.Host;

/// <summary>Nodes that announce a host name instead of an address.</summary>
public sealed class AnnouncedNameTests
{
    [Fact]
    public void A_node_is_reached_by_the_name_it_announces()
    {
        using var first = new TestNode();
        using var second = new TestNode(announceIp: "localhost");
        first.AddSlots(0, 8000);
        second.AddSlots(8001, 16383);
        first.Meet(second.Port);
        var id = second.Id;
        UntilReachedByName(first, id, "localhost");
        Wait.Until("the cluster is ok", () => first.View.Health == ClusterHealth.Ok
            && second.View.Health == ClusterHealth.Ok);

        first.Host.KillLinks(id, inbound: true, outbound: true);

        UntilReachedByName(first, id, "localhost");
    }

    [Fact]
    public void A_redis_server_is_reached_by_the_name_it_announces()
    {
        using var server = ServerProcess.StartClusterNode(ServerKind.Redis, "cluster-announce-ip localhost");
        using var node = new TestNode(nodeTimeout: 2000);
        using var client = new RespConnection(server.Port);
        Assert.Equal("OK", client.Text("CLUSTER", "ADDSLOTSRANGE", "0", "8000"));
        node.AddSlots(8001, 16383);
        node.Meet(server.Port);
        Assert.True(NodeId.TryParse(client.Text("CLUSTER", "MYID").AsSpan(), out var id));
        UntilReachedByName(node, id, "localhost");
        Wait.Until("the cluster is ok", () => node.View.Health == ClusterHealth.Ok
            && client.Text("CLUSTER", "INFO").Contains("cluster_state:ok", StringComparison.Ordinal));
    }

    [Fact]
    public void A_name_that_cannot_be_found_delays_no_heartbeat()
    {
        using var first = new TestNode();
        using var second = new TestNode(announceIp: "no-such-host.invalid");
        using var third = new TestNode();
        first.AddSlots(0, 8000);
        third.AddSlots(8001, 16383);
        first.Meet(second.Port);
        first.Meet(third.Port);
        var id = second.Id;
        Wait.Until("the name has arrived", () => first.View.Find(id) is { } node && node.Address.Ip == "no-such-host.invalid");
        Wait.Until("the others are ok", () => first.View is { Health: ClusterHealth.Ok, Nodes.Count: 3 });
        Assert.False(first.View.Find(id)!.IsLinked);
        Assert.True(first.View.Find(third.Id)!.IsLinked);
    }

    [Fact]
    public void A_slow_name_server_holds_back_nobody_else()
    {
        var go = new ManualResetEventSlim();
        using var found = new SemaphoreSlim(0);
        using var names = new NameResolver(
            () => found.Release(),
            name =>
            {
                go.Wait(Wait.Patience);
                return name == "bad" ? throw new SocketException((int)SocketError.HostNotFound) : [IPAddress.Loopback];
            });
        Assert.False(names.IsFresh("good", 0));
        Assert.False(names.IsFresh("bad", 0));
        Assert.False(names.IsFresh("good", 5000)); // not asked twice
        Assert.False(names.TryTake(out _));
        go.Set();
        Assert.True(found.Wait(Wait.Patience) && found.Wait(Wait.Patience));
        Assert.True(names.TryTake(out var name) && name == "good");
        Assert.True(names.TryTake(out name) && name == "bad");
        Assert.False(names.TryTake(out _));
        Assert.True(names.TryNext("good", null, out var address, out _) && address.Equals(IPAddress.Loopback));
        Assert.False(names.TryNext("bad", null, out _, out var error));
        Assert.NotEmpty(error);
        Assert.True(names.IsFresh("bad", NameResolver.Validity - 1));
        Assert.False(names.IsFresh("bad", NameResolver.Validity));
        Assert.True(found.Wait(Wait.Patience));
    }

    [Fact]
    public void The_addresses_of_a_name_take_turns()
    {
        using var found = new SemaphoreSlim(0);
        using var names = new NameResolver(() => found.Release(), _ => [IPAddress.IPv6Loopback, IPAddress.Loopback]);
        names.IsFresh("both", 0);
        Assert.True(found.Wait(Wait.Patience));
        Assert.True(names.TryTake(out _));
        Assert.True(names.TryNext("both", null, out var first, out _));
        Assert.True(names.TryNext("both", null, out var second, out _));
        Assert.NotEqual(first, second);
        for (var i = 0; i < 3; i++)
        {
            Assert.True(names.TryNext("both", AddressFamily.InterNetwork, out var v4, out _));
            Assert.Equal(IPAddress.Loopback, v4);
        }
    }

    private static void UntilReachedByName(TestNode node, NodeId id, string name) => Wait.Until(
        "linked by name",
        () => node.View.Find(id) is { IsLinked: true } other && other.Address.Ip == name
            && node.Host.DescribeLinks().Count(link => link.Node == id) == 2);
}
