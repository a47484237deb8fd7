using Starling.Slots.Keyspace;
using Starling.Slots.Memory;
using Starling.Slots.Values;
using Starling.Slots.Values.Streams;

namespace Starling.Slots.Tests.Values.Streams;

/// <summary>Looks over the blocks of a stream: every count, every node, the order in every tree, who has what.</summary>
internal static unsafe class StreamChecker
{
    public static void Check(in Entry entry)
    {
        Assert.Equal(ValueKind.Stream, entry.Kind);
        var head = StreamHead.Of(*EntryBlock.View(entry.Block).Root);
        var bytes = NativeHeap.CountedBytes(sizeof(StreamHead));
        if (head->Groups != null) bytes += NativeHeap.CountedBytes(StreamGroups.BytesOf(head->GroupCapacity));
        bytes += CheckTree(head->Nodes, StreamHead.NodeSlotBytes, default, null, out var nodes);
        Assert.Equal(head->NodeCount, nodes);
        bytes += CheckNodes(head);
        for (var i = 0; i < head->GroupCount; i++)
        {
            if (i > 0) Assert.True(StreamGroup.Name(head->Groups[i - 1]).SequenceCompareTo(StreamGroup.Name(head->Groups[i])) < 0);
            bytes += CheckGroup(head->Groups[i]);
        }

        Assert.Equal(head->AllocatedBytes, bytes);
    }

    private static long CheckNodes(StreamHead* head)
    {
        long bytes = 0, live = 0;
        var last = default(StreamId);
        for (var path = IdPath.First(head->Nodes); path.IsSlot;)
        {
            var node = StreamHead.Node(path.Slot);
            bytes += NativeHeap.CountedBytes(node->BlockBytes);
            var listpack = StreamNode.Bytes(node).ToArray();
            if (node->IsPacked)
            {
                listpack = new byte[NodePacking.UnpackedLength(node)];
                fixed (byte* to = listpack) NodePacking.Unpack(node, to);
            }

            Assert.True(StreamNodeCheck.IsSound(listpack, path.Id, ref last, out var here));
            live += here;
            if (!path.TryNext()) break;
        }

        Assert.Equal((long)head->Length, live);
        Assert.True(head->Last >= last);
        return bytes;
    }

    private static long CheckGroup(StreamGroup* group)
    {
        var bytes = NativeHeap.CountedBytes(group->BlockBytes);
        bytes += CheckTree(group->Pending, PendingSlot.Bytes, default, null, out var pending);
        Assert.Equal(group->PendingCount, pending);
        if (group->Consumers != null) bytes += NativeHeap.CountedBytes(group->Consumers->BlockBytes);
        var owned = 0L;
        for (var i = 0; i < group->ConsumerCount; i++)
        {
            var place = ConsumerTable.Place(group->Consumers, i);
            var consumer = ConsumerTable.At(group->Consumers, place);
            bytes += NativeHeap.CountedBytes(consumer->BlockBytes);
            bytes += CheckTree(consumer->Pending, StreamId.Bytes, default, null, out var count);
            Assert.Equal(consumer->PendingCount, count);
            owned += count;
            for (var path = IdPath.First(consumer->Pending); path.IsSlot;)
            {
                Assert.Equal(place, StreamGroup.Find(group, path.Id)->Consumer);
                if (!path.TryNext()) break;
            }
        }

        Assert.Equal(owned, pending);
        return bytes;
    }

    /// <summary>The bytes of the pages of a tree whose ids lie between two.</summary>
    private static long CheckTree(IdPage* page, int slotBytes, StreamId from, StreamId? end, out long slots)
    {
        slots = 0;
        if (page == null) return 0;
        Assert.InRange(page->Length, 1, page->Capacity);
        Assert.InRange(page->Bytes, 1, IdPage.MaxBytes);
        Assert.Equal(page->Level == 0 ? slotBytes : IdPage.BranchSlotBytes, page->SlotBytes);
        var bytes = NativeHeap.CountedBytes(page->Bytes);
        for (var i = 0; i < page->Length; i++)
        {
            var id = *IdPage.Id(page, i);
            if (i > 0) Assert.True(id > *IdPage.Id(page, i - 1));
            Assert.True(id >= from && (end is not { } limit || id < limit));
            if (page->Level == 0)
            {
                slots++;
                continue;
            }

            var below = IdPage.Below(page, i);
            Assert.Equal(page->Level - 1, below->Level);
            StreamId? next = i + 1 < page->Length ? *IdPage.Id(page, i + 1) : end;
            bytes += CheckTree(below, slotBytes, id, next, out var inside);
            slots += inside;
        }

        return bytes;
    }
}
