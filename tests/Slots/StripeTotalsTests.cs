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
            totals[stripe] = random.NextInt64(1L << 40);
            sum += totals[stripe];
            Assert.Equal(sum, totals.Sum());
        }
    }

    [Fact]
    public void Each_number_is_found_in_the_stripe_that_it_counts_in()
    {
        var totals = new StripeTotals();
        Assert.Equal(-1, totals.Find(0));
        totals[3] = 2;
        totals[200] = 1;
        Assert.Equal([3, 3, 200], new[] { totals.Find(0), totals.Find(1), totals.Find(2) });
    }

    [Fact]
    public void A_number_beyond_the_end_is_the_last_stripe_that_has_any()
    {
        var totals = new StripeTotals();
        totals[3] = 2;
        totals[7] = 1;
        Assert.Equal(7, totals.Find(1000));
    }
}
