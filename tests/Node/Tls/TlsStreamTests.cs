using System.Net;
using System.Net.Sockets;
using Starling.Tests.Support;
using Starling.Transport.Tls;

namespace Starling.Node.Tests.Tls;

/// <summary>The encrypted stream by itself: a socket that is full, and input that is none.</summary>
public sealed class TlsStreamTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("starling-tls-").FullName;
    private readonly TlsContext _server;
    private readonly TlsContext _client;

    public TlsStreamTests()
    {
        var certificates = new TestCertificates(_folder);
        certificates.Sign("server");
        _server = TlsContext.ForServer(new TlsOptions
        {
            CertificateFile = certificates.CertificateFile("server"),
            KeyFile = certificates.KeyFile("server"),
            ClientAuthentication = TlsClientAuthentication.No,
        });
        _client = TlsContext.ForClient(new TlsOptions { AuthoritiesFile = certificates.AuthorityFile });
    }

    public void Dispose()
    {
        _server.Dispose();
        _client.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void What_a_full_socket_did_not_take_is_offered_again_in_whatever_pieces()
    {
        var (server, client) = Connect();
        using var one = server;
        using var other = client;
        var bytes = new byte[20_000_000];
        new Random(2).NextBytes(bytes);
        var received = new MemoryStream();
        var random = new Random(3);
        var buffer = new byte[100_000];
        for (var at = 0; at < bytes.Length || received.Length < bytes.Length;)
        {
            // Until the socket is full; then fewer or more of the same bytes, as one piece or several.
            for (var count = 1; at < bytes.Length && count > 0; at += count)
            {
                var piece = new ArraySegment<byte>(bytes, at, Math.Min(bytes.Length - at, random.Next(1, 60_000)));
                var status = piece.Count == 1 || random.Next(2) == 0
                    ? server.Send(piece, out count)
                    : server.Send([piece[..(piece.Count / 2 + piece.Count % 2)], piece[(piece.Count / 2 + piece.Count % 2)..]], out count);
                Assert.NotEqual(StreamStatus.Broken, status);
                Assert.Equal(status == StreamStatus.Done, count > 0);
            }

            for (var reads = random.Next(1, 200); reads > 0 && client.Receive(buffer, out var count) == StreamStatus.Done; reads--)
                received.Write(buffer, 0, count);
        }

        Assert.True(received.ToArray().AsSpan().SequenceEqual(bytes), "what arrived is what was sent");
    }

    [Fact]
    public void A_stream_whose_next_bytes_are_others_than_those_that_have_left_is_broken()
    {
        var (server, client) = Connect();
        using var one = server;
        using var other = client;
        var bytes = new byte[100_000];
        while (server.Send(bytes, out var sent) == StreamStatus.Done) Assert.True(sent > 0);
        var buffer = new byte[1 << 20];
        bytes.AsSpan().Fill(1);
        StreamStatus status;
        while ((status = server.Send(bytes, out _)) == StreamStatus.NotNow) client.Receive(buffer, out _);
        Assert.Equal(StreamStatus.Broken, status);
    }

    [Fact]
    public void An_end_in_order_is_told_from_one_that_is_not()
    {
        var (server, client) = Connect();
        Assert.Equal(StreamStatus.Done, server.Send("bye"u8, out _));
        server.Shut();
        server.Dispose();
        var buffer = new byte[16];
        Assert.Equal(StreamStatus.Done, Await(client, buffer, out var count));
        Assert.Equal(3, count);
        Assert.Equal(StreamStatus.Ended, Await(client, buffer, out _));
        client.Dispose();
        (server, client) = Connect();
        server.Source.Socket.Shutdown(SocketShutdown.Both);
        Assert.Equal(StreamStatus.Broken, Await(client, buffer, out _));
        server.Dispose();
        client.Dispose();
        Assert.Equal(StreamStatus.Broken, client.Receive(buffer, out _));
        Assert.Equal(StreamStatus.Broken, client.Send(buffer, out _));
    }

    [Fact]
    public void Cut_mutated_and_oversized_handshakes_end_in_an_error_and_nothing_else()
    {
        var hello = RecordHello();
        var random = new Random(4);
        for (var round = 0; round < 2000; round++)
        {
            var bytes = round % 4 == 0 ? new byte[random.Next(1, 40_000)] : hello[..random.Next(1, hello.Length + 1)];
            if (round % 4 == 0) random.NextBytes(bytes);
            else for (var i = random.Next(0, 5); i > 0; i--) bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            var (accepted, peer) = Pair();
            using var stream = new TlsStream(accepted, _server, isAccepted: true);
            peer.Send(bytes);
            peer.Shutdown(SocketShutdown.Send);
            StreamStatus status;
            while ((status = Await(stream, new byte[16], out _)) == StreamStatus.NotNow)
            {
            }

            Assert.True(status is StreamStatus.Broken or StreamStatus.Ended, $"round {round}: {status}");
            peer.Dispose();
        }
    }

    private static StreamStatus Await(TlsStream stream, byte[] buffer, out int received)
    {
        StreamStatus status;
        while ((status = stream.Receive(buffer, out received)) == StreamStatus.NotNow)
        {
            var wait = stream.ReceiveNeeds == Readiness.Writable ? SelectMode.SelectWrite : SelectMode.SelectRead;
            Assert.True(stream.Source.Socket.Poll(TimeSpan.FromMinutes(1), wait), "the peer goes on");
        }

        return status;
    }

    private static (SocketStream Accepted, Socket Peer) Pair()
    {
        using var listener = Listener.Bind(new IPEndPoint(IPAddress.Loopback, 0), 8, waits: true);
        var peer = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        peer.Connect(listener.EndPoint!);
        return (listener.Accept(), peer);
    }

    /// <summary>The first record that a client sends.</summary>
    private byte[] RecordHello()
    {
        var (accepted, peer) = Pair();
        peer.Blocking = false;
        using var client = new TlsStream(new SocketStream(peer, isConnected: true), _client, isAccepted: false);
        Assert.Equal(StreamStatus.NotNow, client.Connect());
        using (accepted)
        {
            var buffer = new byte[10_000];
            Assert.True(accepted.WaitToReceive(TimeSpan.FromMinutes(1)), "the client begins");
            Assert.Equal(StreamStatus.Done, accepted.Receive(buffer, out var count));
            return buffer[..count];
        }
    }

    private (TlsStream Server, TlsStream Client) Connect()
    {
        var (accepted, peer) = Pair();
        var server = new TlsStream(accepted, _server, isAccepted: true);
        var client = new TlsStream(new SocketStream(peer, isConnected: true), _client, isAccepted: false);
        Wait.Until("the handshake has ended", () =>
        {
            Assert.Equal(StreamStatus.NotNow, server.Receive(new byte[16], out _));
            return client.Connect() == StreamStatus.Done;
        });

        // The server is done when it has seen the client's last word, which is not in its reply.
        Assert.Equal(StreamStatus.Done, client.Send("x"u8, out _));
        Assert.Equal(StreamStatus.Done, Await(server, new byte[16], out _));
        return (server, client);
    }
}
