using Starling.Resp;

namespace Starling.Node.Tests.PubSub;

/// <summary>Subscribing and publishing over real sockets, by several clients.</summary>
public sealed class SubscribeTests
{
    [Fact]
    public async Task A_message_reaches_subscribers_of_its_channel_and_of_patterns_that_match_and_nobody_else()
    {
        await using var server = TestServer.Start();
        var channel = await server.ConnectAsync();
        var pattern = await server.ConnectAsync();
        var other = await server.ConnectAsync();
        var shard = await server.ConnectAsync();
        var publisher = await server.ConnectAsync();
        Assert.Equal("[subscribe, news, (integer) 1]", await channel.TextAsync("SUBSCRIBE", "news"));
        Assert.Equal("[psubscribe, n?ws, (integer) 1]", await pattern.TextAsync("PSUBSCRIBE", "n?ws"));
        Assert.Equal("[subscribe, olds, (integer) 1]", await other.TextAsync("SUBSCRIBE", "olds"));
        Assert.Equal("[ssubscribe, news, (integer) 1]", await shard.TextAsync("SSUBSCRIBE", "news"));
        Assert.Equal("(integer) 2", await publisher.TextAsync("PUBLISH", "news", "hello"));
        Assert.Equal("(integer) 1", await publisher.TextAsync("SPUBLISH", "news", "shard"));
        Assert.Equal("(integer) 1", await publisher.TextAsync("PUBLISH", "olds", "bye"));
        Assert.Equal("[message, news, hello]", (await channel.ReadAsync()).ToString());
        Assert.Equal("[pmessage, n?ws, news, hello]", (await pattern.ReadAsync()).ToString());
        Assert.Equal("[smessage, news, shard]", (await shard.ReadAsync()).ToString());
        Assert.Equal("[message, olds, bye]", (await other.ReadAsync()).ToString());
    }

    [Fact]
    public async Task Of_a_message_that_was_published_before_its_command_a_subscriber_reads_before_the_reply()
    {
        await using var server = TestServer.Start(config => config.IoThreads = 2);
        var publisher = await server.ConnectAsync();
        for (var i = 0; i < 200; i++)
        {
            // Subscribers on either thread.
            var subscriber = await server.ConnectAsync();
            await subscriber.CallAsync("SUBSCRIBE", "c");
            await publisher.CallAsync("PUBLISH", "c", "m");
            await subscriber.SendAsync("PING\r\n");
            Assert.Equal("[message, c, m]", (await subscriber.ReadAsync()).ToString());
            Assert.Equal("[pong, ]", (await subscriber.ReadAsync()).ToString());
            subscriber.Dispose();
        }
    }

    [Fact]
    public async Task Each_subscriber_reads_the_message_in_its_own_version_of_the_protocol()
    {
        await using var server = TestServer.Start();
        var old = await server.ConnectAsync();
        var recent = await server.ConnectAsync();
        var publisher = await server.ConnectAsync();
        await recent.CallAsync("HELLO", "3");
        await old.CallAsync("SUBSCRIBE", "c");
        Assert.Equal(RespKind.Push, (await recent.CallAsync("SUBSCRIBE", "c")).Kind);
        await publisher.CallAsync("PUBLISH", "c", "1");
        Assert.Equal(RespKind.Array, (await old.ReadAsync()).Kind);
        Assert.Equal(RespKind.Push, (await recent.ReadAsync()).Kind);
        await recent.CallAsync("HELLO", "2");
        await publisher.CallAsync("PUBLISH", "c", "2");
        Assert.Equal(RespKind.Array, (await recent.ReadAsync()).Kind);
    }

    [Fact]
    public async Task Nothing_comes_for_a_channel_behind_the_confirmation_that_it_was_left()
    {
        await using var server = TestServer.Start(config => config.IoThreads = 4);
        var subscriber = await server.ConnectAsync();
        var stop = 0;
        var publishers = Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
        {
            var publisher = await server.ConnectAsync();
            while (Volatile.Read(ref stop) == 0) await publisher.CallAsync("PUBLISH", "c", "x");
        })).ToArray();
        for (var i = 0; i < 300; i++)
        {
            await subscriber.SendAsync("SUBSCRIBE c\r\nPING\r\nUNSUBSCRIBE c\r\nSUBSCRIBE other\r\nPING\r\nUNSUBSCRIBE\r\nPING end\r\n");
            var left = false;
            while (true)
            {
                var text = (await subscriber.ReadAsync()).ToString();
                if (text == "end") break;
                left |= text.StartsWith("[unsubscribe, c,", StringComparison.Ordinal);
                Assert.False(left && text.StartsWith("[message", StringComparison.Ordinal), "a message came behind the confirmation");
            }

            Assert.True(left);
        }

        Volatile.Write(ref stop, 1);
        await Task.WhenAll(publishers);
    }

    [Fact]
    public async Task A_client_that_leaves_is_subscribed_no_more()
    {
        await using var server = TestServer.Start();
        var subscriber = await server.ConnectAsync();
        var publisher = await server.ConnectAsync();
        await subscriber.CallAsync("SUBSCRIBE", "a", "b");
        await subscriber.ReadAsync();
        await subscriber.CallAsync("PSUBSCRIBE", "p*");
        await subscriber.CallAsync("SSUBSCRIBE", "s");
        var info = await publisher.TextAsync("INFO", "stats");
        Assert.Contains("pubsub_channels:2\r\npubsub_patterns:1\r\npubsubshard_channels:1\r\n", info, StringComparison.Ordinal);
        subscriber.Dispose();
        await Eventually.True(() => server.Node.Clients.Count == 1);
        await Eventually.True(() => server.Node.Publisher.Table.CountOf(Starling.Node.PubSub.SubscriptionKind.Pattern) == 0);
        info = await publisher.TextAsync("INFO", "stats");
        Assert.Contains("pubsub_channels:0\r\npubsub_patterns:0\r\npubsubshard_channels:0\r\n", info, StringComparison.Ordinal);
        Assert.Equal("(integer) 0", await publisher.TextAsync("PUBLISH", "a", "x"));
        Assert.Equal("[]", await publisher.TextAsync("PUBSUB", "CHANNELS"));
    }

    [Fact]
    public async Task Client_list_tells_subscribers_and_kill_finds_them()
    {
        await using var server = TestServer.Start();
        var subscriber = await server.ConnectAsync();
        var caller = await server.ConnectAsync();
        await subscriber.CallAsync("SUBSCRIBE", "a");
        await subscriber.CallAsync("PSUBSCRIBE", "b");
        await subscriber.CallAsync("SSUBSCRIBE", "c");
        var list = await caller.TextAsync("CLIENT", "LIST", "TYPE", "pubsub");
        Assert.Contains(" flags=P ", list, StringComparison.Ordinal);
        Assert.Contains(" sub=1 psub=1 ssub=1 ", list, StringComparison.Ordinal);
        Assert.Single(list.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains("sub=0 psub=0 ssub=0", await caller.TextAsync("CLIENT", "LIST", "TYPE", "normal"), StringComparison.Ordinal);
        Assert.Equal("(integer) 1", await caller.TextAsync("CLIENT", "KILL", "TYPE", "pubsub"));
        await subscriber.WaitForCloseAsync();
    }

    [Fact]
    public async Task A_subscriber_that_does_not_read_is_closed_by_its_own_limit()
    {
        await using var server = TestServer.Start(config => config.PubSubOutputBufferLimit = new OutputBufferLimit(200_000, 0, 0));
        var subscriber = await server.ConnectAsync();
        var reader = await server.ConnectAsync();
        var publisher = await server.ConnectAsync();
        subscriber.Socket.ReceiveBufferSize = 4096;
        await subscriber.CallAsync("SUBSCRIBE", "c");
        await reader.CallAsync("SUBSCRIBE", "c");
        var message = new string('x', 100_000);
        long count;
        do
        {
            count = (await publisher.CallAsync("PUBLISH", "c", message)).Integer;
            Assert.Equal(100_000, (await reader.ReadAsync())[2].Bytes.Length);
        }
        while (count == 2);
        Assert.Equal(1, count);
        Assert.Contains("client_output_buffer_limit_disconnections:1", await publisher.TextAsync("INFO", "stats"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_idle_subscriber_is_not_closed_for_that()
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        await using var server = TestServer.Start(config => config.Timeout = 10, clock);
        var subscriber = await server.ConnectAsync();
        var idle = await server.ConnectAsync();
        await subscriber.CallAsync("SUBSCRIBE", "c");
        await idle.CallAsync("PING");
        clock.Advance(TimeSpan.FromSeconds(12));
        await idle.WaitForCloseAsync();
        var publisher = await server.ConnectAsync();
        await publisher.CallAsync("PUBLISH", "c", "x");
        Assert.Equal("[message, c, x]", (await subscriber.ReadAsync()).ToString());
    }

    [Fact]
    public async Task Long_and_many_messages_arrive_whole_and_in_order()
    {
        await using var server = TestServer.Start(config => config.IoThreads = 2);
        var subscribers = new List<TestClient>();
        for (var i = 0; i < 5; i++)
        {
            subscribers.Add(await server.ConnectAsync());
            await subscribers[i].CallAsync("SUBSCRIBE", "c");
        }

        var publisher = await server.ConnectAsync();
        var random = new Random(7);
        var messages = Enumerable.Range(0, 500).Select(i => i + new string('x', random.Next(i % 50 == 0 ? 200_000 : 300))).ToArray();
        var writer = new RespWriter();
        foreach (var message in messages)
        {
            writer.Array(3);
            writer.Bulk("PUBLISH");
            writer.Bulk("c");
            writer.Bulk(message);
        }

        var sending = publisher.SendAsync(writer.ToArray());
        foreach (var subscriber in subscribers)
            foreach (var message in messages) Assert.Equal(message, (await subscriber.ReadAsync())[2].Text);
        await sending;
        foreach (var _ in messages) Assert.Equal(5, (await publisher.ReadAsync()).Integer);
    }

    [Fact]
    public async Task Messages_and_keyspace_events_of_a_transaction_that_chooses_the_events_come_in_the_order_of_its_commands()
    {
        await using var server = TestServer.Start();
        var subscriber = await server.ConnectAsync();
        var publisher = await server.ConnectAsync();
        await subscriber.CallAsync("SUBSCRIBE", "c");
        await subscriber.CallAsync("PSUBSCRIBE", "__keyevent*");
        await publisher.SendAsync(
            "MULTI\r\nPUBLISH c 1\r\nCONFIG SET notify-keyspace-events EA\r\nSET k v\r\nPUBLISH c 2\r\n"
            + "CONFIG SET notify-keyspace-events \"\"\r\nSET k v\r\nPUBLISH c 3\r\nEXEC\r\n");
        Assert.Equal("[message, c, 1]", (await subscriber.ReadAsync()).ToString());
        Assert.Equal("[pmessage, __keyevent*, __keyevent@0__:set, k]", (await subscriber.ReadAsync()).ToString());
        Assert.Equal("[message, c, 2]", (await subscriber.ReadAsync()).ToString());
        Assert.Equal("[message, c, 3]", (await subscriber.ReadAsync()).ToString());
    }

    [Fact]
    public async Task Who_subscribes_behind_its_own_message_in_a_transaction_does_not_get_it()
    {
        await using var server = TestServer.Start();
        var other = await server.ConnectAsync();
        var client = await server.ConnectAsync();
        await other.CallAsync("SUBSCRIBE", "c");
        await client.SendAsync("MULTI\r\nPUBLISH c early\r\nSUBSCRIBE c\r\nEXEC\r\nUNSUBSCRIBE c\r\n");
        for (var i = 0; i < 3; i++) await client.ReadAsync();
        Assert.Equal("[(integer) 1, [subscribe, c, (integer) 1]]", (await client.ReadAsync()).ToString());
        Assert.Equal("[unsubscribe, c, (integer) 0]", (await client.ReadAsync()).ToString());
        Assert.Equal("[message, c, early]", (await other.ReadAsync()).ToString());
    }

    [Fact]
    public async Task A_transaction_that_asks_for_new_keys_is_told_of_those_that_it_makes_then()
    {
        await using var server = TestServer.Start();
        var subscriber = await server.ConnectAsync();
        var caller = await server.ConnectAsync();
        await subscriber.CallAsync("PSUBSCRIBE", "__keyevent*");
        await caller.SendAsync("MULTI\r\nSET a 1\r\nCONFIG SET notify-keyspace-events En\r\nSET b 1\r\nSET c 1\r\nEXEC\r\nSET d 1\r\n");
        foreach (var key in "bcd") Assert.Equal($"[pmessage, __keyevent*, __keyevent@0__:new, {key}]", (await subscriber.ReadAsync()).ToString());
    }

    [Fact]
    public async Task Who_was_killed_is_not_counted_by_the_next_command()
    {
        await using var server = TestServer.Start(config => config.IoThreads = 2);
        var caller = await server.ConnectAsync();
        for (var round = 0; round < 20; round++)
        {
            var victims = new List<TestClient>();
            for (var i = 0; i < 4; i++)
            {
                victims.Add(await server.ConnectAsync());
                await victims[i].CallAsync("SUBSCRIBE", "c");
                await victims[i].CallAsync("PSUBSCRIBE", "c*");
            }

            await caller.SendAsync("CLIENT KILL TYPE pubsub\r\nPUBLISH c x\r\nPUBSUB CHANNELS\r\nPUBSUB NUMPAT\r\n");
            Assert.Equal("(integer) 4", (await caller.ReadAsync()).ToString());
            Assert.Equal("(integer) 0", (await caller.ReadAsync()).ToString());
            Assert.Equal("[]", (await caller.ReadAsync()).ToString());
            Assert.Equal("(integer) 0", (await caller.ReadAsync()).ToString());
            foreach (var victim in victims) await victim.WaitForCloseAsync();
        }
    }

    [Fact]
    public async Task Reset_ends_every_subscription()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        var publisher = await server.ConnectAsync();
        await client.CallAsync("HELLO", "3");
        await client.CallAsync("SUBSCRIBE", "a");
        await client.CallAsync("SSUBSCRIBE", "a");
        await client.CallAsync("PSUBSCRIBE", "a");
        Assert.Equal("RESET", await client.TextAsync("RESET"));
        Assert.Equal("(integer) 0", await publisher.TextAsync("PUBLISH", "a", "x"));
        Assert.Equal("(integer) 0", await publisher.TextAsync("SPUBLISH", "a", "x"));
        Assert.Equal("(nil)", await client.TextAsync("GET", "k"));
        Assert.Contains(" flags=N ", await client.TextAsync("CLIENT", "INFO"), StringComparison.Ordinal);
    }
}
