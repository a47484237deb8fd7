using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Starling.Slots.Memory;

/// <summary>A part of a heap with a lock of its own.</summary>
internal sealed unsafe class Arena
{
    /// <summary>What a freed cell is filled with in debug builds, behind the address that it holds.</summary>
    public const byte Poison = 0xDD;

    private readonly nint[] _partial = new nint[SizeClass.Count];
    private readonly ChunkPool _chunks;
    private readonly int _index;

    /// <summary>
    /// Guards everything here, for some tens of nanoseconds. Taken under stripe locks; the lock of
    /// <see cref="ChunkPool"/> is taken under it.
    /// </summary>
    private SpinLock _lock = new(enableThreadOwnerTracking: false);

    private LargeBlock* _large;
    private long _usedBytes;

    public Arena(ChunkPool chunks, int index)
    {
        _chunks = chunks;
        _index = index;
    }

    /// <summary>Bytes of the cells and large blocks in use. No lock is needed.</summary>
    public long UsedBytes => Volatile.Read(ref _usedBytes);

    /// <summary>A cell of a size class; its content is undefined.</summary>
    public byte* AllocateCell(int sizeClass)
    {
        var taken = false;
        try
        {
            _lock.Enter(ref taken);
            var block = (Block*)_partial[sizeClass];
            if (block == null) block = AddBlock(sizeClass);
            var size = SizeClass.BytesOf(sizeClass);
            var cell = block->Freed;
            if (cell != null)
            {
                CheckPoison(cell, size);
                block->Freed = *(byte**)cell;
            }
            else
            {
                cell = (byte*)block + SizeClass.HeaderBytes + ((long)block->Carved++ * size);
            }

            if (++block->Used == SizeClass.CellsPerBlock(sizeClass)) Unlink(block);
            _usedBytes += size;
            return cell;
        }
        finally
        {
            if (taken) _lock.Exit(useMemoryBarrier: true);
        }
    }

    /// <summary>Takes back a cell of one of this arena's blocks.</summary>
    public void FreeCell(Block* block, byte* cell)
    {
        var taken = false;
        try
        {
            _lock.Enter(ref taken);
            *(byte**)cell = block->Freed;
            block->Freed = cell;
            if (block->Used-- == SizeClass.CellsPerBlock(block->SizeClass)) Link(block);
            _usedBytes -= SizeClass.BytesOf(block->SizeClass);
            if (block->Used > 0) return;
            Unlink(block);
            _chunks.Return(block);
        }
        finally
        {
            if (taken) _lock.Exit(useMemoryBarrier: true);
        }
    }

    /// <summary>A block of its own of that many bytes, header included.</summary>
    public byte* AllocateLarge(long bytes)
    {
        var block = (LargeBlock*)NativeMemory.Alloc((nuint)bytes);
        Adopt(block, bytes);
        return (byte*)(block + 1);
    }

    /// <summary>Frees what <see cref="AllocateLarge"/> gave.</summary>
    public void FreeLarge(byte* memory)
    {
        var block = (LargeBlock*)memory - 1;
        Disown(block);
        NativeMemory.Free(block);
    }

    /// <summary>
    /// Changes the size of what <see cref="AllocateLarge"/> gave; the content stays, the address may not.
    /// </summary>
    public byte* ReallocateLarge(byte* memory, long bytes)
    {
        var block = (LargeBlock*)memory - 1;
        Disown(block);
        block = (LargeBlock*)NativeMemory.Realloc(block, (nuint)bytes);
        Adopt(block, bytes);
        return (byte*)(block + 1);
    }

    /// <summary>Frees all large blocks and forgets all cells; the chunk pool is cleared by the heap.</summary>
    public void Clear()
    {
        while (_large != null) FreeLarge((byte*)(_large + 1));
        Array.Clear(_partial);
        _usedBytes = 0;
    }

    /// <summary>Finds out who wrote to a cell after it was freed.</summary>
    [Conditional("DEBUG")]
    private static void CheckPoison(byte* cell, int size) =>
        Invariant.That(new ReadOnlySpan<byte>(cell + 8, size - 8).IndexOfAnyExcept(Poison) < 0);

    private void Adopt(LargeBlock* block, long bytes)
    {
        Invariant.That((ulong)block + (ulong)bytes < 1UL << 48);
        block->Bytes = bytes;
        block->Arena = _index;
        block->Previous = null;
        var taken = false;
        try
        {
            _lock.Enter(ref taken);
            block->Next = _large;
            if (_large != null) _large->Previous = block;
            _large = block;
            _usedBytes += bytes;
        }
        finally
        {
            if (taken) _lock.Exit(useMemoryBarrier: true);
        }
    }

    private void Disown(LargeBlock* block)
    {
        var taken = false;
        try
        {
            _lock.Enter(ref taken);
            if (block->Previous != null) block->Previous->Next = block->Next;
            else _large = block->Next;
            if (block->Next != null) block->Next->Previous = block->Previous;
            _usedBytes -= block->Bytes;
        }
        finally
        {
            if (taken) _lock.Exit(useMemoryBarrier: true);
        }
    }

    private Block* AddBlock(int sizeClass)
    {
        var block = _chunks.Take();
        block->Freed = null;
        block->Used = 0;
        block->Carved = 0;
        block->SizeClass = sizeClass;
        block->Arena = _index;
        Link(block);
        return block;
    }

    private void Link(Block* block)
    {
        ref var list = ref _partial[block->SizeClass];
        block->Previous = null;
        block->Next = (Block*)list;
        if (block->Next != null) block->Next->Previous = block;
        list = (nint)block;
    }

    private void Unlink(Block* block)
    {
        if (block->Previous != null) block->Previous->Next = block->Next;
        else _partial[block->SizeClass] = (nint)block->Next;
        if (block->Next != null) block->Next->Previous = block->Previous;
    }
}
