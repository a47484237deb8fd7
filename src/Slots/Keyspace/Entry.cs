using Starling.Slots.Memory;
using Starling.Slots.Values;

namespace Starling.Slots.Keyspace;

/// <summary>
/// A key, its value and what is kept about it: a view on native memory, valid under the stripe lock until the next
/// change of that key. The default value stands for no entry.
/// </summary>
public readonly unsafe struct Entry
{
    /// <summary>The expiry of a key that has none.</summary>
    public const long NoExpiry = -1;

    /// <summary>
    /// A bit beyond the 24 of an access clock that is given to what makes a string: one that takes the place of another keeps
    /// that one's clock, which tells more than a time where frequencies are counted.
    /// </summary>
    public const uint KeepsClock = 1u << 31;

    private readonly byte* _block;

    internal Entry(byte* block) => _block = block;

    /// <summary>False for the default value: no entry. Every other member needs a present one.</summary>
    public bool IsPresent => _block != null;

    /// <summary>The key. Aliases native memory.</summary>
    public ReadOnlySpan<byte> Key => EntryBlock.Key(_block);

    /// <summary>The name of the value's kind, as TYPE has it.</summary>
    public ReadOnlySpan<byte> KindName => EntryBlock.Operations(_block).Name;

    /// <summary>The name of the value's encoding, as OBJECT ENCODING has it.</summary>
    public ReadOnlySpan<byte> EncodingName => EntryBlock.Operations(_block).EncodingName(EntryBlock.View(_block));

    /// <summary>
    /// How many keys Redis would let share the value, as OBJECT REFCOUNT has it: 1, or the largest integer.
    /// </summary>
    public int ReferenceCount => EntryBlock.Operations(_block).ReferenceCount(EntryBlock.View(_block));

    /// <summary>The form in which <see cref="WriteContent"/> writes the value.</summary>
    public ContentForm ContentForm => EntryBlock.Operations(_block).WrittenForm(EntryBlock.View(_block));

    /// <summary>Expiry in milliseconds of Unix time, or <see cref="NoExpiry"/>.</summary>
    public long ExpiresAt => EntryBlock.Expiry(_block);

    /// <summary>The value of a string, whatever its encoding. Aliases native memory.</summary>
    public ReadOnlySpan<byte> String
    {
        get
        {
            Invariant.That(Kind == ValueKind.String);
            return StringOperations.Bytes(EntryBlock.View(_block));
        }
    }

    /// <summary>
    /// True when the string was made by APPEND, SETRANGE and the like: Redis then calls its encoding raw whatever its
    /// length.
    /// </summary>
    public bool IsRawString => Kind == ValueKind.String && EntryBlock.Has(_block, EntryBlock.KindFlag);

    /// <summary>
    /// The access clock, 24 bits whose meaning is the node's: seconds of the last access, or minutes and a frequency.
    /// </summary>
    public uint AccessClock => EntryBlock.Clock(_block);

    /// <summary>
    /// Native bytes that the entry takes, its share of allocation rounding included (OBJECT, MEMORY USAGE).
    /// </summary>
    public long AllocatedBytes
    {
        get
        {
            var bytes = NativeHeap.CountedBytes(EntryBlock.Size(_block));
            if (EntryBlock.Has(_block, EntryBlock.HasRoot))
                bytes += EntryBlock.Operations(_block).AllocatedBytes(*EntryBlock.Root(_block));
            return bytes;
        }
    }

    /// <summary>True when the value is of this kind.</summary>
    public bool Holds<TValue>()
        where TValue : IValue<TValue>, allows ref struct => EntryBlock.Kind(_block) == TValue.Kind;

    /// <summary>The elements of the value; false when it is of a kind that has none.</summary>
    public bool TryElements(out ValueElements elements)
    {
        var operations = EntryBlock.Operations(_block);
        elements = operations.HasElements ? new ValueElements(operations, EntryBlock.View(_block)) : default;
        return operations.HasElements;
    }

    internal ValueKind Kind => EntryBlock.Kind(_block);

    internal byte* Block => _block;

    /// <summary>Writes the content of the value, in the form that <see cref="ContentForm"/> says.</summary>
    public void WriteContent(IContentWriter writer) =>
        EntryBlock.Operations(_block).Write(EntryBlock.View(_block), writer);

    /// <summary>
    /// Digests the value: the number of its kind in Redis (4 bytes, big-endian), then the content.
    /// </summary>
    public void Digest(IContentDigest digest)
    {
        digest.Mix([0, 0, 0, (byte)Kind]);
        EntryBlock.Operations(_block).Digest(EntryBlock.View(_block), digest);
    }

    /// <summary>What DEBUG OBJECT says of the value beyond what it says of every one; empty, or begins with a space.
    /// </summary>
    public string Describe() => EntryBlock.Operations(_block).Describe(EntryBlock.View(_block));
}
