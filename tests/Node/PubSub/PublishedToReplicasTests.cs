using Starling.Node.Tests.Replication;

namespace Starling.Node.Tests.PubSub;

/// <summary>PUBLISH goes to replicas by the replication stream, of either kind of server to either.</summary>
public sealed class PublishedToReplicasTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void A_replicas_subscribers_get_what_is_published_at_the_master(bool masterIsRedis, bool replicaIsRedis)
    {
        using var master = TestNode.Start(masterIsRedis);
        using var replica = TestNode.Start(replicaIsRedis);
        replica.ReplicaOf(master);
        replica.WaitForLink();
        using var subscriber = new SyncClient(replica.Port);
        using var shard = new SyncClient(replica.Port);
        subscriber.Command("SUBSCRIBE", "c");
        shard.Command("SSUBSCRIBE", "c");
        master.Client.Command("PUBLISH", "c", "1");
        master.Client.Command("MULTI");
        master.Client.Command("SET", "k", "v");
        master.Client.Command("PUBLISH", "c", "2");
        master.Client.Command("EXEC");
        master.Client.Command("SPUBLISH", "c", "3");
        Assert.Equal("[message, c, 1]", subscriber.Receive().ToString());
        Assert.Equal("[message, c, 2]", subscriber.Receive().ToString());
        Assert.Equal("[smessage, c, 3]", shard.Receive().ToString());
        replica.WaitForOffsetOf(master);

        // The other way it stays: a replica's stream is its master's.
        Assert.Equal("1", replica.Text("PUBLISH", "c", "4"));
        Assert.Equal("[message, c, 4]", subscriber.Receive().ToString());
        replica.WaitForOffsetOf(master);
    }

    [Fact]
    public void A_replica_tells_the_events_of_what_its_master_changes()
    {
        using var master = TestNode.Start(isRedis: false);
        using var replica = TestNode.Start(isRedis: false, "--notify-keyspace-events", "KA");
        replica.ReplicaOf(master);
        replica.WaitForLink();
        using var subscriber = new SyncClient(replica.Port);
        subscriber.Command("PSUBSCRIBE", "__key*");
        master.Client.Command("SET", "k", "v");
        master.Client.Command("DEL", "k");
        Assert.Equal("[pmessage, __key*, __keyspace@0__:k, set]", subscriber.Receive().ToString());
        Assert.Equal("[pmessage, __key*, __keyspace@0__:k, del]", subscriber.Receive().ToString());
    }
}
