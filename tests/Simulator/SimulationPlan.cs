using Starling.ClusterBus.Protocol;

namespace Starling.Simulator;

/// <summary>What one seed simulates: the cluster's size, the network's manners, how long it is disturbed.</summary>
public sealed record SimulationPlan
{
    /// <summary>Where every random choice comes from.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Number of masters with slots.</summary>
    public required int Shards { get; init; }

    /// <summary>Replicas of each.</summary>
    public required int Replicas { get; init; }

    /// <summary>cluster-node-timeout, milliseconds.</summary>
    public required long NodeTimeout { get; init; }

    /// <summary>Shortest and longest time a message takes, milliseconds.</summary>
    public required (int Minimum, int Maximum) Delay { get; init; }

    /// <summary>Messages lost, 0 to 1.</summary>
    public required double Loss { get; init; }

    /// <summary>Messages that arrive twice, 0 to 1.</summary>
    public required double Duplication { get; init; }

    /// <summary>Batches of effects in the middle of which the node crashes, 0 to 1.</summary>
    public required double CrashInBatch { get; init; }

    /// <summary>Which faults are injected.</summary>
    public SimulationFaults Faults { get; init; }

    /// <summary>How long faults are injected, milliseconds.</summary>
    public long Length { get; init; }

    /// <summary>Mean time between faults, milliseconds.</summary>
    public required int FaultInterval { get; init; }

    /// <summary>Most that a wall clock is off at the start, milliseconds.</summary>
    public int ClockSkew { get; init; }

    /// <summary>Longest time that a write of nodes.conf takes while the disk is not stuck, milliseconds.</summary>
    public int DiskDelay { get; init; }

    /// <summary>Longest time that loading a snapshot takes, milliseconds.</summary>
    public int LoadingTime { get; init; } = 1;

    /// <summary>Longest time that a replica's stream brings nothing while its link is up, milliseconds; 0 for never.</summary>
    public int StreamLag { get; init; }

    /// <summary>A node that died comes back with its data; else with none.</summary>
    public bool KeepsData { get; init; } = true;

    /// <summary>Number of nodes.</summary>
    public int Nodes => Shards * (1 + Replicas);

    /// <summary>The plan of a seed: mostly small clusters, some up to 50 nodes.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="length">How long faults are injected, milliseconds.</param>
    /// <param name="faults">Which.</param>
    public static SimulationPlan FromSeed(
        ulong seed, long length, SimulationFaults faults = SimulationFaults.All)
    {
        var random = new RandomSource(seed ^ 0x5EED);
        var size = random.Next(100);
        int shards, replicas;
        if (size < 70)
        {
            shards = 3 + random.Next(2);
            replicas = random.Next(3);
        }
        else if (size < 96)
        {
            shards = 3 + random.Next(5);
            replicas = 1 + random.Next(2);
        }
        else
        {
            shards = 5 + random.Next(12);
            replicas = 1 + random.Next(2);
            while (shards * (1 + replicas) > 50) shards--;
        }

        var isRough = random.Next(2) == 0;
        var fastest = 1 + random.Next(3);
        var isBig = shards * (1 + replicas) > 16;
        return new SimulationPlan
        {
            Seed = seed,
            Shards = shards,
            Replicas = replicas,
            NodeTimeout = isBig ? 2000 : 500 * (1 + random.Next(4)),
            Delay = (fastest, fastest + random.Next(isRough ? 80 : 10)),
            Loss = isRough ? random.NextDouble() * 0.05 : 0,
            Duplication = isRough ? random.NextDouble() * 0.05 : 0,
            CrashInBatch = random.Next(2) == 0 ? 0.0005 : 0,
            Faults = faults,
            Length = isBig ? length / 4 : length,
            FaultInterval = 300 + random.Next(8000),
            ClockSkew = random.Next(3) == 0 ? 20_000 : 200,
            DiskDelay = random.Next(3) == 0 ? 400 : 20,
            KeepsData = random.Next(3) != 0,
            LoadingTime = 100 + random.Next(4000),
            StreamLag = random.Next(2) == 0 ? 0 : 3000,
        };
    }
}
