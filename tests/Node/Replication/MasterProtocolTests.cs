using System.Globalization;
using System.Text;

namespace Starling.Node.Tests.Replication;

/// <summary>What a Starling master answers to a replica that is played by the test, byte for byte.</summary>
public sealed class MasterProtocolTests
{
    [Fact]
    public void Offsets_in_the_backlog_are_granted_and_none_beside()
    {
        using var master = new StarlingNode("--repl-backlog-size", "16384", "--repl-ping-replica-period", "3600");
        using (var first = new SyncClient(master.Port)) FullSync(first, out _, out _);
        for (var i = 0; i < 40; i++) master.Client.Command("SET", "k", new string('x', 500) + i.ToString(CultureInfo.InvariantCulture));
        var info = master.Client.Info("replication");
        var id = info["master_replid"];
        var first1 = long.Parse(info["repl_backlog_first_byte_offset"], CultureInfo.InvariantCulture);
        var end = long.Parse(info["master_repl_offset"], CultureInfo.InvariantCulture);
        Assert.Equal(16384, end - first1 + 1);
        string? whole = null;
        for (var from = first1 - 2; from <= end + 3; from++)
        {
            // All around the ends, and some in between.
            if (from > first1 + 40 && from < end - 600 && from % 97 != 0) continue;
            using var replica = new SyncClient(master.Port);
            replica.Command("REPLCONF", "capa", "psync2");
            replica.Send("PSYNC", id, from.ToString(CultureInfo.InvariantCulture));
            var line = replica.ReceiveLine();
            while (line.Length == 0) line = replica.ReceiveLine();
            if (from < first1 || from > end + 1)
            {
                Assert.StartsWith("+FULLRESYNC " + id, line, StringComparison.Ordinal);
                continue;
            }

            Assert.Equal("+CONTINUE " + id, line);
            var bytes = Encoding.ASCII.GetString(replica.ReceiveRaw((int)(end - from + 1)));
            whole ??= bytes;
            Assert.EndsWith(bytes, whole, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void An_unknown_history_leads_to_a_full_synchronisation()
    {
        using var master = new StarlingNode();
        using var replica = new SyncClient(master.Port);
        replica.Send("PSYNC", new string('f', 40), "1");
        Assert.StartsWith("+FULLRESYNC ", SkipEmpty(replica), StringComparison.Ordinal);
        Assert.Equal("1", master.Client.Info("stats")["sync_partial_err"]);
        Assert.Equal("1", master.Client.Info("stats")["sync_full"]);
        master.WaitForLog("Partial resynchronization not accepted: Replication ID mismatch");
    }

    [Fact]
    public void The_stream_waits_for_the_acknowledgement_of_a_streamed_snapshot()
    {
        using var master = new StarlingNode();
        master.Client.Command("SET", "a", "1");
        using var replica = new SyncClient(master.Port);
        FullSync(replica, out _, out var offset);
        master.Client.Command("SET", "b", "2");
        SyncClient.WaitFor(
            () => master.Client.Info("replication")["slave0"].Contains("state=online", StringComparison.Ordinal),
            () => master.Text("INFO", "replication")!);
        replica.Socket.Poll(200_000, System.Net.Sockets.SelectMode.SelectRead);
        Assert.Equal(0, replica.Socket.Available);
        replica.Send("REPLCONF", "ACK", offset.ToString(CultureInfo.InvariantCulture));
        Assert.Equal("SELECT", NextCommand(replica)[0].Text);
        Assert.Equal("SET", NextCommand(replica)[0].Text);
    }

    [Fact]
    public void A_second_replica_and_a_save_do_not_wait_for_a_replica_that_does_not_read_its_snapshot()
    {
        using var master = new StarlingNode("--rdbcompression", "no");
        var value = new string('v', 1 << 20);
        for (var i = 0; i < 20; i++) master.Client.Command("SET", "k" + i.ToString(CultureInfo.InvariantCulture), value);
        using var slow = new SyncClient(master.Port);
        slow.Socket.ReceiveBufferSize = 8192;
        slow.Command("REPLCONF", "capa", "eof", "capa", "psync2");
        slow.Send("PSYNC", "?", "-1");
        var first = SkipEmpty(slow).Split(' ');
        Assert.Equal("+FULLRESYNC", first[0]);

        Assert.Equal("OK", master.Text("SET", "later", "x"));
        using var quick = new SyncClient(master.Port);
        FullSync(quick, out _, out var offset);
        Assert.True(offset > long.Parse(first[2], CultureInfo.InvariantCulture));
        Assert.Equal("Background saving started", master.Text("BGSAVE"));
        SyncClient.WaitFor(
            () => master.Client.Info("persistence")["rdb_saves"] == "1" && !master.Node.Persistence.IsSaving,
            () => master.Text("INFO", "persistence")!);
        var replication = master.Client.Info("replication");
        Assert.DoesNotContain("state=online", replication["slave0"], StringComparison.Ordinal);
        Assert.Contains("state=online", replication["slave1"], StringComparison.Ordinal);
        Assert.Equal("1", master.Client.Info("persistence")["rdb_bgsave_in_progress"]);
    }

    [Fact]
    public void A_replica_without_the_capability_gets_a_length_and_the_stream_at_once()
    {
        using var master = new StarlingNode();
        master.Client.Command("SET", "a", "1");
        using var replica = new SyncClient(master.Port);
        replica.Send("PSYNC", "?", "-1");
        Assert.StartsWith("+FULLRESYNC ", SkipEmpty(replica), StringComparison.Ordinal);
        var head = SkipEmpty(replica);
        var rdb = replica.ReceiveRaw(int.Parse(head[1..], CultureInfo.InvariantCulture));
        Assert.StartsWith("REDIS00", Encoding.ASCII.GetString(rdb, 0, 7), StringComparison.Ordinal);
        master.Client.Command("SET", "b", "2");
        Assert.Equal("SELECT", NextCommand(replica)[0].Text);
        Assert.Equal("b", NextCommand(replica)[1].Text);
    }

    [Fact]
    public void Sync_sends_the_snapshot_without_id_and_offset()
    {
        using var master = new StarlingNode();
        using var replica = new SyncClient(master.Port);
        replica.Send("SYNC");
        Assert.StartsWith("$", SkipEmpty(replica), StringComparison.Ordinal);
    }

    [Fact]
    public void Rdb_only_closes_after_the_snapshot()
    {
        using var master = new StarlingNode();
        using var replica = new SyncClient(master.Port);
        Assert.Equal("OK", replica.Text("REPLCONF", "rdb-only", "1"));
        replica.Send("SYNC");
        var head = SkipEmpty(replica);
        replica.ReceiveRaw(int.Parse(head[1..], CultureInfo.InvariantCulture));
        Assert.Throws<IOException>(() => replica.ReceiveRaw(1));
    }

    [Fact]
    public void Replconf_answers_as_redis_does()
    {
        using var master = new StarlingNode();
        using var redis = new RedisNode();
        string[][] calls =
        [
            ["REPLCONF"], ["REPLCONF", "capa"], ["REPLCONF", "capa", "eof", "capa", "psync2"],
            ["REPLCONF", "listening-port", "x"], ["REPLCONF", "listening-port", "7000"],
            ["REPLCONF", "ip-address", new string('a', 300)], ["REPLCONF", "ip-address", "10.0.0.1"],
            ["REPLCONF", "nonsense", "1"], ["REPLCONF", "rdb-only", "2"], ["REPLCONF", "rdb-only", "0"],
            ["PSYNC", "?"], ["WAIT", "x", "1"], ["WAIT", "1", "x"], ["WAIT", "1", "-1"], ["WAIT", "0", "0"],
            ["REPLICAOF", "127.0.0.1", "70000"], ["REPLICAOF", "no", "one"], ["ROLE"],
        ];
        foreach (var call in calls)
            Assert.Equal(redis.Client.Command(call).ToString(), master.Client.Command(call).ToString());
    }

    [Fact]
    public void The_backlog_goes_after_its_time_and_the_history_with_it()
    {
        using var master = new StarlingNode("--repl-backlog-ttl", "1");
        using (var replica = new SyncClient(master.Port)) FullSync(replica, out _, out _);
        var id = master.Client.Info("replication")["master_replid"];
        SyncClient.WaitFor(
            () => master.Client.Info("replication")["repl_backlog_active"] == "0",
            () => master.Text("INFO", "replication")!);
        Assert.NotEqual(id, master.Client.Info("replication")["master_replid"]);
    }

    [Fact]
    public void A_replica_that_does_not_read_is_cut_off_at_the_limit()
    {
        using var master = new StarlingNode("--client-output-buffer-limit", "replica 2mb 0 0", "--repl-backlog-size", "16kb");
        using var replica = new SyncClient(master.Port);
        FullSync(replica, out _, out var offset);
        replica.Send("REPLCONF", "ACK", offset.ToString(CultureInfo.InvariantCulture));
        var value = new string('v', 100_000);
        SyncClient.WaitFor(
            () =>
            {
                master.Client.Command("SET", "k", value);
                return master.Client.Info("replication")["connected_slaves"] == "0";
            },
            () => master.Text("INFO", "replication")!);
        master.WaitForLog("closed for overcoming of output buffer limits");
    }

    /// <summary>The limits are for the stream that waits, not for the snapshot on its way.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_snapshot_larger_than_the_output_limit_arrives(bool isStreamed)
    {
        using var master = new StarlingNode(
            "--client-output-buffer-limit", "replica 64kb 32kb 0", "--repl-backlog-size", "16kb",
            "--repl-diskless-sync", isStreamed ? "yes" : "no");
        var random = new Random(5);
        for (var i = 0; i < 24; i++)
        {
            var value = Convert.ToHexString(Enumerable.Range(0, 1 << 19).Select(_ => (byte)random.Next(256)).ToArray());
            master.Client.Command("SET", "k:" + i, value);
        }

        using var replica = new PlayedReplica(master.Port, isStreamed);
        replica.Ask();

        // It does not read for a moment: the sockets fill, and what waits is beyond every limit.
        SyncClient.WaitFor(
            () => master.Node.Replication.Replicas.Links is [{ Transport.PendingBytes: > 900_000 }],
            () => master.Log);
        replica.Synchronize();
        replica.Acknowledge();
        master.Client.Command("SET", "marker", "here");
        replica.ReadTo("here");
    }

    [Fact]
    public void Wait_asks_once_for_many_waiters()
    {
        using var master = new StarlingNode();
        using var replica = new SyncClient(master.Port);
        FullSync(replica, out _, out var offset);
        replica.Send("REPLCONF", "ACK", offset.ToString(CultureInfo.InvariantCulture));
        master.Client.Command("SET", "a", "1");
        Assert.Equal("SELECT", NextCommand(replica)[0].Text);
        Assert.Equal("SET", NextCommand(replica)[0].Text);
        master.Client.SendRaw([.. SyncClient.Encode("SET", "b", "2"), .. SyncClient.Encode("WAIT", "1", "0")]);
        Assert.Equal("OK", master.Client.Receive().Text);
        Assert.Equal("SET", NextCommand(replica)[0].Text);
        Assert.Equal("[REPLCONF, GETACK, *]", NextCommand(replica).ToString());
        replica.Send("REPLCONF", "ACK", master.OffsetByAnotherClient().ToString(CultureInfo.InvariantCulture));
        Assert.Equal(1, master.Client.Receive().Integer);
    }

    [Theory]
    [InlineData(0, "GET x", "")]
    [InlineData(0, "PING", "")]
    [InlineData(0, "DEL missing", "")]
    [InlineData(0, "MULTI,GET x,EXEC", "")]
    [InlineData(1, "", "GET x")]
    [InlineData(1, "", "SET y 1")]
    [InlineData(1, "", "")]
    public void Wait_is_for_all_that_was_written_before_the_clients_last_command(int expected, string after, string before)
    {
        using var master = new StarlingNode();
        using var replica = new SyncClient(master.Port);
        using var client = new SyncClient(master.Port);
        FullSync(replica, out _, out _);
        master.Client.Command("SET", "x", "1");
        Run(client, before);
        replica.Send("REPLCONF", "ACK", master.OffsetByAnotherClient().ToString(CultureInfo.InvariantCulture));
        SyncClient.WaitFor(() => master.Client.Command("WAIT", "1", "1").Integer == 1, () => master.Log);
        master.Client.Command("SET", "x", "2");
        Run(client, after);
        Assert.Equal(expected, client.Command("WAIT", "1", "50").Integer);

        static void Run(SyncClient client, string commands)
        {
            foreach (var command in commands.Split(',', StringSplitOptions.RemoveEmptyEntries)) client.Command(command.Split(' '));
        }
    }

    [Fact]
    public void Waitaof_counts_what_replicas_fsynced()
    {
        using var master = new StarlingNode();
        using var replica = new SyncClient(master.Port);
        FullSync(replica, out _, out var offset);
        replica.Send("REPLCONF", "ACK", offset.ToString(CultureInfo.InvariantCulture));
        master.Client.Command("SET", "a", "1");
        Assert.StartsWith("ERR WAITAOF cannot be used when numlocal", master.Text("WAITAOF", "1", "0", "0"), StringComparison.Ordinal);
        master.Client.Send("WAITAOF", "0", "1", "0");
        for (var i = 0; i < 2; i++) NextCommand(replica);
        var reached = master.OffsetByAnotherClient().ToString(CultureInfo.InvariantCulture);
        replica.Send("REPLCONF", "ACK", reached, "FACK", reached);
        Assert.Equal("[(integer) 0, (integer) 1]", master.Client.Receive().ToString());
    }

    /// <summary>The next command of the stream that is no ping.</summary>
    private static Resp.RespReply NextCommand(SyncClient replica)
    {
        var command = replica.Receive();
        while (command[0].Text == "PING") command = replica.Receive();
        return command;
    }

    private static string SkipEmpty(SyncClient client)
    {
        string line;
        do line = client.ReceiveLine();
        while (line.Length == 0);
        return line;
    }

    /// <summary>Synchronises fully with a streamed snapshot.</summary>
    private static void FullSync(SyncClient client, out string id, out long offset)
    {
        client.Command("REPLCONF", "capa", "eof", "capa", "psync2");
        client.Send("PSYNC", "?", "-1");
        var words = SkipEmpty(client).Split(' ');
        Assert.Equal("+FULLRESYNC", words[0]);
        id = words[1];
        offset = long.Parse(words[2], CultureInfo.InvariantCulture);
        var head = SkipEmpty(client);
        Assert.StartsWith("$EOF:", head, StringComparison.Ordinal);
        var mark = head[5..];
        var tail = "";
        while (tail != mark)
        {
            tail += Encoding.Latin1.GetString(client.ReceiveRaw(1));
            if (tail.Length > 40) tail = tail[^40..];
        }
    }
}
