using Starling.Node.Serving;

namespace Starling.Node.Commands;

/// <summary>The HELP subcommand that every container gets, in Redis's layout.</summary>
internal static class ContainerHelp
{
    /// <summary>The HELP row of a container.</summary>
    public static Command RowFor(CommandRow container) =>
        new("help", 2, CommandFlags.Loading | CommandFlags.Stale, KeySpec.None, Write)
        {
            Summary = "Returns helpful text about the different subcommands.",
            Group = container.Group,
            AclCategories = container.Group == "connection" || container.AclCategories.Contains("connection") ? ["connection"] : [],
            Since = container.Name switch
            {
                "client" or "cluster" or "command" => "5.0.0",
                "pubsub" => "6.2.0",
                _ => container.Since,
            },
            Locks = LockMode.None,
        };

    private static void Write(CommandContext call)
    {
        var container = call.Command.Container!;
        var lines = new List<string>();
        foreach (var subcommand in container.Subcommands.OrderBy(row => row.Name, StringComparer.Ordinal))
        {
            var name = subcommand.Name.ToUpperInvariant();
            lines.Add(subcommand.ArgumentsHelp.Length == 0 ? name : name + " " + subcommand.ArgumentsHelp);
            lines.Add("    " + subcommand.Summary);
        }

        HelpReply.Write(call.Reply, container.Name.ToUpperInvariant(), lines);
    }
}
