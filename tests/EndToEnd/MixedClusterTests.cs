using Starling.Tests.Support;

namespace Starling.EndToEnd.Tests;

/// <summary>
/// Starling and redis-server in one cluster: they gossip, replicate, vote for and fail over to each other.
/// </summary>
public class MixedClusterTests
{
    private static readonly ServerKind[] Starlings = [ServerKind.Starling, ServerKind.Starling, ServerKind.Starling];
    private static readonly ServerKind[] Redises = [ServerKind.Redis, ServerKind.Redis, ServerKind.Redis];

    public static TheoryData<bool> Directions => [true, false];

    [Theory]
    [MemberData(nameof(Directions))]
    public void Mixed_cluster_is_healthy_and_fails_over_in_both_directions(bool starlingMasters)
    {
        using var cluster = starlingMasters ? TestCluster.Create(Starlings, Redises) : TestCluster.Create(Redises, Starlings);
        ClusterCheck.IsClean(cluster);
        var master = cluster.Nodes[0];
        var replica = cluster.Nodes[3];
        using var load = new WriteLoad(cluster.Nodes.Select(node => node.Port), keys: 300);
        load.WaitForWrites(2000);

        // The masters' kind votes for the replicas' kind.
        master.Kill();
        Wait.Until("the replica of the other kind is promoted", () => replica.Info("replication", "role") == "master");
        load.WaitForWrites(500);
        master.Start();
        Wait.Until("the former master follows", () =>
            master.Info("replication", "role") == "slave" && master.Info("replication", "master_link_status") == "up");
        cluster.WaitUntilHealthy();

        // And back: a voter of each kind is now among the masters.
        replica.Kill();
        Wait.Until("the former master is promoted again", () => master.Info("replication", "role") == "master");
        load.WaitForWrites(500);
        replica.Start();
        Wait.Until("the other follows again", () =>
            replica.Info("replication", "role") == "slave" && replica.Info("replication", "master_link_status") == "up");
        load.Stop();

        Assert.Empty(load.Errors);
        cluster.WaitUntilHealthy();
        cluster.WaitUntilReplicasHaveCaughtUp();
        ClusterCheck.IsClean(cluster);
        for (var i = 0; i < 3; i++)
            Assert.Equal(cluster.Nodes[i].Text("DEBUG", "DIGEST"), cluster.Nodes[i + 3].Text("DEBUG", "DIGEST"));
    }

    [Theory]
    [MemberData(nameof(Directions))]
    public void Manual_failover_works_between_the_kinds(bool starlingMasters)
    {
        using var cluster = starlingMasters ? TestCluster.Create(Starlings, Redises) : TestCluster.Create(Redises, Starlings);
        var replica = cluster.Nodes[4];
        var master = cluster.Nodes[1];
        Assert.Equal("OK", replica.Text("CLUSTER", "FAILOVER"));
        Wait.Until("the replica is promoted", () => replica.Info("replication", "role") == "master");
        Wait.Until("the former master is its replica", () =>
            master.Info("replication", "role") == "slave" && master.Info("replication", "master_link_status") == "up");
        cluster.WaitUntilHealthy();
        cluster.WaitUntilAllSeeRoles();
        Assert.Equal("OK", master.Text("CLUSTER", "FAILOVER"));
        Wait.Until("and the former master again", () => master.Info("replication", "role") == "master");
        cluster.WaitUntilHealthy();
    }
}
