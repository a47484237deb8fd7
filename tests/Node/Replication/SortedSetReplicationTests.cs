using System.Globalization;
using Starling.Node.Tests.Commands;

namespace Starling.Node.Tests.Replication;

/// <summary>Sorted sets and places reach replicas of both kinds, in the snapshot and in the stream.</summary>
public sealed class SortedSetReplicationTests
{
    private const int Commands = 1500;

    [Theory]
    [MemberData(nameof(ReplicationPairTests.Pairs), MemberType = typeof(ReplicationPairTests))]
    public void A_replica_has_the_masters_sorted_sets_from_the_snapshot_and_from_the_stream(bool masterIsRedis, bool replicaIsRedis)
    {
        const int seed = 31;
        using var master = TestNode.Start(masterIsRedis, "--enable-debug-command", "yes");
        using var replica = TestNode.Start(replicaIsRedis, "--enable-debug-command", "yes");
        using var client = new RawConnection(master.Port);
        ICommandGenerator[] generators = [new SortedSetCommandGenerator(seed), new GeoCommandGenerator(seed)];
        foreach (var generator in generators) Run(client, generator);
        master.Client.Command(
            ["ZADD", "long", .. Enumerable.Range(0, 5000).SelectMany(i => new[] { (i % 100).ToString(CultureInfo.InvariantCulture), "member " + i })]);
        replica.ReplicaOf(master);
        replica.WaitForLink();
        foreach (var generator in generators) Run(client, generator);
        replica.WaitForOffsetOf(master);
        Assert.Equal("5000", master.Text("ZCARD", "long"));
        Assert.Equal(master.Text("DEBUG", "DIGEST"), replica.Text("DEBUG", "DIGEST"));
    }

    /// <summary>Without what would take the data away.</summary>
    private static void Run(RawConnection client, ICommandGenerator generator)
    {
        var commands = new List<string[]>();
        while (commands.Count < Commands) commands.AddRange(generator.Next().Where(x => x[0].ToUpperInvariant() != "FLUSHALL"));
        client.CallAll(commands);
    }
}
