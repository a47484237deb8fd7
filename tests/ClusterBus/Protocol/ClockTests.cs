using Starling.ClusterBus.View;

namespace Starling.ClusterBus.Tests.Protocol;

/// <summary>
/// Wall clocks that are set. Found by the simulator with <c>SimulationFaults.Processes | Clocks</c> before it was mended:
/// a node whose clock was set back an hour had no heartbeat for an hour (seeds 18 and 36 of one minute).
/// </summary>
public sealed class ClockTests
{
    private const long Hour = 3_600_000;

    [Theory]
    [InlineData(-Hour)]
    [InlineData(-1500)]
    [InlineData(1500)]
    [InlineData(Hour)]
    public void A_failover_takes_its_time_whatever_wall_clocks_are_set_to(long step)
    {
        for (var victim = 1; victim <= 3; victim++)
        {
            var cluster = new CalmCluster(3, 1, (ulong)victim);
            cluster[victim].Clock.Skew += step;
            cluster.Simulation.RunFor(1000);
            Assert.True(cluster.IsHealthy);
            cluster.Simulation.Crash(cluster[0]);
            Assert.InRange(cluster.Until(() => cluster.Owns(3, 0)), 2000, 3500);
        }
    }

    [Theory]
    [InlineData(-Hour)]
    [InlineData(Hour)]
    public void Nobody_fails_when_every_wall_clock_is_set_once_and_again(long step)
    {
        var cluster = new CalmCluster(3, 1);
        for (var i = 0; i < 60; i++)
        {
            cluster[i % 6].Clock.Skew += step;
            cluster.Simulation.RunFor(500);
            Assert.True(cluster.IsHealthy);
            Assert.True(cluster.AllSay(view => view.Nodes.All(node => !node.IsPossiblyFailing && !node.IsFailing)));
        }
    }

    [Fact]
    public void Times_are_shown_by_the_wall_clock_of_now()
    {
        var cluster = new CalmCluster(3, 0);
        cluster[0].Clock.Skew = -Hour;
        cluster.Simulation.RunFor(200);
        var wall = cluster.Simulation.Now - Hour;
        Assert.All(
            cluster[0].Machine.Snapshot().Nodes.Where(node => !node.IsMyself),
            node => Assert.InRange(node.PongReceivedAt, wall - 3000, wall));
    }

    [Fact]
    public void Pongs_that_others_tell_of_count_only_when_their_clock_agrees()
    {
        // Node 0 hears of node 1 from node 2, whose clock is ahead: it must find out by itself that node 1 is silent.
        var cluster = new CalmCluster(3, 0);
        cluster[2].Clock.Skew = Hour;
        cluster.Simulation.RunFor(1000);
        cluster.Simulation.Cut(cluster[1], cluster[0]);
        cluster.Until(() => (cluster[0].View.Find(cluster[1].Machine.Id)!.Flags & NodeFlags.PossiblyFailing) != 0, 4000);
    }
}
