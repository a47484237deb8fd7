using Starling.Resp;
using Starling.Slots.Keyspace;

namespace Starling.Node.Serving;

/// <summary>
/// The row of a command that was read and, when it has exactly one key or two neighbouring ones at fixed positions, where
/// these belong.
/// </summary>
internal readonly struct ResolvedCommand
{
    /// <summary>Computes the keys of a command.</summary>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="row">Its row; null for none.</param>
    /// <param name="keyspace">The keyspace.</param>
    public ResolvedCommand(ArgumentList arguments, Command? row, Keyspace keyspace)
    {
        Command = row;
        if (row is not { } command) return;
        KeyPosition = command.SingleKeyIn(arguments.Count);
        HasTwoKeys = command.KeyPair > 0;
        if (HasTwoKeys)
        {
            KeyPosition = command.KeyPair;
            SecondPlace = keyspace.Key(arguments[KeyPosition + 1]).Place;
        }

        if (KeyPosition > 0) KeyPlace = keyspace.Key(arguments[KeyPosition]).Place;
    }

    /// <summary>The row; null when there is no such command or the number of arguments is wrong.</summary>
    public Command? Command { get; }

    /// <summary>
    /// Position of the one key, or of the first of two, among the arguments; 0 when there is none, or there are more.
    /// </summary>
    public int KeyPosition { get; }

    /// <summary>Slot and hash of the key at <see cref="KeyPosition"/>.</summary>
    public KeyPlace KeyPlace { get; }

    /// <summary>A second key follows the first.</summary>
    public bool HasTwoKeys { get; }

    /// <summary>Slot and hash of the second key.</summary>
    public KeyPlace SecondPlace { get; }
}
