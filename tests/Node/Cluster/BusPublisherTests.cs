using System.Globalization;
using System.Text;
using Starling.Node.Cluster;
using Starling.Node.PubSub;

namespace Starling.Node.Tests.Cluster;

public sealed class BusPublisherTests
{
    private readonly Queue<Action> _posted = new();
    private readonly List<List<PublishedMessage>> _rounds = [];

    [Theory]
    [InlineData(10_000, 10, BusPublisher.MostAtOnce)]
    [InlineData(100, BusPublisher.MostBytesAtOnce / 4, 4)]
    [InlineData(5, BusPublisher.MostBytesAtOnce * 2, 1)]
    public void A_round_of_the_bus_sends_some_messages_and_leaves_the_others_to_the_next_ones_in_their_order(
        int count, int length, int most)
    {
        var publisher = new BusPublisher(_posted.Enqueue, messages => _rounds.Add([.. messages]));
        for (var i = 0; i < count; i++) publisher.Publish(Name(i), new byte[length], isSharded: false);

        while (_posted.TryDequeue(out var work))
        {
            Assert.Empty(_posted); // one at a time
            work();
        }

        Assert.All(_rounds, round => Assert.InRange(round.Count, 1, most));
        Assert.Equal(Enumerable.Range(0, count).Select(Name), _rounds.SelectMany(round => round).Select(message => message.Channel));
    }

    [Fact]
    public void What_is_published_while_a_round_sends_goes_with_a_later_one()
    {
        BusPublisher publisher = null!;
        publisher = new BusPublisher(_posted.Enqueue, messages =>
        {
            _rounds.Add([.. messages]);
            if (_rounds.Count < 5) publisher.Publish(Name(_rounds.Count), [], isSharded: true);
        });
        publisher.Publish(Name(0), [], isSharded: true);
        while (_posted.TryDequeue(out var work)) work();
        Assert.Equal(Enumerable.Range(0, 5).Select(Name), _rounds.Select(round => Assert.Single(round).Channel));
    }

    [Fact]
    public void It_is_behind_while_too_much_waits_and_tells_those_who_wait_once_half_of_that_is_gone()
    {
        var publisher = new BusPublisher(_posted.Enqueue, messages => _rounds.Add([.. messages]));
        var told = 0;
        const int Length = 1024 * 1024;
        for (var i = 0; i < (BusPublisher.MostBytesWaiting / Length) - 1; i++) publisher.Publish(Name(i), new byte[Length], isSharded: false);
        Assert.False(publisher.IsBehind);
        publisher.Publish([], new byte[Length], isSharded: false);
        Assert.True(publisher.IsBehind);
        publisher.WhenCaughtUp(() => told++);
        publisher.WhenCaughtUp(() => told++);
        var rounds = 0;
        while (told == 0)
        {
            _posted.Dequeue()();
            rounds++;
        }

        Assert.InRange(rounds, 8, 9);
        Assert.Equal(2, told);
        Assert.False(publisher.IsBehind);
        publisher.WhenCaughtUp(() => told++);
        Assert.Equal(3, told);
        while (_posted.TryDequeue(out var work)) work();
        Assert.Equal(3, told);
    }

    [Fact]
    public void Many_short_messages_are_too_much_too()
    {
        var publisher = new BusPublisher(_posted.Enqueue, messages => _rounds.Add([.. messages]));
        for (var i = 0; i <= BusPublisher.MostBytesWaiting / BusPublisher.BytesOfMessage; i++) publisher.Publish([], [], isSharded: false);
        Assert.True(publisher.IsBehind);
    }

    private static byte[] Name(int number) => Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture));
}
