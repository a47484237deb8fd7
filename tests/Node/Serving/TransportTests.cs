using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Starling.Node.Serving;

namespace Starling.Node.Tests.Serving;

/// <summary>What every transport promises, held against each of them.</summary>
public sealed class TransportTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);

    private readonly IoThreads _threads = new(4, NullLogger.Instance);
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Socket> _peers = [];
    private bool _isStopped;

    public TransportTests()
    {
        _threads.Start();
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(512);
    }

    public enum Kind
    {
        Epoll,
        RuntimeEngine,
    }

    public void Dispose()
    {
        if (!_isStopped) _threads.Stop();
        foreach (var peer in _peers) peer.Dispose();
        _listener.Dispose();
    }

    [Theory]
    [InlineData(Kind.Epoll)]
    [InlineData(Kind.RuntimeEngine)]
    public async Task Everything_comes_back_in_order_though_the_peer_reads_late(Kind kind)
    {
        var (owner, _, peer) = Connect(kind);
        var sent = new byte[16 << 20];
        for (var i = 0; i < sent.Length; i++) sent[i] = (byte)(i ^ (i >> 8) ^ (i >> 16));
        var sending = SendAllAsync(peer, sent);
        await Eventually.True(() => owner.IsSendWaiting);
        var received = new byte[sent.Length];
        await ReceiveAllAsync(peer, received);
        await sending;
        Assert.True(received.AsSpan().SequenceEqual(sent));
    }

    [Theory]
    [InlineData(Kind.Epoll)]
    [InlineData(Kind.RuntimeEngine)]
    public async Task What_another_thread_sends_goes_out_while_nothing_comes_in(Kind kind)
    {
        var (owner, _, peer) = Connect(kind);
        var bytes = new byte[8 << 20];
        Array.Fill(bytes, (byte)'p');
        await Task.Run(() => owner.Echo(bytes));
        var received = new byte[bytes.Length];
        await ReceiveAllAsync(peer, received);
        Assert.True(received.AsSpan().SequenceEqual(bytes));
    }

    [Theory]
    [InlineData(Kind.Epoll)]
    [InlineData(Kind.RuntimeEngine)]
    public async Task The_end_of_the_stream_is_told_once_behind_the_last_bytes(Kind kind)
    {
        var (owner, socket, peer) = Connect(kind);
        await SendAllAsync(peer, "last"u8.ToArray());
        peer.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, await owner.End.WaitAsync(Deadline));
        var received = new byte[4];
        await ReceiveAllAsync(peer, received);
        Assert.Equal("last"u8, received);
        Assert.Equal(0, await peer.ReceiveAsync(received).WaitAsync(Deadline));
        await Eventually.True(() => socket.SafeHandle.IsClosed);
        Assert.Equal(1, owner.Ends);
    }

    [Theory]
    [InlineData(Kind.Epoll)]
    [InlineData(Kind.RuntimeEngine)]
    public async Task A_reset_ends_the_stream(Kind kind)
    {
        var (owner, socket, peer) = Connect(kind);
        peer.LingerState = new LingerOption(true, 0);
        peer.Close();
        Assert.InRange(await owner.End.WaitAsync(Deadline), int.MinValue + 1, 0);
        await Eventually.True(() => socket.SafeHandle.IsClosed);
        Assert.Equal(1, owner.Ends);
    }

    [Theory]
    [InlineData(Kind.Epoll)]
    [InlineData(Kind.RuntimeEngine)]
    public async Task Closing_from_another_thread_ends_what_is_under_way(Kind kind)
    {
        var (owner, socket, peer, transport) = ConnectWithTransport(kind);
        owner.Echo(new byte[32 << 20]); // more than the sockets take
        await Eventually.True(() => owner.IsSendWaiting);
        await Task.Run(transport.Close);
        await owner.End.WaitAsync(Deadline);
        await Eventually.True(() => socket.SafeHandle.IsClosed && owner.BrokenSends == 1);
        transport.Close();
        Assert.Equal(-1, transport.TrySend("x"u8));
        Assert.True(transport.Send([1], 0, 1, out var broken));
        Assert.True(broken);
        Assert.Equal(1, owner.Ends);
        GC.KeepAlive(peer);
    }

    [Theory]
    [InlineData(Kind.Epoll)]
    [InlineData(Kind.RuntimeEngine)]
    public async Task A_peer_that_does_not_read_keeps_nobody_else_waiting(Kind kind)
    {
        // As many that stand still as there are threads, and more.
        var stalled = Enumerable.Range(0, 8).Select(_ => Connect(kind)).ToList();
        foreach (var (owner, _, _) in stalled) owner.Echo(new byte[32 << 20]);
        foreach (var (owner, _, _) in stalled) await Eventually.True(() => owner.IsSendWaiting);
        for (var i = 0; i < 8; i++)
        {
            var (_, _, peer) = Connect(kind);
            await SendAllAsync(peer, "ping"u8.ToArray());
            var received = new byte[4];
            await ReceiveAllAsync(peer, received);
            Assert.Equal("ping"u8, received);
        }
    }

    [Fact]
    public async Task A_connection_stays_with_one_thread_and_every_thread_gets_its_share()
    {
        var connections = Enumerable.Range(0, 64).Select(_ => Connect(Kind.Epoll)).ToList();
        for (var round = 0; round < 10; round++)
        {
            foreach (var (_, _, peer) in connections) await SendAllAsync(peer, BitConverter.GetBytes(round));
            foreach (var (_, _, peer) in connections)
            {
                var received = new byte[4];
                await ReceiveAllAsync(peer, received);
                Assert.Equal(round, BitConverter.ToInt32(received));
            }
        }

        var shares = connections.CountBy(connection => Assert.Single(connection.Owner.Threads).Key).ToDictionary();
        for (var i = 0; i < 4; i++) Assert.Equal(16, shares["io-" + i.ToString(CultureInfo.InvariantCulture)]);
    }

    [Fact]
    public async Task Stopping_the_threads_ends_every_stream_as_broken_and_closes_its_socket()
    {
        var idle = Enumerable.Range(0, 20).Select(_ => Connect(Kind.Epoll)).ToList();
        var sending = Connect(Kind.Epoll);
        sending.Owner.Echo(new byte[32 << 20]);
        await Eventually.True(() => sending.Owner.IsSendWaiting);
        StopThreads();
        foreach (var (owner, socket, _) in idle.Append(sending))
        {
            Assert.True(owner.End.IsCompleted);
            Assert.Equal(-1, await owner.End);
            Assert.True(socket.SafeHandle.IsClosed);
            Assert.Equal(1, owner.Ends);
        }

        Assert.Equal(1, sending.Owner.BrokenSends);
    }

    [Fact]
    public async Task A_connection_that_comes_after_the_stop_is_broken_at_once()
    {
        StopThreads();
        var (owner, socket, peer) = Connect(Kind.Epoll);
        Assert.Equal(-1, await owner.End);
        Assert.True(socket.SafeHandle.IsClosed);
        Assert.Equal(0, await peer.ReceiveAsync(new byte[1]).WaitAsync(Deadline));
    }

    [Fact]
    public async Task Connections_that_come_and_go_while_others_talk_disturb_nobody()
    {
        // Descriptors are given to new connections as soon as old ones are closed.
        const int Visitors = 300;
        var (_, _, steady) = Connect(Kind.Epoll);
        for (var i = 0; i < Visitors; i++)
        {
            var (owner, _, visitor) = Connect(Kind.Epoll);
            await SendAllAsync(visitor, BitConverter.GetBytes(i));
            await SendAllAsync(steady, BitConverter.GetBytes(i));
            var received = new byte[4];
            if (i % 2 == 0)
            {
                await ReceiveAllAsync(visitor, received);
                Assert.Equal(i, BitConverter.ToInt32(received));
            }

            visitor.Close();
            await ReceiveAllAsync(steady, received);
            Assert.Equal(i, BitConverter.ToInt32(received));
            if (i % 3 == 0) await owner.End.WaitAsync(Deadline);
        }
    }

    private static async Task SendAllAsync(Socket socket, ReadOnlyMemory<byte> bytes)
    {
        using var patience = new CancellationTokenSource(Deadline);
        while (bytes.Length > 0) bytes = bytes[await socket.SendAsync(bytes, patience.Token)..];
    }

    private static async Task ReceiveAllAsync(Socket socket, Memory<byte> bytes)
    {
        using var patience = new CancellationTokenSource(Deadline);
        while (bytes.Length > 0)
        {
            var count = await socket.ReceiveAsync(bytes, patience.Token);
            Assert.NotEqual(0, count);
            bytes = bytes[count..];
        }
    }

    private void StopThreads()
    {
        _threads.Stop();
        _threads.Stop(); // the second time does nothing
        _isStopped = true;
    }

    private (EchoOwner Owner, Socket Socket, Socket Peer) Connect(Kind kind)
    {
        var (owner, socket, peer, _) = ConnectWithTransport(kind);
        return (owner, socket, peer);
    }

    private (EchoOwner Owner, Socket Socket, Socket Peer, ITransport Transport) ConnectWithTransport(Kind kind)
    {
        var peer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        _peers.Add(peer);
        peer.Connect(_listener.LocalEndPoint!);
        var socket = _listener.Accept();
        var transport = kind == Kind.Epoll ? _threads.Adopt(socket) : new SocketTransport(socket);
        Assert.Equal(kind == Kind.Epoll, transport is EpollTransport);
        var owner = new EchoOwner(transport);
        owner.Start();
        return (owner, socket, peer, transport);
    }
}
