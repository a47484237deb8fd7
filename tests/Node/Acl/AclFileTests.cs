using System.Text;
using Starling.Node.Acl;

namespace Starling.Node.Tests.Acl;

/// <summary>The text of a file of users.</summary>
public class AclFileTests
{
    private const string Signs = " \n()|~+-@&%>#\0\"";
    private const string Refused = " WARNING: ACL errors detected, no change to the previously active ACL rules was performed";

    [Theory]
    [InlineData("usr a on\n", "f:1 should start with user keyword followed by the username.")]
    [InlineData("# a comment\n", "f:1 should start with user keyword followed by the username.")]
    [InlineData("user a on\n\n  user\n", "f:3 should start with user keyword followed by the username.")]
    [InlineData("user a on\nuser a off\n", "WARNING: Duplicate user 'a' found on line 2.")]
    [InlineData("user a on +foo +bar\n", "f:1: Error in applying operation '+foo': Unknown command or category name in ACL. f:1: Error in applying operation '+bar': Unknown command or category name in ACL.")]
    [InlineData("user a foo bar >x\n", "f:1: Syntax error.")]
    [InlineData("user a on (+get\n", "f:1: Unmatched parenthesis in selector definition starting at '(+get'.")]
    [InlineData("user a on\r\nuser b on (+foo)\r\n", "f:2: Error in applying operation '(+foo)': Unknown command or category name in ACL.")]
    public void A_file_with_errors_has_no_users_and_every_error_its_line(string text, string errors)
    {
        Assert.Equal(errors + Refused, Parse(Encoding.Latin1.GetBytes(text), out var users));
        Assert.Empty(users);
    }

    [Fact]
    public void A_file_defines_users_by_lines_in_any_order()
    {
        Assert.Null(Parse("\n  user b on nopass ~k +get (+set ~x)  \r\n\nuser default off\nuser \u00e4 on"u8, out var users));
        Assert.Equal(3, users.Count);
        Assert.Equal("on nopass sanitize-payload ~k resetchannels -@all +get (~x resetchannels -@all +set)", users["b"u8.ToArray()].Tell(isExact: false));
        Assert.Equal("off sanitize-payload resetchannels -@all", users["default"u8.ToArray()].Tell(isExact: false));
    }

    [Fact]
    public void A_file_cut_anywhere_is_read_or_refused()
    {
        var text = "user a on >secret ~k* %R~r &c +@all -@hash +select|0 (~\"x y\" +get)\nuser default on nopass ~* &* +@all\n"u8.ToArray();
        for (var cut = 0; cut <= text.Length; cut++)
        {
            var reason = Parse(text.AsSpan(0, cut), out var users);
            Assert.True(reason is null || (users.Count == 0 && reason.EndsWith(Refused, StringComparison.Ordinal)), $"cut at {cut}: {reason}");
        }
    }

    [Fact]
    public void A_file_with_bytes_changed_is_read_or_refused()
    {
        var text = "user a on >secret ~k* %R~r &c +@all -@hash +select|0 (~x* +get &y)\nuser default on nopass ~* &* +@all\n"u8.ToArray();
        var seed = Environment.TickCount;
        var random = new Random(seed);
        for (var i = 0; i < 5_000; i++)
        {
            var mutated = (byte[])text.Clone();
            for (var changes = random.Next(1, 6); changes > 0; changes--)
                mutated[random.Next(mutated.Length)] = random.Next(3) == 0 ? (byte)Signs[random.Next(Signs.Length)] : (byte)random.Next(256);
            var reason = Parse(mutated, out var users);
            Assert.True(reason is null || users.Count == 0, $"seed {seed}");
            if (reason is not null) continue;

            // What was read is what is written and read again.
            var lines = users.Select(user => $"user {RuleText.Of(user.Key)} {user.Value.Tell(isExact: true)}\n");
            var again = Parse(RuleText.Bytes(string.Concat(lines)), out var others);
            Assert.True(again is null, $"seed {seed}: {Encoding.Latin1.GetString(mutated)}: {again}");
            Assert.All(users, user => Assert.Equal(user.Value.Tell(isExact: true), others[user.Key].Tell(isExact: true)));
        }
    }

    [Fact]
    public void A_file_of_a_hundred_thousand_rules_and_errors_is_read_in_passing()
    {
        var rules = string.Concat(Enumerable.Range(0, 100_000).Select(i => $" ~k{i} +select|{i} &c{i} >p{i} +get -get"));
        Assert.Null(Parse(Encoding.ASCII.GetBytes("user a on" + rules), out var users));
        Assert.Equal(100_000, users["a"u8.ToArray()].Passwords.Length);
        var errors = Parse(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 100_000).Select(i => $"user u{i} +foo\n"))), out users);
        Assert.Empty(users);
        Assert.InRange(errors!.Length, 1, 20_000);
    }

    private static string? Parse(ReadOnlySpan<byte> text, out Dictionary<byte[], UserRights> users) =>
        AclFile.TryParse(text, "f", Rules.Catalog, allowsChannels: false, out users);
}
