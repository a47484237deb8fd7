using Starling.Slots.Values.Sets;

namespace Starling.Slots.Tests.Values.Sets;

/// <summary>Looking for integers in a sorted row of them.</summary>
public sealed unsafe class IntsetSearchTests
{
    [Theory]
    [InlineData(1, 100)]
    [InlineData(2, 30_000)]
    [InlineData(3, 8_000_000)]
    [InlineData(4, int.MaxValue)]
    [InlineData(6, 1L << 46)]
    [InlineData(8, long.MaxValue)]
    public void A_search_from_any_place_finds_what_a_search_of_all_finds(int width, long largest)
    {
        var random = new Random(width);
        for (var round = 0; round < 300; round++)
        {
            var count = random.Next(0, 80);
            var integers = new SortedSet<long>();
            while (integers.Count < count) integers.Add(random.NextInt64(-largest, largest));
            var bytes = new byte[Math.Max(1, count) * width];
            fixed (byte* at = bytes)
            {
                long written = 0;
                foreach (var integer in integers) Intset.Write(at, width, written++, integer);
                var wanted = integers.Concat(integers.Select(integer => integer + 1)).Append(-largest).Append(largest).ToArray();
                foreach (var integer in wanted)
                {
                    var expected = Intset.TryFind(at, width, count, integer, out var index);
                    var near = random.NextInt64(count + 1L);
                    Assert.Equal(expected, Intset.TryFindNear(at, width, count, integer, ref near));
                    Assert.Equal(index, near);
                }
            }
        }
    }
}
