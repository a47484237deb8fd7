using Starling.Node.Acl;

namespace Starling.Node.Tests.Acl;

/// <summary>What rules make of the rights of a user.</summary>
public class UserRightsTests
{
    [Theory]
    [InlineData("+@all -@hash -@slow +hget", "+@all -@hash -@slow +hget")]
    [InlineData("+@all -@hash -@slow +hget -@hash", "+@all -@slow +hget -@hash")]
    [InlineData("+@all -@slow -@hash +@hash", "+@all -@slow +@hash")]
    [InlineData("+@string -@slow -@all", "-@all")]
    [InlineData("-@string -@slow +@all", "+@all")]
    [InlineData("-@all +@HASH +@hash +@HaSh", "-@all +@hash")]
    [InlineData("-@all +HGET +hget +hGeT", "-@all +hget")]
    [InlineData("-@all +@hash +@slow +@set +@set +@slow +@hash", "-@all +@set +@slow +@hash")]
    [InlineData("-@all +hget -hset +hset -hget", "-@all +hset -hget")]
    [InlineData("-@all +client|list +client|list +config|get +config +cluster|info -cluster", "-@all +client|list +config -cluster")]
    [InlineData("-@all +select|0 +select|0 +debug|segfault +debug", "-@all +select|0 +debug")]
    [InlineData("-@all -@dangerous", "-@all -@dangerous")]
    [InlineData("-@all +config +config|get -config|set +config", "-@all +config")]
    [InlineData("+@all +client|id", "+@all +client|id")]
    [InlineData("+select|0 +select|Abc", "-@all +select|0 +select|Abc")]
    [InlineData("+select|0 -@connection", "-@all -@connection")]
    [InlineData("+select|0 -@read", "-@all +select|0 -@read")]
    [InlineData("allcommands -get nocommands", "-@all")]
    public void Of_rules_about_the_same_command_only_the_last_is_told(string rules, string told) =>
        Assert.Equal(told, Rules.Commands(Rules.Apply(rules)));

    [Theory]
    [InlineData("+@all", "get k", "key k")]
    [InlineData("+@all ~k", "get k", "allowed")]
    [InlineData("+get allkeys", "set a b", "command")]
    [InlineData("+config -config|set", "config get x", "allowed")]
    [InlineData("+config -config|set", "config set x y", "command")]
    [InlineData("+config|get", "config get x", "allowed")]
    [InlineData("+config|get", "config rewrite", "command")]
    [InlineData("+config|get -config +config|rewrite", "config get x", "command")]
    [InlineData("+@all -@string +incr ~*", "incr a", "allowed")]
    [InlineData("+@all -@string +incr ~*", "get a", "command")]
    [InlineData("+select|0", "select 0", "allowed")]
    [InlineData("+select|0", "select 1", "command")]
    [InlineData("+select|0", "select 00", "command")]
    [InlineData("+select|Abc", "select aBC", "allowed")]
    [InlineData("+select|0 +select -select", "select 0", "command")]
    [InlineData("+debug|object", "debug object k", "allowed")]
    [InlineData("+debug|object", "debug sleep 0", "command")]
    [InlineData("", "auth a", "allowed")]
    [InlineData("", "hello", "allowed")]
    [InlineData("", "quit", "allowed")]
    [InlineData("", "reset", "allowed")]
    [InlineData("", "ping", "command")]
    [InlineData("+@all %R~r* %W~w*", "copy r w", "allowed")]
    [InlineData("+@all %R~r* %W~w*", "copy w r", "key w")]
    [InlineData("+@all %R~r* %W~w*", "set w 1", "allowed")]
    [InlineData("+@all %R~r* %W~w*", "set w 1 get", "key w")]
    [InlineData("+@all %R~r* %W~w*", "touch w", "allowed")]
    [InlineData("+@all %R~r* %W~w*", "sort r store w", "allowed")]
    [InlineData("+@all %R~r* %W~w*", "sort w store w", "key w")]
    [InlineData("+@all %R~r* %W~w*", "sort r store r", "key r")]
    [InlineData("+@all %R~a %W~a", "set a 1 get", "allowed")]
    [InlineData("+@all %R~a* (%W~a* +@all)", "copy a1 a2", "key a2")]
    [InlineData("+mget ~key (+mget ~key ~otherkey)", "mget key otherkey some", "key some")]
    [InlineData("+mget ~key (+mget ~otherkey)", "mget otherkey some", "key some")]
    [InlineData("+mget ~key (+mget ~otherkey)", "get some", "command")]
    [InlineData("(+@write ~w*) (+@read ~r*)", "get w", "key w")]
    [InlineData("+@all &c*", "publish d m", "channel d")]
    [InlineData("+@all &c*", "publish c1 d", "allowed")]
    [InlineData("+@all &c*", "subscribe c1 d", "channel d")]
    [InlineData("+@all &c*", "psubscribe c*", "allowed")]
    [InlineData("+@all &c*", "psubscribe c1", "channel c1")]
    [InlineData("+@all &c*", "unsubscribe d", "allowed")]
    [InlineData("+@all &c*", "ssubscribe c1", "allowed")]
    [InlineData("+@all &c*", "spublish d m", "channel d")]
    [InlineData("+@all &c*", "sunsubscribe d", "allowed")]
    [InlineData("+@all allchannels", "psubscribe d*", "allowed")]
    [InlineData("+@all (+publish &d)", "publish d m", "allowed")]
    public void A_call_is_allowed_when_one_selector_allows_all_of_it(string rules, string call, string outcome) =>
        Assert.Equal(outcome, Rules.Judge(Rules.Apply(rules), call));

    [Theory]
    [InlineData("+foo", AclRuleErrors.Unknown)]
    [InlineData("+@foo", AclRuleErrors.Unknown)]
    [InlineData("+", AclRuleErrors.Unknown)]
    [InlineData("-@", AclRuleErrors.Unknown)]
    [InlineData("+all", AclRuleErrors.Unknown)]
    [InlineData("+@all|x", AclRuleErrors.Unknown)]
    [InlineData("+|", AclRuleErrors.Unknown)]
    [InlineData("+config|foo", AclRuleErrors.Unknown)]
    [InlineData("-config|foo", AclRuleErrors.Unknown)]
    [InlineData("-select|0", AclRuleErrors.Unknown)]
    [InlineData("-config|", AclRuleErrors.Unknown)]
    [InlineData("+select|0|1", AclRuleErrors.Unknown)]
    [InlineData("+config|get|x", AclRuleErrors.FirstArgumentOfSubcommand)]
    [InlineData("+config|", AclRuleErrors.Syntax)]
    [InlineData("+get|", AclRuleErrors.Syntax)]
    [InlineData("foo", AclRuleErrors.Syntax)]
    [InlineData(")", AclRuleErrors.Syntax)]
    [InlineData("%", AclRuleErrors.Syntax)]
    [InlineData("%~", AclRuleErrors.Syntax)]
    [InlineData("%~a", AclRuleErrors.Syntax)]
    [InlineData("%X~a", AclRuleErrors.Syntax)]
    [InlineData("%RR~a", AclRuleErrors.Syntax)]
    [InlineData("~a\tb", AclRuleErrors.Syntax)]
    [InlineData("&a\tb", AclRuleErrors.Syntax)]
    [InlineData("+select|\t", AclRuleErrors.Syntax)]
    [InlineData("<no", AclRuleErrors.NoSuchPassword)]
    [InlineData("#12", AclRuleErrors.NotAHash)]
    [InlineData("!12", AclRuleErrors.NotAHash)]
    [InlineData("#3E23E8160039594A33894F6564E1B1348BBD7A0088D42C4ACB73EEAED59C009D", AclRuleErrors.NotAHash)]
    [InlineData("!3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d", AclRuleErrors.NoSuchPassword)]
    [InlineData("~* ~a", AclRuleErrors.PatternAfterAllKeys)]
    [InlineData("allkeys %R~*", AclRuleErrors.PatternAfterAllKeys)]
    [InlineData("&* &a", AclRuleErrors.PatternAfterAllChannels)]
    [InlineData("(on)", AclRuleErrors.Syntax)]
    [InlineData("(>a)", AclRuleErrors.Syntax)]
    [InlineData("(reset)", AclRuleErrors.Syntax)]
    [InlineData("((+get))", AclRuleErrors.Syntax)]
    [InlineData("(+foo)", AclRuleErrors.Unknown)]
    [InlineData("(~\"a)", AclRuleErrors.Syntax)]
    [InlineData("(+ping (+select )", AclRuleErrors.Syntax)]
    [InlineData("(+get", "unmatched (+get")]
    [InlineData("foo (+get", "unmatched (+get")]
    [InlineData("(", "unmatched (")]
    [InlineData("(+get)x", "unmatched (+get)x")]
    public void What_is_no_rule_is_refused_in_the_words_of_redis(string rules, string reason) =>
        Assert.Equal(reason, Rules.TryApply(rules).Reason);

    [Theory]
    [InlineData("on >a", "on sanitize-payload #ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb resetchannels -@all")]
    [InlineData("nopass >a <a", "off sanitize-payload resetchannels -@all")]
    [InlineData(">a nopass", "off nopass sanitize-payload resetchannels -@all")]
    [InlineData(">a >a resetpass", "off sanitize-payload resetchannels -@all")]
    [InlineData("~a* %R~b %W~c %RW~d %WR~e %rw~f %R", "off sanitize-payload ~a* %R~b %W~c ~d ~e ~f %R~ resetchannels -@all")]
    [InlineData("%R~foo %W~foo ~bar ~bar &a &a", "off sanitize-payload ~foo ~bar resetchannels &a -@all")]
    [InlineData("ON AllKeys ALLCHANNELS +@ALL", "on sanitize-payload ~* &* +@all")]
    [InlineData("~a resetkeys ~b &a resetchannels &b", "off sanitize-payload ~b resetchannels &b -@all")]
    [InlineData("skip-sanitize-payload () ( +get  ~a )", "off skip-sanitize-payload resetchannels -@all (resetchannels -@all) (~a resetchannels -@all +get)")]
    [InlineData("(+get) clearselectors (&*)", "off sanitize-payload resetchannels -@all (&* -@all)")]
    [InlineData("on nopass ~* &* +@all (+get) reset", "off sanitize-payload resetchannels -@all")]
    [InlineData("", "off sanitize-payload resetchannels -@all")]
    public void Rights_are_told_as_redis_tells_them(string rules, string told) => Assert.Equal(told, Rules.Apply(rules).Tell(isExact: false));

    [Fact]
    public void Every_channel_is_allowed_where_the_configuration_says_so()
    {
        Assert.Equal("off sanitize-payload &* -@all (&* -@all)", Rules.Apply("()", allowsChannels: true).Tell(isExact: false));
        Assert.Equal("off sanitize-payload &* -@all", Rules.Apply("resetchannels reset", allowsChannels: true).Tell(isExact: false));
    }

    [Fact]
    public void Each_category_is_told_as_itself()
    {
        foreach (var category in Starling.Serving.AclCategories.AllNames)
        {
            Assert.Equal($"+@all -@{category}", Rules.Commands(Rules.Apply($"+@all -@{category}")));
            Assert.Equal($"-@all +@{category}", Rules.Commands(Rules.Apply($"-@all +@{category}")));
        }
    }

    [Fact]
    public void Who_is_allowed_everything_is_not_judged()
    {
        Assert.True(Rules.Apply("~* &* +@all").IsUnrestricted);
        Assert.True(Rules.Apply("(~* &* +@all)").IsUnrestricted);
        Assert.True(Rules.Apply("~* &* +@all -get +get").IsUnrestricted);
        Assert.False(Rules.Apply("~* &* +@all -get").IsUnrestricted);
        Assert.False(Rules.Apply("~* +@all").IsUnrestricted);
        Assert.False(Rules.Apply("%RW~* &* +@all").IsUnrestricted);
        Assert.False(UserRights.Nothing.IsUnrestricted);
    }

    [Fact]
    public void Rights_told_and_read_again_are_the_same()
    {
        const string Whole = "on >a >b ~k &c %W~\"q\\ +@all -@hash +select|0 -config|set (\"~x\\\"\\\\'\u00ff\" +get &y) ( )";
        var rights = Rules.Apply(Whole);
        var again = Rules.Apply(rights.Tell(isExact: true));
        Assert.Equal(rights.Tell(isExact: true), again.Tell(isExact: true));
        Assert.Equal("allowed", Rules.Judge(again, "get x\"'\u00ff"));
        Assert.Equal("key x", Rules.Judge(again, "get x"));

        // A parenthesis in a rule does not end the selector.
        var closed = Rules.Apply("(\"~a)\" \"+select|b)\" )");
        Assert.Equal("allowed", Rules.Judge(closed, "select b)"));
        Assert.Equal(closed.Tell(isExact: true), Rules.Apply(closed.Tell(isExact: true)).Tell(isExact: true));

        // A pattern of every key is not the end of patterns, though it is told as if it were.
        var patterns = Rules.Apply("%RW~* ~a (%R~* %W~* ~b)");
        Assert.Equal("off sanitize-payload ~* ~a resetchannels -@all (~* ~b resetchannels -@all)", patterns.Tell(isExact: false));
        Assert.Equal(patterns.Tell(isExact: true), Rules.Apply(patterns.Tell(isExact: true)).Tell(isExact: true));
    }

    [Fact]
    public void Rights_do_not_change_when_others_are_made_of_them()
    {
        var rights = Rules.Apply("on >a ~k &c +get +select|0 (+set ~s)");
        var told = rights.Tell(isExact: false);
        Assert.NotEqual(told, Rules.Apply("off resetpass resetkeys resetchannels -@all clearselectors +set", rights).Tell(isExact: false));
        Assert.Equal(told, rights.Tell(isExact: false));
        Assert.Equal("allowed", Rules.Judge(rights, "select 0"));
    }

    [Fact]
    public void A_password_is_right_only_when_all_of_it_is()
    {
        var rights = Rules.Apply(">secret >other");
        Assert.True(PasswordHash.IsAmong("secret"u8, rights.Passwords));
        Assert.True(PasswordHash.IsAmong("other"u8, rights.Passwords));
        Assert.False(PasswordHash.IsAmong("secre"u8, rights.Passwords));
        Assert.False(PasswordHash.IsAmong(""u8, rights.Passwords));
        Assert.False(PasswordHash.IsAmong(""u8, []));
    }

    [Fact]
    public void Any_bytes_as_rules_are_applied_or_refused()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        string[] pieces =
        [
            "+", "-", "@", "|", "~", "%", "R", "W", "&", "*", "(", ")", " ", "\t", "\0", "\"", "'", "\\", "\\x4", ">", "<", "#", "!", "get", "all",
            "select", "config", "set", "read", "on", "off", "reset", "nopass", "allkeys", "clearselectors", "\u00ff", new string('a', 300),
        ];
        for (var i = 0; i < 20_000; i++)
        {
            var rules = string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => pieces[random.Next(pieces.Length)]));
            var (rights, reason) = Rules.TryApply(rules);
            if (reason is not null) continue;
            var told = rights.Tell(isExact: true);
            var (again, refusal) = Rules.TryApply(told);
            Assert.True(refusal is null, $"seed {seed}: {rules} is told as {told}, which is refused: {refusal}");
            Assert.True(told == again.Tell(isExact: true), $"seed {seed}: {rules} is told as {told}, then as {again.Tell(isExact: true)}");
        }
    }
}
