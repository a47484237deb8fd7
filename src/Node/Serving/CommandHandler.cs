namespace Starling.Node.Serving;

/// <summary>
/// Executes a command: reads arguments, reads and writes the keyspace under the locks already held, writes one reply.
/// </summary>
public delegate void CommandHandler(CommandContext call);
