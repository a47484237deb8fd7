using System.Collections.Concurrent;
using Starling.Node.PubSub;

namespace Starling.Node.Tests.PubSub;

/// <summary>Who publishes faster than the cluster's other nodes are told waits for that.</summary>
public sealed class RelayTests
{
    private readonly SlowRelay _relay = new();

    [Theory]
    [InlineData("PUBLISH c x\r\n", "(integer) 1")]
    [InlineData("MULTI\r\nPUBLISH c x\r\nINCR k\r\nEXEC\r\n", "[(integer) 1, (integer) 1]")]
    public async Task Who_publishes_while_the_other_nodes_are_behind_has_the_reply_once_they_are_not(string commands, string expected)
    {
        await using var server = TestServer.Start(prepare: node => node.Publisher.Relay = _relay);
        var subscriber = await server.ConnectAsync();
        var publisher = await server.ConnectAsync();
        var other = await server.ConnectAsync();
        await subscriber.CallAsync("SUBSCRIBE", "c");
        _relay.IsBehind = true;
        await publisher.SendAsync(commands + "PUBLISH c y\r\n");
        Assert.Equal("[message, c, x]", (await subscriber.ReadAsync()).ToString()); // here it is delivered at once
        Assert.Equal("PONG", await other.TextAsync("PING"));
        Assert.Equal(["x"], _relay.Texts); // the next one waits
        _relay.CatchUp();
        for (var lines = commands.Count(c => c == '\n'); lines > 1; lines--) await publisher.ReadAsync(); // OK and QUEUED
        Assert.Equal(expected, (await publisher.ReadAsync()).ToString());
        Assert.Equal("(integer) 1", (await publisher.ReadAsync()).ToString());
        Assert.Equal("[message, c, y]", (await subscriber.ReadAsync()).ToString());
        Assert.Equal(["x", "y"], _relay.Texts);
    }

    [Fact]
    public async Task Who_goes_while_it_waits_for_the_other_nodes_leaves_nothing_behind()
    {
        await using var server = TestServer.Start(prepare: node => node.Publisher.Relay = _relay);
        var subscriber = await server.ConnectAsync();
        var publisher = await server.ConnectAsync();
        await subscriber.CallAsync("SUBSCRIBE", "c");
        _relay.IsBehind = true;
        await publisher.SendAsync("PUBLISH c x\r\n");
        await subscriber.ReadAsync();
        var other = await server.ConnectAsync();
        Assert.Equal("(integer) 1", await other.TextAsync("CLIENT", "KILL", "TYPE", "normal"));
        await publisher.WaitForCloseAsync();
        _relay.CatchUp();
        Assert.Equal("(integer) 1", await other.TextAsync("PUBLISH", "c", "y"));
    }

    /// <summary>Takes messages and says whether it is behind as the test wants.</summary>
    private sealed class SlowRelay : IMessageRelay
    {
        private readonly ConcurrentQueue<Action> _waiting = new();
        private readonly ConcurrentQueue<string> _texts = new();
        private volatile bool _isBehind;

        public bool IsBehind
        {
            get => _isBehind;
            set => _isBehind = value;
        }

        public string[] Texts => [.. _texts];

        public void Publish(byte[] channel, byte[] text, bool isSharded) => _texts.Enqueue(System.Text.Encoding.ASCII.GetString(text));

        public void WhenCaughtUp(Action what) => _waiting.Enqueue(what);

        public void CatchUp()
        {
            IsBehind = false;
            while (_waiting.TryDequeue(out var what)) what();
        }
    }
}
