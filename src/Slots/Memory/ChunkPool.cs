using System.Numerics;
using System.Runtime.InteropServices;

namespace Starling.Slots.Memory;

/// <summary>
/// Gives blocks to arenas and takes them back. A block comes from one of the fullest chunks, so that the others have
/// the chance to become empty. What is free beyond a reserve goes back to the system when <see cref="Trim"/> is called:
/// whole chunks, or blocks of a chunk whose others are in use.
/// </summary>
internal sealed unsafe class ChunkPool
{
    private const nuint ChunkBytes = (nuint)Chunk.Blocks * SizeClass.BlockBytes;

    /// <summary>
    /// A heap with more chunks asks for huge pages; a smaller one would pay for memory that it does not use.
    /// </summary>
    private const int SmallHeap = 8;

    /// <summary>
    /// The part of the blocks in use that as many free ones may add to without going back, so that keys that are set
    /// and deleted in turn do not ask the system each time.
    /// </summary>
    private const int ReservePart = 16;

    /// <summary>
    /// Held while memory goes back to the system, so that nobody clears the pool meanwhile; guards no data. Taken under
    /// any stripes or none, before <see cref="_lock"/>.
    /// </summary>
    private readonly RankedLock _trimming = new(LockRank.MemoryReturn, "ChunkPool's trimming");

    /// <summary>Guards what is below. Takes no other lock, and no call goes to the system under it.</summary>
    private readonly RankedLock _lock = new(LockRank.Memory, nameof(ChunkPool));

    /// <summary>Chunks by their number of free blocks.</summary>
    private readonly nint[] _byFree = new nint[Chunk.Blocks + 1];

    private ulong _filled;
    private Chunk* _newestIdle;
    private Chunk* _oldestIdle;
    private int _count;
    private long _usedBlocks;
    private long _idleBlocks;

    /// <summary>Bytes of the blocks in use. No lock is needed.</summary>
    public long UsedBytes => Volatile.Read(ref _usedBlocks) * SizeClass.BlockBytes;

    /// <summary>Bytes of the free blocks that the system has given memory for. No lock is needed.</summary>
    public long IdleBytes => Volatile.Read(ref _idleBlocks) * SizeClass.BlockBytes;

    /// <summary>A block whose content is undefined, except that its header says which chunk it is of.</summary>
    public Block* Take()
    {
        Block* block;
        bool becameFull;
        using (_lock.Enter()) block = TryTake(out becameFull);
        if (block == null)
        {
            var chunk = Make(Interlocked.Increment(ref _count) > SmallHeap);
            using (_lock.Enter())
            {
                Link(chunk);
                return TakeFrom(chunk);
            }
        }

        // Some of its blocks had gone back to the system, and now they are all in use.
        if (becameFull) SystemMemory.AdviseHugePages(block->Chunk->Memory, ChunkBytes);
        return block;
    }

    /// <summary>Takes a block back.</summary>
    public void Return(Block* block)
    {
        var chunk = block->Chunk;
        var bit = 1u << (int)(((byte*)block - chunk->Memory) / SizeClass.BlockBytes);
        using (_lock.Enter())
        {
            Unlink(chunk);
            chunk->Free |= bit;
            Link(chunk);
            _usedBlocks--;
        }
    }

    /// <summary>
    /// Gives memory back to the system that is free and more than the reserve, at most one chunk's; the one that has
    /// been idle for the longest time comes first.
    /// </summary>
    /// <returns>False when nothing was left to give.</returns>
    public bool Trim()
    {
        using (_trimming.Enter())
        {
            Chunk* chunk;
            uint blocks;
            bool isHuge;
            using (_lock.Enter())
            {
                chunk = _oldestIdle;
                if (chunk == null || _idleBlocks <= Math.Max(Chunk.Blocks, _usedBlocks / ReservePart)) return false;
                Unlink(chunk);
                blocks = chunk->Idle;
                isHuge = chunk->IsHuge;
                if (chunk->Free != Chunk.AllFree)
                {
                    // Nobody takes them while they are on their way.
                    chunk->Free &= ~blocks;
                    chunk->IsHuge = false;
                    Link(chunk);
                }
                else
                {
                    blocks = Chunk.AllFree;
                }
            }

            if (blocks != Chunk.AllFree && !GiveBack(chunk, blocks, isHuge)) return true;
            Interlocked.Decrement(ref _count);
            Release(chunk);
            return true;
        }
    }

    /// <summary>Gives a chunk back to the system, whatever is in use.</summary>
    /// <returns>False when none is left.</returns>
    public bool ClearSome()
    {
        using (_trimming.Enter())
        {
            Chunk* chunk = null;
            using (_lock.Enter())
            {
                for (var i = 0; i < _byFree.Length && chunk == null; i++) chunk = (Chunk*)_byFree[i];
                if (chunk != null) Unlink(chunk);
                _count = 0;
                _usedBlocks = 0;
            }

            if (chunk == null) return false;
            Release(chunk);
            return true;
        }
    }

    private static Chunk* Make(bool huge)
    {
        var memory = SystemMemory.Take(ChunkBytes);
        Invariant.That((ulong)memory + ChunkBytes < 1UL << 48);
        if (huge) SystemMemory.AdviseHugePages(memory, ChunkBytes);
        var chunk = (Chunk*)NativeMemory.Alloc((nuint)sizeof(Chunk));
        *chunk = new Chunk { Memory = memory, Free = Chunk.AllFree, Untouched = Chunk.AllFree, IsHuge = huge };
        return chunk;
    }

    private static void Release(Chunk* chunk)
    {
        SystemMemory.Release(chunk->Memory, ChunkBytes);
        NativeMemory.Free(chunk);
    }

    /// <summary>
    /// Gives free blocks back of a chunk whose others are in use, or were: true when none is any more and the chunk is
    /// out of the lists, to be released.
    /// </summary>
    private bool GiveBack(Chunk* chunk, uint blocks, bool isHuge)
    {
        // Else the system would make a huge page of what is left, and with it take back what it was given.
        if (isHuge) SystemMemory.AdviseSmallPages(chunk->Memory, ChunkBytes);
        for (var rest = blocks; rest != 0;)
        {
            var first = BitOperations.TrailingZeroCount(rest);
            var count = BitOperations.TrailingZeroCount(~((ulong)rest >> first));
            SystemMemory.GiveBack(
                chunk->Memory + ((long)first * SizeClass.BlockBytes), (nuint)count * SizeClass.BlockBytes);
            rest &= (uint)~(((1UL << count) - 1) << first);
        }

        using (_lock.Enter())
        {
            Unlink(chunk);
            chunk->Free |= blocks;
            chunk->Untouched |= blocks;
            if (chunk->Free == Chunk.AllFree) return true;
            Link(chunk);
            return false;
        }
    }

    private Block* TryTake(out bool becameFull)
    {
        becameFull = false;
        var available = _filled & ~1UL;
        if (available == 0) return null;
        var chunk = (Chunk*)_byFree[BitOperations.TrailingZeroCount(available)];
        var block = TakeFrom(chunk);
        if (chunk->Free == 0 && !chunk->IsHuge && _count > SmallHeap) becameFull = chunk->IsHuge = true;
        return block;
    }

    private Block* TakeFrom(Chunk* chunk)
    {
        Unlink(chunk);
        var blocks = chunk->Idle != 0 ? chunk->Idle : chunk->Free;
        var index = BitOperations.TrailingZeroCount(blocks);
        chunk->Free &= ~(1u << index);
        chunk->Untouched &= ~(1u << index);
        Link(chunk);
        _usedBlocks++;
        var block = (Block*)(chunk->Memory + ((long)index * SizeClass.BlockBytes));
        block->Chunk = chunk;
        return block;
    }

    private void Link(Chunk* chunk)
    {
        var free = BitOperations.PopCount(chunk->Free);
        chunk->Previous = null;
        chunk->Next = (Chunk*)_byFree[free];
        if (chunk->Next != null) chunk->Next->Previous = chunk;
        _byFree[free] = (nint)chunk;
        _filled |= 1UL << free;
        _idleBlocks += BitOperations.PopCount(chunk->Idle);
        chunk->PreviousIdle = null;
        chunk->NextIdle = null;
        if (chunk->Idle == 0) return;
        chunk->NextIdle = _newestIdle;
        if (_newestIdle != null) _newestIdle->PreviousIdle = chunk;
        else _oldestIdle = chunk;
        _newestIdle = chunk;
    }

    private void Unlink(Chunk* chunk)
    {
        var free = BitOperations.PopCount(chunk->Free);
        if (chunk->Next != null) chunk->Next->Previous = chunk->Previous;
        if (chunk->Previous != null) chunk->Previous->Next = chunk->Next;
        else if ((_byFree[free] = (nint)chunk->Next) == 0) _filled &= ~(1UL << free);
        _idleBlocks -= BitOperations.PopCount(chunk->Idle);
        if (chunk->Idle == 0) return;
        if (chunk->NextIdle != null) chunk->NextIdle->PreviousIdle = chunk->PreviousIdle;
        else _oldestIdle = chunk->PreviousIdle;
        if (chunk->PreviousIdle != null) chunk->PreviousIdle->NextIdle = chunk->NextIdle;
        else _newestIdle = chunk->NextIdle;
    }
}
