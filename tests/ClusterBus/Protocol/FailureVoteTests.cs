using Starling.ClusterBus.View;
using static Starling.ClusterBus.Tests.Protocol.LoneMachine;

namespace Starling.ClusterBus.Tests.Protocol;

/// <summary>Who counts when it is decided that a node failed.</summary>
public sealed class FailureVoteTests
{
    [Fact]
    public void A_report_of_a_master_without_slots_does_not_count()
    {
        var node = new LoneMachine(
            Options, Myself(Master(1, 0, 5000)), Master(2, 5001, 10000), Master(3, 10001, 16383), Master(4), Master(5));
        node.Wait(3000, 3, 4, 5);
        Assert.True(node.IsPossiblyFailing(2));
        node.Hear(4, About(2, NodeFlags.PossiblyFailing));
        node.Hear(5, About(2, NodeFlags.Failing));
        Assert.False(node.IsFailing(2));
        Assert.Equal(0, node.Machine.CountFailureReports(Id(2), node.Now));
        node.Hear(3, About(2, NodeFlags.PossiblyFailing));
        Assert.True(node.IsFailing(2));
    }

    [Fact]
    public void What_a_master_without_slots_sees_itself_does_not_count()
    {
        var node = new LoneMachine(
            Options, Myself(Master(1)), Master(2, 0, 5000), Master(3, 5001, 10000), Master(4, 10001, 16383));
        node.Wait(3000, 3, 4);
        node.Hear(3, About(2, NodeFlags.PossiblyFailing));
        Assert.True(node.IsPossiblyFailing(2));
        node.Wait(500, 3, 4);
        Assert.False(node.IsFailing(2));
        node.Hear(4, About(2, NodeFlags.PossiblyFailing));
        Assert.True(node.IsFailing(2));
    }

    [Fact]
    public void A_report_stops_counting_when_the_reporter_has_lost_its_slots()
    {
        var node = new LoneMachine(
            Options, Myself(Master(1, 0, 4000)), Master(2, 4001, 8000), Master(3, 8001, 12000), Master(4, 12001, 16383));
        node.Hear(3, About(2, NodeFlags.PossiblyFailing));
        Assert.Equal(1, node.Machine.CountFailureReports(Id(2), node.Now));
        for (var slot = 8001; slot <= 12000; slot++)
            Assert.Null(node.Machine.SetSlotNode(slot, Id(4), slotHasKeys: false, node.Now, node.Effects));
        Assert.Equal(0, node.Machine.CountFailureReports(Id(2), node.Now));
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(long.MaxValue / 2)]
    public void A_report_counts_with_the_longest_timeout_too(long timeout)
    {
        var node = new LoneMachine(
            Options with { NodeTimeout = timeout }, Myself(Master(1, 0, 4000)), Master(2, 4001, 8000), Master(3, 8001, 16383));
        node.Hear(3, About(2, NodeFlags.PossiblyFailing));
        Assert.Equal(1, node.Machine.CountFailureReports(Id(2), node.Now));
    }

    [Fact]
    public void A_node_that_is_learned_from_gossip_as_failed_is_failed_here_too()
    {
        var node = new LoneMachine(Options, Myself(Master(1, 0, 8000)), Master(2, 8001, 16383));
        node.Hear(2, About(3, NodeFlags.Failing), About(4, NodeFlags.PossiblyFailing), About(5, NodeFlags.None));
        Assert.Equal((true, false), (node.IsFailing(3), node.IsPossiblyFailing(3)));
        Assert.NotEqual(0, node.View.Find(Id(3))!.FailedAt);
        Assert.Equal((false, false), (node.IsFailing(4), node.IsPossiblyFailing(4)));
        Assert.Equal((false, false), (node.IsFailing(5), node.IsPossiblyFailing(5)));
        Assert.Equal(1, node.Machine.CountFailureReports(Id(4), node.Now));
        Assert.Equal(0, node.Machine.CountFailureReports(Id(5), node.Now));
    }

    /// <summary>
    /// Found by the ledger (seed 78 of ten minutes): what the one told of the others' pongs kept it from asking them.
    /// </summary>
    [Fact]
    public void A_master_that_reaches_a_majority_through_one_node_only_stops_serving_in_twice_the_node_timeout()
    {
        for (ulong seed = 1; seed <= 10; seed++)
        {
            // What others tell is in whole seconds: a clock that is a little ahead makes it the newer.
            var cluster = new CalmCluster(4, 0, seed);
            cluster[0].Clock.Skew = 950;
            cluster.Simulation.RunFor(1000 + ((long)seed * 100));
            for (var other = 1; other < 3; other++)
            {
                cluster.Simulation.Cut(cluster[3], cluster[other]);
                cluster.Simulation.Cut(cluster[other], cluster[3]);
            }

            cluster.Until(() => cluster[3].View.Health == ClusterHealth.NoMajority, (2 * 2000) + 300);
        }
    }
}
