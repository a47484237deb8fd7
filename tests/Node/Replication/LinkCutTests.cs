using System.Globalization;

namespace Starling.Node.Tests.Replication;

/// <summary>
/// The connection between replica and master is cut at every byte of handshake, snapshot and stream: nothing is lost,
/// nothing comes twice, and nothing is left behind.
/// </summary>
public sealed class LinkCutTests
{
    private const int LongestHandshake = 400;

    [Theory]
    [InlineData(false, true, 1)]
    [InlineData(false, false, 1)]
    [InlineData(true, true, 5)]
    [InlineData(true, false, 7)]
    public void A_replica_survives_cuts_at_every_byte(bool masterIsRedis, bool cutsAnswers, int step)
    {
        using var master = TestNode.Start(masterIsRedis, "--repl-timeout", "60");
        using var replica = new StarlingNode();
        replica.Node.Replication.RetryPeriod = TimeSpan.FromMilliseconds(1);
        master.Client.Command("SET", "a", "1");
        using (var full = new CuttingProxy(master.Port, cutsAnswers, Cuts(step, withSnapshot: true)))
        {
            replica.Text("REPLICAOF", "127.0.0.1", full.Port);
            WriteUntilDone(master, full, replica);
            replica.WaitForLink();
        }

        // The second time it has something to go on from, and never asks for everything again.
        var before = master.Client.Info("stats")["sync_full"];
        var history = replica.Client.Info("replication")["master_replid"];
        using (var partial = new CuttingProxy(master.Port, cutsAnswers, Cuts(step, withSnapshot: false)))
        {
            replica.Text("REPLICAOF", "127.0.0.1", partial.Port);
            WriteUntilDone(master, partial, replica);
            replica.WaitForLink();
            master.Client.Command("INCR", "n");
            replica.WaitForOffsetOf(master);
            Assert.Equal(master.Text("DEBUG", "DIGEST"), replica.Text("DEBUG", "DIGEST"));
            Assert.Equal(before, master.Client.Info("stats")["sync_full"]);
            Assert.Equal(history, replica.Client.Info("replication")["master_replid"]);
            SyncClient.WaitFor(
                () => master.Client.Info("replication")["connected_slaves"] == "1",
                () => master.Text("INFO", "replication")!);
        }
    }

    [Fact]
    public void A_redis_replica_survives_cuts()
    {
        const int Seed = 20261126;
        var random = new Random(Seed);
        using var master = new StarlingNode();
        using var replica = new RedisNode();
        master.Client.Command("SET", "a", "1");

        // It tries once a second only: some bytes of each part of the conversation.
        int[] cuts = [3, 12, 17, 40, 74, 100, 130, 200, .. Enumerable.Range(0, 5).Select(_ => random.Next(1, 400))];
        using var proxy = new CuttingProxy(master.Port, countsAnswers: true, cuts);
        replica.Text("REPLICAOF", "127.0.0.1", proxy.Port);
        WriteUntilDone(master, proxy, replica);
        replica.WaitForLink();
        master.Client.Command("INCR", "n");
        replica.WaitForOffsetOf(master);
        Assert.Equal(master.Text("DEBUG", "DIGEST"), replica.Text("DEBUG", "DIGEST"));
        SyncClient.WaitFor(
            () => master.Client.Info("replication")["connected_slaves"] == "1",
            () => master.Text("INFO", "replication")!);
    }

    /// <summary>As the cluster has it do when it has won an election that is not on its disk yet.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_replica_that_follows_nobody_keeps_its_data_until_it_is_promoted_or_follows_again(bool isPromoted)
    {
        using var master = new StarlingNode();
        using var replica = new StarlingNode();
        var replication = replica.Node.Replication;
        replica.ReplicaOf(master);
        replica.WaitForLink();
        master.Client.Command("SET", "a", "1");
        replica.WaitForOffsetOf(master);

        replication.StopFollowing();
        master.Client.Command("SET", "b", "2");
        SyncClient.WaitFor(
            () => replica.Client.Info("replication")["master_link_status"] == "down", () => replica.Text("INFO", "replication")!);
        Assert.Equal(("1", null), (replica.Text("GET", "a"), replica.Text("GET", "b")));
        Assert.StartsWith("READONLY", replica.Text("SET", "a", "2"), StringComparison.Ordinal);
        if (isPromoted)
        {
            replication.Promote();
            Assert.Equal("OK", replica.Text("SET", "b", "3"));
            return;
        }

        Assert.True(replication.ReplicateFrom("127.0.0.1", master.Port));
        replica.WaitForOffsetOf(master);
        Assert.Equal("2", replica.Text("GET", "b"));
        Assert.Equal("1", master.Client.Info("stats")["sync_full"]);
    }

    private static IEnumerable<int> Cuts(int step, bool withSnapshot)
    {
        var longest = withSnapshot ? LongestHandshake : LongestHandshake / 2;
        for (var cut = 1; cut < longest; cut += step) yield return cut;
    }

    /// <summary>Writes a little all the time, so that each connection carries bytes until it is cut.</summary>
    private static void WriteUntilDone(TestNode master, CuttingProxy proxy, TestNode replica)
    {
        var written = 0;
        var clock = System.Diagnostics.Stopwatch.StartNew();
        while (!proxy.IsDone)
        {
            master.Client.Command("INCR", "n");
            master.Client.Command("SET", "k:" + (written++ % 3).ToString(CultureInfo.InvariantCulture), "v");
            if (written % 50 == 0) master.Client.Command("WAIT", "1", "1");
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(180), $"{proxy}{Environment.NewLine}{replica.Log}");
        }
    }
}
