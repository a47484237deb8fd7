using Starling.ClusterBus.View;

namespace Starling.ClusterBus.Wire;

/// <summary>The extensions of a PING, PONG or MEET. Extensions that are not known are left out.</summary>
public sealed record PingExtensions
{
    /// <summary>No extensions.</summary>
    public static PingExtensions None { get; } = new();

    /// <summary>The sender's announced hostname, or empty.</summary>
    public string Hostname { get; init; } = "";

    /// <summary>The sender's human node name, or empty.</summary>
    public string HumanName { get; init; } = "";

    /// <summary>The sender's shard, or none.</summary>
    public NodeId ShardId { get; init; }

    /// <summary>Nodes the sender forgot.</summary>
    public IReadOnlyList<ForgottenNode> Forgotten { get; init; } = [];
}
