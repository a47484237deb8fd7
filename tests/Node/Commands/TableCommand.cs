namespace Starling.Node.Tests.Commands;

/// <summary>A command of redis-server's own table.</summary>
/// <param name="Words">Its name, or container and subcommand.</param>
/// <param name="Group">What it works on: "string", "list" and so on.</param>
/// <param name="Arguments">Its arguments in order.</param>
internal sealed record TableCommand(IReadOnlyList<string> Words, string Group, IReadOnlyList<TableArgument> Arguments)
{
    private static readonly string[] Groups =
        ["string", "list", "hash", "set", "sorted-set", "stream", "bitmap", "hyperloglog", "geo", "generic"];

    // What chance or the moment decides, what tells of the server's inside, and what other generators make with more care.
    private static readonly string[] LeftOut =
    [
        "randomkey", "wait", "migrate", "dump", "object", "restore", "sort", "sort_ro", "pfdebug", "pfselftest", "xinfo", "keys", "scan", "sscan",
        "hscan", "zscan", "xautoclaim", "xsetid", "spop", "move",
    ];

    /// <summary>The commands on data of the redis-server at the other end, by COMMAND DOCS.</summary>
    public static IReadOnlyList<TableCommand> Read(RawConnection redis)
    {
        var docs = redis.Call("COMMAND", "DOCS");
        var commands = new List<TableCommand>();
        for (var i = 0; i + 1 < docs.Items.Count; i += 2)
        {
            var (name, entry) = (docs.Items[i].Text!, docs.Items[i + 1]);
            var group = TableArgument.Field(entry, "group")!.Text!;
            if (!Groups.Contains(group, StringComparer.Ordinal) || LeftOut.Contains(name, StringComparer.Ordinal)) continue;
            if (TableArgument.Field(entry, "subcommands") is not { } parts)
            {
                commands.Add(new TableCommand([name], group, TableArgument.Read(TableArgument.Field(entry, "arguments"))));
                continue;
            }

            for (var part = 0; part + 1 < parts.Items.Count; part += 2)
            {
                var words = parts.Items[part].Text!.Split('|');
                if (words[^1] is "help" or "createconsumer" or "delconsumer") continue; // consumers come to be later since 7.2
                commands.Add(new TableCommand(words, group, TableArgument.Read(TableArgument.Field(parts.Items[part + 1], "arguments"))));
            }
        }

        return commands;
    }
}
