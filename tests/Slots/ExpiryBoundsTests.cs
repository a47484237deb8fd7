using Starling.Slots.Keyspace;

namespace Starling.Slots.Tests;

public sealed class ExpiryBoundsTests
{
    [Fact]
    public void Nothing_expires_in_a_new_one()
    {
        var bounds = new ExpiryBounds();
        Assert.Equal(long.MaxValue, bounds[7]);
        Assert.Equal(-1, bounds.NextBefore(0, long.MaxValue));
        bounds[3] = 1000;
        Assert.Equal(long.MaxValue, bounds[7]);
        Assert.Equal(1000, bounds[3]);
    }

    [Fact]
    public void The_next_slot_is_the_first_whose_bound_has_passed()
    {
        var random = new Random(3);
        var bounds = new ExpiryBounds();
        var model = new long[HashSlot.Count];
        Array.Fill(model, long.MaxValue);
        for (var round = 0; round < 2000; round++)
        {
            var slot = random.Next(HashSlot.Count);
            model[slot] = random.Next(4) == 0 ? long.MaxValue : random.Next(5000);
            bounds[slot] = model[slot];
            var from = random.Next(HashSlot.Count);
            long now = random.Next(5000);
            Assert.Equal(Array.FindIndex(model, from, bound => bound < now), bounds.NextBefore(from, now));
        }
    }

    [Fact]
    public void A_time_before_1970_has_passed()
    {
        var bounds = new ExpiryBounds { [9] = long.MinValue };
        Assert.Equal(9, bounds.NextBefore(0, 1));
    }
}
