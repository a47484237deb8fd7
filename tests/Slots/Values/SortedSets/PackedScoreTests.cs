using Starling.Slots.Values.SortedSets;

namespace Starling.Slots.Tests.Values.SortedSets;

public sealed unsafe class PackedScoreTests
{
    [Theory]
    [InlineData(0, 1)]
    [InlineData(127, 1)]
    [InlineData(128, 2)]
    [InlineData(-1, 2)]
    [InlineData(4095, 2)]
    [InlineData(-4096, 2)]
    [InlineData(4096, 3)]
    [InlineData(-4097, 3)]
    [InlineData(32768, 4)]
    [InlineData(8388608, 5)]
    [InlineData(-2147483649.0, 7)]
    [InlineData(3479099956230698, 9)]
    [InlineData(0.5, 5)]
    [InlineData(0.1, 9)]
    [InlineData(1e300, 9)]
    [InlineData(double.Epsilon, 9)]
    [InlineData(double.PositiveInfinity, 5)]
    [InlineData(double.NegativeInfinity, 5)]
    public void A_score_takes_as_few_bytes_as_it_needs_and_is_read_as_it_was(double score, int bytes)
    {
        var packed = stackalloc byte[PackedScore.MostBytes];
        Assert.Equal(bytes, PackedScore.Write(packed, score));
        Assert.Equal(bytes, PackedScore.Length(*packed));
        Assert.Equal(score, PackedScore.Read(packed));
    }

    [Fact]
    public void Any_score_is_read_as_it_was()
    {
        var random = new Random(41);
        var packed = stackalloc byte[PackedScore.MostBytes];
        for (var i = 0; i < 100_000; i++)
        {
            var score = BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue));
            if (i % 2 == 0) score = random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64);
            if (double.IsNaN(score)) continue;
            Assert.Equal(PackedScore.Write(packed, score), PackedScore.Length(*packed));
            Assert.Equal(score, PackedScore.Read(packed));
        }
    }

    [Fact]
    public void A_negative_zero_becomes_zero()
    {
        var packed = stackalloc byte[PackedScore.MostBytes];
        Assert.Equal(1, PackedScore.Write(packed, -0.0));
        Assert.False(double.IsNegative(PackedScore.Read(packed)));
    }
}
