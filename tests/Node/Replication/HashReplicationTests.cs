using Starling.Node.Tests.Commands;

namespace Starling.Node.Tests.Replication;

/// <summary>Hashes reach replicas of both kinds, in the snapshot and in the stream.</summary>
public sealed class HashReplicationTests
{
    private const int Commands = 1500;

    [Theory]
    [MemberData(nameof(ReplicationPairTests.Pairs), MemberType = typeof(ReplicationPairTests))]
    public void A_replica_has_the_masters_hashes_from_the_snapshot_and_from_the_stream(bool masterIsRedis, bool replicaIsRedis)
    {
        const int seed = 32;
        using var master = TestNode.Start(masterIsRedis, "--enable-debug-command", "yes");
        using var replica = TestNode.Start(replicaIsRedis, "--enable-debug-command", "yes");
        using var client = new RawConnection(master.Port);
        var generator = new HashCommandGenerator(seed);
        Run(client, generator);
        master.Client.Command(["HSET", "large", .. Enumerable.Range(0, 10_000).Select(i => "element " + i)]);
        replica.ReplicaOf(master);
        replica.WaitForLink();
        Run(client, generator);
        replica.WaitForOffsetOf(master);
        Assert.NotEqual("0", master.Text("HLEN", "large"));
        Assert.Equal(master.Text("DEBUG", "DIGEST"), replica.Text("DEBUG", "DIGEST"));
    }

    [Fact]
    public async Task A_replica_hides_expired_fields_until_the_masters_hdel_comes()
    {
        using var master = TestNode.Start(isRedis: false, "--enable-debug-command", "yes");
        using var replica = TestNode.Start(isRedis: false, "--enable-debug-command", "yes");
        master.Text("DEBUG", "SET-ACTIVE-EXPIRE", "0");
        master.Text("HSET", "h", "a", "1", "b", "2");
        replica.ReplicaOf(master);
        replica.WaitForLink();
        master.Client.Command("HPEXPIRE", "h", "1", "FIELDS", "1", "a");
        replica.WaitForOffsetOf(master);
        await Eventually.True(() => string.IsNullOrEmpty(replica.Text("HGET", "h", "a")));
        Assert.Equal("2", replica.Text("HLEN", "h"));
        master.Text("DEBUG", "SET-ACTIVE-EXPIRE", "1");
        await Eventually.True(() => replica.Text("HLEN", "h") == "1");
    }

    /// <summary>Without what would take the data away.</summary>
    private static void Run(RawConnection client, HashCommandGenerator generator)
    {
        var commands = new List<string[]>();
        while (commands.Count < Commands) commands.AddRange(generator.Next().Where(x => x[0].ToUpperInvariant() != "FLUSHALL"));
        client.CallAll(commands);
    }
}
