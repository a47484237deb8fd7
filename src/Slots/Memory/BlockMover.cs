namespace Starling.Slots.Memory;

/// <summary>Moves allocations out of the heap's blocks that are to be emptied, a bounded number of bytes.</summary>
internal unsafe ref struct BlockMover
{
    private readonly NativeHeap _heap;
    private readonly int _selector;
    private readonly long _limit;

    /// <summary>Makes a mover.</summary>
    /// <param name="heap">The heap of the allocations.</param>
    /// <param name="selector">The stripe, which chooses the arena.</param>
    /// <param name="limit">Bytes after which it is <see cref="IsTired"/>.</param>
    public BlockMover(NativeHeap heap, int selector, long limit)
    {
        _heap = heap;
        _selector = selector;
        _limit = limit;
    }

    /// <summary>Allocations that were moved.</summary>
    public long Moved { get; private set; }

    /// <summary>Allocations that lay well.</summary>
    public long Stayed { get; private set; }

    /// <summary>Bytes that were moved.</summary>
    public long Bytes { get; private set; }

    /// <summary>Enough was moved for now: who has more to move stops, and is asked again.</summary>
    public readonly bool IsTired => Bytes >= _limit;

    /// <summary>Moves an allocation, content and all, when it lies in a block that is to be emptied.</summary>
    /// <param name="memory">The allocation; where it lies afterwards.</param>
    /// <param name="size">The size that was asked for, or any other with the same usable size.</param>
    public bool TryMove(ref byte* memory, long size)
    {
        if (!_heap.TryMove(_selector, ref memory, size))
        {
            Stayed++;
            return false;
        }

        Moved++;
        Bytes += size;
        return true;
    }
}
