namespace Starling.Node.Commands;

/// <summary>What becomes of what consumer groups know of entries that are deleted (Redis 8.2).</summary>
internal enum ReferencePolicy
{
    /// <summary>KEEPREF: groups keep what is pending.</summary>
    Keep,

    /// <summary>DELREF: it is pending in no group any more.</summary>
    Delete,

    /// <summary>ACKED: only entries go that every group has read and acknowledged.</summary>
    Acknowledged,
}
