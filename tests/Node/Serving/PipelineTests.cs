using System.Text;
using Starling.Resp;

namespace Starling.Node.Tests.Serving;

public sealed class PipelineTests
{
    [Fact]
    public async Task A_long_pipeline_is_answered_in_order()
    {
        const int Count = 50_000;
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        var stream = new RespWriter();
        for (var i = 0; i < Count; i++)
        {
            stream.Array(2);
            stream.Bulk("ECHO");
            stream.Bulk(i.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }

        var sending = client.SendAsync(stream.ToArray());
        for (var i = 0; i < Count; i++)
            Assert.Equal(i.ToString(System.Globalization.CultureInfo.InvariantCulture), (await client.ReadAsync()).Text);
        await sending;
    }

    [Fact]
    public async Task Pipelined_commands_of_two_keys_have_each_their_own()
    {
        // The places of both keys are computed ahead for a whole batch; what comes between has one key, none, or ten.
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        var random = new Random(5);
        var model = Enumerable.Range(0, 8).ToDictionary(number => "k" + number, number => "v" + number);
        var sent = new List<byte>();
        var expected = new List<string>();
        foreach (var (key, value) in model) Send("OK", "SET", key, value);
        for (var i = 0; i < 600; i++)
        {
            var (from, to) = ("k" + random.Next(8), "k" + random.Next(8));
            var isThere = model.TryGetValue(from, out var value);
            switch (random.Next(6))
            {
                case 0:
                    Send(isThere ? "OK" : "(error) ERR no such key", "RENAME", from, to);
                    if (!isThere || from == to) break;
                    model.Remove(from);
                    model[to] = value!;
                    break;
                case 1 when from != to:
                    Send(isThere ? "(integer) 1" : "(integer) 0", "COPY", from, to, "REPLACE");
                    if (isThere) model[to] = value!;
                    break;
                case 2:
                    Send("OK", "SET", from, "w" + i);
                    model[from] = "w" + i;
                    break;
                case 3:
                    Send("OK", "MULTI");
                    Send("QUEUED", "COPY", from, from + "'");
                    Send("QUEUED", "DEL", from + "'");
                    Send(isThere ? "[(integer) 1, (integer) 1]" : "[(integer) 0, (integer) 0]", "EXEC");
                    break;
                case 4:
                    Send("(error) ERR wrong number of arguments for 'rename' command", "RENAME", from);
                    break;
                default:
                    Send(value ?? "(nil)", "GET", from);
                    break;
            }
        }

        await client.SendAsync(sent.ToArray());
        foreach (var reply in expected) Assert.Equal(reply, (await client.ReadAsync()).ToString());
        Assert.Equal($"(integer) {model.Count}", await client.TextAsync("DBSIZE"));

        void Send(string reply, params string[] arguments)
        {
            sent.AddRange(TestClient.Encode(arguments));
            expected.Add(reply);
        }
    }

    [Fact]
    public async Task A_pipeline_may_be_sent_without_reading_until_its_end()
    {
        // The replies do not fit into the sockets' buffers: the server keeps them and reads on.
        const int Count = 2000;
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        var one = TestClient.Encode("ECHO", new string('x', 10_000));
        for (var i = 0; i < Count; i++) await client.SendAsync(one);
        for (var i = 0; i < Count; i++) Assert.Equal(10_000, (await client.ReadAsync()).Bytes.Length);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(2047)]
    [InlineData(2048)]
    [InlineData(2049)]
    [InlineData(40_000)]
    public async Task Commands_in_pieces_of_any_length_are_whole(int piece)
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        var stream = new List<byte>();
        var lengths = new[] { 0, 1, 100, 1990, 2048, 5000, 33_000, 3 };
        if (piece == 1) lengths = [0, 1, 100, 500];
        foreach (var length in lengths) stream.AddRange(TestClient.Encode("ECHO", new string('v', length)));
        var bytes = stream.ToArray();
        for (var at = 0; at < bytes.Length; at += piece)
        {
            await client.SendAsync(bytes.AsMemory(at, Math.Min(piece, bytes.Length - at)));
            if (piece > 1) await Task.Yield();
        }

        foreach (var length in lengths) Assert.Equal(length, (await client.ReadAsync()).Bytes.Length);
    }

    [Fact]
    public async Task A_large_argument_arrives_whole_and_its_memory_is_given_back()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        var value = new byte[20_000_000];
        new Random(3).NextBytes(value);
        var writer = new RespWriter();
        writer.Array(2);
        writer.Bulk("ECHO"u8);
        writer.Bulk(value);
        var sending = client.SendAsync(writer.ToArray());
        Assert.Equal(value, (await client.ReadAsync()).Bytes);
        await sending;
        Assert.Contains(" qbuf=0 qbuf-free=0 ", (await client.CallAsync("CLIENT", "INFO")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Commands_after_a_pipelined_quit_are_not_executed()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.SendAsync("SET a 1\r\nQUIT\r\nSET a 2\r\n");
        Assert.Equal("OK", (await client.ReadAsync()).Text);
        Assert.Equal("OK", (await client.ReadAsync()).Text);
        await client.WaitForCloseAsync();
        var other = await server.ConnectAsync();
        Assert.Equal("1", await other.TextAsync("GET", "a"));
    }

    [Theory]
    [InlineData("*1\r\n$-5\r\n", "ERR Protocol error: invalid bulk length")]
    [InlineData("*x\r\n", "ERR Protocol error: invalid multibulk length")]
    [InlineData("PING\r\n*1\r\nx\r\n", "ERR Protocol error: expected '$', got 'x'")]
    [InlineData("GET 'x\r\n", "ERR Protocol error: unbalanced quotes in request")]
    public async Task A_protocol_error_is_told_and_the_connection_closed(string bytes, string error)
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.SendAsync(bytes);
        if (bytes.StartsWith("PING", StringComparison.Ordinal)) Assert.Equal("PONG", (await client.ReadAsync()).Text);
        Assert.Equal(error, (await client.ReadAsync()).Text);
        await client.WaitForCloseAsync();
    }

    [Fact]
    public async Task Commands_read_ahead_stay_what_they_are_when_one_before_them_wakes_a_client_with_a_pipeline_of_its_own()
    {
        await using var server = TestServer.Start();
        var waiting = await server.ConnectAsync();
        await waiting.SendAsync("BLPOP list 0\r\nSET other 1\r\nSET other 2\r\n");
        await Eventually.True(() => server.Node.Waiters.Count == 1);
        var waking = await server.ConnectAsync();
        await waking.SendAsync("RPUSH list a\r\nSTRLEN mine\r\nGETRANGE mine 0 1\r\n");
        foreach (var expected in (string[])["(integer) 1", "(integer) 0", ""])
            Assert.Equal(expected, (await waking.ReadAsync()).ToString());
        foreach (var expected in (string[])["[list, a]", "OK", "OK"]) Assert.Equal(expected, (await waiting.ReadAsync()).ToString());
        Assert.Equal("[other]", await waking.TextAsync("KEYS", "*"));
    }

    [Fact]
    public async Task Http_is_answered_by_closing()
    {
        await using var server = TestServer.Start();
        var client = await server.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: x\r\n\r\n");
        await client.WaitForCloseAsync();
    }

    [Fact]
    public async Task A_query_longer_than_its_limit_closes_the_client()
    {
        await using var server = TestServer.Start(config => config.ClientQueryBufferLimit = 1024 * 1024);
        var client = await server.ConnectAsync();
        var bytes = Encoding.ASCII.GetBytes("*2\r\n$4\r\nECHO\r\n$3000000\r\n" + new string('x', 2_000_000));
        await IgnoreResetAsync(client.SendAsync(bytes));
        await client.WaitForCloseAsync();
        Assert.Equal(1, server.Node.Stats.QueryLimitDisconnections);
    }

    [Fact]
    public async Task A_query_that_is_whole_with_what_takes_it_beyond_its_limit_is_not_run()
    {
        const int Limit = 1024 * 1024;
        await using var server = TestServer.Start(config => config.ClientQueryBufferLimit = Limit);
        var client = await server.ConnectAsync();
        Assert.Equal("OK", await client.TextAsync("SET", "short", new string('v', Limit - 100)));
        await IgnoreResetAsync(client.SendAsync(TestClient.Encode("SET", "long", new string('v', Limit))));
        await client.WaitForCloseAsync();
        Assert.Equal(1, server.Node.Stats.QueryLimitDisconnections);
        Assert.Equal(1, server.Node.Keyspace[0].Count);
    }

    private static async Task IgnoreResetAsync(Task sending)
    {
        try
        {
            await sending;
        }
        catch (System.Net.Sockets.SocketException)
        {
            // Closed in the middle of it, as it should be.
        }
    }
}
