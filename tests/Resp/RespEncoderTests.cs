using System.Buffers;
using System.Globalization;
using System.Text;

namespace Starling.Resp.Tests;

public sealed class RespEncoderTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    [InlineData(10)]
    [InlineData(int.MaxValue)]
    [InlineData(-1)]
    [InlineData(long.MaxValue)]
    [InlineData(long.MinValue)]
    public void A_head_is_a_type_a_number_and_the_end_of_a_line(long number)
    {
        Span<byte> span = stackalloc byte[RespEncoder.LongestHead];
        var length = RespEncoder.WriteHead(span, (byte)':', number);
        Assert.Equal(":" + number.ToString(CultureInfo.InvariantCulture) + "\r\n", Encoding.ASCII.GetString(span[..length]));
    }

    [Fact]
    public void A_command_is_an_array_of_bulk_strings_of_bytes()
    {
        Assert.Equal("*3\r\n$3\r\nSET\r\n$2\r\nä\r\n$0\r\n\r\n", Encoding.UTF8.GetString(RespEncoder.Command("SET", "ä", "")));
    }

    [Fact]
    public void Numbers_are_bulk_strings_of_their_digits()
    {
        var output = new ArrayBufferWriter<byte>();
        RespEncoder.Array(output, 2);
        RespEncoder.Bulk(output, "INCRBY"u8);
        RespEncoder.Bulk(output, long.MinValue);
        RespEncoder.BulkHead(output, 70_000);
        Assert.Equal("*2\r\n$6\r\nINCRBY\r\n$20\r\n-9223372036854775808\r\n$70000\r\n", Encoding.ASCII.GetString(output.WrittenSpan));
    }

    [Fact]
    public void A_number_is_written_as_its_text_is_whatever_its_length()
    {
        var numbers = new List<long> { 0, long.MinValue, long.MaxValue };
        for (long power = 1; power <= 100_000_000_000_000_000; power *= 10) numbers.AddRange([power - 1, power, -power, 1 - power]);
        var number = new byte[2 * RespEncoder.LongestHead];
        var text = new byte[2 * RespEncoder.LongestHead];
        foreach (var value in numbers)
        {
            var digits = System.Text.Encoding.ASCII.GetBytes(value.ToString(System.Globalization.CultureInfo.InvariantCulture));
            var expected = text.AsSpan(0, RespEncoder.WriteBulk(text, digits));
            Assert.Equal(expected, number.AsSpan(0, RespEncoder.WriteBulk(number, value)));
        }
    }
}
