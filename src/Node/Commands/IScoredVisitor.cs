namespace Starling.Node.Commands;

/// <summary>Gets members with their scores.</summary>
internal interface IScoredVisitor
{
    /// <summary>Gets one; the member is dead when this returns. Must not change what it comes from.</summary>
    /// <returns>False when it wants no more.</returns>
    bool Visit(ReadOnlySpan<byte> member, double score);
}
