using Starling.Slots.Keyspace;
using Starling.Slots.Memory;

namespace Starling.Slots.Values.Streams;

/// <summary>Streams with their consumer groups.</summary>
internal sealed unsafe class StreamOperations : ValueOperations
{
    private const int PageBytes = 64 << 10;
    private const int BlocksPerPage = 8;
    private const int NodesPerPage = 64;
    private const int RawIdAndTime = StreamId.Bytes + sizeof(long);

    /// <inheritdoc/>
    public override ValueKind Kind => ValueKind.Stream;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Name => "stream"u8;

    /// <inheritdoc/>
    public override ReadOnlySpan<ContentForm> Forms =>
        [ContentForm.StreamNodes, ContentForm.StreamNodes2, ContentForm.StreamNodes3];

    /// <summary>What redis-server 7.0 reads; it does not know the one that has the times of activity.</summary>
    public override ContentForm WrittenForm(scoped in ValueView value) => ContentForm.StreamNodes2;

    /// <inheritdoc/>
    public override void Free(in ValueMemory memory, ref ValueRoot root)
    {
        var counted = new StreamMemory(memory);
        var pages = int.MaxValue;
        Invariant.That(StreamBlocks.FreeSome(ref counted, StreamHead.Of(root), ref pages));
    }

    /// <summary>By the bytes or, where nodes are small, by the number of blocks: to free one takes its time too.</summary>
    public override long Pages(in ValueRoot root)
    {
        var head = StreamHead.Of(root);
        return 1 + Math.Max(head->AllocatedBytes / PageBytes, head->NodeCount / NodesPerPage);
    }

    /// <inheritdoc/>
    public override FrozenValue Freeze(TableSet tables, int slot, in ValueRoot root) =>
        new FrozenStream(tables, slot, this, root);

    /// <inheritdoc/>
    public override bool FreeSome(in ValueMemory memory, ref ValueRoot root, int pages)
    {
        var counted = new StreamMemory(memory);
        var blocks = (int)Math.Min(int.MaxValue, pages * (long)BlocksPerPage);
        return !StreamBlocks.FreeSome(ref counted, StreamHead.Of(root), ref blocks);
    }

    /// <inheritdoc/>
    public override ValueRoot Duplicate(in ValueMemory memory, in ValueRoot root)
    {
        var counted = new StreamMemory(memory);
        return new ValueRoot { Address = (byte*)StreamBlocks.Duplicate(ref counted, StreamHead.Of(root)) };
    }

    /// <summary>
    /// As for every value; but what lies in a tree of more than two levels stays where it is, and so do many groups or
    /// consumers: going through them all would hold the stripe for too long.
    /// </summary>
    public override void Relocate(ref BlockMover mover, ref ValueRoot root)
    {
        mover.TryMove(ref root.Address, sizeof(StreamHead));
        var head = StreamHead.Of(root);
        if (head->Nodes != null && head->Nodes->Level <= 1) StreamBlocks.RelocateNodes(ref mover, ref head->Nodes);
        StreamGroups.Relocate(ref mover, head);
    }

    /// <inheritdoc/>
    public override long AllocatedBytes(in ValueRoot root) => StreamHead.Of(root)->AllocatedBytes;

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> EncodingName(scoped in ValueView value) => "stream"u8;

    /// <summary>The entries; as in Redis, groups are no part of it.</summary>
    public override void Digest(scoped in ValueView value, IContentDigest digest)
    {
        Span<byte> text = stackalloc byte[StreamId.MaxTextLength];
        var range = new StreamRange(StreamHead.Of(*value.Root), StreamId.Min, StreamId.Max, backward: false);
        while (range.MoveNext())
        {
            var entry = range.Current;
            digest.Mix(text[..entry.Id.Format(text, (byte)'.')]);
            while (entry.TryRead(out var field, out var content))
            {
                digest.Mix(field.Text(text));
                digest.Mix(content.Text(text));
            }
        }
    }

    /// <inheritdoc/>
    public override void Write(scoped in ValueView value, IContentWriter writer) =>
        new StreamWriter(*value.Root).WriteSome(writer, long.MaxValue);

    /// <inheritdoc/>
    public override ContentOutcome Read(
        scoped in ValueMemory memory,
        ContentForm form,
        IContentReader reader,
        ValueOptions options,
        out LoadedValue value)
    {
        value = default;
        var outcome = StreamReader.Read(memory, form, reader, out var root);
        if (outcome == ContentOutcome.Read) value = new LoadedValue(Kind, root);
        return outcome;
    }

    /// <inheritdoc/>
    public override bool TrySkip(ContentForm form, IContentReader reader)
    {
        if (!reader.TryNumber(out var nodes)) return false;
        for (; nodes > 0; nodes--)
            if (!reader.TryText(out _) || !reader.TryText(out _)) return false;
        for (var numbers = form == ContentForm.StreamNodes ? 3 : 8; numbers > 0; numbers--)
            if (!reader.TryNumber(out _)) return false;
        if (!reader.TryNumber(out var groups)) return false;
        for (; groups > 0; groups--)
            if (!TrySkipGroup(form, reader)) return false;
        return true;
    }

    private static bool TrySkipGroup(ContentForm form, IContentReader reader)
    {
        Span<byte> raw = stackalloc byte[RawIdAndTime];
        if (!reader.TryText(out _)) return false;
        for (var numbers = form == ContentForm.StreamNodes ? 2 : 3; numbers > 0; numbers--)
            if (!reader.TryNumber(out _)) return false;
        if (!reader.TryNumber(out var pending)) return false;
        for (; pending > 0; pending--)
            if (!reader.TryRaw(raw) || !reader.TryNumber(out _)) return false;
        if (!reader.TryNumber(out var consumers)) return false;
        for (; consumers > 0; consumers--)
        {
            var times = form == ContentForm.StreamNodes3 ? 2 * sizeof(long) : sizeof(long);
            if (!reader.TryText(out _) || !reader.TryRaw(raw[..times]) || !reader.TryNumber(out pending)) return false;
            for (; pending > 0; pending--)
                if (!reader.TryRaw(raw[..StreamId.Bytes])) return false;
        }

        return true;
    }
}
