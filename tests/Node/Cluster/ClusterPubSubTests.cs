using System.Globalization;
using Starling.Node.Tests.Commands;
using Starling.Node.Tests.Replication;
using Starling.Slots;
using Starling.Tests.Support;

namespace Starling.Node.Tests.Cluster;

/// <summary>Messages over the cluster bus, to and from nodes of either kind, and shard channels with their slots.</summary>
public sealed class ClusterPubSubTests
{
    [Fact]
    public async Task Messages_go_over_the_bus_to_and_from_redis_server()
    {
        await using var starling = LiveDirectiveTests.StartNode();
        await using var second = LiveDirectiveTests.StartNode();
        using var redis = ServerProcess.StartClusterNode(ServerKind.Redis);
        using var here = new RawConnection(starling.Port);
        using var there = new RawConnection(redis.Port);
        using var also = new RawConnection(second.Port);
        Form(here, there, also);

        using var ours = new SyncClient(starling.Port);
        using var seconds = new SyncClient(second.Port);
        using var theirs = new SyncClient(redis.Port);
        ours.Command("SUBSCRIBE", "news");
        seconds.Command("PSUBSCRIBE", "n*");
        theirs.Command("SUBSCRIBE", "news");
        var text = new string('x', 100_000);
        Assert.Equal(1, there.Call("PUBLISH", "news", "from redis").Number);
        Assert.Equal(1, here.Call("PUBLISH", "news", text).Number);
        Assert.Equal("[message, news, from redis]", theirs.Receive().ToString());
        Assert.Equal($"[message, news, {text}]", theirs.Receive().ToString());

        // Two publishers at two nodes: each of them in order, but which one comes first is open.
        string[] expected = ["from redis", text];
        Assert.Equal(expected.Order(), new[] { ours.Receive()[2].Text!, ours.Receive()[2].Text! }.Order());
        Assert.Equal(expected.Order(), new[] { seconds.Receive()[3].Text!, seconds.Receive()[3].Text! }.Order());

        for (var i = 0; i < 100; i++) here.Call("PUBLISH", "news", i.ToString(CultureInfo.InvariantCulture));
        for (var i = 0; i < 100; i++) Assert.Equal(i.ToString(CultureInfo.InvariantCulture), theirs.Receive()[2].Text);
        Assert.Equal("202", Statistic(here, "publish_sent"));
        Assert.Equal("1", Statistic(here, "publish_received"));
        Assert.Equal("101", Statistic(there, "publish_received"));
    }

    [Fact]
    public async Task A_very_long_message_arrives_too()
    {
        await using var starling = LiveDirectiveTests.StartNode();
        using var redis = ServerProcess.StartClusterNode(ServerKind.Redis);
        using var here = new RawConnection(starling.Port);
        using var there = new RawConnection(redis.Port);
        Form(here, there);
        using var ours = new SyncClient(starling.Port);
        using var theirs = new SyncClient(redis.Port);
        ours.Command("SUBSCRIBE", "news");
        theirs.Command("SUBSCRIBE", "news");
        var text = new string('x', 12_000_000);
        there.Call("PUBLISH", "news", text);
        Assert.Equal(text.Length, ours.Receive()[2].Bytes.Length);
        Assert.Equal(text.Length, theirs.Receive()[2].Bytes.Length);
        here.Call("PUBLISH", "news", text);
        Assert.Equal(text.Length, theirs.Receive()[2].Bytes.Length);
    }

    /// <summary>The same questions to a Starling and to a redis-server that have half of the slots each.</summary>
    [Fact]
    public async Task Shard_channels_follow_the_rules_of_their_slots_as_at_redis_server()
    {
        await using var starling = LiveDirectiveTests.StartNode();
        using var redis = ServerProcess.StartClusterNode(ServerKind.Redis);
        using var here = new RawConnection(starling.Port);
        using var there = new RawConnection(redis.Port);
        Form(here, there);
        string[] mine = Names(0), foreign = Names(1); // of the first node's slots, and of the second's
        Compare([["SSUBSCRIBE", "{0}"], ["SSUBSCRIBE", "{1}"], ["SUNSUBSCRIBE", "{1}"], ["SUNSUBSCRIBE"], ["SUNSUBSCRIBE"]]);
        Compare([["SPUBLISH", "{0}", "x"], ["SPUBLISH", "{1}", "x"], ["SSUBSCRIBE", "{0}", "other"]]);
        Compare([["MULTI"], ["SPUBLISH", "{0}", "x"], ["SPUBLISH", "{1}", "x"], ["EXEC"]]);
        Compare([["MULTI"], ["GET", "{0}"], ["SPUBLISH", "{0}", "x"], ["EXEC"]]);
        Compare([["SSUBSCRIBE", "{0}"], ["GET", "{0}"], ["PUBSUB", "SHARDCHANNELS"]]);

        void Compare(string[][] commands)
        {
            using var first = new RawConnection(starling.Port);
            using var second = new RawConnection(redis.Port);
            foreach (var command in commands)
            {
                var actual = first.Call(Fill(command, mine[0], foreign[0])).ToString();
                var expected = second.Call(Fill(command, foreign[0], mine[0])).ToString();
                expected = expected.Replace(foreign[0], "{0}", StringComparison.Ordinal).Replace(mine[0], "{1}", StringComparison.Ordinal);
                actual = actual.Replace(mine[0], "{0}", StringComparison.Ordinal).Replace(foreign[0], "{1}", StringComparison.Ordinal);
                Assert.Equal(Where(expected), Where(actual));
            }
        }

        // MOVED names the other one, with its slot.
        static string Where(string text) => text.Contains("MOVED ", StringComparison.Ordinal) ? "MOVED" : text;
        static string[] Fill(string[] command, string one, string other) =>
            [.. command.Select(word => word switch { "{0}" => one, "{1}" => other, _ => word })];
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_is_subscribed_to_a_shard_channel_is_told_when_its_slot_leaves(bool isReplica)
    {
        await using var first = LiveDirectiveTests.StartNode();
        await using var second = LiveDirectiveTests.StartNode();
        await using var replica = LiveDirectiveTests.StartNode(config => config.ReplDisklessSyncDelay = 0);
        using var one = new RawConnection(first.Port);
        using var two = new RawConnection(second.Port);
        using var three = new RawConnection(replica.Port);
        Form(one, two);
        LiveDirectiveTests.Meet(one, three);
        var id = one.Call("CLUSTER", "MYID").Text!;
        Wait.Until("the replica knows its master", () => three.Call("CLUSTER", "REPLICATE", id).Text == "OK");
        Wait.Until("the replica follows", () => three.Call("INFO", "replication").Text!.Contains("master_link_status:up", StringComparison.Ordinal));
        var (leaving, staying) = (Names(0)[0], Names(0)[1]);
        using var subscriber = new SyncClient(isReplica ? replica.Port : first.Port);
        using var recent = new SyncClient(isReplica ? replica.Port : first.Port);
        recent.Command("HELLO", "3");
        Assert.Equal($"[ssubscribe, {leaving}, (integer) 1]", subscriber.Command("SSUBSCRIBE", leaving).ToString());
        Assert.Equal($"[ssubscribe, {staying}, (integer) 2]", subscriber.Command("SSUBSCRIBE", staying).ToString());
        recent.Command("SSUBSCRIBE", leaving);

        // What the master publishes reaches the shard, and nobody else.
        one.Call("SPUBLISH", leaving, "to the shard");
        Assert.Equal($"[smessage, {leaving}, to the shard]", subscriber.Receive().ToString());
        Assert.Equal($"[smessage, {leaving}, to the shard]", recent.Receive().ToString());

        var slot = HashSlot.Of(System.Text.Encoding.ASCII.GetBytes(leaving)).ToString(CultureInfo.InvariantCulture);
        var target = two.Call("CLUSTER", "MYID").Text!;
        Assert.Equal("OK", two.Call("CLUSTER", "SETSLOT", slot, "NODE", target).Text);
        Assert.Equal("OK", one.Call("CLUSTER", "SETSLOT", slot, "NODE", target).Text);
        Assert.Equal($"[sunsubscribe, {leaving}, (integer) 1]", subscriber.Receive().ToString());
        var told = recent.Receive();
        Assert.Equal((Resp.RespKind.Push, $"[sunsubscribe, {leaving}, (integer) 0]"), (told.Kind, told.ToString()));
        one.Call("SPUBLISH", staying, "goes on");
        Assert.Equal($"[smessage, {staying}, goes on]", subscriber.Receive().ToString());
        Assert.StartsWith("MOVED", subscriber.Command("SSUBSCRIBE", leaving).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failover_tells_subscribers_of_the_former_master_and_keeps_those_of_the_new_one()
    {
        await using var first = LiveDirectiveTests.StartNode();
        await using var replica = LiveDirectiveTests.StartNode(config => config.ReplDisklessSyncDelay = 0);
        using var one = new RawConnection(first.Port);
        using var two = new RawConnection(replica.Port);
        Assert.Equal("OK", one.Call("CLUSTER", "ADDSLOTSRANGE", "0", "16383").Text);
        LiveDirectiveTests.Meet(one, two);
        var id = one.Call("CLUSTER", "MYID").Text!;
        Wait.Until("the replica knows its master", () => two.Call("CLUSTER", "REPLICATE", id).Text == "OK");
        Wait.Until("the replica follows", () => two.Call("INFO", "replication").Text!.Contains("master_link_status:up", StringComparison.Ordinal));
        using var former = new SyncClient(first.Port);
        using var later = new SyncClient(replica.Port);
        former.Command("SSUBSCRIBE", "c");
        later.Command("SSUBSCRIBE", "c");
        Assert.Equal("OK", two.Call("CLUSTER", "FAILOVER", "TAKEOVER").Text);
        Assert.Equal("[sunsubscribe, c, (integer) 0]", former.Receive().ToString());
        Wait.Until("the replica is the master", () => two.Call("SPUBLISH", "c", "here").Type == ':');
        Assert.Equal("[smessage, c, here]", later.Receive().ToString());
    }

    /// <summary>Nodes with an equal part of the slots each.</summary>
    private static void Form(params RawConnection[] nodes)
    {
        for (var i = 0; i < nodes.Length; i++)
        {
            var (first, last) = (i * 16384 / nodes.Length, ((i + 1) * 16384 / nodes.Length) - 1);
            Assert.Equal("OK", nodes[i].Call("CLUSTER", "ADDSLOTSRANGE", $"{first}", $"{last}").Text);
            Assert.Equal("OK", nodes[i].Call("CLUSTER", "SET-CONFIG-EPOCH", $"{i + 1}").Text);
        }

        foreach (var node in nodes[1..]) LiveDirectiveTests.Meet(nodes[0], node);
        foreach (var node in nodes) LiveDirectiveTests.WaitUntilOk(node);
        Wait.Until("all are linked both ways", () => nodes.All(node =>
        {
            var links = node.Call("CLUSTER", "LINKS").Items;
            return links.Count(link => link.Items[1].Text == "to") == nodes.Length - 1
                && links.Count(link => link.Items[1].Text == "from") == nodes.Length - 1;
        }));
    }

    /// <summary>Names whose slots are in the first or the second half.</summary>
    private static string[] Names(int half) =>
        [.. Enumerable.Range(0, 1000).Select(i => "name" + i)
            .Where(name => HashSlot.Of(System.Text.Encoding.ASCII.GetBytes(name)) / 8192 == half).Take(5)];

    private static string? Statistic(RawConnection node, string name) =>
        RespConnection.Field(node.Call("CLUSTER", "INFO").Text!, "cluster_stats_messages_" + name);
}
