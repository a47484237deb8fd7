using Starling.Node.Tests.Replication;
using Starling.Resp;

namespace Starling.Node.Tests.Commands;

public sealed class CommandDocsTests
{
    /// <summary>Prose, and what this server does not tell.</summary>
    private static readonly string[] OwnFields = ["summary", "complexity", "history", "replaced_by", "subcommands"];

    /// <summary>As they are since 7.2; and MIGRATE, of whose keys behind KEYS nothing is said here.</summary>
    private static readonly string[] Newer =
    [
        "command|getkeys", "command|getkeysandflags", "randomkey", "migrate", "wait", "msetnx", "zrank", "zrevrank", "scan",
        "cluster|shards", "cluster|myid", "cluster|slots", "cluster|info", "cluster|nodes",
    ];

    [Fact]
    public void COMMAND_DOCS_tells_of_every_command_that_redis_server_has_too_what_that_tells_of_its_arguments()
    {
        using var redis = new RedisNode();
        using var starling = new StarlingNode();
        var expected = Docs(redis);
        var actual = Docs(starling);
        var both = expected.Keys.Intersect(actual.Keys, StringComparer.Ordinal).ToArray();
        Assert.True(both.Length > 250, $"only {both.Length} commands");
        AssertEqual(both, expected, actual);
    }

    [Fact]
    public void COMMAND_INFO_equals_that_of_redis_server_for_commands_that_both_have()
    {
        using var redis = new RedisNode();
        using var starling = new StarlingNode();
        var expected = Infos(redis);
        var actual = Infos(starling);
        var both = expected.Keys.Intersect(actual.Keys, StringComparer.Ordinal).Except(Newer, StringComparer.Ordinal).ToArray();
        Assert.True(both.Length > 250, $"only {both.Length} commands");
        AssertEqual(both, expected, actual);
    }

    private static void AssertEqual(string[] names, Dictionary<string, string> expected, Dictionary<string, string> actual)
    {
        var differences = names.Where(name => expected[name] != actual[name])
            .Select(name => $"{name}: {expected[name]}\n  here: {actual[name]}").ToArray();
        Assert.True(differences.Length == 0, string.Join('\n', differences));
    }

    private static Dictionary<string, string> Docs(TestNode node)
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        Add(node.Client.Command("COMMAND", "DOCS").Elements);
        return all;

        void Add(IReadOnlyList<RespReply> docs)
        {
            foreach (var doc in docs.Chunk(2))
            {
                var fields = doc[1].Elements.Chunk(2).ToArray();
                all[doc[0].Text!] = string.Join(", ", fields.Where(field => !OwnFields.Contains(field[0].Text, StringComparer.Ordinal))
                    .Select(field => field[0].Text + " " + field[1]));
                if (Array.Find(fields, field => field[0].Text == "subcommands") is { } subcommands) Add(subcommands[1].Elements);
            }
        }
    }

    private static Dictionary<string, string> Infos(TestNode node)
    {
        var all = new Dictionary<string, string>(StringComparer.Ordinal);
        Add(node.Client.Command("COMMAND").Elements);
        return all;

        void Add(IReadOnlyList<RespReply> infos)
        {
            foreach (var info in infos)
            {
                all[info[0].Text!] = string.Join(' ', info.Elements.Take(9).Select((field, i) => i is 2 or 6 or 7
                    ? "{" + string.Join(' ', field.Elements.Select(one => one.Text).Order(StringComparer.Ordinal)) + "}"
                    : field.ToString()));
                Add(info[9].Elements);
            }
        }
    }
}
