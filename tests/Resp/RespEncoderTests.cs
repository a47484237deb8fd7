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
}
