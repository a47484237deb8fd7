namespace Starling.Slots.Keyspace;

/// <summary>What a keyspace is made with.</summary>
public sealed class KeyspaceOptions
{
    /// <summary>Number of databases, at least 1 (directive <c>databases</c>).</summary>
    public int Databases { get; init; } = 16;

    /// <summary>
    /// Seed of the key hash: random per process, so that nobody can choose colliding keys; fixed in tests.
    /// </summary>
    public UInt128 HashSeed { get; init; }

    /// <summary>
    /// Bits of the key hash that are used: all of them but in tests, which make keys collide with few.
    /// </summary>
    internal ulong HashMask { get; init; } = ulong.MaxValue;

    /// <summary>
    /// Number of arenas of each database's heap, a power of two: more let more threads allocate at once, each costs
    /// some partly filled blocks.
    /// </summary>
    public int Arenas { get; init; } = 8;
}
