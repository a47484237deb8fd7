using BenchmarkDotNet.Attributes;
using Starling.Slots.Keyspace;

namespace Starling.Bench.Micro;

/// <summary>
/// Taking stripes with nobody else about. In processes of its own, and often enough that the interval says something on a machine
/// that has other things to do.
/// </summary>
[SimpleJob(launchCount: 3, warmupCount: 5, iterationCount: 20)]
public class LockBenchmarks
{
    private Keyspace _keyspace = null!;

    /// <summary>An empty keyspace: the locks know nothing of keys.</summary>
    [GlobalSetup]
    public void Make() => _keyspace = new Keyspace(new KeyspaceOptions { Databases = 1, HashSeed = 1 });

    /// <summary>Frees it.</summary>
    [GlobalCleanup]
    public void Free() => _keyspace.Dispose();

    /// <summary>Takes every stripe and lets go of them.</summary>
    [Benchmark]
    public void LockAll() => _keyspace.LockAll().Dispose();

    /// <summary>Takes one stripe and lets go of it.</summary>
    [Benchmark]
    public void LockSlot() => _keyspace.LockSlot(7).Dispose();
}
