using Starling.Slots.Memory;

namespace Starling.Slots.Keyspace;

/// <summary>
/// A key, its value and what is kept about it: a view on native memory, valid under the stripe lock until the next
/// change of that key. The default value stands for no entry.
/// </summary>
public readonly unsafe struct Entry
{
    /// <summary>The expiry of a key that has none.</summary>
    public const long NoExpiry = -1;

    private readonly byte* _block;

    internal Entry(byte* block) => _block = block;

    /// <summary>False for the default value: no entry. Every other member needs a present one.</summary>
    public bool IsPresent => _block != null;

    /// <summary>The key. Aliases native memory.</summary>
    public ReadOnlySpan<byte> Key => EntryBlock.Key(_block);

    /// <summary>What kind of value it is.</summary>
    public ValueKind Kind => EntryBlock.Kind(_block);

    /// <summary>Expiry in milliseconds of Unix time, or <see cref="NoExpiry"/>.</summary>
    public long ExpiresAt => EntryBlock.Expiry(_block);

    /// <summary>The value of a string, whatever its encoding. Aliases native memory.</summary>
    public ReadOnlySpan<byte> String => EntryBlock.Value(_block);

    /// <summary>
    /// True when the string was made by APPEND, SETRANGE and the like: Redis then calls its encoding raw whatever its
    /// length.
    /// </summary>
    public bool IsRawString => EntryBlock.Has(_block, EntryBlock.IsRaw);

    /// <summary>Seconds, modulo 2^24, of the last access (LRU clock).</summary>
    public uint AccessClock => EntryBlock.Clock(_block);

    /// <summary>
    /// Native bytes that the entry takes, its share of allocation rounding included (OBJECT, MEMORY USAGE).
    /// </summary>
    public long AllocatedBytes
    {
        get
        {
            var bytes = NativeHeap.CountedBytes(EntryBlock.Size(_block));
            if (EntryBlock.Has(_block, EntryBlock.IsSeparate))
                bytes += NativeHeap.CountedBytes(EntryBlock.SeparateCapacity(_block));
            return bytes;
        }
    }

    internal byte* Block => _block;
}
