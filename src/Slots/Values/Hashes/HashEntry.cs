using Starling.Slots.Keyspace;
using Starling.Slots.Values.Elements;

namespace Starling.Slots.Values.Hashes;

/// <summary>A field of a hash with its value. Dead after any change of the hash.</summary>
public readonly ref struct HashEntry
{
    internal HashEntry(Element element)
    {
        Field = new ListElement(element.Name);
        Value = new ListElement(element.Value);
        ExpiresAt = element.ExpiresAt;
    }

    internal unsafe HashEntry(scoped in ValueRoot root, byte* field)
    {
        Field = Listpack.Read(field);
        Value = Listpack.Read(HashPack.ValueOf(field));
        ExpiresAt = HashPack.ExpiryOf(root, field);
    }

    /// <summary>The field.</summary>
    public ListElement Field { get; }

    /// <summary>The value.</summary>
    public ListElement Value { get; }

    /// <summary>The field's expiry in milliseconds of Unix time, or <see cref="Entry.NoExpiry"/>.</summary>
    public long ExpiresAt { get; }

    /// <summary>The field has expired at a time in milliseconds of Unix time.</summary>
    public bool HasExpired(long now) => ExpiresAt != Entry.NoExpiry && now > ExpiresAt;
}
