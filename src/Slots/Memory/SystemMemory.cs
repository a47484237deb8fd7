using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Starling.Slots.Memory;

/// <summary>
/// Chunks from the system. On Linux mapped and unmapped directly, since the C library's allocator would keep what is
/// freed; elsewhere from the C library.
/// </summary>
/// <remarks>
/// Nothing here is inlined: who calls the system has a frame for that made at its entry, and every command that might need memory
/// would make one.
/// </remarks>
internal static unsafe class SystemMemory
{
    /// <summary>
    /// More is not given back in one call: whoever takes memory, or touches some for the first time, waits for it.
    /// </summary>
    private const nuint LargestRelease = 2 << 20;

    private const int ReadWrite = 3;
    private const int PrivateAnonymous = 0x22;
    private const int MayMove = 1;
    private const int AdviseDontNeed = 4;
    private const int AdviseHugePage = 14;
    private const int AdviseNoHugePage = 15;

    private static readonly delegate* unmanaged<void*, nuint, int, int, int, nint, byte*> Map =
        (delegate* unmanaged<void*, nuint, int, int, int, nint, byte*>)Find("mmap");

    private static readonly delegate* unmanaged<void*, nuint, int> Unmap =
        (delegate* unmanaged<void*, nuint, int>)Find("munmap");

    private static readonly delegate* unmanaged<void*, nuint, nuint, int, byte*> Remap =
        (delegate* unmanaged<void*, nuint, nuint, int, byte*>)Find("mremap");

    private static readonly delegate* unmanaged<void*, nuint, int, int> Madvise =
        (delegate* unmanaged<void*, nuint, int, int>)Find("madvise");

    /// <summary>
    /// Memory that is aligned to its size, a power of two. Throws <see cref="OutOfMemoryException"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static byte* Take(nuint size)
    {
        LockOrder.AssertNobodySpins("taking memory");
        if (Map == null || Unmap == null) return (byte*)NativeMemory.AlignedAlloc(size, size);
        var memory = Map(null, 2 * size, ReadWrite, PrivateAnonymous, -1, 0);
        if (memory == (byte*)-1) throw new OutOfMemoryException();
        var aligned = (byte*)(((ulong)memory + size - 1) & ~(ulong)(size - 1));
        if (aligned != memory) Invariant.That(Unmap(memory, (nuint)(aligned - memory)) == 0);
        var rest = (nuint)(memory + (2 * size) - (aligned + size));
        if (rest != 0) Invariant.That(Unmap(aligned + size, rest) == 0);
        return aligned;
    }

    /// <summary>Gives back what <see cref="Take"/> gave.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Release(byte* memory, nuint size)
    {
        LockOrder.AssertNobodySpins("giving memory back");
        if (Map == null || Unmap == null) NativeMemory.AlignedFree(memory);
        else Invariant.That(Unmap(memory, size) == 0);
    }

    /// <summary>Whole pages that are aligned to nothing larger. Throws <see cref="OutOfMemoryException"/>.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static byte* TakePages(nuint size)
    {
        LockOrder.AssertNobodySpins("taking pages");
        if (Map == null || Unmap == null) return (byte*)NativeMemory.Alloc(size);
        var memory = Map(null, size, ReadWrite, PrivateAnonymous, -1, 0);
        return memory == (byte*)-1 ? throw new OutOfMemoryException() : memory;
    }

    /// <summary>Gives back what <see cref="TakePages"/> gave.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void ReleasePages(byte* memory, nuint size)
    {
        while (ReleaseSomePages(memory, ref size))
        {
        }
    }

    /// <summary>Gives back the end of what <see cref="TakePages"/> gave: at most some tens of microseconds' worth.</summary>
    /// <param name="memory">The memory.</param>
    /// <param name="size">Its size; what is left of it afterwards.</param>
    /// <returns>False when nothing is left.</returns>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static bool ReleaseSomePages(byte* memory, ref nuint size)
    {
        LockOrder.AssertNobodySpins("giving pages back");
        if (Map == null || Unmap == null)
        {
            NativeMemory.Free(memory);
            size = 0;
            return false;
        }

        var released = Math.Min(size, LargestRelease);
        size -= released;
        Invariant.That(Unmap(memory + size, released) == 0);
        return size > 0;
    }

    /// <summary>
    /// Changes the size of what <see cref="TakePages"/> gave; the content stays as far as it fits, the address may not.
    /// Throws <see cref="OutOfMemoryException"/> and leaves everything as it was.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static byte* ResizePages(byte* memory, nuint size, nuint newSize)
    {
        LockOrder.AssertNobodySpins("resizing pages");
        if (Map == null || Unmap == null) return (byte*)NativeMemory.Realloc(memory, newSize);
        if (Remap != null)
        {
            var moved = Remap(memory, size, newSize, MayMove);
            return moved == (byte*)-1 ? throw new OutOfMemoryException() : moved;
        }

        var copy = TakePages(newSize);
        Buffer.MemoryCopy(memory, copy, newSize, Math.Min(size, newSize));
        ReleasePages(memory, size);
        return copy;
    }

    /// <summary>
    /// Asks for huge pages where the system has them (Linux: transparent_hugepage/enabled at "madvise", the usual
    /// default, or "always"); ordinary pages serve as well. A keyspace is read at random: measured on a virtual machine
    /// with a million keys, a lookup took a fifth less time. There is no fork, so they have none of the cost that
    /// copying them would bring.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void AdviseHugePages(byte* memory, nuint size)
    {
        LockOrder.AssertNobodySpins("advising huge pages");
        if (Madvise != null) Madvise(memory, size, AdviseHugePage);
    }

    /// <summary>Takes <see cref="AdviseHugePages"/> back.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void AdviseSmallPages(byte* memory, nuint size)
    {
        LockOrder.AssertNobodySpins("advising small pages");
        if (Madvise != null) Madvise(memory, size, AdviseNoHugePage);
    }

    /// <summary>
    /// Gives memory back but keeps the addresses: it may be used again, with undefined content. Does nothing where the
    /// memory is the C library's.
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void GiveBack(byte* memory, nuint size)
    {
        LockOrder.AssertNobodySpins("giving back what lies idle");
        if (Map != null && Unmap != null && Madvise != null) Madvise(memory, size, AdviseDontNeed);
    }

    private static nint Find(string function) =>
        OperatingSystem.IsLinux() &&
        NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), function, out var address) ? address : 0;
}
