namespace Starling.Node.Serving;

/// <summary>All commands by name. Filled at construction from the families' rows, never changed afterwards.</summary>
public sealed class CommandTable
{
}
