using Starling.Slots.Values;

namespace Starling.Slots.Tests.Values;

public sealed class HyperLogLogFormatTests
{
    /// <summary>Computed with Austin Appleby's published function.</summary>
    [Theory]
    [InlineData("", 0UL, 0UL)]
    [InlineData("a", 0UL, 0x071717D2D36B6B11UL)]
    [InlineData("hello", 0UL, 0x1E68D17C457BF117UL)]
    public void The_hash_is_the_published_one(string text, ulong seed, ulong expected) =>
        Assert.Equal(expected, MurmurHash64A.Of(System.Text.Encoding.ASCII.GetBytes(text), seed));

    [Fact]
    public void The_self_test_passes_for_several_seeds()
    {
        for (ulong seed = 1; seed <= 3; seed++) Assert.Null(HyperLogLogSelfTest.Run(seed));
    }

    [Fact]
    public void An_empty_one_counts_nothing()
    {
        Assert.True(HyperLogLog.IsOne(HyperLogLog.Empty));
        Assert.True(HyperLogLog.TryCached(HyperLogLog.Empty, out var cached));
        Assert.Equal(0UL, cached);
        Assert.True(HyperLogLog.TryCount(HyperLogLog.Empty, out var counted));
        Assert.Equal(0UL, counted);
    }
}
