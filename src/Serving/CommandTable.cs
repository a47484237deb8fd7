using System.Text;
using Starling.Resp;
using Starling.Slots;

namespace Starling.Serving;

/// <summary>All commands of a server by name. Filled at construction, never changed afterwards.</summary>
public sealed class CommandTable
{
    private readonly List<CommandRow> _commands = [];
    private readonly List<CommandRow> _all = [];
    private readonly CommandIndex _index;
    private readonly Func<CommandRow, CommandRow> _helpFor;

    /// <summary>Makes a table of some rows.</summary>
    /// <param name="rows">The commands, containers with their subcommands. They belong to this table from now on.</param>
    /// <param name="helpFor">Makes the HELP of a container that has none of its own.</param>
    public CommandTable(IReadOnlyList<CommandRow> rows, Func<CommandRow, CommandRow> helpFor)
    {
        _helpFor = helpFor;
        foreach (var row in rows) Add(row);
        _index = new CommandIndex(_commands);
    }

    /// <summary>The commands, containers included, subcommands not.</summary>
    public IReadOnlyList<CommandRow> Commands => _commands;

    /// <summary>Commands, containers and subcommands; a row's place here is its ordinal.</summary>
    public IReadOnlyList<CommandRow> All => _all;

    /// <summary>Finds a command, without its subcommand, by its name in any case; null when there is none.</summary>
    public CommandRow? Find(ReadOnlySpan<byte> name) => _index.Find(name);

    /// <summary>Finds a command by name, "container|subcommand" for a subcommand; null when there is none.</summary>
    public CommandRow? FindFullName(ReadOnlySpan<byte> name)
    {
        var bar = name.IndexOf((byte)'|');
        if (bar < 0) return Find(name);
        return Find(name[..bar])?.SubcommandIndex?.Find(name[(bar + 1)..]);
    }

    /// <summary>
    /// Finds the row that a call is for: of its subcommand, if the command has subcommands and one is named. Null when
    /// there is none or the number of arguments is wrong; <see cref="Explain"/> then says what.
    /// </summary>
    public CommandRow? Find(ArgumentList arguments) =>
        FindNamed(arguments) is { } command && HasRightCount(command, arguments) ? command : null;

    /// <summary>
    /// As <see cref="Find(ArgumentList)"/>, for one of several calls that come one after another, mostly of the same command.
    /// </summary>
    /// <param name="arguments">The call.</param>
    /// <param name="before">The call before it; null for none.</param>
    /// <param name="found">What was found for that one.</param>
    public CommandRow? Find(ArgumentList arguments, ArgumentList? before, CommandRow? found)
    {
        var isSame = before is not null && found is { Container: null, SubcommandIndex: null }
            && arguments.Count == before.Count && arguments[0].SequenceEqual(before[0]);
        return isSame ? found : Find(arguments);
    }

    /// <summary>As <see cref="Find(ArgumentList)"/>, whatever the number of arguments is.</summary>
    public CommandRow? FindNamed(ArgumentList arguments)
    {
        var command = _index.Find(arguments[0]);
        return command?.SubcommandIndex is { } index && arguments.Count > 1 ? index.Find(arguments[1]) : command;
    }

    /// <summary>The error reply to a call for which <see cref="Find(ArgumentList)"/> found nothing.</summary>
    public string Explain(ArgumentList arguments)
    {
        var command = _index.Find(arguments[0]);
        if (command is null) return UnknownCommand(arguments);
        if (command.SubcommandIndex is { } index && arguments.Count > 1)
        {
            var subcommand = index.Find(arguments[1]);
            if (subcommand is null)
                return $"ERR unknown subcommand '{Latin1(arguments[1], 128)}'. Try {command.Name.ToUpperInvariant()} HELP.";
            command = subcommand;
        }

        return $"ERR wrong number of arguments for '{command.FullName}' command";
    }

    private static bool HasRightCount(CommandRow command, ArgumentList arguments)
    {
        var arity = command.Arity;
        return arity > 0 ? arguments.Count == arity : arguments.Count >= -arity;
    }

    private static string UnknownCommand(ArgumentList arguments)
    {
        var text = new StringBuilder();
        for (var i = 1; i < arguments.Count && text.Length < 128; i++)
        {
            var room = 128 - text.Length;
            text.Append('\'').Append(Latin1(arguments[i], room)).Append("' ");
        }

        return $"ERR unknown command '{Latin1(arguments[0], 128)}', with args beginning with: {text}";
    }

    /// <summary>Bytes as characters of the same numbers, cut off at a zero byte, as Redis prints them.</summary>
    private static string Latin1(ReadOnlySpan<byte> bytes, int most)
    {
        var zero = bytes.IndexOf((byte)0);
        if (zero >= 0) bytes = bytes[..zero];
        return Encoding.Latin1.GetString(bytes[..Math.Min(most, bytes.Length)]);
    }

    private void Add(CommandRow command)
    {
        Invariant.That(_commands.TrueForAll(other => other.Name != command.Name));
        _commands.Add(command);
        Number(command);
        if (command.Subcommands.Count == 0) return;
        var subcommands = command.Subcommands;
        if (!subcommands.Any(row => row.Name == "help")) subcommands = [.. subcommands, _helpFor(command)];
        foreach (var subcommand in subcommands)
        {
            subcommand.Container = command;
            Number(subcommand);
        }

        command.AllSubcommands = subcommands;
        command.SubcommandIndex = new CommandIndex(subcommands);
    }

    private void Number(CommandRow command)
    {
        command.Ordinal = _all.Count;
        command.Complete();
        _all.Add(command);
    }
}
