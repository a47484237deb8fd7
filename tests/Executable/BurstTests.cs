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
        Assert.True(Memory("used_memory") > _usedAtStart + 100_000_000);
        client.Text("DISCARD");
        WaitUntilGivenBack();
    }

    private void WaitUntilGivenBack()
    {
        Wait.Until($"used_memory is near {_usedAtStart}", () => Memory("used_memory") < _usedAtStart + Tolerance, Soon);
        Wait.Until($"used_memory_rss is near {_residentAtStart}", () => Memory("used_memory_rss") < _residentAtStart + (2 * Tolerance), Soon);
    }

    private long Memory(string field) => long.Parse(_server.Info("memory", field)!, CultureInfo.InvariantCulture);
}
