using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Starling.Slots.Memory;

/// <summary>
/// Memory for what is too large for a cell: up to a mebibyte as runs of units of 1 KiB in chunks of 2 MiB, what is
/// larger directly from the system. Freed pages go back to the system when <see cref="Trim"/> is called, but for a
/// reserve; what is larger than a mebibyte goes back when it is freed.
/// </summary>
internal sealed unsafe class RunPool
{
    private const long LargestRun = 1 << 20;
    private const long PageBytes = 4096;
    private const int ReservePart = 16;

    /// <summary>Chunks that are looked at for a run before one is taken that has more room for sure.</summary>
    private const int Tries = 8;

    /// <summary>
    /// Held while memory goes back to the system, so that nobody clears the pool meanwhile; guards no data. Taken under
    /// any stripes or none, before <see cref="_lock"/>.
    /// </summary>
    private readonly RankedLock _trimming = new(LockRank.MemoryReturn, "RunPool's trimming");

    /// <summary>Guards what is below. Takes no other lock, and no call goes to the system under it.</summary>
    private readonly RankedLock _lock = new(LockRank.Memory, nameof(RunPool));

    /// <summary>Chunks by the logarithm of their longest free run, above those without any.</summary>
    private readonly nint[] _lists = new nint[13];

    private RunChunk* _newestIdle;
    private RunChunk* _oldestIdle;
    private long _idleUnits;
    private long _usedUnits;

    /// <summary>Bytes of free units that take memory for nothing. No lock is needed.</summary>
    public long IdleBytes => Volatile.Read(ref _idleUnits) * RunChunk.UnitBytes;

    /// <summary>The bytes that an allocation of a size takes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static long Round(long bytes)
    {
        var unit = bytes <= LargestRun ? RunChunk.UnitBytes : PageBytes;
        return (bytes + unit - 1) & -unit;
    }

    /// <summary>True when an allocation of a size comes directly from the system.</summary>
    public static bool IsDirect(long bytes) => bytes > LargestRun;

    /// <summary>Memory of undefined content. Throws <see cref="OutOfMemoryException"/>.</summary>
    /// <param name="bytes">What <see cref="Round"/> gave.</param>
    /// <param name="chunk">The chunk, or null.</param>
    public byte* Allocate(long bytes, out RunChunk* chunk)
    {
        chunk = null;
        if (IsDirect(bytes)) return SystemMemory.TakePages((nuint)bytes);
        var units = (int)(bytes / RunChunk.UnitBytes);
        using (_lock.Enter())
        {
            chunk = Find(units);
            if (chunk != null) return TakeFrom(chunk, units);
        }

        chunk = (RunChunk*)NativeMemory.AllocZeroed((nuint)sizeof(RunChunk));
        chunk->Memory = SystemMemory.Take(RunChunk.Bytes);
        chunk->Clear();
        using (_lock.Enter())
        {
            Link(chunk);
            return TakeFrom(chunk, units);
        }
    }

    /// <summary>Frees an allocation.</summary>
    public void Free(byte* memory, long bytes, RunChunk* chunk)
    {
        if (chunk == null)
        {
            SystemMemory.ReleasePages(memory, (nuint)bytes);
            return;
        }

        var units = (int)(bytes / RunChunk.UnitBytes);
        using (_lock.Enter())
        {
            Unlink(chunk);
            chunk->Return(memory, units);
            Link(chunk);
            _usedUnits -= units;
        }
    }

    /// <summary>
    /// Gives memory back to the system that is free and more than the reserve, at most one chunk's.
    /// </summary>
    /// <returns>False when nothing was left to give.</returns>
    public bool Trim()
    {
        Span<ulong> pages = stackalloc ulong[RunChunk.Bytes / RunChunk.UnitBytes / 64];
        using (_trimming.Enter())
        {
            RunChunk* chunk;
            bool isEmpty;
            using (_lock.Enter())
            {
                const long least = RunChunk.Bytes / RunChunk.UnitBytes;
                chunk = _oldestIdle;
                if (chunk == null || _idleUnits <= Math.Max(least, _usedUnits / ReservePart)) return false;
                Unlink(chunk);
                isEmpty = chunk->IsEmpty;
                if (!isEmpty)
                {
                    chunk->TakeIdlePages(pages);
                    Link(chunk);
                }
            }

            if (isEmpty)
            {
                Release(chunk);
                return true;
            }

            chunk->GiveBack(pages);
            using (_lock.Enter())
            {
                Unlink(chunk);
                chunk->ReturnPages(pages);
                Link(chunk);
            }

            return true;
        }
    }

    /// <summary>Gives a chunk back to the system, whatever is in use.</summary>
    /// <returns>False when none is left.</returns>
    public bool ClearSome()
    {
        using (_trimming.Enter())
        {
            RunChunk* chunk = null;
            using (_lock.Enter())
            {
                for (var i = 0; i < _lists.Length && chunk == null; i++) chunk = (RunChunk*)_lists[i];
                if (chunk != null) Unlink(chunk);
                _usedUnits = 0;
            }

            if (chunk == null) return false;
            Release(chunk);
            return true;
        }
    }

    private static void Release(RunChunk* chunk)
    {
        SystemMemory.Release(chunk->Memory, RunChunk.Bytes);
        NativeMemory.Free(chunk);
    }

    private static int ListOf(int longest) => longest == 0 ? 0 : BitOperations.Log2((uint)longest) + 1;

    private RunChunk* Find(int units)
    {
        var list = ListOf(units);
        var chunk = (RunChunk*)_lists[list];
        for (var tries = 0; chunk != null && tries < Tries; tries++, chunk = chunk->Next)
            if (chunk->Longest >= units) return chunk;
        for (list++; list < _lists.Length; list++)
            if (_lists[list] != 0) return (RunChunk*)_lists[list];
        return null;
    }

    private byte* TakeFrom(RunChunk* chunk, int units)
    {
        Unlink(chunk);
        var run = chunk->Take(units);
        Link(chunk);
        _usedUnits += units;
        return run;
    }

    private void Link(RunChunk* chunk)
    {
        ref var list = ref _lists[ListOf(chunk->Longest)];
        chunk->Previous = null;
        chunk->Next = (RunChunk*)list;
        if (chunk->Next != null) chunk->Next->Previous = chunk;
        list = (nint)chunk;
        _idleUnits += chunk->Idle;
        chunk->PreviousIdle = null;
        chunk->NextIdle = null;
        if (chunk->Idle == 0) return;
        chunk->NextIdle = _newestIdle;
        if (_newestIdle != null) _newestIdle->PreviousIdle = chunk;
        else _oldestIdle = chunk;
        _newestIdle = chunk;
    }

    private void Unlink(RunChunk* chunk)
    {
        if (chunk->Next != null) chunk->Next->Previous = chunk->Previous;
        if (chunk->Previous != null) chunk->Previous->Next = chunk->Next;
        else _lists[ListOf(chunk->Longest)] = (nint)chunk->Next;
        _idleUnits -= chunk->Idle;
        if (chunk->Idle == 0) return;
        if (chunk->NextIdle != null) chunk->NextIdle->PreviousIdle = chunk->PreviousIdle;
        else _oldestIdle = chunk->PreviousIdle;
        if (chunk->PreviousIdle != null) chunk->PreviousIdle->NextIdle = chunk->NextIdle;
        else _newestIdle = chunk->NextIdle;
    }
}
