using FsCheck;
using FsCheck.Fluent;
using Starling.Node.Persistence;

namespace Starling.Node.Tests.Persistence;

public sealed class Crc64Tests
{
    [Fact]
    public void Published_vector_holds() => Assert.Equal(0xe9c6d914c4b8d9caUL, Crc64.Append(0, "123456789"u8));

    [Fact]
    public void Nothing_leaves_it_as_it_is() => Assert.Equal(42UL, Crc64.Append(42, default));

    [Fact]
    public void Parts_sum_up_to_the_whole() =>
        Prop.ForAll<byte[], byte[]>((first, second) =>
            Crc64.Append(Crc64.Append(0, first), second) == Crc64.Append(0, [.. first, .. second]))
            .QuickCheckThrowOnFailure();

    [Fact]
    public void Agrees_with_the_bit_by_bit_definition() =>
        Prop.ForAll<byte[]>(bytes => Crc64.Append(0, bytes) == BitByBit(bytes)).QuickCheckThrowOnFailure();

    private static ulong BitByBit(byte[] bytes)
    {
        var crc = 0UL;
        foreach (var b in bytes)
        {
            for (var bit = 0; bit < 8; bit++)
            {
                var carry = (crc >> 63) ^ (((ulong)b >> bit) & 1);
                crc <<= 1;
                if (carry != 0) crc ^= 0xAD93D23594C935A9;
            }
        }

        var reversed = 0UL;
        for (var bit = 0; bit < 64; bit++) reversed |= ((crc >> bit) & 1) << (63 - bit);
        return reversed;
    }
}
