using System.Globalization;

namespace Starling.Node.Tests.Replication;

/// <summary>A replica counts the stream's bytes from the offset that it was told: master and replica must agree.</summary>
public sealed class OffsetAgreementTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_full_sync_begins_at_the_offset_that_it_names_whatever_is_appended_meanwhile(bool isStreamed)
    {
        using var master = new StarlingNode(
            "--repl-diskless-sync", isStreamed ? "yes" : "no", "--repl-ping-replica-period", "3600");
        master.Client.Command("SET", "a", "1");
        for (var round = 0; round < 150; round++)
        {
            using var first = new PlayedReplica(master.Port, isStreamed);
            using var second = new PlayedReplica(master.Port, isStreamed);
            using (new AcknowledgementRequests(master.Node))
            {
                first.Ask();
                second.Ask();
                first.Synchronize();
                second.Synchronize();
                first.Acknowledge();
                second.Acknowledge();
            }

            var marker = "marker:" + round.ToString(CultureInfo.InvariantCulture);
            master.Client.Command("SET", "marker", marker);
            var offset = master.OffsetByAnotherClient();
            first.ReadTo(marker);
            second.ReadTo(marker);
            Assert.Equal(offset, first.Offset);
            Assert.Equal(offset, second.Offset);
        }
    }

    [Theory]
    [InlineData(false, 60)]
    [InlineData(true, 4)]
    public void Offsets_are_equal_after_joins_under_WAIT_and_pings(bool replicaIsRedis, int rounds)
    {
        using var master = new StarlingNode("--repl-ping-replica-period", "1");
        using var replica = TestNode.Start(replicaIsRedis);
        using var other = new StarlingNode();
        for (var i = 0; i < 100; i++) master.Client.Command("SET", "k:" + i, "v");
        using (var writer = new BackgroundWriter(master.Port, WriteAndWait))
        {
            for (var round = 0; round < rounds; round++)
            {
                replica.ReplicaOf(master);
                other.ReplicaOf(master);
                replica.WaitForLink();
                other.WaitForLink();
                writer.WaitForMore(10);
                if (round == rounds - 1) continue;
                Assert.Equal("OK", replica.Text("REPLICAOF", "NO", "ONE"));
                Assert.Equal("OK", other.Text("REPLICAOF", "NO", "ONE"));
            }
        }

        replica.WaitForOffsetOf(master);
        other.WaitForOffsetOf(master);
        Assert.Equal(master.Text("DEBUG", "DIGEST"), replica.Text("DEBUG", "DIGEST"));
        Assert.Equal(master.Text("DEBUG", "DIGEST"), other.Text("DEBUG", "DIGEST"));
    }

    private static void WriteAndWait(SyncClient client, int i)
    {
        client.Command("INCR", "n");
        client.Command("WAIT", "2", "5");
    }

    /// <summary>Has replicas asked for acknowledgements all the time, until it is disposed.</summary>
    private sealed class AcknowledgementRequests : IDisposable
    {
        private readonly NodeServer _node;
        private readonly Thread _thread;
        private volatile bool _stop;

        public AcknowledgementRequests(NodeServer node)
        {
            _node = node;
            _thread = new Thread(Run) { IsBackground = true };
            _thread.Start();
        }

        public void Dispose()
        {
            _stop = true;
            _thread.Join();
            _node.Replication.Flush(); // what the last request left
        }

        private void Run()
        {
            while (!_stop)
            {
                _node.Replication.RequestAcknowledgements();
                _node.Replication.Flush();
            }
        }
    }
}
