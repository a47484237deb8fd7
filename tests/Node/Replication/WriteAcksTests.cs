using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Starling.Node.Config;
using Starling.Node.Replication;
using Starling.Node.Tests.Serving;

namespace Starling.Node.Tests.Replication;

/// <summary>Directive write-acks: the reply to a write waits for replicas.</summary>
public sealed class WriteAcksTests : IDisposable
{
    private readonly FakeTimeProvider _clock = new();
    private readonly NodeServer _server = new(new ServerConfig { WriteAcks = 1 }, NullLoggerFactory.Instance, TimeProvider.System);
    private readonly RecordedReplica _replica = new();
    private readonly IoThread _thread;

    public WriteAcksTests() => _thread = ScriptedTransport.NewThread(_server.Replication.Flush, _clock);

    private long Offset => _server.Replication.Log.Offset;

    public void Dispose() => _server.Keyspace.Dispose();

    [Fact]
    public void A_reply_waits_until_a_replica_has_acknowledged_its_write_and_others_do_not()
    {
        var link = _replica.Join(_server);
        var writer = Connect();
        var reader = Connect();
        Send(writer, "SET a 1\r\n");
        var offset = Offset;
        Send(writer, "GET a\r\n");
        Send(reader, "GET a\r\n");
        Assert.Equal("", Sent(writer));
        Assert.Equal("$1\r\n1\r\n", Sent(reader));
        Assert.Contains("GETACK", Encoding.ASCII.GetString(_replica.Sent.ToArray()), StringComparison.Ordinal);
        Acknowledge(link, offset - 40); // before it, and before the question behind it
        Assert.Equal("", Sent(writer));
        Acknowledge(link, offset);
        Assert.Equal("+OK\r\n$1\r\n1\r\n", Sent(writer));
        Send(writer, "GET a\r\n");
        Assert.Equal("+OK\r\n$1\r\n1\r\n$1\r\n1\r\n", Sent(writer));
    }

    [Fact]
    public void The_replies_of_a_pipeline_leave_as_far_as_they_are_acknowledged()
    {
        var link = _replica.Join(_server);
        var writer = Connect();
        Send(writer, "SET a 1\r\n");
        var first = Offset;
        Send(writer, "SET a 2\r\n");
        Acknowledge(link, first);
        Assert.Equal("+OK\r\n", Sent(writer));
        Acknowledge(link, Offset);
        Assert.Equal("+OK\r\n+OK\r\n", Sent(writer));
    }

    [Fact]
    public void As_many_replicas_as_asked_for_must_have_acknowledged()
    {
        _server.Config.WriteAcks = 2;
        var first = _replica.Join(_server);
        var second = new RecordedReplica().Join(_server);
        var writer = Connect();
        Send(writer, "SET a 1\r\n");
        Acknowledge(first, Offset);
        Assert.Equal("", Sent(writer));
        Acknowledge(second, Offset);
        Assert.Equal("+OK\r\n", Sent(writer));
    }

    [Fact]
    public void With_too_few_replicas_a_write_is_refused()
    {
        var writer = Connect();
        Send(writer, "SET a 1\r\nGET a\r\n");
        Assert.Equal("-NOREPLICAS Not enough good replicas to write.\r\n$-1\r\n", Sent(writer));
        _replica.Join(_server).State = ReplicaState.SendBulk;
        Send(writer, "SET a 1\r\n");
        Assert.EndsWith("-NOREPLICAS Not enough good replicas to write.\r\n", Sent(writer), StringComparison.Ordinal);
    }

    [Fact]
    public void A_write_that_nobody_acknowledges_in_time_closes_its_client_without_a_reply()
    {
        _replica.Join(_server);
        var writer = Connect();
        Send(writer, "SET a 1\r\n");
        _clock.Advance(TimeSpan.FromSeconds(_server.Config.ReplTimeout - 1));
        RunRounds(writer);
        Assert.False(writer.IsClosed);
        _clock.Advance(TimeSpan.FromSeconds(2));
        RunRounds(writer);
        Assert.True(writer.IsClosed);
        Assert.Equal("", Sent(writer));
    }

    [Fact]
    public void A_client_whose_writes_go_on_being_acknowledged_is_kept()
    {
        var link = _replica.Join(_server);
        var writer = Connect();
        Send(writer, "SET a 0\r\n");
        for (var i = 1; i < 10; i++)
        {
            var offset = Offset;
            Send(writer, string.Create(CultureInfo.InvariantCulture, $"SET a {i}\r\n"));
            _clock.Advance(TimeSpan.FromSeconds(_server.Config.ReplTimeout / 2));
            Acknowledge(link, offset);
        }

        Assert.False(writer.IsClosed);
        Assert.Equal(9 * 5, writer.SentBytes);
    }

    [Fact]
    public void Who_waits_when_the_node_becomes_a_replica_is_closed_without_a_reply()
    {
        var link = _replica.Join(_server);
        var writer = Connect();
        Send(writer, "SET a 1\r\n");
        var offset = Offset;
        using var nobody = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        nobody.Start();
        _server.Replication.ReplicateFrom("127.0.0.1", ((System.Net.IPEndPoint)nobody.LocalEndpoint).Port);
        Acknowledge(link, offset);
        RunRounds(writer);
        Assert.True(writer.IsClosed);
        Assert.Equal("", Sent(writer));
        _server.Replication.Stop();
    }

    [Fact]
    public void Config_set_switches_it_on_and_off()
    {
        var link = _replica.Join(_server);
        var writer = Connect();
        var admin = Connect();
        Send(writer, "SET a 1\r\n");
        Send(admin, "CONFIG SET write-acks 0\r\n");
        RunRounds(writer, admin);
        Assert.Equal("+OK\r\n", Sent(writer));
        Send(writer, "SET a 2\r\n");
        Assert.Equal("+OK\r\n+OK\r\n", Sent(writer));
        Send(admin, "CONFIG SET write-acks 1\r\n");
        Send(writer, "SET a 3\r\n");
        Assert.Equal("+OK\r\n+OK\r\n", Sent(writer));
        Acknowledge(link, Offset);
        Assert.Equal("+OK\r\n+OK\r\n+OK\r\n", Sent(writer));
    }

    [Fact]
    public void A_real_replica_has_what_was_answered()
    {
        using var master = new StarlingNode("--write-acks", "1");
        using var replica = new StarlingNode();
        Assert.StartsWith("NOREPLICAS", master.Text("SET", "k", "0"), StringComparison.Ordinal);
        replica.ReplicaOf(master);
        replica.WaitForLink();
        SyncClient.WaitFor(() => master.Text("SET", "k", "1") == "OK", () => master.Log);
        for (var i = 0; i < 200; i++)
        {
            var value = i.ToString(CultureInfo.InvariantCulture);
            Assert.Equal("OK", master.Text("SET", "k", value));
            Assert.Equal(value, replica.Text("GET", "k"));
        }
    }

    private static void Send(ScriptedTransport transport, string commands) => transport.Deliver(Encoding.ASCII.GetBytes(commands));

    private static string Sent(ScriptedTransport transport) => Encoding.ASCII.GetString(transport.Kept!.ToArray());

    private ScriptedTransport Connect()
    {
        var transport = new ScriptedTransport(_thread) { Kept = new MemoryStream() };
        new ClientConnection(_server.Serving, transport, isUnixSocket: false).Start();
        return transport;
    }

    private void Acknowledge(ReplicaLink link, long offset)
    {
        _server.Replication.AsMaster.Acknowledge(link, offset, -1);
        RunRounds();
    }

    private void RunRounds(params ReadOnlySpan<ScriptedTransport> ready)
    {
        foreach (var transport in ready) _thread.Post(transport);
        for (var i = 0; i < 3; i++) _thread.RunRound(mayWait: false);
    }
}
