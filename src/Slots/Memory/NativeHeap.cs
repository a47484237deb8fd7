using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace Starling.Slots.Memory;

/// <summary>
/// The allocator of all native memory. Small sizes are cells of 64 KiB blocks (<see cref="SizeClass"/>), larger ones
/// are runs of units (<see cref="RunPool"/>); what is free is given back to the system when <see cref="Trim"/> is
/// called. The heap has several arenas with a lock each;
/// callers choose one by stripe. Who frees says the size that was asked for. In debug builds a cell ends in guard
/// bytes, and a freed one is poisoned until it is used again.
/// <para>
/// Cells that are left over from many deleted ones lie in blocks that are nearly empty. Who owns the cells can bring
/// them together: <see cref="BeginEmptying"/> chooses blocks, <see cref="TryMove"/> moves a cell out of one of them,
/// and <see cref="EndEmptying"/> ends it. What is no cell never moves.
/// </para>
/// </summary>
internal sealed unsafe class NativeHeap : IDisposable
{
#if DEBUG
    private const int GuardBytes = 8;
#else
    private const int GuardBytes = 0;
#endif

    /// <summary>Blocks that are chosen under one arena's lock: some microseconds.</summary>
    private const int BlocksPerStep = 16;

    private const ulong Guard = 0xA5C3_5A3C_C3A5_3C5A;

    private readonly ChunkPool _chunks = new();
    private readonly RunPool _runs = new();
    private readonly Arena[] _arenas;

    /// <summary>Makes an empty heap.</summary>
    /// <param name="arenas">Number of arenas, a power of two.</param>
    public NativeHeap(int arenas)
    {
        Invariant.That(arenas > 0 && (arenas & (arenas - 1)) == 0);
        _arenas = new Arena[arenas];
        for (var i = 0; i < arenas; i++) _arenas[i] = new Arena(_chunks, _runs, i);
    }

    /// <summary>Bytes in use, rounding included. No lock is needed.</summary>
    public long UsedBytes
    {
        get
        {
            var sum = 0L;
            foreach (var arena in _arenas) sum += arena.UsedBytes;
            return sum;
        }
    }

    /// <summary>
    /// What the allocations in use, the blocks they lie in, and the memory from the system take. No lock is needed.
    /// </summary>
    public MemoryUsage Usage
    {
        get
        {
            var large = 0L;
            foreach (var arena in _arenas) large += arena.LargeBytes;
            var active = _chunks.UsedBytes + large;
            return new MemoryUsage(UsedBytes, active, active + _chunks.IdleBytes + _runs.IdleBytes, ReclaimableBytes);
        }
    }

    private long ReclaimableBytes
    {
        get
        {
            var sum = 0L;
            foreach (var arena in _arenas) sum += arena.ReclaimableBytes;
            return sum;
        }
    }

    /// <summary>How many bytes may be used of an allocation that was made with this size.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long UsableBytes(long size)
    {
        var whole = size + GuardBytes;
        return whole <= SizeClass.LargestBytes
            ? SizeClass.BytesOf(SizeClass.Of((int)whole)) - GuardBytes
            : RunPool.Round(whole + sizeof(LargeBlock)) - sizeof(LargeBlock) - GuardBytes;
    }

    /// <summary>How many bytes <see cref="UsedBytes"/> counts for an allocation of this size.</summary>
    public static long CountedBytes(long size)
    {
        var usable = UsableBytes(size) + GuardBytes;
        return usable <= SizeClass.LargestBytes ? usable : usable + sizeof(LargeBlock);
    }

    /// <summary>
    /// Memory of undefined content. Aligned to 8; to 64 when <paramref name="size"/> is a multiple of 64 up to 2048 (in
    /// debug builds only as far as the guard bytes leave it so) and to 16 above <see cref="SizeClass.LargestBytes"/>.
    /// </summary>
    /// <param name="selector">Chooses the arena, e.g. the stripe.</param>
    /// <param name="size">Bytes, at least 1.</param>
    public byte* Allocate(int selector, long size)
    {
        var arena = _arenas[selector & (_arenas.Length - 1)];
        var whole = size + GuardBytes;
        var memory = whole <= SizeClass.LargestBytes
            ? arena.AllocateCell(SizeClass.Of((int)whole))
            : arena.AllocateLarge(UsableBytes(size) + GuardBytes + sizeof(LargeBlock));
        SetGuard(memory, size);
        return memory;
    }

    /// <summary>As <see cref="Allocate"/>, filled with zero bytes.</summary>
    public byte* AllocateZeroed(int selector, long size)
    {
        var memory = Allocate(selector, size);
        Unsafe.InitBlockUnaligned(memory, 0, checked((uint)size));
        return memory;
    }

    /// <summary>Frees an allocation.</summary>
    /// <param name="memory">What <see cref="Allocate"/> gave.</param>
    /// <param name="size">The size that was asked for, or any other with the same <see cref="UsableBytes"/>.</param>
    public void Free(byte* memory, long size)
    {
        CheckGuard(memory, size);
        if (size + GuardBytes > SizeClass.LargestBytes)
        {
            _arenas[((LargeBlock*)memory - 1)->Arena].FreeLarge(memory);
            return;
        }

        var block = Block.Of(memory);
        Invariant.That(block->SizeClass == SizeClass.Of((int)size + GuardBytes));
        SetPoison(memory, size);
        _arenas[block->Arena].FreeCell(block, memory);
    }

    /// <summary>Changes the size of an allocation; the content stays as far as it fits.</summary>
    public byte* Reallocate(int selector, byte* memory, long size, long newSize)
    {
        if (size + GuardBytes > SizeClass.LargestBytes && newSize + GuardBytes > SizeClass.LargestBytes)
        {
            CheckGuard(memory, size);
            var arena = _arenas[((LargeBlock*)memory - 1)->Arena];
            var moved = arena.ReallocateLarge(memory, UsableBytes(newSize) + GuardBytes + sizeof(LargeBlock));
            SetGuard(moved, newSize);
            return moved;
        }

        var result = Allocate(selector, newSize);
        Buffer.MemoryCopy(memory, result, newSize, Math.Min(size, newSize));
        Free(memory, size);
        return result;
    }

    /// <summary>
    /// Gives memory back to the system that is free and more than a reserve, at most 2 MiB a call: some tens of
    /// microseconds. Any thread, whatever locks it holds; best none.
    /// </summary>
    /// <returns>False when nothing was left to give.</returns>
    public bool Trim() => _chunks.Trim() || _runs.Trim();

    /// <summary>Chooses some of the blocks that are to be emptied.</summary>
    /// <param name="step">0 at first; carried from call to call.</param>
    /// <param name="blocks">Raised by the number of blocks that were chosen.</param>
    /// <returns>False when all have been chosen.</returns>
    public bool BeginEmptying(ref int step, ref long blocks)
    {
        if (step >= _arenas.Length * SizeClass.Count) return false;
        var chosen = _arenas[step / SizeClass.Count].BeginEmptying(step % SizeClass.Count, BlocksPerStep);
        blocks += chosen;
        if (chosen < BlocksPerStep) step++;
        return true;
    }

    /// <summary>Uses some of the blocks again that were to be emptied and are not empty.</summary>
    /// <param name="step">0 at first; carried from call to call.</param>
    /// <returns>False when all are in use again.</returns>
    public bool EndEmptying(ref int step)
    {
        if (step >= _arenas.Length * SizeClass.Count) return false;
        var ended = _arenas[step / SizeClass.Count].EndEmptying(step % SizeClass.Count, BlocksPerStep);
        if (ended < BlocksPerStep) step++;
        return true;
    }

    /// <summary>
    /// Moves an allocation, content and all, when it lies in a block that is to be emptied.
    /// </summary>
    /// <param name="selector">Chooses the arena.</param>
    /// <param name="memory">The allocation; where it lies afterwards.</param>
    /// <param name="size">The size that was asked for, or any other with the same <see cref="UsableBytes"/>.</param>
    public bool TryMove(int selector, ref byte* memory, long size)
    {
        if (size + GuardBytes > SizeClass.LargestBytes) return false;
        if (Volatile.Read(ref Block.Of(memory)->List) != CellClass.Emptying) return false;
        var moved = Allocate(selector, size);
        Buffer.MemoryCopy(memory, moved, size, size);
        Free(memory, size);
        memory = moved;
        return true;
    }

    /// <summary>
    /// Gives everything back to the system, whatever is in use: the pointers into this heap are dead.
    /// </summary>
    public void Dispose()
    {
        while (DisposeSome())
        {
        }
    }

    /// <summary>
    /// As <see cref="Dispose"/>, but some tens of microseconds' worth: the first call makes every pointer dead.
    /// </summary>
    /// <returns>False when nothing is left.</returns>
    public bool DisposeSome()
    {
        // The headers of large blocks lie in the chunks, which therefore come last.
        foreach (var arena in _arenas)
            if (arena.ClearSome()) return true;
        return _chunks.ClearSome() || _runs.ClearSome();
    }

    [Conditional("DEBUG")]
    private static void SetGuard(byte* memory, long size) =>
        Unsafe.WriteUnaligned(memory + UsableBytes(size), Guard);

    [Conditional("DEBUG")]
    private static void CheckGuard(byte* memory, long size) =>
        Invariant.That(Unsafe.ReadUnaligned<ulong>(memory + UsableBytes(size)) == Guard);

    [Conditional("DEBUG")]
    private static void SetPoison(byte* memory, long size) =>
        Unsafe.InitBlockUnaligned(memory, Arena.Poison, (uint)(UsableBytes(size) + GuardBytes));
}
