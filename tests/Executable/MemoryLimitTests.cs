using System.Globalization;
using System.Net.Sockets;
using Starling.Tests.Support;

namespace Starling.Executable.Tests;

/// <summary>A server whose heap is limited, as in a container.</summary>
public sealed class MemoryLimitTests
{
    private const string Heap = "DOTNET_GCHeapHardLimit";
    private const string Machine = "DOTNET_GCTotalPhysicalMemory";

    [Theory]
    [InlineData("0x4000000")]
    [InlineData("0x8000000")]
    public void Clients_that_send_more_than_there_is_room_for_are_closed_and_nobody_else(string heapLimit)
    {
        using var server = Start(Heap, heapLimit, out var port);
        using var other = new RespConnection(port);
        Assert.Equal("OK", other.Text("SET", "k", "v"));
        var half = new byte[19_000_000];
        var greedy = new List<RespConnection>();
        for (var i = 0; i < 10; i++)
        {
            var client = new RespConnection(port);
            greedy.Add(client);
            try
            {
                client.SendRaw("*3\r\n$3\r\nSET\r\n$4\r\nhalf\r\n$20000000\r\n"u8.ToArray());
                client.SendRaw(half);
            }
            catch (Exception error) when (error is IOException or SocketException)
            {
                continue; // closed, as it should be
            }
        }

        Wait.Until("some were closed", () => server.Output.Contains("finds no memory", StringComparison.Ordinal));
        Assert.Equal("PONG", other.Text("PING"));
        foreach (var client in greedy) client.Dispose();
        Wait.Until("there is room again", () =>
        {
            using var client = new RespConnection(port);
            return client.Text("SET", "big", new string('x', 1_000_000)) == "OK";
        });
        Assert.Equal("v", other.Text("GET", "k"));
    }

    [Theory]
    [InlineData("LRANGE", "list", "0", "-1")]
    [InlineData("MGET", "k", "k", "k", "k", "k", "k", "k", "k", "k", "k", "k", "k", "k", "k", "k", "k", "k", "k", "k", "k")]
    [InlineData("SORT", "list", "BY", "nosort")]
    [InlineData("20 GETEX", "k", "PERSIST")]
    public void Clients_whose_replies_find_no_room_are_closed_and_nobody_else(params string[] command)
    {
        using var server = Start(Heap, "0x6000000", out var port);
        using var other = new RespConnection(port);
        Assert.Equal("OK", other.Text("SET", "k", new string('x', 100_000)));
        string[] push = ["RPUSH", "list", .. Enumerable.Range(0, 10_000).Select(i => "an element " + RunningServer.Text(i))];
        for (var i = 0; i < 10; i++) other.Call(push);

        // None of them reads.
        var greedy = Enumerable.Range(0, 200).Select(_ => new RespConnection(port)).ToList();
        var (times, name) = command[0].Split(' ') is [var count, var word] ? (int.Parse(count, CultureInfo.InvariantCulture), word) : (1, command[0]);
        string[] sent = [name, .. command[1..]];
        foreach (var client in greedy) SendOften(client, times, sent);
        Wait.Until("some were closed", () => server.Output.Contains("finds no memory", StringComparison.Ordinal));
        Assert.Equal("PONG", other.Text("PING"));
        foreach (var client in greedy) client.Dispose();
        Assert.Equal(100_000L, other.Call("STRLEN", "k"));
        Assert.Equal(100_000L, other.Call("LLEN", "list"));
        Wait.Until("there is room again", () =>
        {
            using var client = new RespConnection(port);
            return ((object?[])client.Call("LRANGE", "list", "0", "-1")!).Length == 100_000;
        });
    }

    [Theory]
    [InlineData("0x3000000", 1)]
    [InlineData("0x4000000", 1)]
    [InlineData("0x4000000", 2)]
    public async Task Clients_that_read_none_of_very_many_short_replies_take_no_memory_from_others(string heapLimit, int ioThreads)
    {
        using var server = Start(Heap, heapLimit, out var port, "--io-threads", RunningServer.Text(ioThreads));
        using var other = new RespConnection(port);
        var pings = Enumerable.Repeat(RespConnection.Encode("PING"), 1_000_000).SelectMany(bytes => bytes).ToArray();
        for (var round = 0; round < 3; round++)
        {
            var greedy = Enumerable.Range(0, 100).Select(_ => ConnectSmall(port)).ToList();
            var flood = Task.Run(() => Flood(greedy, pings));
            while (!flood.IsCompleted) Assert.Equal("PONG", other.Text("PING"));
            await flood;
            Assert.Equal("PONG", other.Text("PING"));
            foreach (var client in greedy) client.Dispose();
        }

        Wait.Until("there is room again", () =>
        {
            using var client = new RespConnection(port);
            return client.Text("SET", "k", new string('x', 100_000)) == "OK";
        });
    }

    [Fact]
    public void Clients_whose_wait_finds_no_room_are_closed_and_nobody_else()
    {
        using var server = Start(Heap, "0x6000000", out var port);
        using var other = new RespConnection(port);
        string[] pop = ["BLPOP", .. Enumerable.Range(0, 100).Select(i => new string('k', 1000) + RunningServer.Text(i)), "0"];
        var greedy = Enumerable.Range(0, 500).Select(_ => new RespConnection(port)).ToList();
        foreach (var client in greedy) SendOften(client, 1, pop);
        Wait.Until("some were closed", () => server.Output.Contains("finds no memory", StringComparison.Ordinal));
        Assert.Equal("PONG", other.Text("PING"));
        foreach (var client in greedy) client.Dispose();
        Wait.Until("nobody waits", () => other.Text("INFO", "clients").Contains("blocked_clients:0", StringComparison.Ordinal));
        Assert.Equal("OK", other.Text("SET", "k", "v"));
    }

    [Theory]
    [InlineData("0x4000000", 1_000)]
    [InlineData("0x4000000", 1)]
    [InlineData("0x8000000", 1)]
    public void Clients_whose_transaction_finds_no_room_are_closed_and_nobody_else(string heapLimit, int valueLength)
    {
        using var server = Start(Heap, heapLimit, out var port);
        using var other = new RespConnection(port);
        Assert.Equal("OK", other.Text("SET", "k", "v"));
        var set = RespConnection.Encode("SET", "k", new string('x', valueLength));
        var begun = RespConnection.Encode("MULTI").Concat(Enumerable.Repeat(set, 20_000).SelectMany(bytes => bytes)).ToArray();
        var greedy = new List<RespConnection>();
        Wait.Until("some were closed", () =>
        {
            greedy.Add(new RespConnection(port));
            try
            {
                greedy[^1].SendRaw(begun);
            }
            catch (IOException)
            {
                // Closed, as it should be.
            }

            return server.Output.Contains("finds no memory", StringComparison.Ordinal);
        });
        Assert.Equal("PONG", other.Text("PING"));
        foreach (var client in greedy) client.Dispose();
        Wait.Until("there is room again", () =>
        {
            using var client = new RespConnection(port);
            try
            {
                client.Text("MULTI");
                for (var i = 0; i < 100; i++) client.Text("SET", "k", new string('x', 10_000));
                return client.Call("EXEC") is object?[] { Length: 100 };
            }
            catch (IOException)
            {
                return false;
            }
        });
        Assert.Equal(10_000L, other.Call("STRLEN", "k"));
    }

    [Fact]
    public void Replies_find_the_room_that_the_data_leave()
    {
        using var server = Start(Machine, "0x10000000", out var port);
        using var other = new RespConnection(port);
        for (var i = 0; i < 150; i++) Assert.Equal("OK", other.Text("SET", "k" + RunningServer.Text(i), new string('x', 1_000_000)));

        // None of them reads. Without the data there would be room for all.
        var greedy = Enumerable.Range(0, 20).Select(_ => new RespConnection(port)).ToList();
        string[] get = ["MGET", .. Enumerable.Repeat("k1", 7)];
        foreach (var client in greedy) SendOften(client, 1, get);
        Wait.Until("some were closed", () => server.Output.Contains("finds no memory", StringComparison.Ordinal));
        Assert.Equal("PONG", other.Text("PING"));
        foreach (var client in greedy) client.Dispose();
        Assert.Equal("OK", other.Text("FLUSHALL"));
        Wait.Until("there is room for all", () =>
        {
            using var client = new RespConnection(port);
            return client.Text("SET", "k1", new string('x', 20_000_000)) == "OK" && client.Text("GET", "k1").Length == 20_000_000;
        });
    }

    [Fact]
    public void A_maxmemory_that_the_process_cannot_have_counts_as_what_it_can_have()
    {
        using var server = Start(Machine, "0x8000000", out var port, "--maxmemory", "200mb");
        using var client = new RespConnection(port);
        var stored = 0;
        while (stored < 200 && client.Call("SET", "k" + RunningServer.Text(stored), new string('x', 1_000_000)) is not RespError) stored++;
        Assert.InRange(stored, 20, 85); // what the process needs for itself is not the data's
        server.WaitForLine("maxmemory is 209715200 bytes");
        Assert.Equal("OK", client.Text("CONFIG", "SET", "maxmemory-policy", "allkeys-lru"));
        for (var i = 0; i < 200; i++) Assert.Equal("OK", client.Text("SET", "l" + RunningServer.Text(i), new string('x', 1_000_000)));
        Assert.InRange((long)client.Call("DBSIZE")!, 20L, 85L);
    }

    [Theory]
    [InlineData("return string.rep('x', 200 * 1024 * 1024)")]
    [InlineData("local t = {} for i = 1, 1e9 do t[i] = 'an element ' .. i end")]
    [InlineData("local s = string.rep('x', 20 * 1024 * 1024) return cjson.encode({s, s, s, s, s, s, s, s, s, s})")]
    [InlineData("local s = string.rep('x', 20 * 1024 * 1024) return cmsgpack.pack(s, s, s, s, s, s, s, s, s, s)")]
    [InlineData("local s = string.rep('x', 20 * 1024 * 1024) return redis.call('mset', 'a', s, 'b', s, 'c', s, 'd', s, 'e', s, 'f', s, 'g', s)")]
    [InlineData("local t, s = {}, string.rep('x', 4 * 1024 * 1024) for i = 1, 40 do t[i] = s end return redis.call('rpush', 'l', unpack(t))")]
    public void Scripts_that_want_more_memory_than_the_machine_has_are_refused_it(string script)
    {
        using var server = Start(Machine, "0x8000000", out var port);
        using var client = new RespConnection(port);
        for (var i = 0; i < 3; i++)
        {
            var refused = Assert.IsType<RespError>(client.Call("EVAL", script, "0"));
            Assert.Contains("not enough memory", refused.Text, StringComparison.Ordinal);
            Wait.Until("there is room for another", () => client.Call("EVAL", "return string.rep('x', 1000000)", "0") is string { Length: 1_000_000 });
        }

        Assert.Equal("OK", client.Text("SET", "k", "v"));
    }

    [Fact]
    public void Scripts_that_run_side_by_side_have_no_more_memory_together()
    {
        using var server = Start(Machine, "0x8000000", out var port, "--io-threads", "4", "--busy-reply-threshold", "0");
        using var other = new RespConnection(port);
        var greedy = Enumerable.Range(0, 8).Select(_ => new RespConnection(port)).ToList();
        foreach (var client in greedy) client.Send("EVAL", "local t = {} for i = 1, 1e9 do t[i] = 'an element ' .. i end", "0");
        foreach (var client in greedy)
        {
            Assert.Contains("not enough memory", Assert.IsType<RespError>(client.Read()).Text, StringComparison.Ordinal);
            client.Dispose();
        }

        Assert.Equal("PONG", other.Text("PING"));
    }

    /// <summary>A server with so much memory as <see cref="Heap"/> or <see cref="Machine"/>, in hexadecimal.</summary>
    private static RunningServer Start(string limit, string bytes, out int port, params string[] arguments)
    {
        port = Ports.Take();
        var server = new RunningServer(
            ["server", "--port", RunningServer.Text(port), "--bind", "127.0.0.1", "--save", "", .. arguments],
            environment: new() { [limit] = bytes });
        server.WaitForLine("Ready to accept");
        return server;
    }

    /// <summary>A client that takes little before it reads.</summary>
    private static Socket ConnectSmall(int port)
    {
        var client = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        client.Connect("127.0.0.1", port);
        client.Blocking = false;
        return client;
    }

    /// <summary>Sends without reading, to all of them by turns, until none of them takes anything for a second.</summary>
    private static void Flood(List<Socket> clients, byte[] bytes)
    {
        var sent = clients.ToDictionary(client => client, _ => 0);
        while (true)
        {
            var ready = sent.Keys.ToList();
            if (ready.Count == 0) return;
            Socket.Select(null, ready, null, TimeSpan.FromSeconds(1));
            if (ready.Count == 0) return;
            foreach (var client in ready)
            {
                try
                {
                    sent[client] += client.Send(bytes.AsSpan(sent[client]));
                    if (sent[client] == bytes.Length) sent.Remove(client);
                }
                catch (SocketException error) when (error.SocketErrorCode == SocketError.WouldBlock)
                {
                    continue; // it takes less than the rest
                }
                catch (SocketException)
                {
                    sent.Remove(client); // closed, as it should be
                }
            }
        }
    }

    private static void SendOften(RespConnection client, int times, string[] command)
    {
        try
        {
            for (var i = 0; i < times; i++) client.Send(command);
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            // Closed, as it should be.
        }
    }
}
