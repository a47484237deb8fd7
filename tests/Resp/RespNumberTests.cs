using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Starling.Slots;

namespace Starling.Resp.Tests;

public sealed class RespNumberTests
{
    private static string Format(double value)
    {
        Span<byte> target = stackalloc byte[DoubleText.MaxLength];
        return Encoding.ASCII.GetString(target[..DoubleText.Format(value, target)]);
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(3, "3")]
    [InlineData(-1.5, "-1.5")]
    [InlineData(0.1, "0.10000000000000001")]
    [InlineData(100, "100")]
    [InlineData(1e20, "1e+20")]
    [InlineData(1e-7, "9.9999999999999995e-08")]
    [InlineData(1.25e-9, "1.25e-09")]
    [InlineData(-0.0, "-0")]
    [InlineData(1e17, "1e+17")]
    [InlineData(99999999999999984, "99999999999999984")]
    [InlineData(0.00001, "1.0000000000000001e-05")]
    [InlineData(0.001, "0.001")]
    [InlineData(123456789012, "123456789012")]
    [InlineData(1.7976931348623157e308, "1.7976931348623157e+308")]
    [InlineData(double.PositiveInfinity, "inf")]
    [InlineData(double.NegativeInfinity, "-inf")]
    [InlineData(double.NaN, "nan")]
    public void Doubles_are_written_as_by_Redis(double value, string expected) => Assert.Equal(expected, Format(value));

    [Fact]
    public void Doubles_read_back_the_same() =>
        Prop.ForAll<double>(value => double.IsNaN(value)
            || double.IsInfinity(value)
            || double.Parse(Format(value), CultureInfo.InvariantCulture).Equals(value)).QuickCheckThrowOnFailure();

    [Fact]
    public void Integers_read_back_the_same() =>
        Prop.ForAll<long>(value =>
            RespNumber.TryParse(Encoding.ASCII.GetBytes(value.ToString(CultureInfo.InvariantCulture)), out var back) && back == value)
            .QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("9223372036854775807", true)]
    [InlineData("-9223372036854775808", true)]
    [InlineData("9223372036854775808", false)]
    [InlineData("-9223372036854775809", false)]
    [InlineData("99999999999999999999", false)]
    [InlineData("", false)]
    [InlineData("-", false)]
    [InlineData("+1", false)]
    [InlineData(" 1", false)]
    [InlineData("1 ", false)]
    [InlineData("01", false)]
    [InlineData("-0", false)]
    [InlineData("1.0", false)]
    public void Integers_are_read_strictly(string text, bool isNumber) =>
        Assert.Equal(isNumber, RespNumber.TryParse(Encoding.ASCII.GetBytes(text), out _));
}
