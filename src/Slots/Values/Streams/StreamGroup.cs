using System.Runtime.InteropServices;

namespace Starling.Slots.Values.Streams;

/// <summary>A consumer group: a block that ends in its name.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct StreamGroup
{
    /// <summary>How many entries were read is not known.</summary>
    public const long UnknownRead = -1;

    /// <summary>The id of the last entry that was delivered.</summary>
    public StreamId Last;

    /// <summary>Number of entries that were read, as if none had ever been deleted; or <see cref="UnknownRead"/>.</summary>
    public long Read;

    /// <summary>What was delivered and not acknowledged (<see cref="PendingSlot"/>), by id.</summary>
    public IdPage* Pending;

    /// <summary>Number of these.</summary>
    public long PendingCount;

    /// <summary>The consumers; null when there has been none.</summary>
    public ConsumerTable* Consumers;

    /// <summary>Length of the name.</summary>
    public int NameLength;

    /// <summary>Bytes of the block.</summary>
    public readonly long BlockBytes => sizeof(StreamGroup) + (long)NameLength;

    /// <summary>Number of consumers.</summary>
    public readonly int ConsumerCount => Consumers == null ? 0 : Consumers->Count;

    /// <summary>Makes a group.</summary>
    public static StreamGroup* Make(ref StreamMemory memory, scoped ReadOnlySpan<byte> name, in StreamId last, long read)
    {
        var group = (StreamGroup*)memory.Allocate(sizeof(StreamGroup) + (long)name.Length);
        *group = new StreamGroup { Last = last, Read = read, NameLength = name.Length };
        name.CopyTo(new Span<byte>(group + 1, name.Length));
        return group;
    }

    /// <summary>The name.</summary>
    public static ReadOnlySpan<byte> Name(StreamGroup* group) => new(group + 1, group->NameLength);

    /// <summary>What is pending under an id; null when nothing is.</summary>
    public static PendingSlot* Find(StreamGroup* group, in StreamId id) =>
        (PendingSlot*)IdTree.Find(group->Pending, id);
}
