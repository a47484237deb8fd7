using System.Text;
using FsCheck.Fluent;
using Starling.Node.Commands;
using Starling.Tests.Support;

namespace Starling.Node.Tests.Commands;

public sealed class ExtendedFloatTests
{
    [Theory]
    [InlineData("1", "0.1", "1.1")]
    [InlineData("3.0e3", "200", "3200")]
    [InlineData("5.0e3", "0", "5000")]
    [InlineData("10.5", "0.1", "10.6")]
    [InlineData("0", "5.0e-324", "0")]
    [InlineData("17179869184", "1.5", "17179869185.5")]
    [InlineData("-0.5", "0.5", "0")]
    [InlineData("0", "1e20", "100000000000000000000")]
    public void Sums_have_the_digits_that_redis_documents(string first, string second, string sum)
    {
        Assert.True(ExtendedFloat.TryParse(Encoding.ASCII.GetBytes(first), out var a));
        Assert.True(ExtendedFloat.TryParse(Encoding.ASCII.GetBytes(second), out var b));
        Assert.Equal(sum, Encoding.ASCII.GetString(ExtendedFloat.Add(a, b).ToHumanText()));
    }

    [Fact]
    public void Short_numbers_have_the_digits_that_long_arithmetic_gives()
    {
        var random = new Random(1);
        for (var i = 0; i < 200_000; i++)
        {
            var (first, second) = (ShortNumber(random), ShortNumber(random));
            Assert.True(ExtendedFloat.TryParse(Encoding.ASCII.GetBytes(first), out var a), first);
            Assert.True(ExtendedFloat.TryParse(Encoding.ASCII.GetBytes(second), out var b), second);

            // An exponent is read by the long way.
            Assert.True(ExtendedFloat.TryParse(Encoding.ASCII.GetBytes(first + "e0"), out var c), first);
            Assert.Equal(c, a);
            Assert.Equal(a.ToLongText(), a.ToHumanText());
            Assert.Equal(ExtendedFloat.AddLong(c, b), ExtendedFloat.Add(a, b));
            var twice = ExtendedFloat.Add(ExtendedFloat.Add(a, b), b);
            Assert.Equal(ExtendedFloat.AddLong(ExtendedFloat.AddLong(c, b), b).ToLongText(), twice.ToHumanText());
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData(" 1")]
    [InlineData("1 ")]
    [InlineData("nan")]
    [InlineData("1e")]
    [InlineData("0x")]
    [InlineData(".")]
    [InlineData("1e5000")]
    [InlineData("1e-5000")]
    [InlineData("1e999999999999999999999")]
    public void What_is_no_number_or_out_of_range_is_refused(string text) =>
        Assert.False(ExtendedFloat.TryParse(Encoding.ASCII.GetBytes(text), out _));

    [Fact]
    public void A_number_of_five_kibibytes_is_read_and_a_longer_one_refused()
    {
        Assert.True(ExtendedFloat.TryParse(Encoding.ASCII.GetBytes(new string('0', 5118) + "1"), out var one));
        Assert.Equal("1", Encoding.ASCII.GetString(one.ToHumanText()));
        Assert.False(ExtendedFloat.TryParse(Encoding.ASCII.GetBytes(new string('0', 5119) + "1"), out _));
    }

    [Fact]
    public void Any_text_is_read_or_refused() =>
        FsCheck.Check.QuickThrowOnFailure(Prop.ForAll<string>(text =>
        {
            if (ExtendedFloat.TryParse(Encoding.UTF8.GetBytes(text ?? ""), out var value) && value.IsFinite) value.ToHumanText();
        }));

    [Fact]
    public void Sums_equal_those_of_redis_server()
    {
        using var redis = ServerProcess.Start(ServerKind.Redis, "save ");
        using var connection = new RawConnection(redis.Port);
        for (var seed = 0; seed < 40; seed++)
        {
            var floats = new CommandGenerator(seed).Floats(100);
            var commands = new List<string[]>();
            for (var i = 0; i + 1 < floats.Count; i += 2)
                commands.AddRange([["SET", "f", floats[i]], ["INCRBYFLOAT", "f", floats[i + 1]]]);

            var replies = connection.CallAll(commands);
            for (var i = 0; i + 1 < floats.Count; i += 2)
            {
                var (first, second) = (floats[i], floats[i + 1]);
                Assert.Equal((seed, first, second, replies[i + 1].ToString()), (seed, first, second, Sum(first, second)));
            }
        }
    }

    private static string Sum(string first, string second)
    {
        if (!ExtendedFloat.TryParse(Encoding.Latin1.GetBytes(first), out var a)
            || !ExtendedFloat.TryParse(Encoding.Latin1.GetBytes(second), out var b))
            return new RawReply('-', "ERR value is not a valid float", []).ToString();
        var sum = ExtendedFloat.Add(a, b);
        return (sum.IsFinite
            ? new RawReply('$', Encoding.ASCII.GetString(sum.ToHumanText()), [])
            : new RawReply('-', "ERR increment would produce NaN or Infinity", [])).ToString();
    }

    private static string ShortNumber(Random random)
    {
        var digits = random.Next(1, 21);
        var text = string.Concat(Enumerable.Range(0, digits).Select(_ => (char)('0' + random.Next(random.Next(2) == 0 ? 2 : 10))));
        var point = random.Next(-digits, digits + 1);
        if (point >= 0) text = text.Insert(point, ".");
        return random.Next(2) == 0 ? "-" + text : text;
    }
}
