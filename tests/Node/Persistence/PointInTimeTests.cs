using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Starling.Node.Tests.Replication;

namespace Starling.Node.Tests.Persistence;

/// <summary>A snapshot is the data set of one moment, whatever clients write meanwhile.</summary>
[Collection(AloneCollection.Name)]
public sealed class PointInTimeTests
{
    private const int Tellers = 6;
    private const int WantedSnapshots = 3;
    private const int MostSnapshots = 30;

    [Fact]
    public async Task A_background_save_under_transfers_holds_the_books_of_one_moment()
    {
        await using var server = StartBank();
        await using var bank = await Bank.OpenAsync(server.Port);
        bank.Begin(Tellers);
        using var client = await TestClient.ConnectAsync(server.Port);
        var file = Path.Combine(server.Node.Config.Dir, "dump.rdb");
        await CheckSnapshotsAsync(bank, async () =>
        {
            Assert.Equal("Background saving started", (await client.CallAsync("BGSAVE")).Text);
            await Eventually.True(() => Info(server.Port, "rdb_bgsave_in_progress") == "0");
            Assert.Equal("ok", Info(server.Port, "rdb_last_bgsave_status"));
            return await File.ReadAllBytesAsync(file);
        });
        await bank.EndAsync();
        await Bank.AuditAsync(server.Port);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_full_synchronisation_under_transfers_sends_the_books_of_one_moment(bool diskless)
    {
        await using var server = StartBank();
        await using var bank = await Bank.OpenAsync(server.Port);
        bank.Begin(Tellers);
        await CheckSnapshotsAsync(bank, () => Task.Run(() => Synchronize(server.Port, diskless)));
    }

    private static TestServer StartBank() => TestServer.Start(config =>
    {
        config.IoThreads = 4;
        config.Save = [];
        config.ReplDisklessSyncDelay = 0;
    });

    /// <summary>
    /// Takes snapshots until some were not taken between two transfers: there were transfers from their beginning to their
    /// end, of which they hold some at most.
    /// </summary>
    private static async Task CheckSnapshotsAsync(Bank bank, Func<Task<byte[]>> take)
    {
        var overlapped = 0;
        for (var i = 0; i < MostSnapshots && overlapped < WantedSnapshots; i++)
        {
            var before = await bank.TransfersAsync();
            var snapshot = await take();
            var after = await bank.TransfersAsync();
            var held = await AuditAsync(snapshot);
            Assert.InRange(held, before, after);
            if (held < after) overlapped++;
        }

        Assert.True(overlapped == WantedSnapshots, $"only {overlapped} snapshots were taken under transfers");
    }

    /// <summary>The transfers in a snapshot, whose books are in order.</summary>
    private static async Task<long> AuditAsync(byte[] snapshot)
    {
        await using var server = TestServer.Start(config => File.WriteAllBytes(Path.Combine(config.Dir, "dump.rdb"), snapshot));
        return await Bank.AuditAsync(server.Port);
    }

    /// <summary>What a master sends to a replica.</summary>
    private static byte[] Synchronize(int port, bool diskless)
    {
        using var replica = new SyncClient(port);
        if (diskless) replica.Command("REPLCONF", "capa", "eof", "capa", "psync2");
        replica.Send("PSYNC", "?", "-1");
        Assert.StartsWith("+FULLRESYNC", Line(replica), StringComparison.Ordinal);
        var head = Line(replica);
        if (!diskless) return replica.ReceiveRaw(int.Parse(head[1..], CultureInfo.InvariantCulture));
        var mark = Encoding.Latin1.GetBytes(head["$EOF:".Length..]);
        var snapshot = new List<byte>(replica.ReceiveRaw(mark.Length));
        while (!CollectionsMarshal.AsSpan(snapshot).EndsWith(mark)) snapshot.AddRange(replica.ReceiveRaw(1));
        return [.. snapshot[..^mark.Length]];
    }

    /// <summary>A line; empty ones keep the connection alive until there is one.</summary>
    private static string Line(SyncClient replica)
    {
        string line;
        do line = replica.ReceiveLine();
        while (line.Length == 0);
        return line;
    }

    private static string Info(int port, string field)
    {
        using var client = new SyncClient(port);
        return client.Info("persistence")[field];
    }
}
