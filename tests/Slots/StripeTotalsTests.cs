using Starling.Slots.Keyspace;

namespace Starling.Slots.Tests;

public sealed class StripeTotalsTests
{
    [Fact]
    public void The_sum_is_that_of_every_stripe()
    {
        var random = new Random(11);
        var totals = new StripeTotals();
        var sum = 0L;
        for (var stripe = 0; stripe < StripeSet.StripeCount; stripe++)
        {
            totals.Add(stripe, random.NextInt64(1L << 40));
            sum += totals[stripe];
            Assert.Equal(sum, totals.Sum());
        }
    }

    [Fact]
    public void The_sum_that_is_remembered_is_never_one_from_before_a_change()
    {
        var random = new Random(12);
        var totals = new StripeTotals();
        for (var i = 0; i < 1000; i++)
        {
            for (var changes = random.Next(3); changes > 0; changes--)
                totals.Add(random.Next(StripeSet.StripeCount), random.Next(-5, 10));
            Assert.Equal(totals.Sum(), totals.SumUnderAll());
        }
    }

    [Fact]
    public void Each_number_is_found_in_the_stripe_that_it_counts_in()
    {
        var totals = new StripeTotals();
        Assert.Equal(-1, totals.Find(0));
        totals.Add(3, 2);
        totals.Add(200, 1);
        Assert.Equal([3, 3, 200], new[] { totals.Find(0), totals.Find(1), totals.Find(2) });
    }

    [Fact]
    public void A_number_beyond_the_end_is_the_last_stripe_that_has_any()
    {
        var totals = new StripeTotals();
        totals.Add(3, 2);
        totals.Add(7, 1);
        Assert.Equal(7, totals.Find(1000));
    }
}
