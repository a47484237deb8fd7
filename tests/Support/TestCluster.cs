using System.Globalization;

namespace Starling.Tests.Support;

/// <summary>Cluster nodes in processes of their own, made into one cluster.</summary>
public sealed class TestCluster : IDisposable
{
    private readonly List<ServerProcess> _nodes = [];

    /// <summary>All nodes, masters as first created, then replicas, then added ones.</summary>
    public IReadOnlyList<ServerProcess> Nodes => _nodes;

    /// <summary>
    /// Starts masters and replicas, with CLUSTER MEET, ADDSLOTSRANGE and REPLICATE, and waits until
    /// all is well.
    /// Replica i follows master i, and from the first one again when there are more.
    /// </summary>
    public static TestCluster Create(ServerKind[] masters, ServerKind[] replicas, params string[] directives)
    {
        var cluster = new TestCluster();
        try
        {
            foreach (var kind in masters.Concat(replicas)) cluster.AddNode(kind, directives);
            var first = cluster._nodes[0];
            for (var i = 0; i < masters.Length; i++)
            {
                var from = i * 16384 / masters.Length;
                var to = (i + 1) * 16384 / masters.Length - 1;
                cluster._nodes[i].Text("CLUSTER", "ADDSLOTSRANGE", Number(from), Number(to));
                cluster._nodes[i].Text("CLUSTER", "SET-CONFIG-EPOCH", Number(i + 1));
            }

            cluster.MeetUntilAllKnowEachOther(first);
            for (var i = 0; i < replicas.Length; i++)
            {
                var master = cluster._nodes[i % masters.Length].Text("CLUSTER", "MYID");
                var replica = cluster._nodes[masters.Length + i];
                Wait.Until("the replica knows its master", () => replica.Text("CLUSTER", "REPLICATE", master) == "OK");
            }

            cluster.WaitUntilAllSeeRoles();

            cluster.WaitUntilHealthy();
            return cluster;
        }
        catch
        {
            cluster.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Introduces every node to the first one, again for those it does not know yet: a handshake that takes longer than
    /// the node timeout,
    /// as on a machine that stalls, is given up by both sides.
    /// </summary>
    private void MeetUntilAllKnowEachOther(ServerProcess first)
    {
        for (var attempt = 0; attempt < 10; attempt++)
        {
            var known = first.Text("CLUSTER", "NODES");
            foreach (var node in _nodes.Skip(1))
            {
                if (!known.Contains($":{Number(node.Port)}@", StringComparison.Ordinal))
                    first.Text("CLUSTER", "MEET", "127.0.0.1", Number(node.Port));
            }

            try
            {
                WaitUntilAllKnowEachOther(TimeSpan.FromSeconds(15));
                return;
            }
            catch (TimeoutException) when (attempt < 9)
            {
                // Some handshake was given up: introduce those that are missing again.
            }
        }
    }

    /// <summary>Starts one more node, which knows nobody yet.</summary>
    public ServerProcess AddNode(ServerKind kind, params string[] directives)
    {
        var node = ServerProcess.StartClusterNode(kind, directives);
        _nodes.Add(node);
        return node;
    }

    /// <summary>Waits until every living node sees every other one connected.</summary>
    public void WaitUntilAllKnowEachOther(TimeSpan? patience = null) => Wait.Until("all nodes know each other", () =>
        Alive.All(node => node.ClusterInfo("cluster_known_nodes") == Number(Alive.Count())
            && !node.Text("CLUSTER", "NODES").Contains("handshake", StringComparison.Ordinal)), patience);

    /// <summary>
    /// Waits until every living node says cluster_state:ok with all slots, and every replica's link is up.
    /// </summary>
    public void WaitUntilHealthy() => Wait.Until("the cluster is healthy", () => Alive.All(node =>
        node.ClusterInfo("cluster_state") == "ok"
        && node.ClusterInfo("cluster_slots_ok") == "16384"
        && (node.Info("replication", "role") == "master" || node.Info("replication", "master_link_status") == "up")));

    /// <summary>
    /// Waits until every living node sees the roles that the nodes themselves tell: what a node knows of another's role
    /// comes with its next ping.
    /// </summary>
    public void WaitUntilAllSeeRoles() => Wait.Until("all nodes see all roles", () =>
    {
        var replicas = Alive.Where(node => node.Info("replication", "role") == "slave").Select(node => node.Text("CLUSTER", "MYID")).ToArray();
        return Alive.All(node =>
        {
            var seen = node.Text("CLUSTER", "NODES").Split('\n').Where(line => line.Contains("slave", StringComparison.Ordinal));
            return seen.Select(line => line[..40]).ToHashSet(StringComparer.Ordinal).SetEquals(replicas);
        });
    });

    /// <summary>Waits until every replica has the offset of its master.</summary>
    public void WaitUntilReplicasHaveCaughtUp() => Wait.Until("the replicas have their masters' offsets", () =>
        Alive.Where(node => node.Info("replication", "role") == "slave").All(replica =>
        {
            var port = int.Parse(replica.Info("replication", "master_port") ?? "0", CultureInfo.InvariantCulture);
            var master = Alive.First(node => node.Port == port);
            return replica.Info("replication", "master_link_status") == "up"
                && replica.Info("replication", "slave_repl_offset") == master.Info("replication", "master_repl_offset");
        }));

    /// <summary>The living nodes that say they are masters.</summary>
    public IEnumerable<ServerProcess> Masters => Alive.Where(node => node.Info("replication", "role") == "master");

    /// <summary>The nodes whose process runs.</summary>
    public IEnumerable<ServerProcess> Alive => _nodes.Where(node => node.IsAlive);

    /// <summary>Every log, for a failure's message.</summary>
    public string Logs => string.Join("\n\n", _nodes.Select(node =>
        $"=== {node.Kind} {node.Port} ===\n{string.Join('\n', node.Log.Split('\n').TakeLast(40))}"));

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var node in _nodes) node.Dispose();
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);
}
