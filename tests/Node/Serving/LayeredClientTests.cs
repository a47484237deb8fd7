using System.Net;
using System.Text;
using Starling.Tests.Support;

namespace Starling.Node.Tests.Serving;

/// <summary>A client is served over a stream that is not the plain socket, as an encrypted one would be.</summary>
public sealed class LayeredClientTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_stream_that_shakes_hands_splits_and_reads_ahead_carries_pipelines_both_ways()
    {
        await using var server = TestServer.Start();
        using var listener = Listener.Bind(new IPEndPoint(IPAddress.Loopback, 0), 8, waits: true);
        using var client = new RecordStream(Connector.Begin(listener.EndPoint!, source: null, keepsAlive: false), isAccepted: false);
        var transport = server.Node.IoThreads.Adopt(new RecordStream(listener.Accept(), isAccepted: true));
        var connection = new ClientConnection(server.Node.Serving, transport, isUnixSocket: false);
        Assert.True(server.Node.Clients.TryReserve(100));
        server.Node.Clients.Add(connection);
        connection.Start();
        while (client.Connect() is var status && status != StreamStatus.Done)
        {
            Assert.Equal(StreamStatus.NotNow, status);
            Assert.True(client.WaitToSend(Patience), "the handshake ends");
        }

        var value = new string('v', 20_000);
        var requests = new StringBuilder();
        var expected = new StringBuilder();
        for (var i = 0; i < 20; i++)
        {
            requests.Append("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$20000\r\n").Append(value).Append("\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\nPING\r\n");
            expected.Append("+OK\r\n$20000\r\n").Append(value).Append("\r\n+PONG\r\n");
        }

        Assert.Equal(expected.ToString(), Exchange(client, Encoding.ASCII.GetBytes(requests.ToString()), expected.Length));
        Assert.Equal("+PONG\r\n", Exchange(client, "PING\r\n"u8.ToArray(), 7));
    }

    /// <summary>Sends while it receives, as a client with a pipeline does.</summary>
    private static string Exchange(RecordStream client, byte[] requests, int length)
    {
        var replies = new StringBuilder();
        var buffer = new byte[4096];
        var at = 0;
        while (replies.Length < length)
        {
            var sent = 0;
            if (at < requests.Length) Assert.NotEqual(StreamStatus.Broken, client.Send(requests.AsSpan(at), out sent));
            at += sent;
            var status = client.Receive(buffer, out var received);
            Assert.True(status is StreamStatus.Done or StreamStatus.NotNow, status.ToString());
            replies.Append(Encoding.ASCII.GetString(buffer, 0, received));
            if (sent == 0 && received == 0) Assert.True(client.WaitToReceive(Patience), "a reply comes");
        }

        return replies.ToString();
    }
}
