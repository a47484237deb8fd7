using Starling.Node.Tests.Commands;

namespace Starling.Node.Tests.Replication;

/// <summary>Lists reach replicas of both kinds, in the snapshot and in the stream.</summary>
public sealed class ListReplicationTests
{
    private const int Commands = 1500;

    [Theory]
    [MemberData(nameof(ReplicationPairTests.Pairs), MemberType = typeof(ReplicationPairTests))]
    public void A_replica_has_the_masters_lists_from_the_snapshot_and_from_the_stream(bool masterIsRedis, bool replicaIsRedis)
    {
        const int seed = 31;
        using var master = TestNode.Start(masterIsRedis, "--enable-debug-command", "yes");
        using var replica = TestNode.Start(replicaIsRedis, "--enable-debug-command", "yes");
        using var client = new RawConnection(master.Port);
        var generator = new ListCommandGenerator(seed);
        Run(client, generator);
        master.Client.Command(["RPUSH", "long", .. Enumerable.Range(0, 5000).Select(i => "element " + i)]);
        replica.ReplicaOf(master);
        replica.WaitForLink();
        Run(client, generator);
        replica.WaitForOffsetOf(master);
        Assert.NotEqual("0", master.Text("LLEN", "long"));
        Assert.Equal(master.Text("DEBUG", "DIGEST"), replica.Text("DEBUG", "DIGEST"));
    }

    /// <summary>Without what would take the data away.</summary>
    private static void Run(RawConnection client, ListCommandGenerator generator)
    {
        var commands = new List<string[]>();
        while (commands.Count < Commands) commands.AddRange(generator.Next().Where(x => x[0].ToUpperInvariant() != "FLUSHALL"));
        client.CallAll(commands);
    }
}
