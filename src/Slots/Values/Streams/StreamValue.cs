using Starling.Slots.Keyspace;

namespace Starling.Slots.Values.Streams;

/// <summary>
/// The stream of a key, or of none: a key that is not there reads as a stream without entries and groups. Unlike other
/// collections a stream stays when its last entry goes. Groups are named by their index, which is theirs until a group
/// comes or goes.
/// </summary>
public unsafe ref struct StreamValue : IValue<StreamValue>
{
    /// <summary>The most bytes of the fields and values of one entry.</summary>
    public const long LongestEntry = 1 << 30;

    private ValueAccess _access;

    private StreamValue(scoped in ValueAccess access) => _access = access;

    static ValueKind IValue<StreamValue>.Kind => ValueKind.Stream;

    /// <summary>The key is there.</summary>
    public readonly bool Exists => _access.Exists;

    /// <summary>Number of entries.</summary>
    public readonly long Length => Exists ? (long)Head->Length : 0;

    /// <summary>The id of the last entry that was added, or what XSETID said.</summary>
    public readonly StreamId LastId => Exists ? Head->Last : default;

    /// <summary>The id of the first entry; 0-0 when there is none.</summary>
    public readonly StreamId FirstId => Head->First;

    /// <summary>The largest id that was deleted by itself.</summary>
    public readonly StreamId MaxDeletedId => Head->MaxDeleted;

    /// <summary>Number of entries that were ever added.</summary>
    public readonly long EntriesAdded => (long)Head->Added;

    /// <summary>Number of nodes.</summary>
    public readonly long NodeCount => Head->NodeCount;

    /// <summary>Number of groups.</summary>
    public readonly int GroupCount => Exists ? Head->GroupCount : 0;

    private readonly StreamHead* Head => StreamHead.Of(_access.Root);

    static StreamValue IValue<StreamValue>.Open(scoped in ValueAccess access) => new(access);

    /// <summary>The entries between two ids, both included.</summary>
    public readonly StreamRange Range(in StreamId start, in StreamId end, bool backward = false) =>
        new(Exists ? Head : null, start, end, backward);

    /// <summary>Finds an entry.</summary>
    public readonly bool TryFind(in StreamId id, out StreamEntry entry)
    {
        entry = default;
        if (!Exists) return false;
        var path = IdPath.AtMost(Head->Nodes, id);
        if (path.Depth == 0) return false;
        if (!StreamEditor.TryFind(StreamHead.Node(path.Slot), path.Id, id, out var cursor)) return false;
        entry = cursor.Entry;
        return true;
    }

    /// <summary>The id of the first or last entry; false when there is none.</summary>
    /// <param name="last">The last one.</param>
    /// <param name="id">The id.</param>
    /// <param name="withDeleted">One that is deleted but still takes room counts too.</param>
    public readonly bool TryEdge(bool last, out StreamId id, bool withDeleted = false) =>
        StreamHead.TryEdge(Head, last, withDeleted, out id);

    /// <summary>Makes the key, which is not there, with a stream without entries.</summary>
    public void Create() => _access.Create(ValueKind.Stream, StreamHead.Make(_access.Memory));

    /// <summary>Adds an entry behind the last one; makes the key if need be.</summary>
    /// <param name="id">Its id, larger than <see cref="LastId"/>.</param>
    /// <param name="elements">Fields and values, together at most <see cref="LongestEntry"/> bytes.</param>
    public void Append<TElements>(in StreamId id, scoped in TElements elements)
        where TElements : IStreamElements, allows ref struct
    {
        if (!Exists) Create();
        Invariant.That(id > LastId);
        var editor = Edit();
        editor.Append(_access.Options, id, elements);
        End(editor);
    }

    /// <summary>Takes out entries from the first one on.</summary>
    /// <returns>How many.</returns>
    public long Trim(in StreamTrim trim)
    {
        if (Length == 0) return 0;
        var editor = Edit();
        var removed = editor.Trim(trim);
        if (removed > 0) editor.FindFirst();
        End(editor);
        return removed;
    }

    /// <summary>Deletes an entry; false when there is none of that id.</summary>
    public bool Delete(in StreamId id)
    {
        if (!TryFind(id, out _)) return false;
        var editor = Edit();
        Invariant.That(editor.Delete(id));
        var head = editor.Head;
        if (id > head->MaxDeleted) head->MaxDeleted = id;
        if (head->Length == 0 || head->First == id) editor.FindFirst();
        End(editor);
        return true;
    }

    /// <summary>Says what the stream has seen, whatever it has.</summary>
    /// <param name="last">The last id; not smaller than that of the last entry.</param>
    /// <param name="added">Number of entries ever added; null to leave it.</param>
    /// <param name="maxDeleted">The largest id deleted; null to leave it.</param>
    public void SetIds(in StreamId last, long? added, StreamId? maxDeleted)
    {
        var editor = Edit();
        editor.Head->Last = last;
        if (added is { } count) editor.Head->Added = (ulong)count;
        if (maxDeleted is { } id) editor.Head->MaxDeleted = id;
        End(editor);
    }

    /// <summary>The index of a group; -1 when there is none of that name.</summary>
    public readonly int FindGroup(ReadOnlySpan<byte> name) =>
        Exists ? StreamHead.FindGroup(Head, name, out _) : -1;

    /// <summary>A group.</summary>
    public readonly StreamGroupInfo Group(int group) => new(Head, Head->Groups[group]);

    /// <summary>Adds a group; false when there is one of that name.</summary>
    /// <param name="name">The name.</param>
    /// <param name="last">What counts as delivered.</param>
    /// <param name="read">How many entries count as read; -1 when that is not known.</param>
    public bool CreateGroup(scoped ReadOnlySpan<byte> name, in StreamId last, long read)
    {
        if (StreamHead.FindGroup(Head, name, out var place) >= 0) return false;
        var editor = Edit();
        var group = StreamGroup.Make(ref editor.Memory, name, last, read);
        StreamGroups.Add(ref editor.Memory, editor.Head, place, group);
        End(editor);
        return true;
    }

    /// <summary>Takes out a group with all that is in it.</summary>
    public void DestroyGroup(int group)
    {
        var editor = Edit();
        StreamGroups.Remove(ref editor.Memory, editor.Head, group);
        End(editor);
    }

    /// <summary>Says how far a group has read; -1 for a number that is not known.</summary>
    public void SetGroup(int group, in StreamId last, long read)
    {
        var editor = Edit();
        var own = StreamGroups.Own(ref editor.Memory, editor.Head, group);
        own->Last = last;
        own->Read = read;
        End(editor);
    }

    /// <summary>
    /// An entry is delivered for the first time to a group: it is the last one that was, and counts as read if that can
    /// be known.
    /// </summary>
    public void Advance(int group, in StreamId id)
    {
        var known = Head->Groups[group];
        var read = known->Read;
        if (read != StreamGroup.UnknownRead && !StreamDistance.HasGapFrom(Head, known->Last)) read++;
        else if (Head->Added > 0) read = StreamDistance.FromStart(Head, id);
        SetGroup(group, id, read);
    }

    /// <summary>Adds a consumer of a name that no other of the group has.</summary>
    /// <returns>Its place.</returns>
    public int CreateConsumer(int group, scoped ReadOnlySpan<byte> name, long now)
    {
        var editor = Edit();
        var own = StreamGroups.Own(ref editor.Memory, editor.Head, group);
        Invariant.That(ConsumerTable.Find(own->Consumers, name, out var order) < 0);
        var consumer = StreamConsumer.Make(ref editor.Memory, name, now);
        var place = StreamGroups.AddConsumer(ref editor.Memory, own, consumer, order);
        End(editor);
        return place;
    }

    /// <summary>Takes out a consumer with all that is pending with it; false when there is none of that name.</summary>
    /// <param name="group">The group.</param>
    /// <param name="name">The consumer.</param>
    /// <param name="pending">How many entries it had not acknowledged.</param>
    public bool DeleteConsumer(int group, scoped ReadOnlySpan<byte> name, out long pending)
    {
        pending = 0;
        var place = ConsumerTable.Find(Head->Groups[group]->Consumers, name, out var order);
        if (place < 0) return false;
        pending = Group(group).Consumer(place).PendingCount;
        var editor = Edit();
        var own = StreamGroups.Own(ref editor.Memory, editor.Head, group);
        StreamGroups.RemoveConsumer(ref editor.Memory, own, place, order);
        End(editor);
        return true;
    }

    /// <summary>A consumer was heard of.</summary>
    /// <param name="group">The group.</param>
    /// <param name="consumer">Its place.</param>
    /// <param name="now">Milliseconds of Unix time.</param>
    /// <param name="isActive">It got an entry.</param>
    public void Touch(int group, int consumer, long now, bool isActive)
    {
        var editor = Edit();
        var own = StreamGroups.Own(ref editor.Memory, editor.Head, group);
        var seen = StreamGroups.OwnConsumer(ref editor.Memory, own, consumer);
        if (isActive) seen->ActiveTime = now;
        else seen->SeenTime = now;
        End(editor);
    }

    /// <summary>Makes an entry pending, or gives a pending one to another consumer.</summary>
    public void Deliver(int group, in StreamPending pending)
    {
        var editor = Edit();
        var own = StreamGroups.Own(ref editor.Memory, editor.Head, group);
        var slot = new PendingSlot
        {
            Id = pending.Id,
            Consumer = pending.Consumer,
            DeliveryTime = pending.DeliveryTime,
            DeliveryCount = pending.DeliveryCount,
        };
        StreamGroups.Deliver(ref editor.Memory, own, slot);
        End(editor);
    }

    /// <summary>Makes an entry pending no more; false when it was not.</summary>
    public bool Acknowledge(int group, in StreamId id)
    {
        if (StreamGroup.Find(Head->Groups[group], id) == null) return false;
        var editor = Edit();
        var own = StreamGroups.Own(ref editor.Memory, editor.Head, group);
        Invariant.That(StreamGroups.Acknowledge(ref editor.Memory, own, id));
        End(editor);
        return true;
    }

    private StreamEditor Edit()
    {
        ref var root = ref _access.BeginChange(out var memory);
        return new StreamEditor(memory, ref root);
    }

    private readonly void End(scoped in StreamEditor editor)
    {
        editor.Finish();
        _access.EndChange();
    }
}
