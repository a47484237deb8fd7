namespace Starling.Node.Cluster;

/// <summary>
/// What the redirect of a command depends on, apart from the routing table and the presence of its keys.
/// </summary>
public readonly record struct SlotRequest
{
    /// <summary>The slot of every key, 0..16383.</summary>
    public required int Slot { get; init; }

    /// <summary>Milliseconds of Unix time: what has expired by then is missing.</summary>
    public long Now { get; init; }

    /// <summary>The command, or one of the transaction's, writes.</summary>
    public bool IsWrite { get; init; }

    /// <summary>It works on the keys that are here while the slot moves (<see cref="CommandRow.StaysWithMovingSlot"/>).</summary>
    public bool StaysWithMovingSlot { get; init; }

    /// <summary>The client sent ASKING before it, or the command implies that.</summary>
    public bool IsAsking { get; init; }

    /// <summary>
    /// The client has been let in before and waits for its keys since: it stays as long as this node has the slot or takes it
    /// over.
    /// </summary>
    public bool IsWaiting { get; init; }

    /// <summary>The client sent READONLY.</summary>
    public bool IsReadOnlyClient { get; init; }

    /// <summary>cluster-allow-reads-when-down.</summary>
    public bool AllowReadsWhenDown { get; init; }

    /// <summary>The slot is that of shard channels, and there is no key: a replica serves them too.</summary>
    public bool IsOfShardChannels { get; init; }

    /// <summary>cluster-allow-pubsubshard-when-down.</summary>
    public bool AllowShardChannelsWhenDown { get; init; }
}
