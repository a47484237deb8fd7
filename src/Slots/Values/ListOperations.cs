using System.Globalization;
using Starling.Slots.Keyspace;
using Starling.Slots.Memory;

namespace Starling.Slots.Values;

/// <summary>Lists, small ones as one listpack, large ones as a tree of listpacks and large elements.</summary>
internal sealed unsafe class ListOperations : ValueOperations
{
    private const int PlainNode = 1;
    private const int PackedNode = 2;
    private const int NodesPerPage = 8;
    private const int PageBytes = 64 << 10;

    /// <inheritdoc/>
    public override ValueKind Kind => ValueKind.List;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Name => "list"u8;

    /// <inheritdoc/>
    public override ReadOnlySpan<ContentForm> Forms =>
        [ContentForm.ListNodes, ContentForm.ListElements, ContentForm.ListZiplist, ContentForm.ListZiplists];

    /// <inheritdoc/>
    public override ContentForm WrittenForm(scoped in ValueView value) => ContentForm.ListNodes;

    /// <inheritdoc/>
    public override void Free(in ValueMemory memory, ref ValueRoot root) => ListRoot.Free(memory, root);

    /// <summary>A page is some 64 KiB of nodes; of a list of many nodes their number is estimated.</summary>
    public override long Pages(in ValueRoot root)
    {
        if (!ListRoot.IsTree(root)) return 1;
        var tree = ListRoot.Tree(root);
        if (tree->Level > 0) return 2 + ((long)tree->Length << Math.Min(40, 4 * tree->Level)) / NodesPerPage;
        return 1 + (ListTree.AllocatedBytes(tree) / PageBytes);
    }

    /// <summary>
    /// As for every value; but the nodes of a tree of more than two levels, a thousand and more, stay where they are:
    /// going through them all would hold the stripe for too long.
    /// </summary>
    public override void Relocate(ref BlockMover mover, ref ValueRoot root)
    {
        if (!ListRoot.IsTree(root)) ListNode.Relocate(ref mover, ref root.Address);
        else if (ListRoot.Tree(root)->Level <= 1) ListTree.Relocate(ref mover, ref root.Address);
    }

    /// <inheritdoc/>
    public override FrozenValue Freeze(TableSet tables, int slot, in ValueRoot root) =>
        new FrozenList(tables, slot, this, root);

    /// <inheritdoc/>
    public override bool FreeSome(in ValueMemory memory, ref ValueRoot root, int pages)
    {
        if (!ListRoot.IsTree(root)) return base.FreeSome(memory, ref root, pages);
        var nodes = pages;
        return !ListTree.FreeSome(memory, ListRoot.Tree(root), ref nodes);
    }

    /// <inheritdoc/>
    public override ValueRoot Duplicate(in ValueMemory memory, in ValueRoot root) => ListRoot.IsTree(root)
        ? ListRoot.OfTree(ListTree.Duplicate(memory, ListRoot.Tree(root)), ListRoot.Count(root))
        : ListRoot.OfNode(ListNode.Duplicate(memory, ListRoot.Node(root)));

    /// <inheritdoc/>
    public override long AllocatedBytes(in ValueRoot root) => ListRoot.IsTree(root)
        ? ListTree.AllocatedBytes(ListRoot.Tree(root))
        : ListRoot.Node(root)->AllocatedBytes;

    /// <summary>What redis-server 7.2 calls it.</summary>
    public override ReadOnlySpan<byte> EncodingName(scoped in ValueView value) =>
        ListRoot.IsTree(*value.Root) ? "quicklist"u8 : "listpack"u8;

    /// <summary>The figures of a quicklist; no node is ever kept compressed.</summary>
    public override string Describe(scoped in ValueView value)
    {
        ref readonly var root = ref *value.Root;
        if (!ListRoot.IsTree(root)) return "";
        var nodes = ListBranch.Nodes(ListRoot.Tree(root));
        var bytes = 0L;
        var path = ListPath.ToFirst(ListRoot.Tree(root));
        do bytes += path.Node->Length;
        while (path.TryNext());
        var average = ListRoot.Count(root) / (double)nodes;
        return string.Create(
            CultureInfo.InvariantCulture,
            $" ql_nodes:{nodes} ql_avg_node:{average:F2} ql_compressed:0 ql_uncompressed_size:{bytes}");
    }

    /// <inheritdoc/>
    public override bool HasElements => true;

    /// <inheritdoc/>
    public override long CountElements(scoped in ValueView value) => ListRoot.Count(*value.Root);

    /// <inheritdoc/>
    public override void VisitElements(
        scoped in ValueView value, long index, long count, bool backward, IElementVisitor visitor)
    {
        foreach (var element in new ListRange(*value.Root, index, count, backward)) visitor.Visit(element);
    }

    /// <inheritdoc/>
    public override void Digest(scoped in ValueView value, IContentDigest digest)
    {
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        var range = new ListRange(*value.Root, 0, ListRoot.Count(*value.Root), backward: false);
        foreach (var element in range) digest.Mix(element.Text(scratch));
    }

    /// <inheritdoc/>
    public override void Write(scoped in ValueView value, IContentWriter writer)
    {
        ref readonly var root = ref *value.Root;
        if (!ListRoot.IsTree(root))
        {
            writer.Number(1);
            WriteNode(ListRoot.Node(root), writer);
            return;
        }

        writer.Number((ulong)ListBranch.Nodes(ListRoot.Tree(root)));
        var path = ListPath.ToFirst(ListRoot.Tree(root));
        do WriteNode(path.Node, writer);
        while (path.TryNext());
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
        var builder = new ListBuilder(memory, options);
        var outcome = Read(ref builder, form, reader);
        if (outcome != ContentOutcome.Read)
        {
            builder.Discard();
            return outcome;
        }

        if (builder.IsEmpty) return ContentOutcome.Empty;
        value = new LoadedValue(Kind, builder.Finish());
        return ContentOutcome.Read;
    }

    /// <inheritdoc/>
    public override bool TrySkip(ContentForm form, IContentReader reader)
    {
        ulong count = 1;
        if (form != ContentForm.ListZiplist && !reader.TryNumber(out count)) return false;
        for (; count > 0; count--)
        {
            if (form == ContentForm.ListNodes && !reader.TryNumber(out _)) return false;
            if (!reader.TryText(out _)) return false;
        }

        return true;
    }

    /// <summary>The number that says in the content what a node is.</summary>
    public static ulong ContainerOf(ListNode* node) => node->IsPlain ? PlainNode : (ulong)PackedNode;

    private static void WriteNode(ListNode* node, IContentWriter writer)
    {
        writer.Number(ContainerOf(node));
        writer.Text(ListNode.Bytes(node));
    }

    private static ContentOutcome Read(ref ListBuilder builder, ContentForm form, IContentReader reader)
    {
        ulong count = 1;
        if (form != ContentForm.ListZiplist && !reader.TryNumber(out count)) return ContentOutcome.EndedEarly;
        for (; count > 0; count--)
        {
            ulong container = PackedNode;
            if (form == ContentForm.ListNodes && !reader.TryNumber(out container)) return ContentOutcome.EndedEarly;
            if (!reader.TryText(out var text)) return ContentOutcome.EndedEarly;
            var isValid = form switch
            {
                ContentForm.ListElements => AddElement(ref builder, text),
                ContentForm.ListNodes => container switch
                {
                    PlainNode => builder.TryAddLarge(text),
                    PackedNode => builder.TryAddListpack(text),
                    _ => false,
                },
                _ => TryAddZiplist(ref builder, text),
            };
            if (!isValid) return ContentOutcome.Invalid;
        }

        return ContentOutcome.Read;
    }

    private static bool AddElement(ref ListBuilder builder, ReadOnlySpan<byte> element)
    {
        builder.Add(element);
        return true;
    }

    private static bool TryAddZiplist(ref ListBuilder builder, ReadOnlySpan<byte> bytes)
    {
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        var ziplist = new Ziplist(bytes);
        while (ziplist.TryRead(out var element)) builder.Add(element.Text(scratch));
        return !ziplist.IsBroken;
    }
}
