using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.Wire;

namespace Starling.ClusterBus.Tests.Protocol;

/// <summary>A shape that users of other servers met.</summary>
public sealed class LostNewsTests
{
    [Fact]
    public void No_node_stays_a_replica_of_a_replica_when_the_promotion_is_not_heard_by_one()
    {
        for (ulong seed = 1; seed <= 10; seed++)
        {
            // Nodes 3 and 6 are replicas of node 0.
            var cluster = new CalmCluster(3, 2, seed);
            var (promoted, sibling) = (cluster[3], cluster[6]);
            var silentUntil = cluster.Simulation.Now + 6000;
            cluster.Simulation.Network.Loses = (from, to, send) => from == promoted && to == sibling
                && send.Type is BusType.Pong or BusType.Ping && cluster.Simulation.Now < silentUntil;
            Assert.Null(cluster.Do(3, (machine, effects) =>
                machine.Failover(FailoverMode.Default, cluster.Simulation.Now, effects)));
            cluster.Until(() => cluster.Owns(3, 0), 3000);
            cluster.Until(() => cluster[0].View.Myself.IsReplica, 3000);
            cluster.Until(() => sibling.ReplicatesFrom == promoted.Machine.Id, 3000);
            cluster.Simulation.RunFor(10_000);
            cluster.Simulation.RunUntilAgreed("when all was heard");
        }
    }
}
