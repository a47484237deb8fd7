using System.Globalization;
using Starling.Tests.Support;
using Xunit.Abstractions;

namespace Starling.EndToEnd.Tests;

/// <summary>A killed master is replaced, and what was acknowledged stays.</summary>
public class FailoverTests(ITestOutputHelper output)
{
    private static readonly ServerKind[] Three = [ServerKind.Starling, ServerKind.Starling, ServerKind.Starling];

    [Fact]
    public void Killed_master_is_replaced_by_its_replica_and_comes_back_as_one()
    {
        using var cluster = TestCluster.Create(Three, Three);
        var killed = cluster.Nodes[0];
        var replica = cluster.Nodes[3];
        using var load = new WriteLoad(cluster.Nodes.Select(node => node.Port));
        load.WaitForWrites(2000);

        killed.Kill();
        Wait.Until("the replica is promoted", () => replica.Info("replication", "role") == "master");
        load.WaitForWrites(2000);
        output.WriteLine($"longest time without an acknowledged write: {load.LongestGap.TotalMilliseconds:F0} ms");

        killed.Start();
        Wait.Until("the killed master is a replica of its former replica", () =>
            killed.Info("replication", "role") == "slave"
            && killed.Info("replication", "master_port") == replica.Port.ToString(CultureInfo.InvariantCulture)
            && killed.Info("replication", "master_link_status") == "up");
        load.Stop();

        Assert.Empty(load.Errors);
        cluster.WaitUntilHealthy();
        cluster.WaitUntilReplicasHaveCaughtUp();
        Assert.Equal(replica.Text("DEBUG", "DIGEST"), killed.Text("DEBUG", "DIGEST"));
        ClusterCheck.IsClean(cluster);
    }

    [Fact]
    public void Replica_with_the_highest_offset_is_promoted()
    {
        using var cluster = TestCluster.Create(Three, [.. Three, ServerKind.Starling]);
        var master = cluster.Nodes[0];
        var upToDate = cluster.Nodes[3];
        var heldBack = cluster.Nodes[6];
        cluster.WaitUntilReplicasHaveCaughtUp();

        // The replica that is held back stands still while the other one gets more writes: more than the sockets
        // between it and
        // the master hold, so that the rest dies with the master.
        heldBack.Pause();
        var value = new string('x', 1 << 20);
        using (var client = master.Connect())
        {
            for (var i = 0; i < 48; i++) Assert.Equal("OK", client.Call("SET", "{06S}" + i, value));
        }

        var offset = master.Info("replication", "master_repl_offset");
        Wait.Until("the other replica has them", () => upToDate.Info("replication", "slave_repl_offset") == offset);
        master.Kill();
        heldBack.Resume();

        Wait.Until("one replica is promoted", () =>
            upToDate.Info("replication", "role") == "master" || heldBack.Info("replication", "role") == "master");
        Assert.Equal("master", upToDate.Info("replication", "role"));
        Wait.Until("the other follows it", () =>
            heldBack.Info("replication", "master_port") == upToDate.Port.ToString(CultureInfo.InvariantCulture)
            && heldBack.Info("replication", "master_link_status") == "up");
        Assert.Equal(upToDate.Text("DEBUG", "DIGEST"), heldBack.Text("DEBUG", "DIGEST"));
    }

    [Fact]
    public void Manual_failover_loses_no_write()
    {
        using var cluster = TestCluster.Create(Three, Three);
        var replica = cluster.Nodes[4];
        using var load = new WriteLoad(cluster.Nodes.Select(node => node.Port));
        load.WaitForWrites(1000);
        Assert.Equal("OK", replica.Text("CLUSTER", "FAILOVER"));
        Wait.Until("the replica is promoted", () => replica.Info("replication", "role") == "master");
        load.WaitForWrites(1000);
        load.Stop();
        Assert.Empty(load.Errors);
        cluster.WaitUntilHealthy();
        Assert.Empty(load.Lost());
    }

    [Fact]
    public void Stopped_cluster_has_its_keys_when_started_again()
    {
        using var cluster = TestCluster.Create(Three, Three, "save 3600 1");
        using (var client = new ClusterClient(cluster.Nodes.Select(node => node.Port), Wait.Patience))
        {
            for (var i = 0; i < 1000; i++) Assert.Equal("OK", client.Call(null, i, "SET", "stay:" + i, "value " + i));
        }

        foreach (var node in cluster.Nodes) Assert.Equal(0, node.Stop());
        foreach (var node in cluster.Nodes) node.Start();
        cluster.WaitUntilHealthy();
        using (var client = new ClusterClient(cluster.Nodes.Select(node => node.Port), Wait.Patience))
        {
            for (var i = 0; i < 1000; i++) Assert.Equal("value " + i, client.Call(null, i, "GET", "stay:" + i));
        }
    }
}
