using System.Diagnostics;

namespace Starling.Slots.Memory;

/// <summary>A part of a heap with a lock of its own.</summary>
internal sealed unsafe class Arena
{
    /// <summary>What a freed cell is filled with in debug builds, behind the address that it holds.</summary>
    public const byte Poison = 0xDD;

    private const int LargeBlocksPerStep = 256;

    private readonly CellClass[] _classes = new CellClass[SizeClass.Count];
    private readonly ChunkPool _chunks;
    private readonly RunPool _runs;
    private readonly int _index;

    /// <summary>
    /// Guards everything here, for some tens of nanoseconds: under it nothing else is taken, and no call goes to the
    /// system. Taken under stripe locks.
    /// </summary>
    private RankedSpinLock _lock = new(nameof(Arena));

    private LargeBlock* _large;
    private long _usedBytes;
    private long _largeBytes;

    public Arena(ChunkPool chunks, RunPool runs, int index)
    {
        _chunks = chunks;
        _runs = runs;
        _index = index;
        for (var i = 0; i < _classes.Length; i++) _classes[i].Cells = SizeClass.CellsPerBlock(i);
    }

    /// <summary>Bytes of the cells and large blocks in use. No lock is needed.</summary>
    public long UsedBytes => Volatile.Read(ref _usedBytes);

    /// <summary>Bytes of the large blocks in use. No lock is needed.</summary>
    public long LargeBytes => Volatile.Read(ref _largeBytes);

    /// <summary>
    /// Bytes of the blocks that could be given back if the cells in use lay in as few blocks as possible. No lock is
    /// needed; what it says may be off by what happens meanwhile.
    /// </summary>
    public long ReclaimableBytes
    {
        get
        {
            var blocks = 0L;
            for (var i = 0; i < _classes.Length; i++)
            {
                ref readonly var cells = ref _classes[i];
                blocks += Math.Max(0, Volatile.Read(in cells.Free) / cells.Cells);
            }

            return blocks * SizeClass.BlockBytes;
        }
    }

    /// <summary>A cell of a size class; its content is undefined.</summary>
    public byte* AllocateCell(int sizeClass)
    {
        var cell = TryAllocateCell(sizeClass, added: null);
        return cell != null ? cell : TryAllocateCell(sizeClass, _chunks.Take());
    }

    /// <summary>Takes back a cell of one of this arena's blocks.</summary>
    public void FreeCell(Block* block, byte* cell)
    {
        var isEmpty = false;
        var taken = false;
        try
        {
            _lock.Enter(ref taken);
            ref var cells = ref _classes[block->SizeClass];
            *(byte**)cell = block->Freed;
            block->Freed = cell;
            _usedBytes -= SizeClass.BytesOf(block->SizeClass);
            if (block->List == CellClass.Emptying) cells.ToMove--;
            else cells.Free++;
            var used = --block->Used;
            isEmpty = used == 0;
            if (isEmpty) cells.Remove(block);
            else if (used < block->DownAt) cells.Replace(block);
        }
        finally
        {
            if (taken) _lock.Exit();
        }

        if (isEmpty) _chunks.Return(block);
    }

    /// <summary>
    /// Chooses blocks that are to be emptied: the emptiest ones of each class, as long as the others have room for all
    /// their cells. Chooses some and lets the lock go.
    /// </summary>
    /// <param name="sizeClass">The class.</param>
    /// <param name="most">How many at most.</param>
    /// <returns>How many were chosen; fewer than <paramref name="most"/> when there are no more.</returns>
    public int BeginEmptying(int sizeClass, int most)
    {
        var chosen = 0;
        var taken = false;
        try
        {
            _lock.Enter(ref taken);
            ref var cells = ref _classes[sizeClass];
            for (; chosen < most; chosen++)
            {
                var block = cells.Emptiest;
                if (block == null || cells.Free - (cells.Cells - block->Used) < cells.ToMove + block->Used) break;
                cells.BeginEmptying(block);
            }
        }
        finally
        {
            if (taken) _lock.Exit();
        }

        return chosen;
    }

    /// <summary>
    /// Lets cells come again from blocks that were to be emptied and are not empty. Returns how many these were; fewer
    /// than <paramref name="most"/> when there are no more.
    /// </summary>
    public int EndEmptying(int sizeClass, int most)
    {
        var ended = 0;
        var taken = false;
        try
        {
            _lock.Enter(ref taken);
            ref var cells = ref _classes[sizeClass];
            for (; ended < most && cells.FirstEmptying != null; ended++) cells.EndEmptying(cells.FirstEmptying);
        }
        finally
        {
            if (taken) _lock.Exit();
        }

        return ended;
    }

    /// <summary>
    /// A block of its own of that many bytes, header included: what <see cref="RunPool.Round"/> gave.
    /// </summary>
    public byte* AllocateLarge(long bytes)
    {
        var block = (LargeBlock*)_runs.Allocate(bytes, out var chunk);
        Adopt(block, bytes, chunk);
        return (byte*)(block + 1);
    }

    /// <summary>Frees what <see cref="AllocateLarge"/> gave.</summary>
    public void FreeLarge(byte* memory)
    {
        var block = (LargeBlock*)memory - 1;
        Disown(block);
        _runs.Free((byte*)block, block->Bytes, block->Chunk);
    }

    /// <summary>
    /// Changes the size of what <see cref="AllocateLarge"/> gave; the content stays as far as it fits, the address may
    /// not.
    /// </summary>
    public byte* ReallocateLarge(byte* memory, long bytes)
    {
        var block = (LargeBlock*)memory - 1;
        var old = block->Bytes;
        if (old == bytes) return memory;
        if (!RunPool.IsDirect(old) || !RunPool.IsDirect(bytes))
        {
            var other = AllocateLarge(bytes);
            var kept = Math.Min(old, bytes) - sizeof(LargeBlock);
            Buffer.MemoryCopy(memory, other, kept, kept);
            FreeLarge(memory);
            return other;
        }

        Disown(block);
        try
        {
            block = (LargeBlock*)SystemMemory.ResizePages((byte*)block, (nuint)old, (nuint)bytes);
            old = bytes;
        }
        finally
        {
            Adopt(block, old, null); // as it was, when there is no memory
        }

        return (byte*)(block + 1);
    }

    /// <summary>Frees all large blocks and forgets all cells; the pools are cleared by the heap.</summary>
    /// <returns>False when all is given back.</returns>
    public bool ClearSome()
    {
        for (var i = 0; i < LargeBlocksPerStep && _large != null; i++)
        {
            var block = _large;
            var next = block->Next;
            if (block->Chunk != null)
            {
                _large = next; // it goes with its chunk
                continue;
            }

            var bytes = (nuint)block->Bytes;
            if (SystemMemory.ReleaseSomePages((byte*)block, ref bytes)) block->Bytes = (long)bytes;
            else _large = next;
            return true;
        }

        if (_large != null) return true;

        var taken = false;
        try
        {
            _lock.Enter(ref taken);
            for (var i = 0; i < _classes.Length; i++) _classes[i] = new CellClass { Cells = _classes[i].Cells };
            _usedBytes = 0;
            _largeBytes = 0;
        }
        finally
        {
            if (taken) _lock.Exit();
        }

        return false;
    }

    /// <summary>Finds out who wrote to a cell after it was freed.</summary>
    [Conditional("DEBUG")]
    private static void CheckPoison(byte* cell, int size) =>
        Invariant.That(new ReadOnlySpan<byte>(cell + 8, size - 8).IndexOfAnyExcept(Poison) < 0);

    private void Adopt(LargeBlock* block, long bytes, RunChunk* chunk)
    {
        Invariant.That((ulong)block + (ulong)bytes < 1UL << 48);
        block->Bytes = bytes;
        block->SetOrigin(_index, chunk);
        block->Previous = null;
        var taken = false;
        try
        {
            _lock.Enter(ref taken);
            block->Next = _large;
            if (_large != null) _large->Previous = block;
            _large = block;
            _usedBytes += bytes;
            _largeBytes += bytes;
        }
        finally
        {
            if (taken) _lock.Exit();
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
            _largeBytes -= block->Bytes;
        }
        finally
        {
            if (taken) _lock.Exit();
        }
    }

    /// <summary>A cell; null when no block has one, which cannot be when one is added.</summary>
    private byte* TryAllocateCell(int sizeClass, Block* added)
    {
        var taken = false;
        try
        {
            _lock.Enter(ref taken);
            ref var cells = ref _classes[sizeClass];
            if (added != null) AddBlock(ref cells, sizeClass, added);

            // What was added is used even when another block has a cell again by now: empty it would stay for ever.
            var block = added != null ? added : cells.Fullest;
            if (block == null) return null;
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

            cells.Free--;
            if (++block->Used == block->UpAt) cells.Replace(block);
            _usedBytes += size;
            return cell;
        }
        finally
        {
            if (taken) _lock.Exit();
        }
    }

    private void AddBlock(ref CellClass cells, int sizeClass, Block* block)
    {
        block->Freed = null;
        block->Used = 0;
        block->Carved = 0;
        block->SizeClass = (short)sizeClass;
        block->Arena = (short)_index;
        cells.Add(block);
    }
}
