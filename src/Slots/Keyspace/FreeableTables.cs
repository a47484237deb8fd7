namespace Starling.Slots.Keyspace;

/// <summary>The tables of a database that was cleared.</summary>
internal sealed class FreeableTables(TableSet tables, bool isLazy, FreeingQueue queue) : Freeable
{
    /// <inheritdoc/>
    public override long Objects { get; } = tables.Count;

    /// <inheritdoc/>
    public override bool IsLazy => isLazy;

    /// <inheritdoc/>
    public override bool FreeSome(Keyspace keyspace) => queue.FreeTables(tables);
}
