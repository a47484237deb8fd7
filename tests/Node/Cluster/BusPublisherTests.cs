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

    private static byte[] Name(int number) => Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture));
}
