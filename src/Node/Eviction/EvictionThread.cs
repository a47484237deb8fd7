using Starling.Node.Execution;
using Starling.Node.Serving;

namespace Starling.Node.Eviction;

/// <summary>What a thread that evicts needs for it, and keeps from one time to the next.</summary>
internal sealed class EvictionThread(CommandContext call)
{
    /// <summary>The context of its scopes.</summary>
    public CommandContext Call { get; } = call;

    /// <summary>The candidates.</summary>
    public EvictionPool Pool { get; } = new();

    /// <summary>The policy by which the candidates were chosen.</summary>
    public EvictionPolicy Policy { get; private set; }

    /// <summary>Where the database is that a random key is taken from next.</summary>
    public int NextDatabase { get; set; }

    /// <summary>Begins to evict at a time and by a policy.</summary>
    public void Begin(long now, EvictionPolicy policy)
    {
        Call.Now = now;
        if (policy != Policy) Pool.Clear();
        Policy = policy;
    }
}
