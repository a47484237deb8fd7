using Starling.Slots.Keyspace;

namespace Starling.Slots.Tests;

public sealed class StripeSetTests
{
    [Fact]
    public void A_set_agrees_with_a_sorted_set()
    {
        var random = new Random(7);
        for (var round = 0; round < 200; round++)
        {
            var set = default(StripeSet);
            var model = new SortedSet<int>();
            for (var i = random.Next(20); i > 0; i--)
            {
                var slot = random.Next(HashSlot.Count);
                set.AddSlot(slot);
                model.Add(StripeSet.StripeOf(slot));
            }

            Assert.Equal(model.Count, set.Count);
            Assert.Equal(model, Upwards(set));
            Assert.Equal(model.Reverse(), Downwards(set));
        }
    }

    [Fact]
    public void The_set_of_all_has_every_stripe()
    {
        var set = StripeSet.All;
        Assert.Equal(StripeSet.StripeCount, set.Count);
        Assert.Equal(Enumerable.Range(0, StripeSet.StripeCount), Upwards(set));
    }

    [Fact]
    public void A_union_has_the_stripes_of_both()
    {
        var first = default(StripeSet);
        var second = default(StripeSet);
        first.AddSlot(3);
        second.AddSlot(200);
        first.Add(second);
        Assert.Equal([3, 200], Upwards(first));
    }

    private static List<int> Upwards(StripeSet set)
    {
        var list = new List<int>();
        for (var at = set.Next(0); at >= 0; at = set.Next(at + 1)) list.Add(at);
        return list;
    }

    private static List<int> Downwards(StripeSet set)
    {
        var list = new List<int>();
        for (var at = set.Previous(StripeSet.StripeCount - 1); at >= 0; at = set.Previous(at - 1)) list.Add(at);
        return list;
    }
}
