using System.Globalization;
using Starling.Tests.Support;

namespace Starling.Executable.Tests;

/// <summary>Memory that clients needed for a moment is given back soon after, with nobody asking for it.</summary>
public sealed class BurstTests : IDisposable
{
    private const long Tolerance = 24L << 20; // bytes above what the server had at its start
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(40); // ten seconds on a machine that does not stall

    private readonly ServerProcess _server = ServerProcess.Start(ServerKind.Starling, "save ");
    private readonly long _usedAtStart;
    private readonly long _residentAtStart;

    public BurstTests()
    {
        _server.Text("PING");
        _usedAtStart = Memory("used_memory");
        _residentAtStart = Memory("used_memory_rss");
    }

    public void Dispose() => _server.Dispose();

    [Fact]
    public void Replies_that_are_read_late_leave_nothing_behind()
    {
        const int Count = 10_000;
        var get = RespConnection.Encode("GET", "k");
        using (var client = _server.Connect())
        {
            client.Text("SET", "k", new string('x', 10_000));
            var requests = new byte[Count * get.Length];
            for (var i = 0; i < Count; i++) get.CopyTo(requests, i * get.Length);
            client.SendRaw(requests);
            Wait.Until("replies of 32 MB wait", () => Memory("used_memory") > _usedAtStart + (32L << 20));
            for (var i = 0; i < Count; i++) Assert.Equal(10_000, ((string)client.Read()!).Length);
        }

        _server.Text("FLUSHALL");
        WaitUntilGivenBack();
    }

    [Fact]
    public void Values_that_were_sent_by_half_leave_nothing_behind()
    {
        var clients = Enumerable.Range(0, 10).Select(_ => _server.Connect()).ToList();
        var half = new byte[10_000_000];
        foreach (var client in clients)
        {
            client.SendRaw("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$20000000\r\n"u8.ToArray());
            client.SendRaw(half);
        }

        Wait.Until("100 MB are there", () => Memory("used_memory") > _usedAtStart + 100_000_000);
        foreach (var client in clients) client.Dispose();
        WaitUntilGivenBack();
    }

    [Fact]
    public void A_large_transaction_that_is_discarded_leaves_nothing_behind()
    {
        using var client = _server.Connect();
        client.Text("MULTI");
        var value = new string('x', 1_000_000);
        for (var i = 0; i < 100; i++) Assert.Equal("QUEUED", client.Text("SET", "k", value));
        Wait.Until("what is queued takes memory", () => Memory("used_memory") > _usedAtStart + 90_000_000);
        client.Text("DISCARD");
        WaitUntilGivenBack();
    }

    [Fact]
    public void A_large_reply_leaves_nothing_behind()
    {
        using var client = _server.Connect();
        client.Text("SET", "k", new string('x', 1_000_000));
        var reply = (object?[])client.Call(["MGET", .. Enumerable.Repeat("k", 150)])!;
        Assert.All(reply, value => Assert.Equal(1_000_000, value!.ToString()!.Length));
        client.Text("FLUSHALL");
        WaitUntilGivenBack();
    }

    [Fact]
    public void Replies_of_a_transaction_leave_nothing_behind()
    {
        using var client = _server.Connect();
        client.Text("SET", "k", new string('x', 1000));
        client.Text("MULTI");
        var get = RespConnection.Encode("GET", "k");
        var requests = new byte[50_000 * get.Length];
        for (var i = 0; i < 50_000; i++) get.CopyTo(requests, i * get.Length);
        client.SendRaw(requests);
        for (var i = 0; i < 50_000; i++) Assert.Equal("QUEUED", client.Read()?.ToString());
        Assert.Equal(50_000, ((object?[])client.Call("EXEC")!).Length);
        client.Text("FLUSHALL");
        WaitUntilGivenBack();
    }

    [Fact]
    public void Values_of_megabytes_that_were_dumped_leave_nothing_behind()
    {
        using var client = _server.Connect();
        Assert.Equal(60_000_001L, client.Call("SETRANGE", "k", "60000000", "x"));
        client.Call("DUMP", "k");
        client.Text("CONFIG", "SET", "rdbcompression", "no");
        client.Call("DUMP", "k");
        client.Text("FLUSHALL");
        WaitUntilGivenBack();
    }

    [Fact]
    public void Watches_that_ended_leave_nothing_behind()
    {
        var clients = Enumerable.Range(0, 60).Select(_ => _server.Connect()).ToList();
        for (var i = 0; i < clients.Count; i++)
        {
            var prefix = $"watched:{i.ToString(CultureInfo.InvariantCulture)}:";
            clients[i].Text(["WATCH", .. Enumerable.Range(0, 3000).Select(key => prefix + key.ToString(CultureInfo.InvariantCulture))]);
        }

        Wait.Until("the watches take memory", () => Memory("used_memory") > _usedAtStart + Tolerance);
        for (var i = 0; i < clients.Count; i++)
        {
            if (i % 2 == 0) clients[i].Dispose();
            else clients[i].Text("UNWATCH");
        }

        WaitUntilGivenBack();
        foreach (var client in clients) client.Dispose();
    }

    [Fact]
    public void A_replica_that_did_not_read_leaves_nothing_behind()
    {
        using var client = _server.Connect();
        client.Text("CONFIG", "SET", "client-output-buffer-limit", "replica 0 0 0");
        var replica = _server.Connect();
        replica.Send("PSYNC", "?", "-1");
        Wait.Until("the replica is there", () => _server.Info("replication", "connected_slaves") == "1");
        var value = new string('x', 1_000_000);
        for (var i = 0; i < 100; i++) client.Text("SET", "k", value);
        Assert.True(Memory("used_memory") > _usedAtStart + 90_000_000);
        replica.Dispose();
        client.Text("FLUSHALL");
        WaitUntilGivenBack();
    }

    private void WaitUntilGivenBack()
    {
        Wait.Until($"used_memory is near {_usedAtStart}", () => Memory("used_memory") < _usedAtStart + Tolerance, Soon);
        Wait.Until($"used_memory_rss is near {_residentAtStart}", () => Memory("used_memory_rss") < _residentAtStart + (2 * Tolerance), Soon);
    }

    private long Memory(string field)
    {
        var bytes = long.Parse(_server.Info("memory", field)!, CultureInfo.InvariantCulture);
        Assert.True(bytes > 0, $"{field} is {bytes}");
        return bytes;
    }
}
