namespace Starling.Node.Serving;

/// <summary>One row of the node's command table, beside the handler that it names.</summary>
public sealed class Command : CommandRow
{
    /// <summary>Makes a row.</summary>
    /// <param name="name">The name in lower case; a subcommand's without its container's.</param>
    /// <param name="arity">Number of arguments with the name; negative means at least that many. A subcommand counts
    /// its container's name too.</param>
    /// <param name="flags">Flags.</param>
    /// <param name="keys">Where the keys are.</param>
    /// <param name="handler">The handler; null for a container that is never executed without a subcommand.</param>
    public Command(string name, int arity, CommandFlags flags, KeySpec keys, CommandHandler? handler)
        : base(name, arity, flags, keys) => Handler = handler;

    /// <summary>The handler, or null for a container.</summary>
    public CommandHandler? Handler { get; }
}
