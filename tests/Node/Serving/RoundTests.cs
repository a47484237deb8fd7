using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Starling.Node.Config;
using Starling.Node.Serving;
using Starling.Resp;

namespace Starling.Node.Tests.Serving;

/// <summary>What leaves when, with the rounds of the thread run by hand.</summary>
public sealed class RoundTests : IDisposable
{
    private const int Large = 10_000;
    private const int LargeReply = Large + 10;

    private readonly FakeTimeProvider _clock = new();
    private readonly NodeServer _server;
    private readonly IoThread _thread;

    public RoundTests()
    {
        var push = new Command("pushself", 1, CommandFlags.None, KeySpec.None, call =>
        {
            call.Session.Connection!.Push("+pushed\r\n"u8);
            call.Reply.Simple("OK"u8);
        })
        {
            Summary = "Pushes in the middle of a batch.",
        };
        _server = new NodeServer(new ServerConfig(), NullLoggerFactory.Instance, TimeProvider.System, [push]);
        _thread = ScriptedTransport.NewThread(_server.Replication.Flush, _clock);
    }

    public void Dispose() => _server.Keyspace.Dispose();

    [Fact]
    public void A_reply_leaves_after_the_replica_stream_with_its_write()
    {
        var events = new List<string>();
        var replica = new RecordedReplica { OnSend = () => events.Add("stream") };
        replica.Join(_server);
        var (first, _) = Connect();
        var (second, _) = Connect();
        first.OnSend = second.OnSend = bytes => events.Add(Encoding.ASCII.GetString(bytes));
        first.Arrive("SET a 1\r\nSET b 2\r\n"u8);
        second.Arrive("SET c 3\r\n"u8);
        RunRound(first, second);
        Assert.Equal(["stream", "+OK\r\n+OK\r\n", "+OK\r\n"], events);
        Assert.EndsWith(Text("SET", "c", "3"), Encoding.ASCII.GetString(replica.Sent.ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public void The_replies_of_a_round_leave_in_one_send()
    {
        var (transport, _) = Connect();
        transport.Arrive(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("SET a 1\r\n", 1000))));
        RunRound(transport);
        Assert.Equal(5000, transport.SentBytes);
        Assert.Equal(1, transport.Sends);
    }

    [Fact]
    public void What_a_command_has_pushed_comes_before_the_reply_to_the_next()
    {
        var (transport, connection) = Connect();
        transport.Kept = new MemoryStream();
        transport.Arrive("ECHO a\r\nPUSHSELF\r\nECHO b\r\n"u8);
        RunRound(transport);
        RunRound(transport);
        Assert.Equal("$1\r\na\r\n+OK\r\n+pushed\r\n$1\r\nb\r\n", Encoding.ASCII.GetString(transport.Kept.ToArray()));
        Assert.Equal(0, connection.PendingBytes);
    }

    [Fact]
    public void What_is_pushed_while_a_reply_is_put_off_comes_behind_it()
    {
        var (transport, connection) = Connect();
        transport.Kept = new MemoryStream();
        transport.PutsOff = true;
        transport.Arrive("ECHO a\r\n"u8);
        RunRound(transport);
        Assert.True(transport.HasPutOff);
        Assert.Equal(0, transport.SentBytes);
        Assert.Equal("$1\r\na\r\n".Length, connection.PendingBytes);
        connection.Push("+pushed\r\n"u8);
        transport.SendPutOff();
        transport.PutsOff = false;
        RunRound(transport);
        Assert.Equal("$1\r\na\r\n+pushed\r\n", Encoding.ASCII.GetString(transport.Kept.ToArray()));
        Assert.Equal(0, connection.PendingBytes);
    }

    [Fact]
    public void What_did_not_fit_of_a_reply_that_was_put_off_is_sent_first_when_there_is_room()
    {
        var (transport, connection) = Connect();
        transport.Kept = new MemoryStream();
        transport.PutsOff = true;
        transport.Room = 3;
        transport.Arrive("ECHO abcdef\r\n"u8);
        RunRound(transport);
        transport.SendPutOff();
        Assert.True(transport.WatchesWritable);
        Assert.Equal("$6\r\nabcdef\r\n".Length - 3, connection.PendingBytes);
        transport.Arrive("ECHO g\r\n"u8);
        RunRound(transport);
        Assert.False(transport.HasPutOff); // not before what waits
        transport.Room = long.MaxValue;
        RunRound(transport);
        Assert.Equal("$6\r\nabcdef\r\n$1\r\ng\r\n", Encoding.ASCII.GetString(transport.Kept.ToArray()));
        Assert.Equal(0, connection.PendingBytes);
        Assert.False(transport.WatchesWritable);
    }

    [Fact]
    public void A_connection_that_closes_while_its_reply_is_put_off_is_told_once_and_sends_no_more()
    {
        var (transport, connection) = Connect();
        transport.PutsOff = true;
        transport.Arrive("PING\r\nPING\r\n"u8);
        RunRound(transport);
        connection.Close();
        transport.SendPutOff();
        RunRound(transport);
        Assert.True(transport.IsClosed);
        Assert.Equal(0, transport.SentBytes);
        Assert.Equal(0, _server.Clients.Count);
    }

    [Fact]
    public void The_last_reply_closes_the_connection_only_when_it_has_left()
    {
        var (transport, _) = Connect();
        transport.PutsOff = true;
        transport.Arrive("QUIT\r\n"u8);
        RunRound(transport);
        Assert.False(transport.IsClosed);
        transport.SendPutOff();
        Assert.Equal("+OK\r\n".Length, transport.SentBytes);
        Assert.True(transport.IsClosed);
    }

    [Fact]
    public void Nothing_of_a_replica_is_put_off()
    {
        // Its stream comes from any thread, which must not find the connection busy.
        var (transport, connection) = Connect();
        transport.PutsOff = true;
        connection.Session.Kind = ClientKind.Replica;
        transport.Arrive("PING\r\n"u8);
        RunRound(transport);
        Assert.False(transport.HasPutOff);
        Assert.Equal("+PONG\r\n".Length, transport.SentBytes);
        Assert.Equal(3, connection.TrySendStream("abc"u8));
    }

    [Fact]
    public void Who_answers_much_lets_the_others_have_their_turn()
    {
        var (busy, _) = Connect();
        var (other, _) = Connect();
        SetLarge(busy);
        busy.Arrive(Gets(100));
        RunRound(busy);
        Assert.InRange(busy.SentBytes, 64 * 1024, 64 * 1024 + (16 * LargeReply)); // a batch beyond its share at most
        other.Arrive("PING\r\n"u8);
        RunRound(busy, other);
        Assert.Equal("+PONG\r\n".Length, other.SentBytes);
        Assert.True(busy.SentBytes < 100 * LargeReply);
        for (var i = 0; i < 20; i++) RunRound(busy);
        Assert.Equal(100 * LargeReply, busy.SentBytes);
    }

    [Fact]
    public void Who_does_not_read_is_neither_read_nor_served_until_he_has_taken_half()
    {
        const int Count = 2000;
        var (transport, connection) = Connect();
        SetLarge(transport);
        transport.Room = 0;
        transport.Arrive(Gets(Count));
        for (var i = 0; i < Count; i++) RunRound(transport);
        Assert.False(transport.WatchesReadable);
        Assert.True(transport.WatchesWritable);
        Assert.InRange(connection.PendingBytes, OutputMark.Initial, OutputMark.Initial + (64 * 1024) + (16 * LargeReply));
        transport.Arrive("PING\r\n"u8);
        var unread = transport.Unread;
        transport.Room = 1024 * 1024;
        for (var i = 0; i < 5; i++) RunRound(transport);
        Assert.False(transport.WatchesReadable);
        Assert.Equal(unread, transport.Unread);
        transport.Room = long.MaxValue;
        for (var i = 0; i < Count; i++) RunRound(transport);
        Assert.True(transport.WatchesReadable);
        Assert.Equal((Count * LargeReply) + "+PONG\r\n".Length, transport.SentBytes);
        Assert.Equal(0, connection.PendingBytes);
    }

    [Fact]
    public void Who_sends_everything_before_he_reads_is_served_on_after_a_second()
    {
        const int Count = 4000; // 40 MB: twice beyond the mark, doubled each time
        var (transport, connection) = Connect();
        SetLarge(transport);
        transport.Room = 0;
        transport.Arrive(Gets(Count));
        var pending = 0L;
        for (var second = 0; second < 4; second++)
        {
            for (var i = 0; i < Count; i++) RunRound(transport);
            Assert.True(connection.PendingBytes > pending, $"nothing came in second {second}");
            pending = connection.PendingBytes;
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(Count * (long)LargeReply, pending);
        transport.Room = long.MaxValue;
        for (var i = 0; i < Count; i++) RunRound(transport);
        Assert.Equal(Count * (long)LargeReply, transport.SentBytes);
    }

    [Fact]
    public void Who_reads_slowly_does_not_raise_his_mark()
    {
        var (transport, connection) = Connect();
        SetLarge(transport);
        transport.Room = 0;
        transport.Arrive(Gets(4000));
        for (var second = 0; second < 10; second++)
        {
            for (var i = 0; i < 300; i++) RunRound(transport);
            transport.Room = 1000;
            RunRound(transport);
            _clock.Advance(TimeSpan.FromSeconds(1.1));
        }

        Assert.InRange(connection.PendingBytes, OutputMark.Initial - (16 * 1024), OutputMark.Initial + (64 * 1024) + (16 * LargeReply));
    }

    [Fact]
    public void Short_replies_that_nobody_reads_share_their_segments()
    {
        const int Count = 10_000;
        var (transport, connection) = Connect();
        transport.Room = 3;
        for (var i = 0; i < Count; i++)
        {
            transport.Arrive(i % 2 == 0 ? "PING\r\n"u8 : "GET nothing\r\n"u8);
            RunRound(transport);
            if (i == Count / 2) transport.Room = 1; // in the middle of a segment
        }

        var written = (Count / 2 * ("+PONG\r\n".Length + "$-1\r\n".Length)) - transport.SentBytes;
        Assert.Equal(written, connection.PendingBytes);
        Assert.InRange(connection.Output.PendingSegments, 1, (written / BufferPool.SegmentLength) + 2);
        transport.Room = long.MaxValue;
        var sent = new StringBuilder();
        transport.OnSend = bytes => sent.Append(Encoding.ASCII.GetString(bytes));
        RunRound(transport);
        Assert.EndsWith(string.Concat(Enumerable.Repeat("+PONG\r\n$-1\r\n", (Count / 2) - 1)), sent.ToString(), StringComparison.Ordinal);
        Assert.Equal(0, connection.PendingBytes);
    }

    [Fact]
    public void Who_does_not_read_while_memory_is_scarce_is_not_served_on_and_closed_in_the_end()
    {
        // So much that what other tests take and free does not matter.
        var others = GC.AllocateUninitializedArray<byte>(512 << 20);
        var (transport, connection) = Connect();
        SetLarge(transport);
        _server.Buffers.MostBytes = GC.GetTotalMemory(forceFullCollection: false) + (100 << 20);
        Assert.True(_server.Buffers.IsScarce);
        transport.Room = 0;
        transport.Arrive(Gets(1000));
        for (var second = 0; second < 10; second++)
        {
            for (var i = 0; i < 100; i++) RunRound(transport);
            Assert.InRange(connection.PendingBytes, OutputMark.WhileScarce, (2 * OutputMark.WhileScarce) + (16 * LargeReply));
            Assert.False(connection.IsClosing);
            _clock.Advance(TimeSpan.FromSeconds(1.1));
        }

        RunRound(transport);
        Assert.True(connection.IsClosing);
        GC.KeepAlive(others);
    }

    [Theory]
    [InlineData(ClientKind.Replica)]
    [InlineData(ClientKind.PubSub)]
    public void Replicas_and_subscribers_are_read_whatever_they_leave(ClientKind kind)
    {
        var (transport, connection) = Connect();
        connection.Session.Kind = kind;
        transport.Room = 0;
        for (var i = 0; i < 7; i++) connection.Push(new byte[1024 * 1024]);
        RunRound(transport);
        connection.Push(new byte[1024 * 1024 - 1]);
        _server.Config.PubSubOutputBufferLimit = new OutputBufferLimit(0, 0, 0);
        connection.Push(new byte[1024 * 1024]);
        RunRound(transport);
        Assert.True(connection.PendingBytes > OutputMark.Initial);
        Assert.True(transport.WatchesReadable);
    }

    [Fact]
    public void A_client_that_waits_for_nothing_holds_no_buffer()
    {
        var (transport, connection) = Connect();
        transport.Arrive("SET a 1\r\nSE"u8);
        RunRound(transport);
        Assert.Equal(2, connection.InputLength);
        Assert.True(connection.InputCapacity > 0);
        transport.Arrive("T a 2\r\n"u8);
        RunRound(transport);
        Assert.Equal(0, connection.InputCapacity);
        transport.Arrive("GET a\r\n"u8);
        transport.Kept = new MemoryStream();
        RunRound(transport);
        Assert.Equal("$1\r\n2\r\n", Encoding.ASCII.GetString(transport.Kept.ToArray()));
    }

    private static string Text(params string[] arguments) => Encoding.ASCII.GetString(TestClient.Encode(arguments));

    private static byte[] Gets(int count) => [.. Enumerable.Repeat(TestClient.Encode("GET", "large"), count).SelectMany(bytes => bytes)];

    private static void SetLarge(ScriptedTransport transport)
    {
        transport.Deliver(TestClient.Encode("SET", "large", new string('x', Large)));
        transport.Forget();
    }

    private (ScriptedTransport Transport, ClientConnection Connection) Connect()
    {
        var transport = new ScriptedTransport(_thread);
        var connection = new ClientConnection(_server.Serving, transport, isUnixSocket: false);
        connection.Start();
        return (transport, connection);
    }

    private void RunRound(params ReadOnlySpan<ScriptedTransport> ready)
    {
        foreach (var transport in ready) _thread.Post(transport);
        _thread.RunRound(mayWait: false);
    }
}
