using System.Globalization;

namespace Starling.Node.Tests.Commands;

/// <summary>Readers that wait: all of XREAD are served, one after the other of a group, and who waits hears of the end.</summary>
public sealed class StreamBlockingTests
{
    [Fact]
    public async Task Every_reader_gets_an_entry_that_comes()
    {
        await using var server = TestServer.Start();
        var readers = new List<TestClient>();
        for (var i = 0; i < 4; i++) readers.Add(await BlockAsync(server, "XREAD", "BLOCK", "0", "STREAMS", "s", "$"));
        var writer = await server.ConnectAsync();
        await writer.CallAsync("XADD", "s", "5-0", "a", "1");
        foreach (var reader in readers) Assert.Equal("[[s, [[5-0, [a, 1]]]]]", (await reader.ReadAsync()).ToString());
        Assert.Equal(0, server.Node.Waiters.Count);
    }

    [Fact]
    public async Task A_reader_waits_behind_the_entry_that_was_last_when_it_came()
    {
        await using var server = TestServer.Start();
        var writer = await server.ConnectAsync();
        await writer.CallAsync("XADD", "s", "5-0", "a", "1");
        var reader = await BlockAsync(server, "XREAD", "BLOCK", "0", "STREAMS", "s", "t", "$", "$");
        await writer.CallAsync("MULTI");
        await writer.CallAsync("XADD", "s", "6-0", "a", "2");
        await writer.CallAsync("XADD", "t", "1-0", "b", "3");
        await writer.CallAsync("XADD", "s", "7-0", "a", "4");
        await writer.CallAsync("EXEC");
        Assert.Equal("[[s, [[6-0, [a, 2]], [7-0, [a, 4]]]], [t, [[1-0, [b, 3]]]]]", (await reader.ReadAsync()).ToString());
    }

    [Fact]
    public async Task Consumers_of_a_group_are_served_one_by_one_in_their_order()
    {
        await using var server = TestServer.Start();
        var writer = await server.ConnectAsync();
        await writer.CallAsync("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM");
        var readers = new List<TestClient>();
        for (var i = 0; i < 3; i++)
            readers.Add(await BlockAsync(server, "XREADGROUP", "GROUP", "g", $"c{i}", "BLOCK", "0", "STREAMS", "s", ">"));
        for (var i = 0; i < 3; i++)
        {
            await writer.CallAsync("XADD", "s", $"{i + 1}-0", "n", i.ToString(CultureInfo.InvariantCulture));
            Assert.Equal($"[[s, [[{i + 1}-0, [n, {i}]]]]]", (await readers[i].ReadAsync()).ToString());
        }

        Assert.Equal("[(integer) 3, 1-0, 3-0, [[c0, 1], [c1, 1], [c2, 1]]]", await writer.TextAsync("XPENDING", "s", "g"));
    }

    [Theory]
    [InlineData("DEL s", "NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option")]
    [InlineData("XGROUP DESTROY s g", "NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option")]
    [InlineData("SET s x", "WRONGTYPE Operation against a key holding the wrong kind of value")]
    [InlineData("FLUSHALL", "NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option")]
    [InlineData("RENAME s other", "NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option")]
    [InlineData("SWAPDB 0 1", "NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option")]
    public async Task A_waiting_consumer_hears_that_its_group_is_gone(string command, string error)
    {
        await using var server = TestServer.Start();
        var writer = await server.ConnectAsync();
        await writer.CallAsync("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM");
        var reader = await BlockAsync(server, "XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">");
        await writer.CallAsync(command.Split(' '));
        Assert.Equal("(error) " + error, (await reader.ReadAsync()).ToString());
    }

    [Fact]
    public async Task A_reader_of_entries_waits_on_when_the_key_goes_and_comes_again()
    {
        await using var server = TestServer.Start();
        var writer = await server.ConnectAsync();
        await writer.CallAsync("XADD", "s", "5-0", "a", "1");
        var reader = await BlockAsync(server, "XREAD", "BLOCK", "0", "STREAMS", "s", "$");
        await writer.CallAsync("DEL", "s");
        await writer.CallAsync("XADD", "s", "4-0", "a", "2");
        await writer.CallAsync("SET", "s", "x");
        await writer.CallAsync("DEL", "s");
        Assert.Equal(1, server.Node.Waiters.Count);
        await writer.CallAsync("XADD", "s", "6-0", "a", "3");
        Assert.Equal("[[s, [[6-0, [a, 3]]]]]", (await reader.ReadAsync()).ToString());
    }

    [Fact]
    public async Task Inside_a_transaction_nobody_waits()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.CallAsync("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM");
        await client.CallAsync("MULTI");
        await client.CallAsync("XREAD", "BLOCK", "0", "STREAMS", "s", "$");
        await client.CallAsync("XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "s", ">");
        Assert.Equal("[(nil), (nil)]", await client.TextAsync("EXEC"));
    }

    [Fact]
    public async Task A_wait_ends_when_its_time_is_up_or_it_is_unblocked()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        Assert.Equal("(nil)", await client.TextAsync("XREAD", "BLOCK", "5", "STREAMS", "s", "$"));
        Assert.Equal("(error) ERR timeout is negative", await client.TextAsync("XREAD", "BLOCK", "-1", "STREAMS", "s", "$"));
        Assert.Equal("(error) ERR timeout is not an integer or out of range", await client.TextAsync("XREAD", "BLOCK", "x", "STREAMS", "s", "$"));
        var id = (await client.CallAsync("CLIENT", "ID")).Text;
        await client.SendAsync(TestClient.Encode("XREAD", "BLOCK", "0", "STREAMS", "s", "$"));
        await Eventually.True(() => server.Node.Waiters.Count == 1);
        var other = await server.ConnectAsync();
        await other.CallAsync("CLIENT", "UNBLOCK", id!, "ERROR");
        Assert.Equal("(error) UNBLOCKED client unblocked via CLIENT UNBLOCK", (await client.ReadAsync()).ToString());
    }

    private static async Task<TestClient> BlockAsync(TestServer server, params string[] command)
    {
        var before = server.Node.Waiters.Count;
        var client = await server.ConnectAsync();
        await client.SendAsync(TestClient.Encode(command));
        await Eventually.True(() => server.Node.Waiters.Count == before + 1);
        return client;
    }
}
