using System.Globalization;
using Starling.Tests.Support;
using Xunit.Abstractions;

namespace Starling.EndToEnd.Tests;

/// <summary>
/// Masters of a cluster are killed in turn under load, one after the other, and come back as replicas: what was
/// acknowledged is there at the end. STARLING_KILLS says how many; <c>./build.sh Soak</c> asks for many.
/// </summary>
public class KilledMastersTests(ITestOutputHelper output)
{
    private const int Shards = 3;
    private const int LargestLag = 1_000_000;
    private static readonly ServerKind[] Three = [ServerKind.Starling, ServerKind.Starling, ServerKind.Starling];
    private static readonly int[] Pipelines = [1, 16];

    [Fact]
    public void Masters_killed_in_turn_lose_no_acknowledged_write()
    {
        var kills = int.Parse(Environment.GetEnvironmentVariable("STARLING_KILLS") ?? "3", CultureInfo.InvariantCulture);
        using var cluster = TestCluster.Create(Three, Three, "io-threads 2");
        var loads = Enumerable.Range(0, Shards).Select(shard => Loads(cluster, shard)).ToList();
        try
        {
            for (var kill = 0; kill < kills; kill++) Kill(cluster, kill % Shards, loads);
        }
        finally
        {
            foreach (var load in loads.SelectMany(shard => shard)) load.Stop();
        }

        cluster.WaitUntilHealthy();
        cluster.WaitUntilReplicasHaveCaughtUp();
        for (var shard = 0; shard < Shards; shard++)
        {
            Assert.All(loads[shard], load => Assert.Null(load.Failure));
            var (master, replica) = Roles(cluster, shard);
            var lost = loads[shard].SelectMany(load => load.Lost(master)).ToList();
            output.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"shard {shard}: {loads[shard].Sum(load => load.Acknowledged)} acknowledged, {lost.Count} lost"));
            Assert.Empty(lost);
            Assert.Equal(master.Text("DEBUG", "DIGEST"), replica.Text("DEBUG", "DIGEST"));
        }

        ClusterCheck.IsClean(cluster);
    }

    /// <summary>Kills the master of a shard once its replica keeps up, and waits until the killed one follows it.</summary>
    private void Kill(TestCluster cluster, int shard, List<List<OnceLoad>> loads)
    {
        WaitForWrites(loads);
        var (master, replica) = Roles(cluster, shard);

        // What a replica that was just attached could not take yet is not what this is about.
        Wait.Until("the replica keeps up", () => replica.Info("replication", "master_link_status") == "up"
            && Offset(master, "master_repl_offset") - Offset(replica, "slave_repl_offset") < LargestLag);
        foreach (var load in loads.SelectMany(each => each)) load.IsFast = true;
        WaitForWrites(loads);
        master.Kill();
        foreach (var load in loads.SelectMany(each => each)) load.IsFast = false;
        Wait.Until("the replica is promoted", () => replica.Info("replication", "role") == "master");
        WaitForWrites(loads);
        master.Start();
        Wait.Until("the killed master follows its former replica", () =>
            master.Info("replication", "role") == "slave"
            && master.Info("replication", "master_port") == replica.Port.ToString(CultureInfo.InvariantCulture)
            && master.Info("replication", "master_link_status") == "up");

        // The next one may be killed when a majority of masters can vote again, and everybody knows who they are.
        cluster.WaitUntilHealthy();
        cluster.WaitUntilAllSeeRoles();
        var acknowledged = loads.SelectMany(load => load).Sum(load => load.Acknowledged);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"shard {shard} killed: {acknowledged} acknowledged"));
    }

    private static void WaitForWrites(List<List<OnceLoad>> loads)
    {
        foreach (var load in loads.SelectMany(shard => shard))
        {
            var target = load.Acknowledged + 500;
            Wait.Until("every writer goes on", () => load.Acknowledged >= target || load.Failure is not null);
            Assert.Null(load.Failure);
        }
    }

    private static List<OnceLoad> Loads(TestCluster cluster, int shard)
    {
        var slots = (shard * 16384 / Shards)..((shard + 1) * 16384 / Shards);
        var ports = new[] { cluster.Nodes[shard].Port, cluster.Nodes[shard + Shards].Port };
        return [.. Pipelines.Select((pipeline, i) => new OnceLoad((shard * Pipelines.Length) + i, ports, slots, pipeline))];
    }

    private static (ServerProcess Master, ServerProcess Replica) Roles(TestCluster cluster, int shard)
    {
        var (one, other) = (cluster.Nodes[shard], cluster.Nodes[shard + Shards]);
        return one.Info("replication", "role") == "master" ? (one, other) : (other, one);
    }

    private static long Offset(ServerProcess node, string field) =>
        long.Parse(node.Info("replication", field)!, CultureInfo.InvariantCulture);
}
