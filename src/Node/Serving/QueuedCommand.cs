using Starling.Resp;

namespace Starling.Node.Serving;

/// <summary>A command that waits for EXEC.</summary>
/// <param name="Command">The row.</param>
/// <param name="Arguments">The arguments, in a buffer of their own.</param>
internal sealed record QueuedCommand(Command Command, ArgumentList Arguments);
