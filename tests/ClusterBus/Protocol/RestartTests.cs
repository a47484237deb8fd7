using Starling.ClusterBus.View;

namespace Starling.ClusterBus.Tests.Protocol;

/// <summary>What a master may do that comes back.</summary>
public sealed class RestartTests
{
    /// <summary>
    /// Found by the ledger (seeds 40028 and 50007 of 40 s with processes that crash and partitions): what nodes.conf
    /// says of the other masters counted as their answer, for as long as the node timeout is.
    /// </summary>
    [Fact]
    public void A_master_that_restarts_into_a_minority_takes_no_writes()
    {
        var cluster = new CalmCluster(3, 1, nodeTimeout: 15_000);
        cluster.Simulation.Crash(cluster[0]);
        cluster.Isolate(0);
        cluster.Simulation.Start(cluster[0]);
        for (var i = 0; i < 40; i++)
        {
            cluster.Simulation.RunFor(1000);
            Assert.NotEqual(ClusterHealth.Ok, cluster[0].View.Health);
        }
    }

    [Fact]
    public void A_master_that_restarts_among_the_others_takes_writes_after_two_seconds()
    {
        var cluster = new CalmCluster(3, 1, nodeTimeout: 15_000);
        cluster.Simulation.Crash(cluster[0]);
        cluster.Simulation.Start(cluster[0]);
        Assert.InRange(cluster.Until(() => cluster[0].View.Health == ClusterHealth.Ok), 1900, 2500);
        Assert.True(cluster.Owns(0, 0));
    }

    [Fact]
    public void A_cluster_of_one_node_comes_back_alone()
    {
        var cluster = new CalmCluster(1, 0);
        cluster.Simulation.Crash(cluster[0]);
        cluster.Simulation.Start(cluster[0]);
        Assert.InRange(cluster.Until(() => cluster[0].View.Health == ClusterHealth.Ok), 1900, 2500);
    }
}
