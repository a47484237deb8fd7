using Starling.Node.Replication;
using Starling.Node.Tests.Serving;

namespace Starling.Node.Tests.Replication;

public sealed class ReplicaPumpTests
{
    private readonly ReplicationLog _log = new(backlogSize: 1000, blockSize: 64);
    private readonly RecordedReplica _replica = new();
    private readonly ReplicaLink _link;

    public ReplicaPumpTests()
    {
        _link = new ReplicaLink(_replica);
        _log.CreateBacklog();
        _link.Attach(_log.AttachAtEnd());
    }

    [Fact]
    public void Nothing_is_sent_before_the_stream_starts_and_then_what_there_is()
    {
        Append(100);
        _link.Pump(_log.Offset);
        Assert.Equal(0, _replica.Sent.Length);
        _link.StartStream();
        Assert.Equal(100, _replica.Sent.Length);
        Assert.Equal(100, _link.SentTo);
    }

    [Fact]
    public void The_pump_stops_at_the_end_that_its_caller_saw()
    {
        _link.StartStream();
        Append(100);
        var end = _log.Offset;
        _replica.OnSend = () => Append(30); // while it sends, more and more comes
        _link.Pump(end);
        Assert.Equal(end, _link.SentTo);
        Assert.Equal(100, _replica.Sent.Length);
    }

    [Fact]
    public void A_full_socket_ends_the_pump_and_nothing_is_lost_or_doubled()
    {
        _link.StartStream();
        var all = Append(500);
        for (var i = 0; i < 500; i++)
        {
            _replica.Room = 1;
            _link.Pump(_log.Offset);
            Assert.Equal(i + 1, _link.SentTo);
        }

        Assert.Equal(all, _replica.Sent.ToArray());
    }

    [Fact]
    public void A_slow_replica_keeps_the_log_and_one_that_is_ended_does_not()
    {
        _link.StartStream();
        _replica.Room = 0;
        Append(10_000);
        Assert.InRange(_log.AllocatedBytes, 10_000, 11_000);
        Assert.Equal(10_000, _link.OutputBytes);
        _link.Detach();
        Append(1);
        Assert.InRange(_log.AllocatedBytes, 1000, 1200);
        _replica.Room = long.MaxValue;
        _link.Pump(_log.Offset);
        Assert.Equal(0, _replica.Sent.Length);
    }

    [Fact]
    public async Task Whoever_pumps_when_it_is_ended_leaves_nothing_that_keeps_the_log()
    {
        for (var round = 0; round < 500; round++)
        {
            var link = new ReplicaLink(new RecordedReplica());
            link.Attach(_log.AttachAtEnd());
            link.StartStream();
            using var start = new Barrier(3);
            var pumps = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
            {
                start.SignalAndWait();
                for (var i = 0; i < 20; i++)
                {
                    Append(10);
                    link.Pump(_log.Offset);
                }
            })).ToArray();
            start.SignalAndWait();
            link.Detach();
            await Task.WhenAll(pumps);
        }

        _link.Detach();
        Append(5000);
        Assert.InRange(_log.AllocatedBytes, 1000, 1200);
    }

    [Fact]
    public async Task When_a_pump_returns_the_bytes_are_sent_whoever_sent_them()
    {
        _link.StartStream();
        var pumps = Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 5000; i++)
            {
                var end = Append(7).Length + 0L;
                end = _log.Offset;
                _link.Pump(end);
                if (_link.SentTo < end) return false;
            }

            return true;
        }));
        Assert.All(await Task.WhenAll(pumps), Assert.True);
        Assert.Equal(4 * 5000 * 7, _replica.Sent.Length);
    }

    private byte[] Append(int count)
    {
        var bytes = new byte[count];
        for (var i = 0; i < count; i++) bytes[i] = (byte)i;
        _log.AppendControl(bytes);
        return bytes;
    }
}
