namespace Starling.Slots.Values;

/// <summary>
/// What decides the encodings of values, one immutable object for the whole keyspace (<c>*-max-listpack-*</c> and
/// their like); the default is Redis's.
/// </summary>
public sealed record ValueOptions
{
    /// <summary>The options when nobody sets any.</summary>
    public static ValueOptions Default { get; } = new();

    /// <summary>
    /// Directive <c>list-max-listpack-size</c>: the most elements of a listpack of a list; or from -1 to -5, 4, 8, 16,
    /// 32 or 64 KiB.
    /// </summary>
    public int ListMaxListpackSize { get; init; } = -2;

    /// <summary>
    /// From which length on, in bytes, an element of a list gets a node of its own (DEBUG QUICKLIST-PACKED-THRESHOLD);
    /// 0 for those that are longer than a listpack may be.
    /// </summary>
    public long ListPackedThreshold { get; init; }

    /// <summary>Directive <c>hash-max-listpack-entries</c>: the most fields of a hash that is a listpack.</summary>
    public long HashMaxListpackEntries { get; init; } = 512;

    /// <summary>
    /// Directive <c>hash-max-listpack-value</c>: the longest field or value, in bytes, of a hash that is a listpack.
    /// </summary>
    public long HashMaxListpackValue { get; init; } = 64;

    /// <summary>
    /// Directive <c>zset-max-listpack-entries</c>: the most elements of a sorted set that is one listpack.
    /// </summary>
    public long SortedSetMaxListpackEntries { get; init; } = 128;

    /// <summary>
    /// Directive <c>zset-max-listpack-value</c>: the longest member, in bytes, of a sorted set that is one listpack.
    /// </summary>
    public long SortedSetMaxListpackValue { get; init; } = 64;

    /// <summary>Directive <c>set-max-intset-entries</c>: the most members of a set that is an intset.</summary>
    public long SetMaxIntsetEntries { get; init; } = 512;

    /// <summary>Directive <c>set-max-listpack-entries</c>: the most members of a set that is a listpack.</summary>
    public long SetMaxListpackEntries { get; init; } = 128;

    /// <summary>Directive <c>set-max-listpack-value</c>: the longest member, in bytes, of a set that is a listpack.
    /// </summary>
    public long SetMaxListpackValue { get; init; } = 64;

    /// <summary>
    /// Directive <c>stream-node-max-bytes</c>: a node of a stream that would become longer gets no more entries; 0 for no
    /// limit.
    /// </summary>
    public long StreamNodeMaxBytes { get; init; } = 4096;

    /// <summary>Directive <c>stream-node-max-entries</c>: the most entries of a node of a stream; 0 for no limit.</summary>
    public long StreamNodeMaxEntries { get; init; } = 100;
}
