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

    /// <summary>Runs of one byte are passed over many at a time, and every place among them is found all the same.</summary>
    [Fact]
    public void A_sparse_one_has_the_registers_that_were_raised()
    {
        for (var seed = 1; seed <= 20; seed++)
        {
            var random = new Random(seed);
            using var keyspace = new Starling.Slots.Keyspace.Keyspace(new Starling.Slots.Keyspace.KeyspaceOptions { Databases = 1 });
            var key = keyspace.Key("k"u8);
            using var held = keyspace.LockAll();
            var value = keyspace[0].Open<StringValue>(key, default, accessClock: 0);
            HyperLogLogEditor.Create(ref value);
            var plain = new byte[HyperLogLog.Registers];

            // Close together, far apart, and both.
            var span = 1 << random.Next(5, 15);
            for (var i = 0; i < 900; i++)
            {
                var register = random.Next(8) == 0 ? random.Next(plain.Length) : random.Next(span);
                var count = random.Next(1, 6);
                var change = HyperLogLogEditor.Raise(ref value, register, count, longest: 12_000);
                Assert.Equal(count > plain[register] ? HyperLogLogChange.Raised : HyperLogLogChange.None, change);
                plain[register] = Math.Max(plain[register], (byte)count);
            }

            Assert.False(HyperLogLog.IsDense(value.Bytes));
            var merged = new byte[HyperLogLog.Registers];
            Assert.True(HyperLogLog.TryMerge(value.Bytes, merged));
            Assert.Equal(plain, merged);
        }
    }
}
