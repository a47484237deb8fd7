using System.Runtime.InteropServices;

namespace Starling.Slots.Values.Streams;

/// <summary>A consumer of a group: a block that ends in its name.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct StreamConsumer
{
    /// <summary>It has never got an entry.</summary>
    public const long NeverActive = -1;

    /// <summary>When it was last heard of, in milliseconds of Unix time.</summary>
    public long SeenTime;

    /// <summary>When it got an entry last, or <see cref="NeverActive"/>.</summary>
    public long ActiveTime;

    /// <summary>The ids of what it has not acknowledged: slots without anything else.</summary>
    public IdPage* Pending;

    /// <summary>Number of these.</summary>
    public long PendingCount;

    /// <summary>Length of the name.</summary>
    public int NameLength;

    /// <summary>Bytes of the block.</summary>
    public readonly long BlockBytes => sizeof(StreamConsumer) + (long)NameLength;

    /// <summary>Makes a consumer.</summary>
    public static StreamConsumer* Make(ref StreamMemory memory, scoped ReadOnlySpan<byte> name, long seenTime)
    {
        var consumer = (StreamConsumer*)memory.Allocate(sizeof(StreamConsumer) + (long)name.Length);
        *consumer = new StreamConsumer { SeenTime = seenTime, ActiveTime = NeverActive, NameLength = name.Length };
        name.CopyTo(new Span<byte>(consumer + 1, name.Length));
        return consumer;
    }

    /// <summary>The name.</summary>
    public static ReadOnlySpan<byte> Name(StreamConsumer* consumer) => new(consumer + 1, consumer->NameLength);
}
