using FsCheck;
using FsCheck.Fluent;
using Starling.Node.Config;

namespace Starling.Node.Tests.Config;

public class ConfigLineTests
{
    [Theory]
    [InlineData("save 900 1", "save|900|1")]
    [InlineData("  a\t b  ", "a|b")]
    [InlineData("", "")]
    [InlineData("logfile \"\"", "logfile|")]
    [InlineData("logfile ''", "logfile|")]
    [InlineData("a \"b c\" d", "a|b c|d")]
    [InlineData("a 'b \"c\" d'", "a|b \"c\" d")]
    [InlineData("a 'it\\'s'", "a|it's")]
    [InlineData("a 'back\\slash'", "a|back\\slash")]
    [InlineData("a \"\\x41\\n\\r\\t\\b\\a\\\\\\\"\\q\"", "a|A\n\r\t\b\a\\\"q")]
    [InlineData("a \"\\xZZ\"", "a|xZZ")]
    [InlineData("a b\"c d\"", "a|bc d")]
    [InlineData("a b#c # d", "a|b#c|#|d")]
    [InlineData("a \"\\xc3\\xa9\"", "a|é")]
    [InlineData("a é", "a|é")]
    public void Lines_split_as_redis_splits_them(string line, string expected)
    {
        Assert.True(ConfigLine.TrySplit(line, out var arguments));
        Assert.Equal(expected, string.Join('|', arguments));
    }

    [Theory]
    [InlineData("a \"b")]
    [InlineData("a 'b")]
    [InlineData("a \"b\"c")]
    [InlineData("a 'b'c")]
    [InlineData("a \"b\\")]
    [InlineData("a \"b\\\"")]
    [InlineData("a \"\\xff\"")]
    public void Quotes_must_balance_and_end_their_argument(string line) => Assert.False(ConfigLine.TrySplit(line, out _));

    [Fact]
    public void What_is_quoted_reads_back_as_it_was() =>
        Prop.ForAll<NonNull<string>>(text =>
        {
            // A lone surrogate is no text that UTF-8 could hold.
            if (text.Get.Any(char.IsSurrogate)) return true;
            return ConfigLine.TrySplit("name " + ConfigLine.Quote(text.Get), out var arguments) && arguments is [_, var value] && value == text.Get;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_quoted_text_is_one_line_of_printable_ascii() =>
        Prop.ForAll<NonNull<string>>(text => ConfigLine.Quote(text.Get).All(c => c is >= ' ' and < '\x7f')).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_text_splits_or_is_refused() =>
        Prop.ForAll<NonNull<string>>(text =>
        {
            var isSplit = ConfigLine.TrySplit(text.Get, out var arguments);
            return isSplit == arguments is not null;
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_line_cut_anywhere_splits_or_is_refused()
    {
        const string line = "client-output-buffer-limit \"rep\\x6cica\" '25\\'6mb' \"64\\\\mb\" 60 \"é\\n\"";
        for (var cut = 0; cut <= line.Length; cut++)
        {
            if (ConfigLine.TrySplit(line[..cut], out var arguments)) Assert.True(arguments.Count <= 6);
        }
    }

    [Fact]
    public void A_line_of_a_megabyte_splits()
    {
        Assert.True(ConfigLine.TrySplit("a \"" + new string('x', 1 << 20) + "\"", out var arguments));
        Assert.Equal(1 << 20, arguments[1].Length);
    }
}
