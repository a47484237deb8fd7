using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;

namespace Starling.Node.Tests.Serving;

/// <summary>What a transport promises, held with each kind of waiting.</summary>
public sealed class TransportTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(1);

    private readonly Dictionary<Kind, IoThreads> _threads = [];
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Socket> _peers = [];

    public TransportTests()
    {
        // What io_uring there is on this machine is SendBatchTests' affair; where there is none, its fallback is tested here.
        _threads[Kind.IoUring] = new IoThreads(4, NullLogger.Instance, () => { }, IoTransport.Auto);
        _threads[Kind.Epoll] = new IoThreads(4, NullLogger.Instance, () => { }, IoTransport.Epoll, () => new EpollPoller());
        _threads[Kind.Select] = new IoThreads(4, NullLogger.Instance, () => { }, IoTransport.Epoll, () => new SelectPoller());
        foreach (var threads in _threads.Values) threads.Start();
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(512);
    }

    public enum Kind
    {
        IoUring,
        Epoll,
        Select,
    }

    public void Dispose()
    {
        StopThreads();
        foreach (var peer in _peers) peer.Dispose();
        _listener.Dispose();
    }

    [Theory]
    [InlineData(Kind.IoUring)]
    [InlineData(Kind.Epoll)]
    [InlineData(Kind.Select)]
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
    [InlineData(Kind.IoUring)]
    [InlineData(Kind.Epoll)]
    [InlineData(Kind.Select)]
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
    [InlineData(Kind.IoUring)]
    [InlineData(Kind.Epoll)]
    [InlineData(Kind.Select)]
    public async Task The_end_of_the_stream_is_told_behind_the_last_bytes_and_the_close_once(Kind kind)
    {
        var (owner, socket, peer) = Connect(kind);
        await SendAllAsync(peer, "last"u8.ToArray());
        var received = new byte[4];
        await ReceiveAllAsync(peer, received);
        peer.Shutdown(SocketShutdown.Send);
        Assert.Equal(0, await owner.End.WaitAsync(Deadline));
        Assert.Equal("last"u8, received);
        Assert.Equal(0, await peer.ReceiveAsync(received).WaitAsync(Deadline));
        await owner.Closed.WaitAsync(Deadline);
        Assert.True(socket.SafeHandle.IsClosed);
        Assert.Equal(1, owner.Closings);
        Assert.False(owner.WasToldAfterwards);
    }

    [Theory]
    [InlineData(Kind.IoUring)]
    [InlineData(Kind.Epoll)]
    [InlineData(Kind.Select)]
    public async Task A_reset_ends_the_stream(Kind kind)
    {
        var (owner, socket, peer) = Connect(kind);
        peer.LingerState = new LingerOption(true, 0);
        peer.Close();
        await owner.Closed.WaitAsync(Deadline);
        Assert.True(socket.SafeHandle.IsClosed);
        Assert.Equal(1, owner.Closings);
    }

    [Theory]
    [InlineData(Kind.IoUring)]
    [InlineData(Kind.Epoll)]
    [InlineData(Kind.Select)]
    public async Task Who_does_not_want_to_receive_is_told_of_nothing_until_he_does(Kind kind)
    {
        var (owner, _, peer) = Connect(kind);
        await EchoAsync(peer, 1);
        owner.IsDeaf = true;
        owner.Echo("x"u8.ToArray());
        await ReceiveAllAsync(peer, new byte[1]);
        await SendAllAsync(peer, BitConverter.GetBytes(2));
        owner.Echo("y"u8.ToArray()); // the thread is alive, and this comes before the echo
        var received = new byte[5];
        await ReceiveAllAsync(peer, received.AsMemory(0, 1));
        owner.IsDeaf = false;
        owner.Refresh();
        await ReceiveAllAsync(peer, received.AsMemory(1));
        Assert.Equal((byte)'y', received[0]);
        Assert.Equal(2, BitConverter.ToInt32(received, 1));
    }

    [Theory]
    [InlineData(Kind.IoUring)]
    [InlineData(Kind.Epoll)]
    public async Task A_reset_ends_the_stream_of_who_does_not_want_to_receive(Kind kind)
    {
        // Select cannot tell; there the next send does.
        var (owner, socket, peer) = Connect(kind);
        await EchoAsync(peer, 1);
        owner.IsDeaf = true;
        owner.Echo("x"u8.ToArray());
        await ReceiveAllAsync(peer, new byte[1]);
        peer.LingerState = new LingerOption(true, 0);
        peer.Close();
        await owner.Closed.WaitAsync(Deadline);
        Assert.True(socket.SafeHandle.IsClosed);
    }

    [Theory]
    [InlineData(Kind.IoUring)]
    [InlineData(Kind.Epoll)]
    [InlineData(Kind.Select)]
    public async Task Closing_from_another_thread_ends_what_is_under_way(Kind kind)
    {
        var (owner, socket, peer, transport) = ConnectWithTransport(kind);
        owner.Echo(new byte[32 << 20]); // more than the sockets take
        await Eventually.True(() => owner.IsSendWaiting);
        await Task.Run(transport.Close);
        await owner.Closed.WaitAsync(Deadline);
        Assert.True(socket.SafeHandle.IsClosed);
        transport.Close();
        Assert.Equal(-1, transport.TrySend("x"u8));
        Assert.Equal(1, owner.Closings);
        Assert.False(owner.WasToldAfterwards);
        GC.KeepAlive(peer);
    }

    [Theory]
    [InlineData(Kind.IoUring)]
    [InlineData(Kind.Epoll)]
    [InlineData(Kind.Select)]
    public async Task A_full_stream_takes_nothing_and_is_not_broken(Kind kind)
    {
        var (owner, _, peer, transport) = ConnectWithTransport(kind);
        owner.Echo(new byte[32 << 20]); // more than the sockets take
        await Eventually.True(() => owner.IsSendWaiting);

        // What is on its way to the peer makes room once more when it arrives there. Single bytes would not fill it: the
        // system adds them to a packet of up to 64 KiB that was begun, whatever else the stream holds.
        var chunk = new byte[1 << 20];
        await Eventually.True(() => transport.TrySend(chunk) == 0);
        await Eventually.True(() => transport.TrySend([new ArraySegment<byte>(chunk), new ArraySegment<byte>([2])]) == 0);
        Assert.False(owner.Closed.IsCompleted);
        GC.KeepAlive(peer);
    }

    [Theory]
    [InlineData(Kind.IoUring)]
    [InlineData(Kind.Epoll)]
    [InlineData(Kind.Select)]
    public async Task Several_segments_leave_in_order(Kind kind)
    {
        var (_, _, peer, transport) = ConnectWithTransport(kind);
        ArraySegment<byte>[] segments = [.. Enumerable.Range(0, 16).Select(i => new ArraySegment<byte>([0, (byte)i, (byte)i, 0], 1, 2))];
        Assert.Equal(32, transport.TrySend(segments));
        var received = new byte[32];
        await ReceiveAllAsync(peer, received);
        Assert.Equal(Enumerable.Range(0, 32).Select(i => (byte)(i / 2)), received);
    }

    [Theory]
    [InlineData(Kind.IoUring)]
    [InlineData(Kind.Epoll)]
    [InlineData(Kind.Select)]
    public async Task A_peer_that_does_not_read_keeps_nobody_else_waiting(Kind kind)
    {
        // As many that stand still as there are threads, and more.
        var stalled = Enumerable.Range(0, 8).Select(_ => Connect(kind)).ToList();
        foreach (var (owner, _, _) in stalled) owner.Echo(new byte[32 << 20]);
        foreach (var (owner, _, _) in stalled) await Eventually.True(() => owner.IsSendWaiting);
        for (var i = 0; i < 8; i++)
        {
            var (_, _, peer) = Connect(kind);
            await EchoAsync(peer, i);
        }
    }

    [Theory]
    [InlineData(Kind.IoUring)]
    [InlineData(Kind.Epoll)]
    [InlineData(Kind.Select)]
    public async Task A_connection_stays_with_one_thread_and_every_thread_gets_its_share(Kind kind)
    {
        var connections = Enumerable.Range(0, 64).Select(_ => Connect(kind)).ToList();
        for (var round = 0; round < 10; round++)
            foreach (var (_, _, peer) in connections) await EchoAsync(peer, round);
        var shares = connections.CountBy(connection => Assert.Single(connection.Owner.Threads).Key).ToDictionary();
        for (var i = 0; i < 4; i++) Assert.Equal(16, shares["io-" + i.ToString(CultureInfo.InvariantCulture)]);
    }

    [Theory]
    [InlineData(Kind.IoUring)]
    [InlineData(Kind.Epoll)]
    [InlineData(Kind.Select)]
    public async Task Stopping_the_threads_closes_every_stream(Kind kind)
    {
        var idle = Enumerable.Range(0, 20).Select(_ => Connect(kind)).ToList();
        var sending = Connect(kind);
        sending.Owner.Echo(new byte[32 << 20]);
        await Eventually.True(() => sending.Owner.IsSendWaiting);
        StopThreads();
        foreach (var (owner, socket, _) in idle.Append(sending))
        {
            Assert.True(owner.Closed.IsCompleted);
            Assert.True(socket.SafeHandle.IsClosed);
            Assert.Equal(1, owner.Closings);
        }
    }

    [Theory]
    [InlineData(Kind.IoUring)]
    [InlineData(Kind.Epoll)]
    [InlineData(Kind.Select)]
    public async Task A_connection_that_comes_after_the_stop_is_closed_at_once(Kind kind)
    {
        StopThreads();
        var (owner, socket, peer) = Connect(kind);
        Assert.True(owner.Closed.IsCompleted);
        Assert.True(socket.SafeHandle.IsClosed);
        Assert.Equal(0, await peer.ReceiveAsync(new byte[1]).WaitAsync(Deadline));
    }

    [Theory]
    [InlineData(Kind.IoUring)]
    [InlineData(Kind.Epoll)]
    [InlineData(Kind.Select)]
    public async Task Connections_that_come_and_go_while_others_talk_disturb_nobody(Kind kind)
    {
        // Descriptors are given to new connections as soon as old ones are closed.
        const int Visitors = 300;
        var (_, _, steady) = Connect(kind);
        for (var i = 0; i < Visitors; i++)
        {
            var (owner, _, visitor) = Connect(kind);
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
            if (i % 3 == 0) await owner.Closed.WaitAsync(Deadline);
        }
    }

    [Theory]
    [InlineData(Kind.IoUring)]
    [InlineData(Kind.Epoll)]
    public async Task A_round_of_more_connections_than_one_call_takes_answers_all_of_them(Kind kind)
    {
        const int Count = 700; // of which every thread has more than a batch holds
        var connections = Enumerable.Range(0, Count).Select(_ => Connect(kind)).ToList();
        var request = new byte[1000];
        var reply = new byte[1000];
        for (var round = 0; round < 5; round++)
        {
            for (var i = 0; i < Count; i++)
            {
                Array.Fill(request, (byte)(i + round));
                await SendAllAsync(connections[i].Peer, request);
            }

            for (var i = 0; i < Count; i++)
            {
                await ReceiveAllAsync(connections[i].Peer, reply);
                Assert.True(reply.AsSpan().IndexOfAnyExcept((byte)(i + round)) < 0);
            }
        }

        Assert.All(connections, connection => Assert.False(connection.Owner.Closed.IsCompleted));
    }

    private static async Task EchoAsync(Socket peer, int number)
    {
        await SendAllAsync(peer, BitConverter.GetBytes(number));
        var received = new byte[4];
        await ReceiveAllAsync(peer, received);
        Assert.Equal(number, BitConverter.ToInt32(received));
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
        foreach (var threads in _threads.Values) threads.Stop(); // the second time does nothing
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
        var transport = _threads[kind].Adopt(new SocketStream(socket, isConnected: true));
        var owner = new EchoOwner(transport);
        owner.Start();
        return (owner, socket, peer, transport);
    }
}
