using Starling.Slots.Keyspace;
using Starling.Slots.Memory;
using Starling.Slots.Values.Elements;

namespace Starling.Slots.Values.Sets;

/// <summary>Sets: small ones as sorted integers or as a listpack, large ones as a table of elements.</summary>
internal sealed unsafe class SetOperations : ValueOperations, IElementContent
{
    private const int LargestOnStack = 8 << 10;

    /// <summary>Up to so many elements of a listpack are compared with each other to find equal ones.</summary>
    private const int MostCompared = 256;

    /// <inheritdoc/>
    public override ValueKind Kind => ValueKind.Set;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Name => "set"u8;

    /// <inheritdoc/>
    public override ReadOnlySpan<ContentForm> Forms =>
        [ContentForm.SetMembers, ContentForm.SetIntset, ContentForm.SetListpack];

    /// <inheritdoc/>
    public override bool HasElements => true;

    /// <inheritdoc/>
    public override bool AreElementsOrdered => false;

    /// <summary>Redis 7.0 knows an intset, but no listpack of a set.</summary>
    public override ContentForm WrittenForm(scoped in ValueView value) =>
        SetRoot.Form(*value.Root) == SetForm.Intset ? ContentForm.SetIntset : ContentForm.SetMembers;

    /// <inheritdoc/>
    public override void Free(in ValueMemory memory, ref ValueRoot root) => SetRoot.Free(memory, root);

    /// <inheritdoc/>
    public override long Pages(in ValueRoot root) =>
        SetRoot.Form(root) == SetForm.Table ? ElementStorage.Pages(SetRoot.Table(root)) : 1;

    /// <inheritdoc/>
    public override FrozenValue Freeze(TableSet tables, int slot, in ValueRoot root) =>
        new FrozenElements(tables, slot, this, root, this);

    /// <inheritdoc/>
    public override bool FreeSome(in ValueMemory memory, ref ValueRoot root, int pages)
    {
        if (SetRoot.Form(root) == SetForm.Table) return ElementStorage.FreeSome(memory, SetRoot.Table(root), pages);
        return base.FreeSome(memory, ref root, pages);
    }

    /// <inheritdoc/>
    public override ValueRoot Duplicate(in ValueMemory memory, in ValueRoot root) => SetRoot.Duplicate(memory, root);

    /// <inheritdoc/>
    public override void Relocate(ref BlockMover mover, ref ValueRoot root)
    {
        if (SetRoot.Form(root) == SetForm.Table) ElementStorage.Relocate(ref mover, ref root.Address);
        else mover.TryMove(ref root.Address, BlockRoom.For(SetRoot.ContentBytes(root)));
    }

    /// <inheritdoc/>
    public override long AllocatedBytes(in ValueRoot root) => SetRoot.Form(root) == SetForm.Table
        ? ElementStorage.AllocatedBytes(SetRoot.Table(root))
        : SetRoot.AllocatedBytes(root);

    /// <summary>What redis-server 7.2 calls it.</summary>
    public override ReadOnlySpan<byte> EncodingName(scoped in ValueView value) => SetRoot.Form(*value.Root) switch
    {
        SetForm.Intset => "intset"u8,
        SetForm.Listpack => "listpack"u8,
        _ => "hashtable"u8,
    };

    /// <inheritdoc/>
    public override long CountElements(scoped in ValueView value) => SetRoot.Count(*value.Root);

    /// <summary>
    /// As for every value; backward the same elements are visited as forward, in the same order, which means nothing.
    /// </summary>
    public override void VisitElements(
        scoped in ValueView value, long index, long count, bool backward, IElementVisitor visitor)
    {
        var members = new SetMembers(*value.Root);
        members.Skip(backward ? index - count + 1 : index);
        for (; count > 0; count--)
        {
            Invariant.That(members.MoveNext());
            visitor.Visit(members.Current);
        }
    }

    /// <inheritdoc/>
    public override void Digest(scoped in ValueView value, IContentDigest digest)
    {
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        foreach (var member in new SetMembers(*value.Root)) digest.MixUnordered(member.Text(scratch));
    }

    /// <inheritdoc/>
    public override void Write(scoped in ValueView value, IContentWriter writer)
    {
        ref readonly var root = ref *value.Root;
        if (SetRoot.Form(root) == SetForm.Intset)
        {
            WriteIntset(root, writer);
            return;
        }

        writer.Number((ulong)SetRoot.Count(root));
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        foreach (var member in new SetMembers(root)) writer.Text(member.Text(scratch));
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
        ContentOutcome outcome;
        ValueRoot root;
        if (form == ContentForm.SetMembers) outcome = ReadMembers(memory, reader, options, out root);
        else if (!reader.TryText(out var text)) return ContentOutcome.EndedEarly;
        else if (form == ContentForm.SetIntset) outcome = ReadIntset(memory, text, options, out root);
        else outcome = ReadListpack(memory, text, options, out root);
        if (outcome == ContentOutcome.Read) value = new LoadedValue(Kind, root);
        return outcome;
    }

    /// <inheritdoc/>
    public override bool TrySkip(ContentForm form, IContentReader reader)
    {
        ulong count = 1;
        if (form == ContentForm.SetMembers && !reader.TryNumber(out count)) return false;
        for (; count > 0; count--)
            if (!reader.TryText(out _)) return false;
        return true;
    }

    /// <inheritdoc/>
    ElementTable* IElementContent.TableOf(in ValueRoot root) => SetRoot.Table(root);

    /// <inheritdoc/>
    void IElementContent.WriteStart(in ValueRoot root, IContentWriter writer) =>
        writer.Number((ulong)SetRoot.Count(root));

    /// <inheritdoc/>
    void IElementContent.WriteElement(in Element element, IContentWriter writer) => writer.Text(element.Name);

    private static void WriteIntset(in ValueRoot root, IContentWriter writer)
    {
        var width = SetRoot.Width(root);
        var count = SetRoot.Count(root);
        var length = checked((int)(Intset.HeaderBytes + (count * Intset.WrittenWidth(width))));
        var rented = length > LargestOnStack ? ScratchArrays.Rent<byte>(length) : null;
        var bytes = rented is null ? stackalloc byte[length] : rented.AsSpan(0, length);
        Intset.WriteAll(root.Address, width, count, bytes);
        writer.Text(bytes);
        if (rented is not null) ScratchArrays.Return(rented);
    }

    private static ContentOutcome ReadMembers(
        scoped in ValueMemory memory, IContentReader reader, ValueOptions options, out ValueRoot root)
    {
        root = default;
        if (!reader.TryNumber(out var count)) return ContentOutcome.EndedEarly;
        if (count == 0) return ContentOutcome.Empty;
        using var builder = new SetBuilder(memory, options, (long)Math.Min(count, long.MaxValue));
        for (; count > 0; count--)
        {
            if (!reader.TryText(out var member)) return ContentOutcome.EndedEarly;
            if (!builder.Add(member)) return ContentOutcome.Invalid;
        }

        root = builder.Take().Root;
        return ContentOutcome.Read;
    }

    private static ContentOutcome ReadIntset(
        scoped in ValueMemory memory, ReadOnlySpan<byte> text, ValueOptions options, out ValueRoot root)
    {
        root = default;
        if (!Intset.IsSound(text, out var width, out var count)) return ContentOutcome.Invalid;
        fixed (byte* integers = text[Intset.HeaderBytes..])
            root = SetEditor.MakeOf(memory, options, integers, width, count);
        return ContentOutcome.Read;
    }

    private static ContentOutcome ReadListpack(
        scoped in ValueMemory memory, ReadOnlySpan<byte> text, ValueOptions options, out ValueRoot root)
    {
        root = default;
        if (!Listpack.IsSound(text, out var count)) return ContentOutcome.Invalid;
        if (count == 0) return ContentOutcome.Empty;
        fixed (byte* listpack = text)
        {
            var source = SetRoot.OfListpack(listpack, count);
            if (count <= Math.Min(MostCompared, options.SetMaxListpackEntries))
            {
                root = SetRoot.OfListpack(SetListpack.Copy(memory, source), count);
                if (SetListpack.AreUnique(root.Address)) return ContentOutcome.Read;
                SetRoot.Free(memory, root);
                return ContentOutcome.Invalid;
            }

            if (!TryMakeTable(memory, source, out root)) return ContentOutcome.Invalid;
            if (count > options.SetMaxListpackEntries) return ContentOutcome.Read;
            SetRoot.Free(memory, root);
            root = SetRoot.OfListpack(SetListpack.Copy(memory, source), count);
        }

        return ContentOutcome.Read;
    }

    /// <summary>Makes a table of a sound listpack's elements; false when two of them are equal.</summary>
    private static bool TryMakeTable(scoped in ValueMemory memory, in ValueRoot listpack, out ValueRoot root)
    {
        var table = ElementTable.Make(memory);
        root = SetRoot.OfTable(table);
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        foreach (var member in new SetMembers(listpack))
        {
            if (ElementTable.TryAdd(memory, table, member.Text(scratch), [], out _)) continue;
            SetRoot.Free(memory, root);
            return false;
        }

        return true;
    }
}
