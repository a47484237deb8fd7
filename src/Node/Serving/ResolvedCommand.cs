using Starling.Resp;
using Starling.Slots.Keyspace;

namespace Starling.Node.Serving;

/// <summary>The row of a command that was read and, when it has exactly one key at a fixed place, that key's place.</summary>
internal readonly struct ResolvedCommand
{
    /// <summary>Looks up a command and computes its key.</summary>
    public ResolvedCommand(ArgumentList arguments, CommandTable table, Keyspace keyspace)
    {
        Command = (Command?)table.Find(arguments);
        if (Command is not { } command || command.SingleKeyIn(arguments.Count) is not (> 0 and var position)) return;
        KeyPosition = position;
        KeyPlace = keyspace.Key(arguments[position]).Place;
    }

    /// <summary>The row; null when there is no such command or the number of arguments is wrong.</summary>
    public Command? Command { get; }

    /// <summary>Place of the one key among the arguments; 0 when there is none or several.</summary>
    public int KeyPosition { get; }

    /// <summary>Slot and hash of the one key.</summary>
    public KeyPlace KeyPlace { get; }
}
