using Starling.Node.Replication;

namespace Starling.Node.Tests.Replication;

public sealed class ReplicaLinkTests
{
    /// <summary>
    /// Two threads that look at each other's word without a full fence between their own write and their look can miss
    /// each other; a cursor that nobody disposes keeps the log for ever.
    /// </summary>
    [Fact]
    public void A_replica_that_leaves_while_its_stream_is_pushed_gives_up_its_cursor()
    {
        const int Rounds = 200_000;
        var log = new ReplicationLog();
        log.CreateBacklog();
        var race = new Race();
        var pumping = new Thread(() => race.Run(link => link.Pump(long.MaxValue), Rounds)) { IsBackground = true };
        pumping.Start();
        for (var round = 1; round <= Rounds; round++)
        {
            var link = new ReplicaLink(new SilentTransport());
            link.Attach(log.AttachAtEnd());
            link.State = ReplicaState.Online;
            link.StartStream();
            race.Begin(link, round);
            link.Detach();
            race.AwaitEnd(round);
            Assert.True(link.CloneCursor() is null, $"the cursor is still there in round {round}");
        }

        pumping.Join();
    }

    private sealed class Race
    {
        private ReplicaLink? _link;
        private int _begun;
        private int _ended;

        public void Begin(ReplicaLink link, int round)
        {
            _link = link;
            Volatile.Write(ref _begun, round);
        }

        public void AwaitEnd(int round)
        {
            var spinner = default(SpinWait);
            while (Volatile.Read(ref _ended) != round) spinner.SpinOnce(sleep1Threshold: -1);
        }

        public void Run(Action<ReplicaLink> act, int rounds)
        {
            for (var round = 1; round <= rounds; round++)
            {
                var spinner = default(SpinWait);
                while (Volatile.Read(ref _begun) != round) spinner.SpinOnce(sleep1Threshold: -1);
                act(_link!);
                Volatile.Write(ref _ended, round);
            }
        }
    }
}
