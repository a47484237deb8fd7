using Starling.Slots.Keyspace;
using Starling.Slots.Values;
using Starling.Slots.Values.Elements;

namespace Starling.Slots.Tests.Values.Elements;

/// <summary>A kind of value that is nothing but a table of elements: what the tests of the table work with.</summary>
internal sealed unsafe class PairOperations : ValueOperations, IElementContent
{
    public override ValueKind Kind => ValueKind.Hash;

    public override ReadOnlySpan<byte> Name => "pairs"u8;

    public override ReadOnlySpan<ContentForm> Forms => [];

    public override ContentForm WrittenForm(scoped in ValueView value) => ContentForm.String;

    public override void Free(in ValueMemory memory, ref ValueRoot root) =>
        ElementStorage.Free(memory, (ElementTable*)root.Address);

    public override long Pages(in ValueRoot root) => ElementStorage.Pages((ElementTable*)root.Address);

    public override bool FreeSome(in ValueMemory memory, ref ValueRoot root, int pages) =>
        ElementStorage.FreeSome(memory, (ElementTable*)root.Address, pages);

    public override FrozenValue Freeze(TableSet tables, int slot, in ValueRoot root) =>
        new FrozenElements(tables, slot, this, root, this);

    public override ValueRoot Duplicate(in ValueMemory memory, in ValueRoot root) =>
        new() { Address = (byte*)ElementStorage.Duplicate(memory, (ElementTable*)root.Address) };

    public override long AllocatedBytes(in ValueRoot root) =>
        ElementStorage.AllocatedBytes((ElementTable*)root.Address);

    public override ReadOnlySpan<byte> EncodingName(scoped in ValueView value) => "hashtable"u8;

    public override void Digest(scoped in ValueView value, IContentDigest digest) => throw new NotSupportedException();

    public override void Write(scoped in ValueView value, IContentWriter writer) => throw new NotSupportedException();

    public override ContentOutcome Read(
        scoped in ValueMemory memory,
        ContentForm form,
        IContentReader reader,
        ValueOptions options,
        out LoadedValue value) => throw new NotSupportedException();

    public override bool TrySkip(ContentForm form, IContentReader reader) => throw new NotSupportedException();

    public ElementTable* TableOf(in ValueRoot root) => (ElementTable*)root.Address;

    public void WriteStart(in ValueRoot root, IContentWriter writer) =>
        writer.Number((ulong)ElementTable.Count((ElementTable*)root.Address));

    public void WriteElement(in Element element, IContentWriter writer)
    {
        writer.Text(element.Name);
        writer.Text(element.Value);
        writer.Number((ulong)element.ExpiresAt);
    }
}
