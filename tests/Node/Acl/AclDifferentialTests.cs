using System.Globalization;
using System.Text;
using Starling.Node.Tests.Commands;
using Starling.Tests.Support;
using Xunit.Abstractions;

namespace Starling.Node.Tests.Acl;

/// <summary>The same random rules and calls go to redis-server and to this server.</summary>
[Collection(AloneCollection.Name)]
public class AclDifferentialTests(ITestOutputHelper output)
{
    private const int UsualSeeds = 40;
    private const int Rounds = 6; // of changed rules, for each seed
    private const int Calls = 30;

    [Fact]
    public async Task Rules_are_accepted_told_and_obeyed_as_by_redis_server()
    {
        await using var starling = TestServer.Start(config => config.EnableDebugCommand = "yes");
        using var redis = ServerProcess.Start(ServerKind.Redis, "save ");
        using var expected = new Side(redis.Port);
        using var actual = new Side(starling.Port);
        var categories = expected.Admin.Call("ACL", "CAT").Items.Select(item => item.Text!).ToArray();
        var commands = Names(expected.Admin).Intersect(Names(actual.Admin)).Order(StringComparer.Ordinal).ToArray();
        Assert.True(commands.Length > 250, $"only {commands.Length} commands");
        var (first, count) = Seeds();
        var differences = new List<string>();
        for (var seed = first; seed < first + count && differences.Count < 5; seed++)
        {
            var generator = new AclRuleGenerator(seed, commands, categories);
            var history = new List<string>();
            var difference = Run(generator, expected, actual, history);
            if (difference is not null) differences.Add($"seed {seed}: {difference}\nafter\n  {string.Join("\n  ", history.TakeLast(12))}");
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"seeds {first} to {first + count - 1}"));
        Assert.True(differences.Count == 0, string.Join("\n\n", differences));
    }

    [Fact]
    public async Task Commands_that_both_servers_have_are_in_the_same_categories()
    {
        await using var starling = TestServer.Start();
        using var redis = ServerProcess.Start(ServerKind.Redis, "save ");
        using var expected = new RawConnection(redis.Port);
        using var actual = new RawConnection(starling.Port);
        var both = Names(expected).Intersect(Names(actual)).ToHashSet(StringComparer.Ordinal);
        both.Remove("wait"); // blocks since Redis 7.2
        foreach (var category in expected.Call("ACL", "CAT").Items.Select(item => item.Text!))
            Assert.Equal((category, Members(expected, category)), (category, Members(actual, category)));

        string Members(RawConnection server, string category) => string.Join(
            ' ', server.Call("ACL", "CAT", category).Items.Select(item => item.Text!).Where(both.Contains).Order(StringComparer.Ordinal));
    }

    private static (int First, int Count) Seeds()
    {
        if (Environment.GetEnvironmentVariable("STARLING_SEEDS")?.Split(' ') is not { } seeds) return (1, UsualSeeds);
        return (int.Parse(seeds[0], CultureInfo.InvariantCulture), int.Parse(seeds[1], CultureInfo.InvariantCulture));
    }

    private static IEnumerable<string> Names(RawConnection server) => server.Call("COMMAND", "LIST").Items.Select(item => item.Text!);

    private static string? Run(AclRuleGenerator generator, Side expected, Side actual, List<string> history)
    {
        foreach (var side in (Side[])[expected, actual]) side.Begin();
        for (var round = 0; round < Rounds; round++)
        {
            if (ChangeRules(generator, expected, actual, history) is { } difference) return difference;
            if (Ask(generator, expected, actual, history) is { } another) return another;
        }

        return Compare("ACL LOG", Side.Entries(expected.Admin.Call("ACL", "LOG", "20")), Side.Entries(actual.Admin.Call("ACL", "LOG", "20")), history);
    }

    /// <summary>Changes the user's rules; both tell them in the same words, but for the commands, of which both allow the same.</summary>
    private static string? ChangeRules(AclRuleGenerator generator, Side expected, Side actual, List<string> history)
    {
        string[] change = ["ACL", "SETUSER", "u", .. generator.Rules()];
        if (Compare(change, expected.Admin, actual.Admin, history) is { } refused) return refused;
        var (before, told) = (expected.Admin.Call("ACL", "GETUSER", "u"), actual.Admin.Call("ACL", "GETUSER", "u"));
        if (Compare("GETUSER", Side.WithoutCommands(before), Side.WithoutCommands(told), history) is { } difference) return difference;
        if (Compare("LIST", Side.Line(expected.Admin), Side.Line(actual.Admin), history) is { } another) return another;

        // What this server tells has the same meaning for redis-server.
        var again = expected.Admin.Call(["ACL", "SETUSER", "copy", "reset", .. Side.Rules(told)]);
        return again is { Type: '+', Text: "OK" } ? null : $"told {told}, which redis-server answers {again}";
    }

    private static string? Ask(AclRuleGenerator generator, Side expected, Side actual, List<string> history)
    {
        for (var i = 0; i < Calls; i++)
        {
            string[] call = generator.DryCall();
            if (Compare(["ACL", "DRYRUN", "u", .. call], expected.Admin, actual.Admin, history) is { } difference) return difference;
            if (Compare("DRYRUN of what was told: " + CommandText.Printable(call),
                    expected.Admin.Call(["ACL", "DRYRUN", "u", .. call]).ToString(),
                    expected.Admin.Call(["ACL", "DRYRUN", "copy", .. call]).ToString(), history) is { } copied) return copied;
        }

        for (var i = 0; i < Calls; i++)
        {
            List<string[]> calls = [generator.Call()];
            if (generator.Next(4) == 0) calls = [["MULTI"], .. calls, generator.Call(), ["EXEC"]];
            var (before, after) = (expected.User.CallAll(calls), actual.User.CallAll(calls));
            for (var j = 0; j < calls.Count; j++)
                if (Compare(CommandText.Printable(calls[j]), Side.Refusals(before[j]), Side.Refusals(after[j]), history) is { } difference) return difference;
        }

        return null;
    }

    private static string? Compare(string[] call, RawConnection expected, RawConnection actual, List<string> history) =>
        Compare(CommandText.Printable(call), expected.Call(call).ToString(), actual.Call(call).ToString(), history);

    private static string? Compare(string what, string expected, string actual, List<string> history)
    {
        history.Add(what);
        return expected == actual ? null : $"{what}\n  redis-server: {expected}\n  starling:     {actual}";
    }

    /// <summary>One of the servers: an administrator's connection and the user's.</summary>
    private sealed class Side(int port) : IDisposable
    {
        public RawConnection Admin { get; } = new(port);

        public RawConnection User { get; private set; } = new(port);

        public static string WithoutCommands(RawReply user) => (user with
        {
            Items = [.. user.Items.Select((item, i) => i == 5 ? item with { Text = "" } : i == 11 ? WithoutCommandsOfEach(item) : item)],
        }).ToString();

        /// <summary>The line of LIST, without what is said of commands.</summary>
        public static string Line(RawConnection admin)
        {
            var line = admin.Call("ACL", "LIST").Items.Select(item => item.Text!).Single(text => text.StartsWith("user u ", StringComparison.Ordinal));
            return string.Join(' ', line.Split(' ').Where(word => word[0] is not ('+' or '-')).Select(word => word.TrimEnd(')')));
        }

        /// <summary>The rules that GETUSER tells.</summary>
        public static string[] Rules(RawReply user)
        {
            var selectors = user.Items[11].Items.Select(item => "(" + string.Join(' ', Words(item, 0)) + ")");
            return [.. Words(user, 4), .. selectors];

            // A pattern that every key matches is told like the rule that allows all keys, behind which there can be no other.
            static IEnumerable<string> Words(RawReply fields, int at) =>
                ((int[])[at + 1, at + 3, at + 5])
                    .SelectMany(i => fields.Items[i].Text!.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                    .Select(word => word == "~*" ? "%RW~*" : word);
        }

        /// <summary>What of a reply is about rights.</summary>
        public static string Refusals(RawReply reply)
        {
            if (reply.Type == '*') return string.Join(' ', reply.Items.Select(Refusals));
            var isRefusal = reply.Type == '-'
                && (reply.Text!.StartsWith("NOPERM", StringComparison.Ordinal) || reply.Text.Contains("ACL", StringComparison.Ordinal)
                    || reply.Text.StartsWith("EXECABORT", StringComparison.Ordinal));
            return isRefusal ? reply.Text! : "allowed";
        }

        /// <summary>The entries of ACL LOG, without times and client.</summary>
        public static string Entries(RawReply log)
        {
            var text = new StringBuilder();
            foreach (var entry in log.Items) text.Append('\n').AppendJoin(' ', entry.Items.Take(10));
            return text.ToString();
        }

        /// <summary>The user has no rights but to be here.</summary>
        public void Begin()
        {
            Admin.CallAll([["FLUSHALL"], ["ACL", "DELUSER", "u", "copy"], ["ACL", "SETUSER", "u", "reset", "on", ">p"], ["ACL", "LOG", "RESET"]]);
            User.Dispose();
            User = new RawConnection(port);
            User.Call("AUTH", "u", "p");
        }

        public void Dispose()
        {
            Admin.Dispose();
            User.Dispose();
        }

        private static RawReply WithoutCommandsOfEach(RawReply selectors) => selectors with
        {
            Items = [.. selectors.Items.Select(selector => selector with
            {
                Items = [.. selector.Items.Select((item, i) => i == 1 ? item with { Text = "" } : item)],
            })],
        };
    }
}
