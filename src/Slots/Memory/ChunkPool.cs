using System.Numerics;
using System.Runtime.InteropServices;

namespace Starling.Slots.Memory;

/// <summary>
/// Gives blocks to arenas and takes them back; a chunk without a block in use goes back to the system.
/// </summary>
internal sealed unsafe class ChunkPool
{
    private const nuint ChunkBytes = (nuint)Chunk.Blocks * SizeClass.BlockBytes;
    private const uint AllFree = uint.MaxValue;

    /// <summary>
    /// A heap with more chunks asks for huge pages; a smaller one would pay for memory that it does not use.
    /// </summary>
    private const int SmallHeap = 8;

    /// <summary>Guards the lists. Taken under an arena's lock, takes no other.</summary>
    private readonly Lock _lock = new();

    private Chunk* _available;
    private Chunk* _full;
    private int _count;

    /// <summary>A block whose content is undefined, except that its header says which chunk it is of.</summary>
    public Block* Take()
    {
        lock (_lock)
        {
            var chunk = _available;
            if (chunk == null)
            {
                chunk = Make(huge: ++_count > SmallHeap);
                Link(ref _available, chunk);
            }

            var index = BitOperations.TrailingZeroCount(chunk->Free);
            chunk->Free &= ~(1u << index);
            if (chunk->Free == 0)
            {
                Unlink(ref _available, chunk);
                Link(ref _full, chunk);
            }

            var block = (Block*)(chunk->Memory + ((long)index * SizeClass.BlockBytes));
            block->Chunk = chunk;
            return block;
        }
    }

    /// <summary>Takes a block back.</summary>
    public void Return(Block* block)
    {
        lock (_lock)
        {
            var chunk = block->Chunk;
            if (chunk->Free == 0)
            {
                Unlink(ref _full, chunk);
                Link(ref _available, chunk);
            }

            chunk->Free |= 1u << (int)(((byte*)block - chunk->Memory) / SizeClass.BlockBytes);

            // One empty chunk stays, so that a key that is set and deleted in turn does not ask the system each time.
            if (chunk->Free != AllFree || (chunk->Next == null && chunk->Previous == null)) return;
            Unlink(ref _available, chunk);
            Release(chunk);
            _count--;
        }
    }

    /// <summary>Gives every chunk back to the system, whatever is in use.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            ReleaseList(ref _available);
            ReleaseList(ref _full);
            _count = 0;
        }
    }

    private static Chunk* Make(bool huge)
    {
        var memory = SystemMemory.Take(ChunkBytes);
        Invariant.That((ulong)memory + ChunkBytes < 1UL << 48);
        if (huge) SystemMemory.AdviseHugePages(memory, ChunkBytes);
        var chunk = (Chunk*)NativeMemory.Alloc((nuint)sizeof(Chunk));
        *chunk = new Chunk { Memory = memory, Free = AllFree };
        return chunk;
    }

    private static void ReleaseList(ref Chunk* list)
    {
        while (list != null)
        {
            var chunk = list;
            Unlink(ref list, chunk);
            Release(chunk);
        }
    }

    private static void Release(Chunk* chunk)
    {
        SystemMemory.Release(chunk->Memory, ChunkBytes);
        NativeMemory.Free(chunk);
    }

    private static void Link(ref Chunk* list, Chunk* chunk)
    {
        chunk->Previous = null;
        chunk->Next = list;
        if (list != null) list->Previous = chunk;
        list = chunk;
    }

    private static void Unlink(ref Chunk* list, Chunk* chunk)
    {
        if (chunk->Previous != null) chunk->Previous->Next = chunk->Next;
        else list = chunk->Next;
        if (chunk->Next != null) chunk->Next->Previous = chunk->Previous;
    }
}
