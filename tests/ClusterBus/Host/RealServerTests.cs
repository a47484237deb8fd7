using Starling.ClusterBus.View;
using Starling.Tests.Support;

namespace Starling.ClusterBus.Tests.Host;

public sealed class RealServerTests
{
    [Fact]
    public void A_node_and_two_real_servers_meet_and_all_see_the_cluster_ok()
    {
        using var first = ServerProcess.StartClusterNode(ServerKind.Redis);
        using var second = ServerProcess.StartClusterNode(ServerKind.Redis);
        using var node = new TestNode(nodeTimeout: 2000);
        using var toFirst = new RespConnection(first.Port);
        using var toSecond = new RespConnection(second.Port);
        Assert.Equal("OK", toFirst.Text("CLUSTER", "ADDSLOTSRANGE", "0", "5000"));
        Assert.Equal("OK", toSecond.Text("CLUSTER", "ADDSLOTSRANGE", "5001", "10000"));
        node.AddSlots(10001, 16383);

        node.Meet(first.Port);
        Assert.Equal("OK", toSecond.Text("CLUSTER", "MEET", "127.0.0.1", $"{node.Port}"));

        Wait.Until("every node says ok", () => node.View is { Health: ClusterHealth.Ok, Size: 3 }
            && toFirst.Text("CLUSTER", "INFO").Contains("cluster_state:ok", StringComparison.Ordinal)
            && toSecond.Text("CLUSTER", "INFO").Contains("cluster_state:ok", StringComparison.Ordinal));
        var line = toFirst.Text("CLUSTER", "NODES").Split('\n')
            .Single(text => text.StartsWith(node.Id.ToString(), StringComparison.Ordinal));
        Assert.Contains($"127.0.0.1:{node.Port}@{node.Port + 10000} master - ", line, StringComparison.Ordinal);
        Assert.EndsWith(" connected 10001-16383", line, StringComparison.Ordinal);
    }
}
