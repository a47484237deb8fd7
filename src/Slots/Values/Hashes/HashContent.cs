using System.Buffers.Binary;
using Starling.Slots.Keyspace;
using Starling.Slots.Values.Elements;

namespace Starling.Slots.Values.Hashes;

/// <summary>Writes the content of a hash field by field, with expiries or without.</summary>
internal sealed unsafe class HashContent : IElementContent
{
    /// <summary>What expiries are relative to: with 1 they are written as they are.</summary>
    private const ulong Base = 1;

    private readonly bool _hasExpiries;

    private HashContent(bool hasExpiries) => _hasExpiries = hasExpiries;

    /// <summary>Fields and values: <see cref="ContentForm.HashFields"/>.</summary>
    public static HashContent Plain { get; } = new(hasExpiries: false);

    /// <summary>Expiries, fields and values: <see cref="ContentForm.HashExpiringFields"/>.</summary>
    public static HashContent Expiring { get; } = new(hasExpiries: true);

    /// <summary>Whichever of the two a value needs now.</summary>
    public static HashContent Of(in ValueRoot root) => HasExpiries(root) ? Expiring : Plain;

    /// <summary>Some field has an expiry, as far as is known without looking at all of them.</summary>
    public static bool HasExpiries(in ValueRoot root) => HashRoot.EarliestExpiry(root) != long.MaxValue;

    /// <inheritdoc/>
    public ElementTable* TableOf(in ValueRoot root) => HashRoot.Table(root);

    /// <inheritdoc/>
    public IElementContent ForView(in ValueRoot root) => Of(root);

    /// <inheritdoc/>
    public void WriteStart(in ValueRoot root, IContentWriter writer)
    {
        if (_hasExpiries)
        {
            Span<byte> start = stackalloc byte[8];
            BinaryPrimitives.WriteUInt64LittleEndian(start, Base);
            writer.Raw(start);
        }

        writer.Number((ulong)HashRoot.Count(root));
    }

    /// <inheritdoc/>
    public void WriteElement(in Element element, IContentWriter writer)
    {
        if (_hasExpiries) WriteExpiry(element.ExpiresAt, writer);
        writer.Text(element.Name);
        writer.Text(element.Value);
    }

    /// <summary>Writes all of a hash.</summary>
    public void Write(in ValueRoot root, IContentWriter writer)
    {
        WriteStart(root, writer);
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        foreach (var entry in new HashEntries(root, 0))
        {
            if (_hasExpiries) WriteExpiry(entry.ExpiresAt, writer);
            writer.Text(entry.Field.Text(scratch));
            writer.Text(entry.Value.Text(scratch));
        }
    }

    private static void WriteExpiry(long expiresAt, IContentWriter writer) =>
        writer.Number(expiresAt == Entry.NoExpiry ? 0 : (ulong)expiresAt - Base + 1);
}
