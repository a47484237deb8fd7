using System.Text;
using FsCheck.Fluent;
using Starling.Slots;

namespace Starling.Node.Tests.Commands;

public sealed class GlobPatternTests
{
    [Theory]
    [InlineData("*", "anything", true)]
    [InlineData("h?llo", "hello", true)]
    [InlineData("h?llo", "hllo", false)]
    [InlineData("h*llo", "heeeello", true)]
    [InlineData("h[ae]llo", "hallo", true)]
    [InlineData("h[ae]llo", "hillo", false)]
    [InlineData("h[^e]llo", "hbllo", true)]
    [InlineData("h[^e]llo", "hello", false)]
    [InlineData("h[a-b]llo", "hbllo", true)]
    [InlineData("h[b-a]llo", "hallo", true)]
    [InlineData("h\\*llo", "h*llo", true)]
    [InlineData("h\\*llo", "hello", false)]
    [InlineData("a[", "a[", false)]
    [InlineData("[abc", "b", true)]
    [InlineData("a\\", "a\\", true)]
    [InlineData("*a*b*c", "xxaxxbxxc", true)]
    [InlineData("*a*b*c", "xxaxxbxx", false)]
    [InlineData("", "", true)]
    [InlineData("*", "", false)]
    public void Patterns_match_as_redis_documents(string pattern, string text, bool matches) =>
        Assert.Equal(matches, GlobPattern.Matches(Encoding.ASCII.GetBytes(pattern), Encoding.ASCII.GetBytes(text)));

    [Fact]
    public void Case_is_ignored_on_demand()
    {
        Assert.True(GlobPattern.Matches("MAX[A-Z]em*"u8, "maxmemory"u8, ignoreCase: true));
        Assert.False(GlobPattern.Matches("MAX*"u8, "maxmemory"u8));
    }

    [Fact]
    public void Stars_and_question_marks_agree_with_a_recursive_matcher()
    {
        var texts = Gen.ListOf(Gen.Elements('a', 'b')).Resize(10).Select(l => string.Concat(l));
        var patterns = Gen.ListOf(Gen.Elements('a', 'b', '?', '*')).Resize(8).Select(l => string.Concat(l));
        FsCheck.Check.QuickThrowOnFailure(Prop.ForAll(patterns.ToArbitrary(), texts.Where(t => t.Length > 0).ToArbitrary(), (pattern, text) =>
            GlobPattern.Matches(Encoding.ASCII.GetBytes(pattern), Encoding.ASCII.GetBytes(text)) == Recursive(pattern, text)));
    }

    [Fact]
    public void A_hostile_pattern_takes_no_exponential_time()
    {
        var pattern = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("a*", 2000)) + "b");
        Assert.False(GlobPattern.Matches(pattern, Encoding.ASCII.GetBytes(new string('a', 20_000))));
    }

    [Fact]
    public void Any_bytes_are_a_pattern() =>
        FsCheck.Check.QuickThrowOnFailure(Prop.ForAll<byte[], byte[], bool>((pattern, text, ignoreCase) =>
        {
            GlobPattern.Matches(pattern ?? [], text ?? [], ignoreCase);
            GlobPattern.SlotOf(pattern ?? []);
        }));

    [Theory]
    [InlineData("{tag}*", "tag")]
    [InlineData("pre{tag}[ab]", "tag")]
    [InlineData("plain", "plain")]
    public void The_hash_tag_before_special_characters_tells_the_slot(string pattern, string tag) =>
        Assert.Equal(HashSlot.Of(Encoding.ASCII.GetBytes(tag)), GlobPattern.SlotOf(Encoding.ASCII.GetBytes(pattern)));

    [Theory]
    [InlineData("*{tag}")]
    [InlineData("{ta*g}")]
    [InlineData("{}*")]
    [InlineData("a?")]
    public void Without_one_the_slot_is_unknown(string pattern) =>
        Assert.Equal(-1, GlobPattern.SlotOf(Encoding.ASCII.GetBytes(pattern)));

    private static bool Recursive(string pattern, string text)
    {
        if (pattern.Length == 0) return text.Length == 0;
        if (pattern[0] == '*') return Recursive(pattern[1..], text) || (text.Length > 0 && Recursive(pattern, text[1..]));
        return text.Length > 0 && (pattern[0] == '?' || pattern[0] == text[0]) && Recursive(pattern[1..], text[1..]);
    }
}
