namespace Starling.Node.Serving;

/// <summary>One subcommand of DEBUG.</summary>
/// <param name="Name">The name in lower case.</param>
/// <param name="Least">Fewest arguments, DEBUG and the name included.</param>
/// <param name="Most">Most arguments.</param>
/// <param name="Help">The syntax, then indented lines that say what it does.</param>
/// <param name="Handler">Executes it under no stripe: it takes what it needs.</param>
public sealed record DebugSubcommand(string Name, int Least, int Most, string[] Help, CommandHandler Handler);
