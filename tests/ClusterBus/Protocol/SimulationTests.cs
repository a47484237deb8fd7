using Starling.Simulator;

namespace Starling.ClusterBus.Tests.Protocol;

/// <summary>
/// Clusters under faults. A failure names its seed: repeat it with <c>./build.sh Simulate --seed N --count 1 --minutes 1</c>.
/// </summary>
public sealed class SimulationTests
{
    private const int SeedsPerTest = 12;
    private const long Length = 60_000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Clusters_stay_safe_under_faults_and_agree_after_healing(int group)
    {
        for (var i = 0; i < SeedsPerTest; i++) Simulation.Run((ulong)((group * 10_000) + i), Length);
    }

    [Fact]
    public void A_seed_gives_the_same_run_every_time()
    {
        var first = Simulation.Run(42, Length);
        var second = Simulation.Run(42, Length);
        Assert.Equal((first.Delivered, first.Promotions, first.Now), (second.Delivered, second.Promotions, second.Now));
    }
}
