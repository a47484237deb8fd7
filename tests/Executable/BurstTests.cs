using System.Globalization;
using Starling.Tests.Support;

namespace Starling.Executable.Tests;

/// <summary>Memory that clients needed for a moment is given back soon after, with nobody asking for it.</summary>
public sealed class BurstTests : IDisposable
{
    // Bytes above what the server had at its start: buffers for the next commands. Of the system's memory the code that the
    // burst was the first to need stays too.
    private const long Tolerance = 1L << 20;
    private const long Backlog = 2L << 20; // where there was a replica, with the blocks that the log keeps for itself
    private const long ResidentTolerance = 24L << 20;

    // Ten seconds on a machine that does not stall, and less than the half a minute after which the runtime's pool gives back too.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

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

    [Theory]
    [InlineData("SUNION", "a", "b")]
    [InlineData("SINTER", "a", "b")]
    [InlineData("ZUNION", "2", "za", "zb")]
    [InlineData("ZINTER", "2", "za", "zb")]
    [InlineData("ZDIFF", "2", "za", "zb")]
    [InlineData("ZRANGE", "za", "0", "-1", "WITHSCORES")]
    [InlineData("SORT", "a", "ALPHA")]
    [InlineData("SORT", "a", "BY", "weight:*", "GET", "weight:*")]
    public void Results_of_very_many_elements_leave_nothing_behind(params string[] command)
    {
        using (var filler = _server.Connect())
        {
            foreach (var name in (string[])["a", "b"])
            {
                for (var from = 0; from < 50_000; from += 5000)
                {
                    var members = Enumerable.Range(from, 5000)
                        .Select(i => (i % 2 == 0 ? "a member of both sets:" : "a member of one set:" + name)
                            + i.ToString(CultureInfo.InvariantCulture))
                        .ToArray();
                    filler.Call(["SADD", name, .. members]);
                    filler.Call(
                        ["ZADD", "z" + name, .. members.SelectMany((member, i) => new[] { i.ToString(CultureInfo.InvariantCulture), member })]);
                }
            }
        }

        var clients = Enumerable.Range(0, 10).Select(_ => _server.Connect()).ToList();
        foreach (var client in clients) client.Send(command);
        foreach (var client in clients) Assert.NotEmpty((object?[])client.Read()!);
        foreach (var client in clients) client.Dispose();
        _server.Text("FLUSHALL");
        WaitUntilGivenBack();
    }

    [Fact]
    public void Very_long_names_of_keys_leave_nothing_behind()
    {
        using var client = _server.Connect();
        client.Call("RPUSH", "list", new string('x', 20_000_000), "y");
        Assert.Equal(2, ((object?[])client.Call("SORT", "list", "BY", "weight:*", "LIMIT", "0", "2")!).Length);
        client.Call(["BITOP", "OR", "target", .. Enumerable.Range(0, 200_000).Select(i => "k" + i.ToString(CultureInfo.InvariantCulture))]);
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
    public void A_value_of_megabytes_that_was_restored_leaves_nothing_behind()
    {
        // The runtime's collections come while one of these is decoded, and must not be the last.
        using var client = _server.Connect();
        Assert.Equal(60_000_001L, client.Call("SETRANGE", "k", "60000000", "x"));
        var payload = (string)client.Call("DUMP", "k")!;
        client.Text("FLUSHALL");
        WaitUntilGivenBack();
        for (var i = 0; i < 6; i++)
        {
            Assert.Equal("OK", client.Text("RESTORE", "k", "0", payload, "REPLACE"));
            client.Text("FLUSHALL");
            WaitUntilGivenBack();
        }
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

        Wait.Until("the watches take memory", () => Memory("used_memory") > _usedAtStart + (24L << 20));
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
        WaitUntilGivenBack(Backlog);
    }

    private void WaitUntilGivenBack(long more = 0)
    {
        WaitUntilBelow("used_memory", _usedAtStart + Tolerance + more);
        WaitUntilBelow("used_memory_rss", _residentAtStart + ResidentTolerance);
    }

    private void WaitUntilBelow(string field, long limit)
    {
        var bytes = 0L;
        try
        {
            Wait.Until("enough is given back", () => (bytes = Memory(field)) < limit, Soon);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{field} stays at {bytes}, above {limit}", late);
        }
    }

    private long Memory(string field)
    {
        var bytes = long.Parse(_server.Info("memory", field)!, CultureInfo.InvariantCulture);
        Assert.True(bytes > 0, $"{field} is {bytes}");
        return bytes;
    }
}
