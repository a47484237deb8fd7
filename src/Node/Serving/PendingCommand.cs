using Starling.Resp;
using Starling.Slots.Keyspace;

namespace Starling.Node.Serving;

/// <summary>
/// A command that was read and not yet executed: its row and, when it has exactly one key at a fixed place, what was
/// computed of that key.
/// </summary>
internal sealed class PendingCommand
{
    /// <summary>The arguments.</summary>
    public ArgumentList Arguments { get; set; } = new();

    /// <summary>The row; null when there is no such command or the number of arguments is wrong.</summary>
    public Command? Command { get; private set; }

    /// <summary>Place of the one key among the arguments; 0 when there is none or several.</summary>
    public int KeyPosition { get; private set; }

    /// <summary>Slot and hash of the one key.</summary>
    public KeyPlace KeyPlace { get; private set; }

    /// <summary>Where it starts in the input.</summary>
    public int Start { get; set; }

    /// <summary>Where it ends in the input.</summary>
    public int End { get; set; }

    /// <summary>Looks up the command and computes its key.</summary>
    public void Resolve(CommandTable table, Keyspace keyspace)
    {
        KeyPosition = 0;
        Command = (Command?)table.Find(Arguments);
        if (Command is not { } command || command.SingleKeyIn(Arguments.Count) is not (> 0 and var position)) return;
        KeyPosition = position;
        KeyPlace = keyspace.Key(Arguments[KeyPosition]).Place;
    }
}
