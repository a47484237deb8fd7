using System.Collections.Concurrent;

namespace Starling.Node.Acl;

/// <summary>What rules can name: the commands of a table, by name and by category. Any thread.</summary>
internal sealed class CommandCatalog
{
    private readonly ConcurrentDictionary<AclCategories, CommandSet> _categories = new();

    /// <summary>Makes the catalog of a table.</summary>
    public CommandCatalog(CommandTable table)
    {
        Table = table;
        All = CommandSet.Of(table.All.Count, table.All);
        None = CommandSet.Empty(table.All.Count);
    }

    /// <summary>The commands.</summary>
    public CommandTable Table { get; }

    /// <summary>Every command and subcommand.</summary>
    public CommandSet All { get; }

    /// <summary>No command.</summary>
    public CommandSet None { get; }

    /// <summary>The commands and subcommands of a category.</summary>
    public CommandSet Of(AclCategories category) =>
        _categories.GetOrAdd(
            category,
            static (wanted, table) => CommandSet.Of(table.All.Count, table.All.Where(row => row.AllCategories.Intersects(wanted))),
            Table);

    /// <summary>A command with all its subcommands.</summary>
    public CommandSet Of(CommandRow command) => CommandSet.Of(Table.All.Count, command.AllSubcommands.Append(command));
}
