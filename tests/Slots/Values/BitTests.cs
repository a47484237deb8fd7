using System.Numerics;
using Starling.Slots.Keyspace;
using Starling.Slots.Values;

namespace Starling.Slots.Tests.Values;

/// <summary>Bit ranges, fields and combinations beside a bit at a time.</summary>
public sealed class BitTests
{
    private const int Seed = 8271;

    [Fact]
    public void Ranges_count_and_find_what_a_bit_at_a_time_does()
    {
        var random = new Random(Seed);
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = Bytes(random, 1 + random.Next(80));
            long first = random.Next(bytes.Length * 8), last = random.Next(bytes.Length * 8);
            var range = new BitRange(first, last);
            var ones = 0;
            long set = -1, clear = -1;
            for (var bit = last; bit >= first; bit--)
            {
                if (IsSet(bytes, bit)) (ones, set) = (ones + 1, bit);
                else clear = bit;
            }

            Assert.Equal((Seed, round, ones, set, clear), (Seed, round, (int)range.CountOnes(bytes), range.Find(bytes, true), range.Find(bytes, false)));
        }
    }

    [Fact]
    public void Fields_read_and_write_what_a_bit_at_a_time_does()
    {
        var random = new Random(Seed);
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = Bytes(random, 1 + random.Next(24));
            var isSigned = random.Next(2) == 0;
            var field = new BitField(isSigned, 1 + random.Next(isSigned ? 64 : 63), random.Next(bytes.Length * 8));
            var expected = BigInteger.Zero;
            for (var bit = field.Offset; bit <= field.LastBit; bit++)
                expected = (expected * 2) + (bit < bytes.Length * 8 && IsSet(bytes, bit) ? 1 : 0);
            if (isSigned && expected >= BigInteger.One << (field.Width - 1)) expected -= BigInteger.One << field.Width;
            Assert.Equal((Seed, round, (long)expected), (Seed, round, field.Read(bytes)));

            Array.Resize(ref bytes, bytes.Length + 9);
            var before = bytes.ToArray();
            var fits = field.TryAdd(random.NextInt64(), 0, BitFieldOverflow.Wrap, out var value);
            Assert.True(fits);
            field.Write(bytes, value);
            Assert.Equal(value, field.Read(bytes));
            for (var bit = 0; bit < bytes.Length * 8; bit++)
                if (bit < field.Offset || bit > field.LastBit) Assert.Equal(IsSet(before, bit), IsSet(bytes, bit));
        }
    }

    [Theory]
    [InlineData(true, 8, 127, 1, -128, 127)]
    [InlineData(true, 8, -128, -1, 127, -128)]
    [InlineData(true, 64, long.MaxValue, 1, long.MinValue, long.MaxValue)]
    [InlineData(true, 64, long.MinValue, long.MinValue, 0, long.MinValue)]
    [InlineData(false, 8, 255, 1, 0, 255)]
    [InlineData(false, 8, 0, -1, 255, 0)]
    [InlineData(false, 63, long.MaxValue, long.MaxValue, long.MaxValue - 1, long.MaxValue)]
    [InlineData(false, 8, -1, 0, 255, 255)]
    public void What_does_not_fit_wraps_or_saturates_or_fails(bool isSigned, int width, long value, long increment, long wrapped, long saturated)
    {
        var field = new BitField(isSigned, width, 0);
        Assert.True(field.TryAdd(value, increment, BitFieldOverflow.Wrap, out var result));
        Assert.Equal(wrapped, result);
        Assert.True(field.TryAdd(value, increment, BitFieldOverflow.Saturate, out result));
        Assert.Equal(saturated, result);
        Assert.False(field.TryAdd(value, increment, BitFieldOverflow.Fail, out _));
    }

    [Fact]
    public void Combinations_are_what_a_bit_at_a_time_makes()
    {
        var random = new Random(Seed);
        using var keyspace = new Keyspace.Keyspace(new KeyspaceOptions { Databases = 1 });
        using var held = keyspace.LockAll();
        for (var round = 0; round < 600; round++)
        {
            var strings = Enumerable.Range(0, 1 + random.Next(5)).Select(_ => Bytes(random, random.Next(round % 50 == 0 ? 20_000 : 200))).ToArray();
            var entries = new Entry[strings.Length];
            for (var i = 0; i < strings.Length; i++)
            {
                var key = keyspace.Key([(byte)'k', (byte)i]);
                keyspace[0].SetString(key, strings[i], Entry.NoExpiry, 0);
            }

            for (var i = 0; i < strings.Length; i++) keyspace[0].TryFind(keyspace.Key([(byte)'k', (byte)i]), out entries[i]);
            foreach (var operation in Enum.GetValues<BitwiseOperation>())
            {
                if (operation == BitwiseOperation.Not && strings.Length > 1) continue;
                var result = new byte[strings.Max(s => s.Length)];
                BitCombiner.Combine(operation, entries, result);
                for (var at = 0; at < result.Length; at++)
                {
                    var expected = Combine(operation, [.. strings.Select(s => at < s.Length ? s[at] : (byte)0)]);
                    Assert.Equal((Seed, round, operation, at, expected), (Seed, round, operation, at, result[at]));
                }
            }
        }
    }

    private static byte Combine(BitwiseOperation operation, byte[] bytes)
    {
        var others = bytes.Skip(1).Aggregate(0, (all, next) => all | next);
        var exactlyOne = 0;
        for (var bit = 0; bit < 8; bit++)
            if (bytes.Count(b => (b >> bit & 1) != 0) == 1) exactlyOne |= 1 << bit;
        return (byte)(operation switch
        {
            BitwiseOperation.And => bytes.Aggregate(255, (all, next) => all & next),
            BitwiseOperation.Or => bytes[0] | others,
            BitwiseOperation.Xor => bytes.Aggregate(0, (all, next) => all ^ next),
            BitwiseOperation.Not => ~bytes[0],
            BitwiseOperation.Diff => bytes[0] & ~others,
            BitwiseOperation.Diff1 => others & ~bytes[0],
            BitwiseOperation.AndOr => bytes[0] & others,
            BitwiseOperation.One => exactlyOne,
        });
    }

    private static bool IsSet(byte[] bytes, long bit) => (bytes[bit / 8] & (0x80 >> (int)(bit % 8))) != 0;

    private static byte[] Bytes(Random random, int length)
    {
        var bytes = new byte[length];
        switch (random.Next(3))
        {
            case 0: random.NextBytes(bytes); break;
            case 1: Array.Fill(bytes, (byte)255); break;
            default: break;
        }

        if (length > 0) bytes[random.Next(length)] = (byte)random.Next(256);
        return bytes;
    }
}
