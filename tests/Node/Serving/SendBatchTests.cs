using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;

namespace Starling.Node.Tests.Serving;

/// <summary>
/// Sends that leave together. On a machine whose kernel refuses io_uring the tests fail, unless STARLING_WITHOUT_IO_URING=1 says that this
/// is known: then they hold that it is refused indeed.
/// </summary>
public sealed class SendBatchTests : IDisposable
{
    private const int NotPermitted = 1; // EPERM

    private static readonly bool IsSaidToBeMissing = Environment.GetEnvironmentVariable("STARLING_WITHOUT_IO_URING") == "1";

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<IDisposable> _opened = [];
    private readonly SendBatch? _batch;

    public SendBatchTests()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(512);
        if (IsSaidToBeMissing) Assert.Throws<Win32Exception>(() => new SendBatch());
        else _batch = new SendBatch();
    }

    public void Dispose()
    {
        _batch?.Dispose();
        foreach (var item in _opened) item.Dispose();
        _listener.Dispose();
    }

    [Fact]
    public void Everybody_gets_his_own_bytes_in_the_order_of_the_batches()
    {
        if (_batch is not { } batch) return;
        var pairs = Enumerable.Range(0, 100).Select(_ => Connect()).ToList();
        for (var round = 0; round < 200; round++) // the ring goes round many times
        {
            foreach (var (stream, _, index) in pairs.Select((pair, index) => (pair.Stream, pair.Peer, index)))
                Assert.True(stream.TryPutOff(batch, [(byte)index, (byte)round], new Receiver()));
            batch.Submit();
            Assert.Equal(0, batch.Count);
        }

        var received = new byte[400];
        for (var i = 0; i < pairs.Count; i++)
        {
            ReceiveAll(pairs[i].Peer, received);
            for (var round = 0; round < 200; round++)
            {
                Assert.Equal((byte)i, received[round * 2]);
                Assert.Equal((byte)round, received[round * 2 + 1]);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(128)]
    public void Each_receiver_is_told_once_what_was_sent(int count)
    {
        if (_batch is not { } batch) return;
        var (stream, peer) = Connect();
        var receivers = Enumerable.Range(0, count).Select(_ => new Receiver()).ToList();
        for (var i = 0; i < count; i++) Assert.True(stream.TryPutOff(batch, new byte[i + 1], receivers[i]));
        Assert.All(receivers, receiver => Assert.Empty(receiver.Results));
        batch.Submit();
        batch.Submit(); // of nothing
        for (var i = 0; i < count; i++) Assert.Equal([i + 1], receivers[i].Results);
        ReceiveAll(peer, new byte[count * (count + 1) / 2]);
    }

    [Fact]
    public void A_full_socket_and_a_broken_one_hold_back_nobody_and_wait_for_nothing()
    {
        if (_batch is not { } batch) return;
        var full = Connect();
        while (full.Stream.Send(new byte[1 << 20], out var part) == StreamStatus.Done && part > 0)
        {
            // Until it takes nothing.
        }

        var broken = Connect();
        broken.Peer.LingerState = new LingerOption(true, 0);
        broken.Peer.Close();
        Assert.True(broken.Stream.Source.Socket.Poll(TimeSpan.FromMinutes(1), SelectMode.SelectRead)); // the reset is here
        var good = Connect();
        Receiver[] receivers = [new(), new(), new(), new()];
        Assert.True(full.Stream.TryPutOff(batch, "f"u8, receivers[0]));
        Assert.True(good.Stream.TryPutOff(batch, "g"u8, receivers[1]));
        Assert.True(broken.Stream.TryPutOff(batch, "b"u8, receivers[2]));
        Assert.True(good.Stream.TryPutOff(batch, "h"u8, receivers[3]));
        batch.Submit();
        Assert.Equal([0], receivers[0].Results);
        Assert.Equal([1], receivers[1].Results);
        Assert.Equal([-1], receivers[2].Results);
        Assert.Equal([1], receivers[3].Results);
        var received = new byte[2];
        ReceiveAll(good.Peer, received);
        Assert.Equal("gh"u8, received);
    }

    [Fact]
    public void What_a_socket_takes_in_part_is_told_and_nothing_more_of_it_sent()
    {
        if (_batch is not { } batch) return;
        var (stream, peer) = Connect();
        stream.Source.Socket.SendBufferSize = 1;
        peer.ReceiveBufferSize = 1;
        var bytes = new byte[SendBatch.LongestSend];
        var total = 0;
        while (true)
        {
            var receiver = new Receiver();
            for (var i = 0; i < bytes.Length; i++) bytes[i] = (byte)((total + i) % 251);
            Assert.True(stream.TryPutOff(batch, bytes, receiver));
            Assert.True(Connect().Stream.TryPutOff(batch, "x"u8, new Receiver())); // so that it is a batch
            batch.Submit();
            total += Assert.Single(receiver.Results);
            if (receiver.Results[0] < bytes.Length) break;
        }

        var received = new byte[total];
        ReceiveAll(peer, received);
        for (var i = 0; i < total; i++) Assert.Equal((byte)(i % 251), received[i]);
        Assert.Equal(0, peer.Available);
    }

    [Fact]
    public void What_is_long_or_finds_no_room_is_left_to_the_caller()
    {
        if (_batch is not { } batch) return;
        var (stream, _) = Connect();
        Assert.False(stream.TryPutOff(batch, new byte[SendBatch.LongestSend + 1], new Receiver()));
        while (!batch.IsFull) Assert.True(stream.TryPutOff(batch, new byte[1], new Receiver()));
        Assert.False(stream.TryPutOff(batch, new byte[1], new Receiver()));
        batch.Submit();
        while (!batch.IsFull) Assert.True(stream.TryPutOff(batch, new byte[SendBatch.LongestSend], new Receiver()));
        Assert.False(stream.TryPutOff(batch, new byte[1], new Receiver()));
        batch.Submit();
        Assert.True(stream.TryPutOff(batch, new byte[1], new Receiver()));
        batch.Submit();
        stream.Dispose();
        Assert.False(stream.TryPutOff(batch, new byte[1], new Receiver()));
    }

    [Fact]
    public void Nothing_is_added_while_receivers_are_told()
    {
        if (_batch is not { } batch) return;
        var (stream, peer) = Connect();
        var late = new Receiver();
        var first = new Receiver { Then = () => Assert.False(stream.TryPutOff(batch, "late"u8, late)) };
        Assert.True(stream.TryPutOff(batch, "a"u8, first));
        Assert.True(stream.TryPutOff(batch, "b"u8, new Receiver()));
        batch.Submit();
        Assert.Equal([1], first.Results);
        Assert.Empty(late.Results);
        Assert.True(stream.TryPutOff(batch, "c"u8, new Receiver()));
        batch.Submit();
        var received = new byte[3];
        ReceiveAll(peer, received);
        Assert.Equal("abc"u8, received);
    }

    [Fact]
    public async Task Threads_put_their_sends_off_where_they_may()
    {
        if (_batch is null) return;
        var threads = new IoThreads(1, NullLogger.Instance, () => { }, IoTransport.IoUring);
        threads.Start();
        var (stream, peer) = Connect();
        var owner = new EchoOwner(threads.Adopt(stream));
        owner.Start();
        await peer.SendAsync("x"u8.ToArray());
        ReceiveAll(peer, new byte[1]);
        threads.Stop();
        Assert.Equal(1, owner.PutOff);
        Assert.Equal("epoll+io_uring", threads.Api);
    }

    [Fact]
    public async Task A_system_that_refuses_io_uring_is_served_without_and_the_log_says_so()
    {
        var log = new LogCapture();
        var threads = new IoThreads(1, log.CreateLogger("Serving"), () => { }, IoTransport.Auto, makeSends: Refuse);
        threads.Start();
        var (stream, peer) = Connect();
        var owner = new EchoOwner(threads.Adopt(stream));
        owner.Start();
        await peer.SendAsync("x"u8.ToArray());
        ReceiveAll(peer, new byte[1]);
        threads.Stop();
        Assert.Equal(0, owner.PutOff);
        Assert.Equal("epoll", threads.Api);
        Assert.Contains(log.Lines, line => line.Contains("No io_uring (Operation not permitted)", StringComparison.Ordinal));
    }

    [Fact]
    public void Who_asks_for_io_uring_where_it_is_refused_is_told_why_and_what_to_do()
    {
        var threads = new IoThreads(1, NullLogger.Instance, () => { }, IoTransport.IoUring, makeSends: Refuse);
        var error = Assert.Throws<ServerStartException>(threads.Start);
        Assert.Contains("Operation not permitted", error.Message, StringComparison.Ordinal);
        Assert.Contains("io-transport auto", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Who_asks_for_epoll_gets_no_io_uring()
    {
        var threads = new IoThreads(1, NullLogger.Instance, () => { }, IoTransport.Epoll, makeSends: Refuse);
        threads.Start();
        threads.Stop();
        Assert.Equal("epoll", threads.Api);
    }

    private static SendBatch Refuse() => throw new Win32Exception(NotPermitted);

    private static void ReceiveAll(Socket socket, byte[] bytes)
    {
        socket.ReceiveTimeout = 60_000;
        for (var at = 0; at < bytes.Length;)
        {
            var count = socket.Receive(bytes, at, bytes.Length - at, SocketFlags.None);
            Assert.NotEqual(0, count);
            at += count;
        }
    }

    private (SocketStream Stream, Socket Peer) Connect()
    {
        var peer = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        peer.Connect(_listener.LocalEndPoint!);
        var stream = new SocketStream(_listener.Accept(), isConnected: true);
        _opened.Add(peer);
        _opened.Add(stream);
        return (stream, peer);
    }

    private sealed class Receiver : ISendReceiver
    {
        public List<int> Results { get; } = [];

        public Action Then { get; init; } = () => { };

        public void OnSent(int sent)
        {
            Results.Add(sent);
            Then();
        }
    }
}
