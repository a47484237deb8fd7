namespace Starling.Slots.Keyspace;

/// <summary>
/// A key, its value and what is kept about it: a view on native memory, valid under the stripe lock until the next change of that
/// key. The default value stands for no entry.
/// </summary>
public readonly struct Entry
{
    /// <summary>The expiry of a key that has none.</summary>
    public const long NoExpiry = -1;

    /// <summary>The key. Aliases native memory.</summary>
    public ReadOnlySpan<byte> Key => throw new NotSupportedException();

    /// <summary>What kind of value it is.</summary>
    public ValueKind Kind => throw new NotSupportedException();

    /// <summary>Expiry in milliseconds of Unix time, or <see cref="NoExpiry"/>.</summary>
    public long ExpiresAt => throw new NotSupportedException();

    /// <summary>The value of a string, whatever its encoding. Aliases native memory.</summary>
    public ReadOnlySpan<byte> String => throw new NotSupportedException();

    /// <summary>
    /// True when the string was made by APPEND, SETRANGE and the like: Redis then calls its encoding raw whatever its length.
    /// </summary>
    public bool IsRawString => throw new NotSupportedException();

    /// <summary>Seconds, modulo 2^24, of the last access (LRU clock).</summary>
    public uint AccessClock => throw new NotSupportedException();

    /// <summary>Native bytes that the entry takes, its share of allocation rounding included (OBJECT, MEMORY USAGE).</summary>
    public long AllocatedBytes => throw new NotSupportedException();
}
