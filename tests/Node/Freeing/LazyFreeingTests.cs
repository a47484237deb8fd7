using System.Globalization;

namespace Starling.Node.Tests.Freeing;

public sealed class LazyFreeingTests
{
    private const int LargeLength = 200_000;

    [Fact]
    public async Task Flushing_asynchronously_replies_at_once_and_frees_every_key_in_the_background()
    {
        await using var server = TestServer.Start(config => config.Save = []);
        var client = await server.ConnectAsync();
        await FillAsync(client, 3000);
        Assert.Equal("OK", await client.TextAsync("FLUSHALL", "ASYNC"));
        Assert.Equal("(integer) 0", await client.TextAsync("DBSIZE"));
        await FreedAsync(client, 3000);
        await FillAsync(client, 500);
        Assert.Equal("OK", await client.TextAsync("FLUSHDB", "async"));
        await FreedAsync(client, 3500);
        Assert.Equal(0, server.Node.Keyspace.UsedBytes);
    }

    [Theory]
    [InlineData("FLUSHALL")]
    [InlineData("FLUSHDB")]
    [InlineData("FLUSHALL", "SYNC")]
    public async Task Flushing_synchronously_replies_when_the_memory_is_free(params string[] command)
    {
        await using var server = TestServer.Start(config => config.Save = []);
        var client = await server.ConnectAsync();
        for (var round = 0; round < 20; round++)
        {
            await FillAsync(client, 1000);
            Assert.True(server.Node.Keyspace.UsedBytes > 50_000);
            Assert.Equal("OK", await client.TextAsync(command));
            Assert.Equal(0, server.Node.Keyspace.UsedBytes);
        }

        Assert.Equal(0, await FieldAsync(client, "lazyfreed_objects"));
        Assert.Equal("(error) ERR syntax error", await client.TextAsync(command[0], "LATER"));
    }

    [Fact]
    public async Task A_flush_in_a_transaction_and_pipelined_ones_reply_in_order()
    {
        await using var server = TestServer.Start(config => config.Save = []);
        var client = await server.ConnectAsync();
        await FillAsync(client, 1000);
        Assert.Equal("OK", await client.TextAsync("MULTI"));
        Assert.Equal("QUEUED", await client.TextAsync("FLUSHALL"));
        Assert.Equal("QUEUED", await client.TextAsync("SET", "a", "1"));
        Assert.Equal("QUEUED", await client.TextAsync("DBSIZE"));
        Assert.Equal("[OK, OK, (integer) 1]", await client.TextAsync("EXEC"));
        for (var i = 0; i < 20; i++) await client.SendAsync(TestClient.Encode("FLUSHALL"));
        await client.SendAsync(TestClient.Encode("SET", "b", "2"));
        await client.SendAsync(TestClient.Encode("DBSIZE"));
        for (var i = 0; i < 21; i++) Assert.Equal("OK", (await client.ReadAsync()).ToString());
        Assert.Equal("(integer) 1", (await client.ReadAsync()).ToString());
    }

    [Fact]
    public async Task Large_values_are_freed_in_the_background_when_the_command_or_a_directive_says_so()
    {
        await using var server = TestServer.Start(config => config.Save = []);
        var client = await server.ConnectAsync();
        var expected = 0;
        async Task ExpectAsync(int more)
        {
            expected += more;
            await FreedAsync(client, expected);
        }

        foreach (var lazily in new[] { false, true })
        {
            foreach (var kind in new[] { "user-del", "server-del", "expire", "user-flush" })
                Assert.Equal("OK", await client.TextAsync("CONFIG", "SET", "lazyfree-lazy-" + kind, lazily ? "yes" : "no"));
            var more = lazily ? 1 : 0;
            await SetLargeAsync(client, "a");
            Assert.Equal("(integer) 1", await client.TextAsync("UNLINK", "a"));
            await ExpectAsync(1);
            await SetLargeAsync(client, "a");
            Assert.Equal("(integer) 1", await client.TextAsync("DEL", "a"));
            await ExpectAsync(more);
            await SetLargeAsync(client, "a");
            Assert.Equal("OK", await client.TextAsync("SET", "a", "small"));
            await ExpectAsync(more);
            await SetLargeAsync(client, "b");
            Assert.Equal("OK", await client.TextAsync("RENAME", "a", "b"));
            await ExpectAsync(more);
            await SetLargeAsync(client, "a");
            Assert.Equal("(integer) 1", await client.TextAsync("PEXPIRE", "a", "1"));
            while (await client.TextAsync("EXISTS", "a") != "(integer) 0") await Task.Delay(1);
            await ExpectAsync(more);
            Assert.Equal("OK", await client.TextAsync("FLUSHALL"));
            await ExpectAsync(lazily ? 1 : 0);
        }
    }

    [Fact]
    public async Task A_small_value_is_freed_at_once_by_Unlink_and_a_huge_one_later_by_Del()
    {
        await using var server = TestServer.Start(config => config.Save = []);
        var client = await server.ConnectAsync();
        await client.TextAsync("SET", "a", new string('x', 60_000));
        Assert.Equal("(integer) 1", await client.TextAsync("UNLINK", "a"));
        Assert.Equal(0, await FieldAsync(client, "lazyfreed_objects"));
        await client.TextAsync("SETRANGE", "a", "5000000", "x");
        Assert.Equal("(integer) 1", await client.TextAsync("DEL", "a"));
        await FreedAsync(client, 1);
        Assert.Equal("OK", await client.TextAsync("CONFIG", "RESETSTAT"));
        Assert.Equal(0, await FieldAsync(client, "lazyfreed_objects"));
    }

    [Fact]
    public async Task A_stream_of_many_small_nodes_is_freed_later_by_Unlink()
    {
        await using var server = TestServer.Start(config =>
        {
            config.Save = [];
            config.StreamNodeMaxEntries = 5;
        });
        var client = await server.ConnectAsync();
        for (var i = 1; i <= 1000; i++) await client.TextAsync("XADD", "s", string.Create(CultureInfo.InvariantCulture, $"{i}-0"), "n", "v");
        Assert.Equal("(integer) 1", await client.TextAsync("UNLINK", "s"));
        await FreedAsync(client, 1);
    }

    private static Task<string> SetLargeAsync(TestClient client, string key) =>
        client.TextAsync("SET", key, new string('x', LargeLength));

    private static async Task FillAsync(TestClient client, int keys)
    {
        for (var i = 0; i < keys; i++)
            await client.SendAsync(TestClient.Encode("SET", string.Create(CultureInfo.InvariantCulture, $"k{i}"), "value"));
        for (var i = 0; i < keys; i++) Assert.Equal("OK", (await client.ReadAsync()).ToString());
    }

    /// <summary>Waits until nothing waits to be freed, and compares how much was freed so.</summary>
    private static async Task FreedAsync(TestClient client, long objects)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (await FieldAsync(client, "lazyfree_pending_objects") != 0)
            Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromMinutes(1));
        Assert.Equal(objects, await FieldAsync(client, "lazyfreed_objects"));
    }

    private static async Task<long> FieldAsync(TestClient client, string name)
    {
        var info = await client.TextAsync("INFO", "memory");
        var line = info.Split("\r\n").Single(text => text.StartsWith(name + ":", StringComparison.Ordinal));
        return long.Parse(line[(name.Length + 1)..], CultureInfo.InvariantCulture);
    }
}
