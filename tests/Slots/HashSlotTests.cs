using System.Text;

namespace Starling.Slots.Tests;

public sealed class HashSlotTests
{
    [Theory]
    [InlineData("", 0x0000)]
    [InlineData("A", 0x58E5)]
    [InlineData("123456789", 0x31C3)]
    public void Crc16_gives_the_published_values(string text, int expected) =>
        Assert.Equal(expected, HashSlot.Crc16(Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void Crc16_of_any_length_equals_the_bitwise_definition()
    {
        var random = new Random(1);
        for (var length = 0; length < 100; length++)
        {
            var bytes = new byte[length];
            random.NextBytes(bytes);
            Assert.Equal(Bitwise(bytes), HashSlot.Crc16(bytes));
        }
    }

    [Theory]
    [InlineData("foo", 12182)]
    [InlineData("bar", 5061)]
    [InlineData("hello", 866)]
    [InlineData("somekey", 11058)]
    [InlineData("foo{hash_tag}", 2515)]
    [InlineData("bar{hash_tag}", 2515)]
    public void Slots_are_those_of_a_redis_server(string key, int slot) => Assert.Equal(slot, SlotOf(key));

    [Theory]
    [InlineData("{user1000}.following", "user1000")]
    [InlineData("foo{bar}{zap}", "bar")]
    [InlineData("foo{{bar}}zap", "{bar")]
    [InlineData("}{x}", "x")]
    public void Only_the_first_hash_tag_counts(string key, string tag) => Assert.Equal(SlotOf(tag), SlotOf(key));

    [Theory]
    [InlineData("foo{}{bar}")]
    [InlineData("{}")]
    [InlineData("foo{bar")]
    [InlineData("foo}bar{")]
    public void An_empty_or_open_hash_tag_does_not_count(string key)
    {
        var bytes = Encoding.ASCII.GetBytes(key);
        Assert.Equal(HashSlot.Crc16(bytes) % HashSlot.Count, HashSlot.Of(bytes));
    }

    private static int SlotOf(string key) => HashSlot.Of(Encoding.ASCII.GetBytes(key));

    private static int Bitwise(byte[] bytes)
    {
        var crc = 0;
        foreach (var b in bytes)
        {
            crc ^= b << 8;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 0x8000) != 0 ? (crc << 1) ^ 0x1021 : crc << 1;
            crc &= 0xFFFF;
        }

        return crc;
    }
}
