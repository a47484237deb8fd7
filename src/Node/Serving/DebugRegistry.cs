using System.Text;

namespace Starling.Node.Serving;

/// <summary>
/// The subcommands of DEBUG that parts other than the commands bring (replication, the cluster). Filled while the
/// server is made, read afterwards.
/// </summary>
public sealed class DebugRegistry
{
    private readonly List<DebugSubcommand> _subcommands = [];

    /// <summary>The subcommands in the order they came.</summary>
    public IReadOnlyList<DebugSubcommand> All => _subcommands;

    /// <summary>Adds a subcommand; before the server starts.</summary>
    public void Add(DebugSubcommand subcommand) => _subcommands.Add(subcommand);

    /// <summary>Finds a subcommand by its name in either case, or null.</summary>
    internal static DebugSubcommand? Find(IReadOnlyList<DebugSubcommand> subcommands, ReadOnlySpan<byte> name)
    {
        foreach (var subcommand in subcommands)
            if (Ascii.EqualsIgnoreCase(name, subcommand.Name)) return subcommand;

        return null;
    }
}
