using System.Diagnostics;
using Starling.Node.Tests.Commands;
using Starling.Tests.Support;

namespace Starling.Node.Tests.Cluster;

/// <summary>Transactions about the cluster, and on slots that are moving.</summary>
public sealed class ClusterTransactionTests
{
    [Fact]
    public async Task Links_and_saveconfig_answer_inside_a_transaction()
    {
        await using var first = LiveDirectiveTests.StartNode();
        await using var second = LiveDirectiveTests.StartNode();
        using var client = new RawConnection(first.Port);
        using var other = new RawConnection(second.Port);
        LiveDirectiveTests.Meet(client, other);
        var id = other.Call("CLUSTER", "MYID").Text!;
        Wait.Until("both are linked", () => client.Call("CLUSTER", "LINKS").Items.Count == 2);

        client.Call("MULTI");
        client.Call("CLUSTER", "BUMPEPOCH");
        client.Call("CLUSTER", "SAVECONFIG");
        client.Call("CLUSTER", "LINKS");
        client.Call("DEBUG", "CLUSTERLINK", "KILL", "ALL", id);
        client.Call("CLUSTER", "LINKS");
        var replies = client.Call("EXEC").Items;

        Assert.Equal("OK", replies[1].Text);
        Assert.Equal(2, replies[2].Items.Count);
        Assert.All(replies[2].Items, link => Assert.Equal(id, link.Items[3].Text));
        Assert.Equal("OK", replies[3].Text);
        Assert.Empty(replies[4].Items);
        var epoch = replies[0].Text!.Split(' ')[1];
        var file = Path.Combine(first.Node.Config.Dir, "nodes.conf");
        Wait.Until("the epoch is in the file", () => Read(file).Contains($"vars currentEpoch {epoch} ", StringComparison.Ordinal));
        Wait.Until("both are linked again", () => client.Call("CLUSTER", "LINKS").Items.Count == 2);
    }

    [Theory]
    [InlineData("SET k 1|GET k", "OK,1")]
    [InlineData("GET k|GET k|SET k 2", "(nil),(nil),OK")]
    [InlineData("MGET k k", "(nil) (nil)")]
    [InlineData("INCR k|INCR k|DEL k k", "1,2,1")]
    public async Task Asking_lets_a_new_key_be_named_twice(string commands, string expected)
    {
        await using var first = LiveDirectiveTests.StartNode();
        await using var second = LiveDirectiveTests.StartNode();
        using var client = Importing(first, second);
        Assert.StartsWith("MOVED", client.Call("GET", "k").Text, StringComparison.Ordinal);

        Assert.Equal("OK", client.Call("ASKING").Text);
        client.Call("MULTI");
        foreach (var command in commands.Split('|')) Assert.Equal("QUEUED", client.Call(command.Split(' ')).Text);
        var reply = client.Call("EXEC");
        Assert.Equal(expected, string.Join(',', reply.Items.Select(Render)));
    }

    [Fact]
    public async Task Asking_for_two_keys_of_which_one_is_missing_is_to_be_tried_again()
    {
        await using var first = LiveDirectiveTests.StartNode();
        await using var second = LiveDirectiveTests.StartNode();
        using var client = Importing(first, second);
        Assert.Equal("OK", client.Call("ASKING").Text);
        Assert.Equal("OK", client.Call("SET", "{k}1", "x").Text);
        Assert.Equal("OK", client.Call("ASKING").Text);
        Assert.StartsWith("TRYAGAIN", client.Call("MGET", "{k}1", "{k}2").Text, StringComparison.Ordinal);
        Assert.Equal("OK", client.Call("ASKING").Text);
        Assert.Equal("x x", Render(client.Call("MGET", "{k}1", "{k}1")));
        Assert.Equal("OK", client.Call("ASKING").Text);
        Assert.Equal("(nil) (nil)", Render(client.Call("MGET", "{k}2", "{k}2")));
    }

    [Fact]
    public async Task An_expired_key_of_a_slot_that_leaves_is_missing()
    {
        await using var first = LiveDirectiveTests.StartNode();
        await using var second = LiveDirectiveTests.StartNode();
        using var importing = Importing(first, second);
        using var client = new RawConnection(second.Port);
        LiveDirectiveTests.WaitUntilOk(client);
        client.Call("DEBUG", "SET-ACTIVE-EXPIRE", "0");
        Assert.Equal("OK", client.Call("SET", "{k}there", "x").Text);
        Assert.Equal("OK", client.Call("SET", "k", "x", "PX", "1").Text);
        var target = importing.Call("CLUSTER", "MYID").Text!;
        Assert.Equal("OK", client.Call("CLUSTER", "SETSLOT", client.Call("CLUSTER", "KEYSLOT", "k").Text!, "MIGRATING", target).Text);
        var due = TimeProvider.System.GetUtcNow().AddMilliseconds(3);
        Wait.Until("the key has expired", () => TimeProvider.System.GetUtcNow() > due);
        Assert.StartsWith("ASK ", client.Call("GET", "k").Text, StringComparison.Ordinal);
        Assert.StartsWith("TRYAGAIN ", client.Call("MGET", "k", "{k}there").Text, StringComparison.Ordinal);
        Assert.Equal("x", client.Call("GET", "{k}there").Text);
    }

    [Fact]
    public async Task Who_waits_stays_while_the_slot_is_leaving_and_is_sent_after_it_when_it_has_gone()
    {
        var passes = 0;
        await using var first = LiveDirectiveTests.StartNode();
        await using var second = LiveDirectiveTests.StartNode(
            prepare: node => node.Cron.Every(TimeSpan.FromMilliseconds(100), _ => Interlocked.Increment(ref passes)));
        using var importing = Importing(first, second);
        using var client = new RawConnection(second.Port);
        LiveDirectiveTests.WaitUntilOk(client);
        var waiter = await second.ConnectAsync();
        await waiter.SendAsync(TestClient.Encode("BLPOP", "k", "0"));
        Wait.Until("a client waits", () => second.Node.Waiters.Count == 1);
        var slot = client.Call("CLUSTER", "KEYSLOT", "k").Text!;
        var target = importing.Call("CLUSTER", "MYID").Text!;
        Assert.Equal("OK", client.Call("CLUSTER", "SETSLOT", slot, "MIGRATING", target).Text);

        // Those who wait are looked at in every pass after a change.
        var before = Volatile.Read(ref passes);
        Wait.Until("it was looked at", () => Volatile.Read(ref passes) >= before + 3);
        Assert.Equal(1, second.Node.Waiters.Count);
        Assert.StartsWith("ASK ", client.Call("RPUSH", "k", "x").Text, StringComparison.Ordinal);
        Assert.Equal("OK", importing.Call("CLUSTER", "SETSLOT", slot, "NODE", target).Text);
        Assert.Equal("OK", client.Call("CLUSTER", "SETSLOT", slot, "NODE", target).Text);
        Assert.StartsWith("(error) MOVED ", (await waiter.ReadAsync()).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_has_asked_and_waits_stays_while_the_slot_is_coming()
    {
        var passes = 0;
        await using var first = LiveDirectiveTests.StartNode(
            prepare: node => node.Cron.Every(TimeSpan.FromMilliseconds(100), _ => Interlocked.Increment(ref passes)));
        await using var second = LiveDirectiveTests.StartNode();
        using var client = Importing(first, second);
        var waiter = await first.ConnectAsync();
        await waiter.CallAsync("ASKING");
        await waiter.SendAsync(TestClient.Encode("BLPOP", "k", "0"));
        Wait.Until("a client waits", () => first.Node.Waiters.Count == 1);
        Assert.Equal("OK", client.Call("CLUSTER", "SETSLOT", "200", "IMPORTING", Id(second)).Text);
        var before = Volatile.Read(ref passes);
        Wait.Until("it was looked at", () => Volatile.Read(ref passes) >= before + 3);
        Assert.Equal("OK", client.Call("ASKING").Text);
        Assert.Equal("1", client.Call("RPUSH", "k", "x").Text);
        Assert.Equal("[k, x]", (await waiter.ReadAsync()).ToString());
    }

    /// <summary>A client of a node that takes the slot of "k" over from another.</summary>
    private static RawConnection Importing(TestServer first, TestServer second)
    {
        var client = new RawConnection(first.Port);
        using var other = new RawConnection(second.Port);
        Assert.Equal("OK", client.Call("CLUSTER", "ADDSLOTSRANGE", "0", "100").Text);
        Assert.Equal("OK", other.Call("CLUSTER", "ADDSLOTSRANGE", "101", "16383").Text);
        LiveDirectiveTests.Meet(client, other);
        LiveDirectiveTests.WaitUntilOk(client);
        var slot = client.Call("CLUSTER", "KEYSLOT", "k").Text!;
        var owner = other.Call("CLUSTER", "MYID").Text!;
        Assert.Equal("OK", client.Call("CLUSTER", "SETSLOT", slot, "IMPORTING", owner).Text);
        return client;
    }

    private static string Id(TestServer node)
    {
        using var client = new RawConnection(node.Port);
        return client.Call("CLUSTER", "MYID").Text!;
    }

    private static string Render(RawReply reply) =>
        reply.Type == '*' ? string.Join(' ', reply.Items.Select(Render)) : reply.Text ?? "(nil)";

    // .NET locks what it reads, and the file is locked already.
    private static string Read(string file)
    {
        using var cat = Process.Start(new ProcessStartInfo("cat", [file]) { RedirectStandardOutput = true })!;
        return cat.StandardOutput.ReadToEnd();
    }
}
