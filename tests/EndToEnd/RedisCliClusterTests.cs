using System.Globalization;
using Starling.Tests.Support;
using Xunit.Abstractions;

namespace Starling.EndToEnd.Tests;

/// <summary>
/// redis-cli --cluster creates, reshards, grows, shrinks, balances and mends a cluster of Starling nodes.
/// </summary>
public class RedisCliClusterTests(ITestOutputHelper output)
{
    // Nothing fails here, so a machine that stalls for seconds must not look like a failure.
    private const string PatientNode = "cluster-node-timeout 15000";

    [Fact]
    public void Redis_cli_creates_reshards_under_load_and_reshapes_a_cluster()
    {
        using var cluster = new TestCluster();
        for (var i = 0; i < 6; i++) cluster.AddNode(ServerKind.Starling, PatientNode);
        Cli(["--cluster", "create", .. cluster.Nodes.Select(Address), "--cluster-replicas", "1", "--cluster-yes"]);
        cluster.WaitUntilHealthy();
        ClusterCheck.IsClean(cluster);

        try
        {
            FillAndReshardUnderLoad(cluster);
            AddRebalanceAndRemove(cluster);
            FixAnOpenSlot(cluster);
        }
        catch
        {
            output.WriteLine(cluster.Logs);
            throw;
        }
    }

    private static void FillAndReshardUnderLoad(TestCluster cluster)
    {
        using (var client = new ClusterClient(cluster.Nodes.Select(node => node.Port), Wait.Patience))
        {
            for (var i = 0; i < 50_000; i++)
            {
                var key = "reshard:" + i.ToString(CultureInfo.InvariantCulture);
                Assert.Equal("OK", client.Call(null, i % 16, "SET", key, "value of " + key));
            }
        }

        using var load = new WriteLoad(cluster.Nodes.Select(node => node.Port), keys: 2000);
        load.WaitForWrites(2000);
        var masters = cluster.Masters.ToArray();
        Cli("--cluster", "reshard", Address(masters[0]), "--cluster-from", masters[0].Text("CLUSTER", "MYID"),
            "--cluster-to", masters[1].Text("CLUSTER", "MYID"), "--cluster-slots", "1000", "--cluster-yes");
        load.WaitForWrites(2000);
        load.Stop();

        Assert.Empty(load.Errors);
        Assert.Empty(load.Lost());
        ClusterCheck.IsClean(cluster);
        using var reader = new ClusterClient(cluster.Nodes.Select(node => node.Port), Wait.Patience);
        for (var i = 0; i < 50_000; i++)
        {
            var key = "reshard:" + i.ToString(CultureInfo.InvariantCulture);
            Assert.Equal("value of " + key, reader.Call(null, i % 16, "GET", key));
        }
    }

    private static void AddRebalanceAndRemove(TestCluster cluster)
    {
        var seed = cluster.Nodes[0];
        var newMaster = cluster.AddNode(ServerKind.Starling, PatientNode);
        Cli("--cluster", "add-node", Address(newMaster), Address(seed));
        cluster.WaitUntilAllKnowEachOther();
        var newReplica = cluster.AddNode(ServerKind.Starling, PatientNode);
        Cli("--cluster", "add-node", Address(newReplica), Address(seed), "--cluster-slave",
            "--cluster-master-id", newMaster.Text("CLUSTER", "MYID"));
        cluster.WaitUntilAllKnowEachOther();
        cluster.WaitUntilHealthy();
        Cli("--cluster", "rebalance", Address(seed), "--cluster-use-empty-masters");
        cluster.WaitUntilHealthy();
        ClusterCheck.IsClean(cluster);
        Assert.NotEqual("0", newMaster.Text("DBSIZE"));

        // Give the slots back, then take both out again.
        Cli("--cluster", "rebalance", Address(seed), "--cluster-weight", newMaster.Text("CLUSTER", "MYID") + "=0");
        cluster.WaitUntilHealthy();
        Cli("--cluster", "del-node", Address(seed), newReplica.Text("CLUSTER", "MYID"));
        Cli("--cluster", "del-node", Address(seed), newMaster.Text("CLUSTER", "MYID"));
        newReplica.Kill();
        newMaster.Kill();
        Wait.Until("the others forgot both", () => cluster.Alive.All(node => node.ClusterInfo("cluster_known_nodes") == "6"));
        ClusterCheck.IsClean(cluster);
    }

    private static void FixAnOpenSlot(TestCluster cluster)
    {
        var masters = cluster.Masters.ToArray();
        var slots = masters[0].Text("CLUSTER", "NODES").Split('\n').First(line => line.Contains("myself", StringComparison.Ordinal)).Split(' ');
        var slot = slots[8].Split('-')[0];
        masters[0].Text("CLUSTER", "SETSLOT", slot, "MIGRATING", masters[1].Text("CLUSTER", "MYID"));
        masters[1].Text("CLUSTER", "SETSLOT", slot, "IMPORTING", masters[0].Text("CLUSTER", "MYID"));
        Assert.Contains("open", ClusterCheck.Check(masters[0].Port).Output, StringComparison.Ordinal);
        Cli("--cluster", "fix", Address(masters[0]));
        cluster.WaitUntilHealthy();
        ClusterCheck.IsClean(cluster);
    }

    private static string Address(ServerProcess node) => "127.0.0.1:" + node.Port.ToString(CultureInfo.InvariantCulture);

    private static void Cli(params string[] arguments) => ProgramRun.RedisCli(arguments);
}
