using System.Text;
using Starling.Node.Replication;
using Starling.Node.Tests.Persistence;

namespace Starling.Node.Tests.Replication;

/// <summary>What a Starling replica makes of a master that is played by the test.</summary>
public sealed class ReplicaProtocolTests
{
    [Fact]
    public void A_stream_cut_at_every_byte_is_executed_whole_and_in_order()
    {
        byte[] stream =
        [
            .. SyncClient.Encode("SELECT", "2"),
            .. SyncClient.Encode("SET", "a", "1"),
            .. "\n"u8,
            .. SyncClient.Encode("MULTI"),
            .. SyncClient.Encode("INCR", "a"),
            .. SyncClient.Encode("SELECT", "0"),
            .. SyncClient.Encode("SET", "b", "x"),
            .. SyncClient.Encode("EXEC"),
            .. SyncClient.Encode("PING"),
            .. SyncClient.Encode("APPEND", "b", "y"),
        ];
        using var master = new FakeMaster();
        using var replica = new StarlingNode();
        replica.Text("REPLICAOF", "127.0.0.1", master.Port);
        Assert.Equal(["PSYNC", replica.Client.Info("replication")["master_replid"], "1"], master.Accept());
        master.FullSync(1000);
        for (var round = 0; round < 2; round++)
        {
            foreach (var b in stream) master.Send([b]);
            master.WaitForAck(1000 + ((round + 1) * (stream.Length - 1)));
            Assert.Equal("xy", replica.Text("GET", "b"));
            replica.Text("SELECT", "2");
            Assert.Equal("2", replica.Text("GET", "a"));
            replica.Text("SELECT", "0");
        }

        for (var cut = 1; cut < stream.Length; cut++)
        {
            master.Send(stream.AsSpan(0, cut));
            master.Send(stream.AsSpan(cut));
        }

        master.WaitForAck(1000 + ((stream.Length + 1) * (stream.Length - 1)));
        Assert.Equal("xy", replica.Text("GET", "b"));
    }

    [Fact]
    public void What_a_master_sent_before_it_died_is_executed_though_it_had_to_wait()
    {
        using var master = new FakeMaster();
        using var replica = new StarlingNode();
        replica.Text("REPLICAOF", "127.0.0.1", master.Port);
        master.Accept();
        master.FullSync(0);
        master.WaitForAck(0);
        var received = replica.Node.Stats.ReplicationInputBytes;
        var set = SyncClient.Encode("SET", "a", "1");
        replica.Text("CLIENT", "PAUSE", "1000", "WRITE");
        master.Send(set);
        SyncClient.WaitFor(
            () => replica.Node.Stats.ReplicationInputBytes >= received + set.Length, () => replica.Log);
        master.Replica.Close(0); // as a system does for a killed process that has not read everything
        SyncClient.WaitFor(() => replica.Text("GET", "a") == "1", () => replica.Log);
        SyncClient.WaitFor(() => replica.Client.Info("replication")["master_link_status"] == "down", () => replica.Log);
    }

    [Fact]
    public void A_backlog_is_read_while_it_is_executed_and_lost_with_no_master()
    {
        const int Count = 50_000; // more than the buffer that is read into at first
        using var master = new FakeMaster();
        using var replica = new StarlingNode();
        replica.Text("REPLICAOF", "127.0.0.1", master.Port);
        master.Accept();
        master.FullSync(0);
        master.WaitForAck(0);
        var incr = SyncClient.Encode("INCR", "a");
        var stream = Enumerable.Repeat(incr, Count).SelectMany(bytes => bytes).ToArray();
        using (replica.Node.Keyspace.LockAll())
        {
            master.Send(stream); // nothing can be executed: the sockets hold it
            master.Replica.Shutdown(System.Net.Sockets.SocketShutdown.Both);
        }

        var expected = Count.ToString(System.Globalization.CultureInfo.InvariantCulture);
        SyncClient.WaitFor(() => replica.Text("GET", "a") == expected, () => replica.Text("GET", "a") + replica.Log);
    }

    [Fact]
    public void Getack_is_answered_at_once_with_the_offset_before_it()
    {
        using var master = new FakeMaster();
        using var replica = new StarlingNode();
        replica.Text("REPLICAOF", "127.0.0.1", master.Port);
        master.Accept();
        master.FullSync(0);
        master.WaitForAck(0);
        var set = SyncClient.Encode("SET", "a", "1");
        master.Send([.. set, .. SyncClient.Encode("REPLCONF", "GETACK", "*")]);
        master.WaitForAck(set.Length);
    }

    /// <summary>A master that does not read holds up the link, not the keys of the command that is answered.</summary>
    [Fact]
    public void An_acknowledgement_is_sent_with_no_stripe_held()
    {
        using var node = new PersistenceHost();
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var port = ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
        using var connection = MasterConnection.Open(System.Net.IPAddress.Loopback, port, null, TimeProvider.System);
        connection.WaitConnected(TimeSpan.FromSeconds(60));
        using var master = listener.AcceptSocket();
        var log = node.Server.Replication.Log;
        log.CreateBacklog();
        log.SetMirroring(true);
        var answers = new List<(long Offset, bool IsFree)>();
        var stream = new MasterStream(node.Server.Replication, 0, () => true, Answer, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        var set = SyncClient.Encode("SET", "a", "1");
        byte[] ask = [.. set, .. SyncClient.Encode("REPLCONF", "GETACK", "*")];
        byte[] transaction = [.. SyncClient.Encode("MULTI"), .. ask, .. SyncClient.Encode("EXEC")];
        master.Send([.. ask, .. transaction]);
        while (log.Offset < ask.Length + transaction.Length)
        {
            Assert.True(connection.TryFill(TimeSpan.FromSeconds(60)));
            Assert.True(stream.Execute(connection));
        }

        Assert.Equal([(set.Length, true), (ask.Length, true)], answers);

        void Answer(long offset)
        {
            var taking = new Thread(() => node.Server.Keyspace.LockAll().Dispose()) { IsBackground = true };
            taking.Start();
            answers.Add((offset, taking.Join(TimeSpan.FromSeconds(10))));
        }
    }

    [Fact]
    public void A_command_that_no_buffer_holds_ends_the_stream_instead_of_the_connection_again_and_again()
    {
        const int Largest = 128 * 1024;
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var port = ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
        using var connection = MasterConnection.Open(System.Net.IPAddress.Loopback, port, null, TimeProvider.System, Largest);
        connection.WaitConnected(TimeSpan.FromSeconds(60));
        using var master = listener.AcceptSocket();
        master.Send(new byte[Largest]);
        while (connection.Available < Largest) Assert.True(connection.TryFill(TimeSpan.FromSeconds(60)));
        master.Send(new byte[1]);
        Assert.Throws<FormatException>(() => connection.TryFill(TimeSpan.FromSeconds(60)));
        connection.Start += 10;
        Assert.True(connection.TryFill(TimeSpan.FromSeconds(60)));
    }

    [Theory]
    [InlineData("WRITE")]
    [InlineData("ALL")]
    public async Task A_pause_of_clients_holds_the_stream_too(string mode)
    {
        using var master = new FakeMaster();
        using var replica = new StarlingNode();
        replica.Text("REPLICAOF", "127.0.0.1", master.Port);
        master.Accept();
        master.FullSync(0);
        var before = SyncClient.Encode("SET", "a", "1");
        byte[] held = [.. SyncClient.Encode("SET", "a", "2"), .. SyncClient.Encode("SET", "b", new string('v', 3 << 20))];
        master.Send(before);
        master.WaitForAck(before.Length);
        replica.Text("CLIENT", "PAUSE", "60000", mode);
        var sending = Task.Run(() => master.Send(held));
        for (var i = 0; i < 2; i++) Assert.Equal(["REPLCONF", "ACK", $"{before.Length}"], master.Read());
        if (mode == "WRITE") Assert.Equal("1", replica.Text("GET", "a"));
        replica.Node.Clients.Unpause(Node.Commands.Clients.PauseReason); // a pause of all holds CLIENT UNPAUSE too
        master.WaitForAck(before.Length + held.Length);
        await sending;
        Assert.Equal("2", replica.Text("GET", "a"));
    }

    [Fact]
    public void A_transaction_that_is_cut_off_has_no_effect_and_is_asked_for_again()
    {
        using var master = new FakeMaster();
        using var replica = new StarlingNode();
        replica.Text("REPLICAOF", "127.0.0.1", master.Port);
        master.Accept();
        master.FullSync(0);
        var before = SyncClient.Encode("SET", "a", "1");
        byte[] transaction =
        [
            .. SyncClient.Encode("MULTI"), .. SyncClient.Encode("SET", "a", "2"), .. SyncClient.Encode("EXEC"),
        ];
        master.Send(before);
        for (var cut = 0; cut < transaction.Length; cut += 5)
        {
            master.Send(transaction.AsSpan(0, cut));
            master.WaitForAck(before.Length);
            master.Replica.Dispose();
            var next = (before.Length + 1).ToString(System.Globalization.CultureInfo.InvariantCulture);
            Assert.Equal(["PSYNC", FakeMaster.Id, next], master.Accept());
            Assert.Equal("1", replica.Text("GET", "a"));
            master.Send("+CONTINUE\r\n"u8);
        }

        master.Send(transaction);
        master.WaitForAck(before.Length + transaction.Length);
        Assert.Equal("2", replica.Text("GET", "a"));
    }

    [Theory]
    [InlineData("*1\r\n$x\r\n")]
    [InlineData("*1\r\n$-5\r\n")]
    [InlineData("*9999999999\r\n")]
    [InlineData("*2\r\n:1\r\n")]
    [InlineData("\"unbalanced\r\n")]
    [InlineData("SET a inline\r\n")]
    public void A_stream_that_is_none_ends_the_link_and_the_data_comes_anew(string garbage)
    {
        using var master = new FakeMaster();
        using var replica = new StarlingNode();
        replica.Text("REPLICAOF", "127.0.0.1", master.Port);
        master.Accept();
        master.FullSync(0);
        master.Send(SyncClient.Encode("SET", "a", "1"));
        master.Send(Encoding.ASCII.GetBytes(garbage));
        Assert.Equal(["PSYNC", "?", "-1"], master.Accept());
        master.FullSync(50);
        master.WaitForAck(50);
        Assert.Null(replica.Text("GET", "a"));
    }

    [Fact]
    public void Random_bytes_as_a_stream_do_not_end_the_server()
    {
        const int Seed = 20260725;
        var random = new Random(Seed);
        using var master = new FakeMaster();
        using var replica = new StarlingNode();
        var valid = SyncClient.Encode("SET", "key", "value");
        replica.Text("REPLICAOF", "127.0.0.1", master.Port);
        for (var round = 0; round < 50; round++)
        {
            master.Accept();
            master.FullSync(0);
            var bytes = valid.Concat(valid).Concat(valid).ToArray();
            for (var i = random.Next(1, 4); i > 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            try
            {
                master.Send(bytes);
                master.Replica.Shutdown(System.Net.Sockets.SocketShutdown.Send);
            }
            catch (System.Net.Sockets.SocketException)
            {
                // It has closed the link already: that is what this is about.
            }

            SyncClient.WaitFor(() => replica.Text("PING") == "PONG", () => replica.Log); // after LOADING, perhaps
        }
    }

    [Theory]
    [InlineData("-ERR no\r\n")]
    [InlineData("$abc\r\n")]
    [InlineData("hello\r\n")]
    [InlineData("$20\r\nREDIS0010xxxxxxxxxxx")]
    public void A_snapshot_that_is_none_is_refused_and_asked_for_again(string answer)
    {
        using var master = new FakeMaster();
        using var replica = new StarlingNode();
        replica.Text("REPLICAOF", "127.0.0.1", master.Port);
        master.Accept();
        master.Send(Encoding.ASCII.GetBytes("+FULLRESYNC " + FakeMaster.Id + " 7\r\n" + answer));
        master.Accept();
        master.FullSync(7);
        master.WaitForAck(7);
        replica.WaitForLink();
    }

    [Fact]
    public void An_end_mark_in_any_pieces_is_found()
    {
        var mark = new string('e', 39) + "f";
        var first = true;
        using var master = new FakeMaster();
        using var replica = new StarlingNode();
        for (var piece = 1; piece <= 60; piece += 7)
        {
            replica.Text("REPLICAOF", "127.0.0.1", master.Port);
            master.Accept();
            master.Send(Encoding.ASCII.GetBytes("+FULLRESYNC " + FakeMaster.Id + " 7\r\n\n\n$EOF:" + mark + "\r\n"));
            byte[] bytes = [.. FakeMaster.EmptyRdb, .. Encoding.ASCII.GetBytes(mark)];
            for (var at = 0; at < bytes.Length; at += piece)
            {
                master.Send(bytes.AsSpan(at, Math.Min(piece, bytes.Length - at)));
                if (first) Thread.Sleep(1);
            }

            first = false;
            master.WaitForAck(7);
            replica.Text("REPLICAOF", "NO", "ONE");
        }
    }

    [Fact]
    public void A_refusal_for_now_is_tried_again_and_loses_nothing()
    {
        using var master = new FakeMaster();
        using var replica = new StarlingNode();
        replica.Text("REPLICAOF", "127.0.0.1", master.Port);
        master.Accept();
        master.FullSync(7);
        master.WaitForAck(7);
        master.Replica.Dispose();
        master.Accept();
        master.Send("-NOMASTERLINK Can't SYNC while not connected with my master\r\n"u8);
        Assert.Equal(["PSYNC", FakeMaster.Id, "8"], master.Accept());
        master.Send(Encoding.ASCII.GetBytes("+CONTINUE " + new string('9', 40) + "\r\n"));
        master.WaitForAck(7);
        var info = replica.Client.Info("replication");
        Assert.Equal(new string('9', 40), info["master_replid"]);
        Assert.Equal(FakeMaster.Id, info["master_replid2"]);
        Assert.Equal("8", info["second_repl_offset"]);
    }

    [Fact]
    public void A_silent_master_is_left_after_the_timeout()
    {
        using var master = new FakeMaster();
        using var replica = new StarlingNode("--repl-timeout", "2");
        replica.Text("REPLICAOF", "127.0.0.1", master.Port);
        master.Accept();
        master.FullSync(7);
        master.Accept();
        Assert.Contains("MASTER timeout: no data nor PING received", replica.Log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("+FULLRESYNC 0123456789abcdef0123456789abcdef01234567 7\r\n")]
    [InlineData("+FULLRESYNC 0123456789abcdef0123456789abcdef01234567 7\r\n$5000\r\nREDIS0010")]
    public void A_master_that_stalls_is_left_for_another_at_once(string answer)
    {
        using var stalling = new FakeMaster();
        using var other = new FakeMaster();
        using var replica = new StarlingNode();
        replica.Text("SET", "kept", "so far");
        replica.Text("REPLICAOF", "127.0.0.1", stalling.Port);
        stalling.Accept();
        stalling.Send(Encoding.ASCII.GetBytes(answer));
        Assert.Equal("so far", replica.Text("GET", "kept"));
        replica.Text("REPLICAOF", "127.0.0.1", other.Port);
        other.Accept();
        other.FullSync(7);
        other.WaitForAck(7);
        Assert.Null(replica.Text("GET", "kept"));
        replica.Text("REPLICAOF", "127.0.0.1", stalling.Port);
        stalling.Accept();
        stalling.Send(Encoding.ASCII.GetBytes(answer));
        replica.Text("REPLICAOF", "NO", "ONE");
        Assert.Equal("OK", replica.Text("SET", "a", "1"));
    }

    [Fact]
    public void Replicaof_the_same_master_changes_nothing()
    {
        using var master = new FakeMaster();
        using var replica = new StarlingNode();
        Assert.Equal("OK", replica.Text("REPLICAOF", "127.0.0.1", master.Port));
        Assert.Equal("OK Already connected to specified master", replica.Text("REPLICAOF", "127.0.0.1", master.Port));
        Assert.Equal("OK", replica.Text("REPLICAOF", "NO", "ONE"));
        Assert.Equal("OK", replica.Text("REPLICAOF", "NO", "ONE"));
    }
}
