using Starling.Slots.Memory;

namespace Starling.Slots.Values.Streams;

/// <summary>
/// Changes the groups of a stream. What is pending stands in the tree of the group and in that of its consumer; both
/// change together. Blocks that snapshots need are copied first: who changes something asks for it by <c>Own</c>.
/// </summary>
internal static unsafe class StreamGroups
{
    private const int FirstCapacity = 1;
    private const int MostRelocated = 64;

    /// <summary>A group for being changed; the head is not shared.</summary>
    public static StreamGroup* Own(ref StreamMemory memory, StreamHead* head, int group)
    {
        head->Groups = (StreamGroup**)memory.Own(head->Groups, BytesOf(head->GroupCapacity));
        var own = (StreamGroup*)memory.Own(head->Groups[group], head->Groups[group]->BlockBytes);
        return head->Groups[group] = own;
    }

    /// <summary>Adds a group.</summary>
    /// <param name="memory">Where blocks come from.</param>
    /// <param name="head">The stream.</param>
    /// <param name="place">Where it belongs in the order of names.</param>
    /// <param name="group">The group.</param>
    public static void Add(ref StreamMemory memory, StreamHead* head, int place, StreamGroup* group)
    {
        var count = head->GroupCount;
        if (count == head->GroupCapacity)
        {
            var capacity = Math.Max(FirstCapacity, checked(count * 2));
            var grown = memory.Duplicate(head->Groups, BytesOf(count), BytesOf(capacity));
            if (head->Groups != null) memory.Free(head->Groups, BytesOf(count));
            head->Groups = (StreamGroup**)grown;
            head->GroupCapacity = capacity;
        }
        else
        {
            head->Groups = (StreamGroup**)memory.Own(head->Groups, BytesOf(head->GroupCapacity));
        }

        var groups = new Span<nint>(head->Groups, count + 1);
        groups[place..^1].CopyTo(groups[(place + 1)..]);
        head->Groups[place] = group;
        head->GroupCount++;
    }

    /// <summary>Takes out a group and frees it.</summary>
    public static void Remove(ref StreamMemory memory, StreamHead* head, int group)
    {
        Free(ref memory, head->Groups[group]);
        head->Groups = (StreamGroup**)memory.Own(head->Groups, BytesOf(head->GroupCapacity));
        var groups = new Span<nint>(head->Groups, head->GroupCount);
        groups[(group + 1)..].CopyTo(groups[group..]);
        head->GroupCount--;
        if (head->GroupCount == 0) FreeTable(ref memory, head);
    }

    /// <summary>Frees the table of a stream's groups, which have gone.</summary>
    public static void FreeTable(ref StreamMemory memory, StreamHead* head)
    {
        if (head->Groups != null) memory.Free(head->Groups, BytesOf(head->GroupCapacity));
        head->Groups = null;
        head->GroupCount = 0;
        head->GroupCapacity = 0;
    }

    /// <summary>Bytes of a table of groups.</summary>
    public static long BytesOf(int capacity) => capacity * (long)sizeof(StreamGroup*);

    /// <summary>A consumer for being changed; the group is not shared.</summary>
    public static StreamConsumer* OwnConsumer(ref StreamMemory memory, StreamGroup* group, int place)
    {
        OwnTable(ref memory, group);
        ref var consumer = ref ConsumerTable.At(group->Consumers, place);
        consumer = (StreamConsumer*)memory.Own(consumer, consumer->BlockBytes);
        return consumer;
    }

    /// <summary>Adds a consumer.</summary>
    /// <param name="memory">Where blocks come from.</param>
    /// <param name="group">The group, which is not shared.</param>
    /// <param name="consumer">The consumer.</param>
    /// <param name="order">Where it belongs in the order of names.</param>
    /// <returns>Its place.</returns>
    public static int AddConsumer(ref StreamMemory memory, StreamGroup* group, StreamConsumer* consumer, int order)
    {
        OwnTable(ref memory, group);
        return ConsumerTable.Add(ref memory, ref group->Consumers, consumer, order);
    }

    /// <summary>Takes out a consumer with all that it has not acknowledged, and frees it.</summary>
    public static void RemoveConsumer(ref StreamMemory memory, StreamGroup* group, int place, int order)
    {
        var consumer = ConsumerTable.At(group->Consumers, place);
        for (var path = IdPath.First(consumer->Pending); path.IsSlot;)
        {
            var pending = IdPath.To(group->Pending, path.Id);
            IdTree.Remove(ref memory, ref group->Pending, ref pending);
            group->PendingCount--;
            if (!path.TryNext()) break;
        }

        OwnTable(ref memory, group);
        ConsumerTable.Remove(group->Consumers, order);
        FreeConsumer(ref memory, consumer);
    }

    /// <summary>Makes an entry pending, or says anew who has it and since when.</summary>
    /// <param name="memory">Where blocks come from.</param>
    /// <param name="group">The group, which is not shared.</param>
    /// <param name="pending">The entry, its consumer one of the group's.</param>
    public static void Deliver(ref StreamMemory memory, StreamGroup* group, in PendingSlot pending)
    {
        var path = IdPath.To(group->Pending, pending.Id);
        PendingSlot* slot;
        if (path.IsSlot && path.Id == pending.Id)
        {
            slot = (PendingSlot*)IdTree.Own(ref memory, ref group->Pending, ref path);
            if (slot->Consumer != pending.Consumer) Take(ref memory, group, slot->Consumer, pending.Id);
        }
        else
        {
            slot = (PendingSlot*)IdTree.Insert(ref memory, ref group->Pending, PendingSlot.Bytes, pending.Id);
            slot->Consumer = -1;
            group->PendingCount++;
        }

        if (slot->Consumer != pending.Consumer)
        {
            var consumer = OwnConsumer(ref memory, group, pending.Consumer);
            IdTree.Insert(ref memory, ref consumer->Pending, StreamId.Bytes, pending.Id);
            consumer->PendingCount++;
        }

        *slot = pending;
    }

    /// <summary>Makes an entry pending no more; false when it was not.</summary>
    public static bool Acknowledge(ref StreamMemory memory, StreamGroup* group, in StreamId id)
    {
        var path = IdPath.To(group->Pending, id);
        if (!path.IsSlot || path.Id != id) return false;
        Take(ref memory, group, ((PendingSlot*)path.Slot)->Consumer, id);
        IdTree.Remove(ref memory, ref group->Pending, ref path);
        group->PendingCount--;
        return true;
    }

    /// <summary>Frees a group with everything in it, and leaves it as it is for snapshots that have it.</summary>
    public static void Free(ref StreamMemory memory, StreamGroup* group)
    {
        IdTree.Free(ref memory, group->Pending);
        for (var order = 0; order < group->ConsumerCount; order++)
            FreeConsumer(ref memory, ConsumerTable.At(group->Consumers, ConsumerTable.Place(group->Consumers, order)));
        if (group->Consumers != null) memory.Free(group->Consumers, group->Consumers->BlockBytes);
        memory.Free(group, group->BlockBytes);
    }

    /// <summary>Frees some pages of a group that no stream has any more.</summary>
    /// <param name="memory">Where blocks came from.</param>
    /// <param name="group">The group; dead when it is freed.</param>
    /// <param name="pages">How many pages at most; less those that were.</param>
    /// <returns>True when nothing is left.</returns>
    public static bool FreeSome(ref StreamMemory memory, StreamGroup* group, ref int pages)
    {
        if (!IdTree.FreeSome(ref memory, ref group->Pending, ref pages)) return false;
        var table = group->Consumers;
        if (table != null)
        {
            for (; table->Count > 0; table->Count--)
            {
                var place = ConsumerTable.Place(table, table->Count - 1);
                var consumer = ConsumerTable.At(table, place);
                if (pages <= 0 || !IdTree.FreeSome(ref memory, ref consumer->Pending, ref pages)) return false;
                FreeConsumer(ref memory, consumer);
                pages--;
            }

            memory.Free(table, table->BlockBytes);
        }

        memory.Free(group, group->BlockBytes);
        return true;
    }

    /// <summary>Makes a group like another one.</summary>
    public static StreamGroup* Duplicate(ref StreamMemory memory, StreamGroup* group)
    {
        var copy = (StreamGroup*)memory.Duplicate(group, group->BlockBytes, group->BlockBytes);
        copy->Pending = IdTree.Duplicate(ref memory, group->Pending);
        if (group->Consumers == null) return copy;
        var table = (ConsumerTable*)memory.Duplicate(
            group->Consumers, group->Consumers->BlockBytes, group->Consumers->BlockBytes);
        copy->Consumers = table;
        for (var order = 0; order < table->Count; order++)
        {
            ref var consumer = ref ConsumerTable.At(table, ConsumerTable.Place(table, order));
            var original = consumer;
            consumer = (StreamConsumer*)memory.Duplicate(original, original->BlockBytes, original->BlockBytes);
            consumer->Pending = IdTree.Duplicate(ref memory, original->Pending);
        }

        return copy;
    }

    /// <summary>Moves the blocks of groups that lie badly, unless they are many; until the mover is tired.</summary>
    public static void Relocate(ref BlockMover mover, StreamHead* head)
    {
        if (head->GroupCount is 0 or > MostRelocated) return;
        var table = (byte*)head->Groups;
        mover.TryMove(ref table, BytesOf(head->GroupCapacity));
        head->Groups = (StreamGroup**)table;
        for (var i = 0; i < head->GroupCount && !mover.IsTired; i++)
        {
            var group = (byte*)head->Groups[i];
            mover.TryMove(ref group, head->Groups[i]->BlockBytes);
            head->Groups[i] = (StreamGroup*)group;
            RelocatePending(ref mover, ref head->Groups[i]->Pending);
            if (head->Groups[i]->ConsumerCount is > 0 and <= MostRelocated) RelocateConsumers(ref mover, head->Groups[i]);
        }
    }

    private static void RelocateConsumers(ref BlockMover mover, StreamGroup* group)
    {
        var table = (byte*)group->Consumers;
        mover.TryMove(ref table, group->Consumers->BlockBytes);
        group->Consumers = (ConsumerTable*)table;
        for (var order = 0; order < group->ConsumerCount && !mover.IsTired; order++)
        {
            ref var consumer = ref ConsumerTable.At(group->Consumers, ConsumerTable.Place(group->Consumers, order));
            var block = (byte*)consumer;
            mover.TryMove(ref block, consumer->BlockBytes);
            consumer = (StreamConsumer*)block;
            RelocatePending(ref mover, ref consumer->Pending);
        }
    }

    private static void RelocatePending(ref BlockMover mover, ref IdPage* pending)
    {
        if (pending != null && pending->Level <= 1) IdTree.Relocate(ref mover, ref pending);
    }

    private static void FreeConsumer(ref StreamMemory memory, StreamConsumer* consumer)
    {
        IdTree.Free(ref memory, consumer->Pending);
        memory.Free(consumer, consumer->BlockBytes);
    }

    private static void OwnTable(ref StreamMemory memory, StreamGroup* group)
    {
        if (group->Consumers != null)
            group->Consumers = (ConsumerTable*)memory.Own(group->Consumers, group->Consumers->BlockBytes);
    }

    /// <summary>Takes an entry from a consumer.</summary>
    private static void Take(ref StreamMemory memory, StreamGroup* group, int place, in StreamId id)
    {
        var consumer = OwnConsumer(ref memory, group, place);
        var path = IdPath.To(consumer->Pending, id);
        Invariant.That(path.IsSlot && path.Id == id);
        IdTree.Remove(ref memory, ref consumer->Pending, ref path);
        consumer->PendingCount--;
    }
}
