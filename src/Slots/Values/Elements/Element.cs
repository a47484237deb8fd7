using System.Runtime.CompilerServices;
using Starling.Slots.Keyspace;

namespace Starling.Slots.Values.Elements;

/// <summary>
/// An element of an <see cref="ElementTable"/>: a name (the field of a hash, the member of a set or of a sorted set), a
/// value and perhaps an expiry. A view on native memory, dead after the next change of the element; other elements may
/// come and go. The default value stands for no element.
/// </summary>
internal readonly unsafe struct Element
{
    /// <summary>Makes a view of an element's block (<see cref="EntryBlock"/>).</summary>
    public Element(byte* block) => Block = block;

    /// <summary>False for the default value: no element. Every other member needs a present one.</summary>
    public bool IsPresent => Block != null;

    /// <summary>Field or member. Aliases native memory.</summary>
    public ReadOnlySpan<byte> Name => EntryBlock.Key(Block);

    /// <summary>The value, empty in a set. Aliases native memory.</summary>
    public ReadOnlySpan<byte> Value => StringBlock.Bytes(Block);

    /// <summary>The value of 8 bytes as a number: the score in a sorted set.</summary>
    public double Score => Unsafe.ReadUnaligned<double>(in Value[0]);

    /// <summary>Expiry in milliseconds of Unix time, or <see cref="Entry.NoExpiry"/>.</summary>
    public long ExpiresAt => EntryBlock.Expiry(Block);

    /// <summary>
    /// The block. It stays where it is until the element is removed, gets a value of another length, gets or loses its
    /// expiry, or is moved by <see cref="ElementStorage.Relocate"/>.
    /// </summary>
    public byte* Block { get; }

    /// <summary>Native bytes that the element takes, rounding included, its place in the table not.</summary>
    public long AllocatedBytes => new Entry(Block).AllocatedBytes;
}
