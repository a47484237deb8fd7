using Starling.ClusterBus.Protocol;
using Starling.ClusterBus.Wire;

namespace Starling.ClusterBus.Tests.Protocol;

/// <summary>News that one does not hear: two shapes that users of other servers met, and a master that is not told by its successor.</summary>
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

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    public void The_sibling_of_a_replica_that_dies_right_after_its_promotion_takes_over(int validityFactor)
    {
        for (ulong seed = 1; seed <= 10; seed++)
        {
            var cluster = new CalmCluster(3, 2, seed);
            foreach (var node in cluster.Nodes)
            {
                node.Options = node.Options with
                {
                    ReplicaValidityFactor = validityFactor,
                    ReplicationPingPeriod = 1000,
                };
            }

            cluster.Simulation.RunFor(500);
            cluster.Simulation.Crash(cluster[0]);
            cluster.Until(() => cluster.Owns(3, 0) || cluster.Owns(6, 0), 6000);
            var (first, sibling) = cluster.Owns(3, 0) ? (3, 6) : (6, 3);
            cluster[sibling].IsReplicationStalled = true;
            cluster.Simulation.RunFor(20);
            cluster.Simulation.Crash(cluster[first]);

            // And when that is known, there is no majority to vote for a while.
            cluster.Until(() => cluster[sibling].View.Find(cluster[first].Machine.Id)!.IsFailing);
            cluster[1].PausedUntil = cluster.Simulation.Now + 20_000;
            cluster.Until(() => cluster.Owns(sibling, 0), 40_000);
        }
    }

    [Fact]
    public void A_replaced_master_that_does_not_hear_its_successor_is_told_by_the_others()
    {
        for (ulong seed = 1; seed <= 10; seed++)
        {
            // Node 3 is the replica of node 0.
            var cluster = new CalmCluster(3, 1, seed);
            cluster.Isolate(0);
            cluster.Until(() => cluster.Owns(3, 0));
            Assert.True(cluster.Owns(0, 0));
            cluster.Rejoin(0);
            cluster.Simulation.Cut(cluster[0], cluster[3]);
            cluster.Simulation.Cut(cluster[3], cluster[0]);
            var tellers = new HashSet<int>();
            cluster.Simulation.Network.Loses = (from, to, send) =>
            {
                if (to == cluster[0] && send.Type == BusType.Update) tellers.Add(from.Index);
                return false;
            };
            cluster.Until(() => cluster[0].View.Myself.MasterId == cluster[3].Machine.Id, 10_000);
            Assert.NotEmpty(tellers);
            Assert.DoesNotContain(3, tellers);
        }
    }
}
