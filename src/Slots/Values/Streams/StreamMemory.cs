using Starling.Slots.Memory;

namespace Starling.Slots.Values.Streams;

/// <summary>
/// Where the blocks of a stream come from, and by how much they grew: what a stream takes is known without looking at
/// its blocks.
/// </summary>
internal unsafe ref struct StreamMemory
{
    private readonly ValueMemory _memory;

    /// <summary>Begins to count.</summary>
    public StreamMemory(scoped in ValueMemory memory) => _memory = memory;

    /// <summary>Bytes that were taken since, less those given back.</summary>
    public long Growth { get; private set; }

    /// <summary>Memory of undefined content.</summary>
    public byte* Allocate(long size)
    {
        Growth += NativeHeap.CountedBytes(size);
        return _memory.Allocate(size);
    }

    /// <summary>Frees an allocation of that size.</summary>
    public void Free(void* block, long size)
    {
        Growth -= NativeHeap.CountedBytes(size);
        _memory.Free((byte*)block, size);
    }

    /// <summary>
    /// The block if no snapshot needs it as it is, or else a copy of it, for being changed: the block is dead then.
    /// </summary>
    public byte* Own(void* block, long size)
    {
        if (!_memory.IsShared(block)) return (byte*)block;
        var copy = Duplicate(block, size, size);
        Free(block, size);
        return copy;
    }

    /// <summary>A new block that begins as another one.</summary>
    /// <param name="block">The other one.</param>
    /// <param name="used">Bytes that are taken over.</param>
    /// <param name="size">Bytes of the new one.</param>
    public byte* Duplicate(void* block, long used, long size)
    {
        var copy = Allocate(size);
        Buffer.MemoryCopy(block, copy, size, used);
        return copy;
    }
}
