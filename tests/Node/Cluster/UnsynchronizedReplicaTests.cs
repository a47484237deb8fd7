using Starling.Node.Tests.Commands;
using Starling.Tests.Support;

namespace Starling.Node.Tests.Cluster;

public sealed class UnsynchronizedReplicaTests
{
    [Fact]
    public async Task A_replica_that_never_synchronised_is_not_made_master_by_force_and_fails_over_once_it_has()
    {
        // The bus asks for no password, the replication link does.
        await using var first = LiveDirectiveTests.StartNode(config => config.RequirePass = "secret");
        await using var second = LiveDirectiveTests.StartNode();
        using var master = new RawConnection(first.Port);
        using var replica = new RawConnection(second.Port);
        Assert.Equal("OK", master.Call("AUTH", "secret").Text);
        Assert.Equal("OK", master.Call("CLUSTER", "ADDSLOTSRANGE", "0", "16383").Text);
        LiveDirectiveTests.Meet(master, replica);
        LiveDirectiveTests.WaitUntilOk(master);
        LiveDirectiveTests.WaitUntilOk(replica);
        Assert.Equal("OK", master.Call("SET", "foo", "bar").Text);
        Assert.Equal("OK", replica.Call("CLUSTER", "REPLICATE", master.Call("CLUSTER", "MYID").Text!).Text);
        var id = replica.Call("CLUSTER", "MYID").Text!;
        Wait.Until("the master knows its replica", () => master.Call("CLUSTER", "NODES").Text!.Contains(
            "slave " + master.Call("CLUSTER", "MYID").Text, StringComparison.Ordinal));

        Assert.Equal(
            "ERR I have not synchronized with my master yet, please use CLUSTER FAILOVER TAKEOVER",
            replica.Call("CLUSTER", "FAILOVER", "FORCE").Text);

        Assert.Equal("OK", replica.Call("CONFIG", "SET", "masterauth", "secret").Text);
        Wait.Until("the link is up", () => replica.Call("INFO", "replication").Text!
            .Contains("master_link_status:up", StringComparison.Ordinal));
        Assert.Equal("OK", replica.Call("CLUSTER", "FAILOVER").Text);
        Wait.Until("the replica is the master", () => master.Call("CLUSTER", "NODES").Text!.Split('\n').Any(
            line => line.StartsWith(id, StringComparison.Ordinal) && line.EndsWith(" 0-16383", StringComparison.Ordinal)));
        LiveDirectiveTests.WaitUntilOk(replica);
        Assert.Equal("bar", replica.Call("GET", "foo").Text);
    }
}
