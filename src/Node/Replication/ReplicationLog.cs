namespace Starling.Node.Replication;

/// <summary>
/// The one log of a node's writes: effects as RESP commands, whose byte position is the replication offset. Its retained tail is the backlog;
/// replicas are cursors on it. Own lock, taken after stripes; append only.
/// </summary>
public sealed class ReplicationLog
{
    /// <summary>Position after the last byte: master_repl_offset.</summary>
    public long Offset => throw new NotSupportedException();

    /// <summary>False while there is neither a reader nor a backlog: the dispatcher then encodes and appends nothing.</summary>
    public bool IsActive => false;

    /// <summary>
    /// Appends the effects of one command or transaction, contiguously, preceded by SELECT when the database differs from the last
    /// one's and wrapped in MULTI and EXEC when <paramref name="asTransaction"/>. Called with the stripes of the effects held.
    /// </summary>
    /// <param name="database">Index of the database of the effects.</param>
    /// <param name="effects">RESP commands one after another.</param>
    /// <param name="asTransaction">Wraps them in MULTI and EXEC.</param>
    /// <returns>The offset after them.</returns>
    public long Append(int database, ReadOnlySpan<byte> effects, bool asTransaction) =>
        throw new NotSupportedException($"{database} {effects.Length} {asTransaction}");
}
