using Starling.Slots.Keyspace;
using Starling.Slots.Memory;
using Starling.Slots.Values.Elements;

namespace Starling.Slots.Values.Hashes;

/// <summary>Hashes: small ones as one listpack, large ones as a table of elements.</summary>
internal sealed unsafe class HashOperations : ValueOperations
{
    /// <inheritdoc/>
    public override ValueKind Kind => ValueKind.Hash;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Name => "hash"u8;

    /// <inheritdoc/>
    public override ReadOnlySpan<ContentForm> Forms =>
    [
        ContentForm.HashFields, ContentForm.HashZipmap, ContentForm.HashZiplist, ContentForm.HashListpack,
        ContentForm.HashExpiringFields, ContentForm.HashExpiringListpack,
        ContentForm.HashFieldsWithExpiries, ContentForm.HashListpackWithExpiries,
    ];

    /// <inheritdoc/>
    public override ContentForm WrittenForm(scoped in ValueView value)
    {
        var root = HashRoot.Of(value);
        if (HashContent.HasExpiries(root)) return ContentForm.HashExpiringFields;
        return HashRoot.Encoding(root) == HashEncoding.Pack ? ContentForm.HashListpack : ContentForm.HashFields;
    }

    /// <inheritdoc/>
    public override void Free(in ValueMemory memory, ref ValueRoot root) => HashRoot.Free(memory, root);

    /// <inheritdoc/>
    public override long Pages(in ValueRoot root) =>
        HashRoot.IsTable(root) ? ElementStorage.Pages(HashRoot.Table(root)) : 1;

    /// <inheritdoc/>
    public override FrozenValue Freeze(TableSet tables, int slot, in ValueRoot root) =>
        new FrozenElements(tables, slot, this, root, HashContent.Plain);

    /// <inheritdoc/>
    public override bool FreeSome(in ValueMemory memory, ref ValueRoot root, int pages) => HashRoot.IsTable(root)
        ? ElementStorage.FreeSome(memory, HashRoot.Table(root), pages)
        : base.FreeSome(memory, ref root, pages);

    /// <inheritdoc/>
    public override ValueRoot Duplicate(in ValueMemory memory, in ValueRoot root) => HashRoot.IsTable(root)
        ? HashRoot.OfTable(ElementStorage.Duplicate(memory, HashRoot.Table(root)))
        : HashPack.Duplicate(memory, root);

    /// <inheritdoc/>
    public override void Relocate(ref BlockMover mover, ref ValueRoot root)
    {
        if (HashRoot.IsTable(root)) ElementStorage.Relocate(ref mover, ref root.Address);
        else mover.TryMove(ref root.Address, HashRoot.Capacity(root));
    }

    /// <inheritdoc/>
    public override long AllocatedBytes(in ValueRoot root) => HashRoot.IsTable(root)
        ? ElementStorage.AllocatedBytes(HashRoot.Table(root))
        : NativeHeap.CountedBytes(HashRoot.Capacity(root));

    /// <inheritdoc/>
    public override uint EarliestElementSecond(in ValueRoot root) =>
        HashRoot.IsTable(root) ? HashRoot.Table(root)->Root.EarliestSecond : HashRoot.EarliestSecond(root);

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> InlineOf(in ValueRoot root)
    {
        if (HashRoot.Encoding(root) != HashEncoding.Pack) return default;
        var bytes = HashPack.Bytes(root);
        return bytes.Length <= InlinePack.LongestBytes ? bytes : default;
    }

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> EncodingName(scoped in ValueView value) => HashRoot.Encoding(HashRoot.Of(value)) switch
    {
        HashEncoding.Pack => "listpack"u8,
        HashEncoding.ExpiringPack => "listpackex"u8,
        _ => "hashtable"u8,
    };

    /// <inheritdoc/>
    public override void Digest(scoped in ValueView value, IContentDigest digest)
    {
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        foreach (var entry in new HashEntries(HashRoot.Of(value), 0))
        {
            digest.BeginElement();
            digest.Mix(entry.Field.Text(scratch));
            digest.Mix(entry.Value.Text(scratch));
            digest.EndElement();
        }
    }

    /// <inheritdoc/>
    public override void Write(scoped in ValueView value, IContentWriter writer)
    {
        var root = HashRoot.Of(value);
        var isPlain = !HashContent.HasExpiries(root);
        if (isPlain && HashRoot.Encoding(root) == HashEncoding.Pack) writer.Text(HashPack.Bytes(root));
        else HashContent.Of(root).Write(root, writer);
    }

    /// <inheritdoc/>
    public override ContentOutcome Read(
        scoped in ValueMemory memory,
        ContentForm form,
        IContentReader reader,
        ValueOptions options,
        out LoadedValue value)
    {
        value = default;
        var builder = new HashBuilder(memory, options);
        var outcome = HashReader.Read(ref builder, form, reader);
        if (outcome == ContentOutcome.Read && builder.IsEmpty) outcome = ContentOutcome.Empty;
        if (outcome != ContentOutcome.Read)
        {
            builder.Discard();
            return outcome;
        }

        value = new LoadedValue(Kind, builder.Root);
        return ContentOutcome.Read;
    }

    /// <inheritdoc/>
    public override bool TrySkip(ContentForm form, IContentReader reader) => HashReader.TrySkip(form, reader);
}
