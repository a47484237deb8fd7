using Starling.Tests.Support;

namespace Starling.Bench.SideBySide;

/// <summary>
/// How long the slots of a killed master are without an acknowledged write: three masters, three replicas, node timeout
/// 2000.
/// </summary>
internal static class FailoverComparison
{
    /// <summary>
    /// One round: kills a master under write load and returns the longest time between two acknowledged writes of a
    /// writer, in seconds.
    /// </summary>
    public static double Round(ServerKind kind)
    {
        ServerKind[] three = [kind, kind, kind];
        using var cluster = TestCluster.Create(three, three);
        using var load = new WriteLoad(cluster.Nodes.Select(node => node.Port), writers: 2, keys: 500);
        load.WaitForWrites(2000);
        var killed = cluster.Nodes[0];
        killed.Kill();
        Wait.Until("the replica takes over", () => cluster.Nodes[3].Info("replication", "role") == "master");
        load.WaitForWrites(2000);
        load.Stop();
        if (load.Errors.Count > 0) throw new InvalidOperationException(string.Join('\n', load.Errors));
        return load.LongestGap.TotalSeconds;
    }
}
