using Starling.Node.Commands;
using Starling.Tests.Support;

namespace Starling.Node.Tests.Commands;

/// <summary>Every row of the command table beside redis-server's, and beside our own tests.</summary>
public sealed class CommandTableTests
{
    /// <summary>
    /// Where a row says something else than redis-server 7.0, with the reason. "name field" as in COMMAND INFO: 1 arity,
    /// 2 flags, 3 to 5 keys, 6 categories, 7 tips, 8 key specifications.
    /// </summary>
    private static readonly HashSet<string> Differs = new(StringComparer.Ordinal)
    {
        "msetnx 7", "scan 7", "randomkey 7", // Redis 7.2 changed the tips
        "command|getkeys 1", "command|getkeysandflags 1", // Redis 7.2 takes a command without arguments
        "cluster|info 2", "cluster|nodes 2", "cluster|slots 2", "cluster|shards 2", "cluster|myid 2", // answered while loading
        "wait 2", "wait 6", // Redis 7.2 calls it blocking, and lets scripts call it
        "zrank 1", "zrevrank 1", // Redis 7.2 added WITHSCORE
        "migrate 8", // the keys behind KEYS are found by COMMAND GETKEYS, not described
    };

    [Fact]
    public async Task Every_row_that_redis_server_has_equals_its()
    {
        await using var starling = TestServer.Start();
        using var redis = ServerProcess.Start(ServerKind.Redis, "save ");
        using var expected = new RawConnection(redis.Port);
        using var actual = new RawConnection(starling.Port);
        var differences = new List<string>();
        foreach (var row in starling.Node.Commands.All)
        {
            var name = row.FullName;
            var wanted = expected.Call("COMMAND", "INFO", name).Items[0];
            var got = actual.Call("COMMAND", "INFO", name).Items[0];
            if (wanted.Items is not { Count: 10 })
            {
                if (IsNewer(row.Since)) continue;
                differences.Add($"{name}: redis-server 7.0 does not have it, though it is said to be since {row.Since}");
                continue;
            }

            for (var i = 1; i < 9; i++)
            {
                var isSet = i is 2 or 6 or 7;
                var (left, right) = (Text(wanted.Items[i], isSet), Text(got.Items[i], isSet));
                if (left != right && !Differs.Contains($"{name} {i}")) differences.Add($"{name} {i}: {left} became {right}");
            }
        }

        Assert.True(differences.Count == 0, string.Join("\n", differences));
    }

    [Fact]
    public void A_word_that_is_no_flag_of_a_key_and_no_category_is_refused_when_the_row_is_made()
    {
        Assert.Throws<ArgumentException>(() => (KeyUses)"RW acces");
        Assert.Throws<ArgumentException>(() => AclCategories.Of("string", "@list"));
        KeyUses uses = "RW access delete; OW insert";
        Assert.Equal(KeyFlag.ReadWrite | KeyFlag.Access | KeyFlag.Delete, uses[0]);
        Assert.Equal(KeyFlag.Overwrite | KeyFlag.Insert, uses[5]); // the last set is that of all keys behind
        Assert.Equal("set dangerous", string.Join(' ', AclCategories.Of("dangerous") | AclCategories.Of("set")));
    }

    [Fact]
    public void Every_row_has_a_summary_and_a_test_that_names_it()
    {
        var table = ServerCommands.Table();
        var words = TestWords();
        var missing = new List<string>();
        foreach (var row in table.All)
        {
            if (row.Summary.Length == 0) missing.Add(row.FullName + ": no summary");
            if (row.Name == "help") continue; // made by the table, tested as such
            if (!words.Contains(row.Name)) missing.Add(row.FullName + ": no test names it");
        }

        Assert.True(missing.Count == 0, string.Join("\n", missing));
    }

    private static bool IsNewer(string since) =>
        Version.TryParse(since, out var version) && version >= new Version(7, 1);

    private static string Text(RawReply reply, bool isSet) => (isSet ? reply.Sorted() : reply).ToString();

    /// <summary>The words in the string literals of the tests.</summary>
    private static HashSet<string> TestWords([System.Runtime.CompilerServices.CallerFilePath] string here = "")
    {
        var words = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var tests = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));
        foreach (var file in Directory.EnumerateFiles(tests, "*.cs", SearchOption.AllDirectories))
        {
            // Where commands are listed without being tried.
            if (Path.GetFileName(file) is "CommandTableTests.cs" or "CommandRowTests.cs") continue;
            foreach (System.Text.RegularExpressions.Match literal in System.Text.RegularExpressions.Regex.Matches(
                File.ReadAllText(file), "\"(?:[^\"\\\\\n]|\\\\.)*\"", System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromMinutes(1)))
            {
                foreach (var word in literal.Value.Split(['"', ' ', '\\', ',', '|', '[', ']', '\n', '\r'])) words.Add(word);
            }
        }

        return words;
    }
}
