using Starling.Slots.Keyspace;
using Starling.Slots.Memory;
using Starling.Slots.Values.Elements;

namespace Starling.Slots.Values.SortedSets;

/// <summary>Sorted sets, small ones as one block, large ones as a table of members and a tree of scores.</summary>
internal sealed unsafe class SortedSetOperations : ValueOperations
{
    private static readonly SortedSetContent Content = new();

    /// <inheritdoc/>
    public override ValueKind Kind => ValueKind.SortedSet;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Name => "zset"u8;

    /// <inheritdoc/>
    public override ReadOnlySpan<ContentForm> Forms =>
    [
        ContentForm.SortedSetTexts, ContentForm.SortedSetElements, ContentForm.SortedSetZiplist,
        ContentForm.SortedSetListpack,
    ];

    /// <inheritdoc/>
    public override ContentForm WrittenForm(scoped in ValueView value) =>
        LargeSortedSet.Is(*value.Root) ? ContentForm.SortedSetElements : ContentForm.SortedSetListpack;

    /// <inheritdoc/>
    public override void Free(in ValueMemory memory, ref ValueRoot root) => SortedSetRoot.Free(memory, ref root);

    /// <inheritdoc/>
    public override long Pages(in ValueRoot root) => LargeSortedSet.Is(root) ? LargeSortedSet.Pages(root) : 1;

    /// <inheritdoc/>
    public override FrozenValue Freeze(TableSet tables, int slot, in ValueRoot root) =>
        new FrozenElements(tables, slot, this, root, Content);

    /// <inheritdoc/>
    public override bool FreeSome(in ValueMemory memory, ref ValueRoot root, int pages) => LargeSortedSet.Is(root)
        ? new LargeSortedSet(ref root).FreeSome(memory, pages)
        : base.FreeSome(memory, ref root, pages);

    /// <inheritdoc/>
    public override ValueRoot Duplicate(in ValueMemory memory, in ValueRoot root) => LargeSortedSet.Is(root)
        ? LargeSortedSet.Duplicate(memory, root)
        : SortedSetPack.Duplicate(memory, root);

    /// <summary>As for every value; but a large set of more than some thousand elements stays where it is.</summary>
    public override void Relocate(ref BlockMover mover, ref ValueRoot root)
    {
        if (LargeSortedSet.Is(root)) LargeSortedSet.Relocate(ref mover, ref root);
        else SortedSetPack.Relocate(ref mover, ref root);
    }

    /// <inheritdoc/>
    public override long AllocatedBytes(in ValueRoot root) => LargeSortedSet.Is(root)
        ? LargeSortedSet.AllocatedBytes(root)
        : SortedSetPack.AllocatedBytes(root);

    /// <summary>What Redis calls it: a skip list there, a tree here.</summary>
    public override ReadOnlySpan<byte> EncodingName(scoped in ValueView value) =>
        LargeSortedSet.Is(*value.Root) ? "skiplist"u8 : "listpack"u8;

    /// <inheritdoc/>
    public override bool HasElements => true;

    /// <inheritdoc/>
    public override long CountElements(scoped in ValueView value) => SortedSetRoot.Count(*value.Root);

    /// <inheritdoc/>
    public override void VisitElements(
        scoped in ValueView value, long index, long count, bool backward, IElementVisitor visitor)
    {
        foreach (var element in new SortedSetRange(*value.Root, index, count, backward)) visitor.Visit(element.Member);
    }

    /// <inheritdoc/>
    public override void Digest(scoped in ValueView value, IContentDigest digest)
    {
        Span<byte> member = stackalloc byte[ListElement.ScratchLength];
        Span<byte> score = stackalloc byte[DoubleText.MaxLength];
        foreach (var element in All(value))
        {
            digest.BeginElement();
            digest.Mix(element.Member.Text(member));
            digest.Mix(score[..DoubleText.Format(element.Score, score)]);
            digest.EndElement();
        }
    }

    /// <summary>The last element comes first, as in Redis: who reads it puts each one before all others.</summary>
    public override void Write(scoped in ValueView value, IContentWriter writer)
    {
        ref readonly var root = ref *value.Root;
        if (!LargeSortedSet.Is(root))
        {
            SortedSetListpack.Write(root, writer);
            return;
        }

        Content.WriteStart(root, writer);
        var count = SortedSetRoot.Count(root);
        foreach (var element in new SortedSetRange(root, count - 1, count, backward: true))
            SortedSetContent.Write(element.Member.Text(default), element.Score, writer);
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
        var builder = new SortedSetBuilder(memory, options);
        var outcome = Read(ref builder, form, reader);
        if (outcome != ContentOutcome.Read)
        {
            builder.Discard();
            return outcome;
        }

        if (builder.IsEmpty) return ContentOutcome.Empty;
        value = new LoadedValue(Kind, builder.Root);
        return ContentOutcome.Read;
    }

    /// <inheritdoc/>
    public override bool TrySkip(ContentForm form, IContentReader reader)
    {
        if (form is ContentForm.SortedSetListpack or ContentForm.SortedSetZiplist) return reader.TryText(out _);
        if (!reader.TryNumber(out var count)) return false;
        for (; count > 0; count--)
        {
            if (!reader.TryText(out _)) return false;
            var isBinary = form == ContentForm.SortedSetElements;
            if (SortedSetBuilder.TryScore(reader, isBinary, out _) == ContentOutcome.EndedEarly) return false;
        }

        return true;
    }

    private static SortedSetRange All(scoped in ValueView value) =>
        new(*value.Root, 0, SortedSetRoot.Count(*value.Root), backward: false);

    private static ContentOutcome Read(ref SortedSetBuilder builder, ContentForm form, IContentReader reader)
    {
        if (form is ContentForm.SortedSetTexts or ContentForm.SortedSetElements)
            return builder.ReadElements(reader, isBinary: form == ContentForm.SortedSetElements);
        if (!reader.TryText(out var text)) return ContentOutcome.EndedEarly;
        var isValid = form == ContentForm.SortedSetListpack
            ? builder.TryReadListpack(text)
            : builder.TryReadZiplist(text);
        return isValid ? ContentOutcome.Read : ContentOutcome.Invalid;
    }
}
