using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Starling.Slots;

namespace Starling.Node.Scripting;

/// <summary>
/// The memory of one Lua state, bounded, and of all of them together: what they have is nobody else's, so it has to fit beside the data
/// and the managed heap into what the process may have. Native itself: Lua hands its address to the allocator, and gives it back to whoever asks
/// for the state that is behind a <c>lua_State</c>.
/// </summary>
internal unsafe partial struct LuaMemory
{
    /// <summary>Most bytes that a state may have.</summary>
    public const long Limit = 512L * 1024 * 1024;

    /// <summary>Kept for managed code that must get what it asks for when the system has no more.</summary>
    private const nuint ReserveLength = 256 * 1024;

    /// <summary>Of what is free, the part that states may have more up to the next look: data and heap grow meanwhile too.</summary>
    private const int PartOfFree = 2;

    /// <summary>Bytes that a state takes at once from what all may have, so that most of its own requests touch nothing shared.</summary>
    private const nint Grain = 64 * 1024;

    /// <summary>Freed bytes that the C library may keep.</summary>
    private const long MostKept = 16 * 1024 * 1024;

    private static readonly bool CanTrim =
        NativeLibrary.TryLoad("libc.so.6", out var library) && NativeLibrary.TryGetExport(library, "malloc_trim", out _);

    private static long s_most; // bytes that all states may have together; 0 while that is not known
    private static long s_granted; // of them
    private static long s_peak; // of the latter since memory was given back; of LookForRoom

    private nint _engine;
    private nint _used;
    private nint _granted;
    private nint _reserve;
    private int _isLifted;
    private int _isRefused;

    /// <summary>Bytes in use.</summary>
    public readonly long Used => _used;

    /// <summary>Managed code runs: memory is not refused.</summary>
    public bool IsLifted
    {
        readonly get => _isLifted != 0;
        set => _isLifted = value ? 1 : 0;
    }

    /// <summary>
    /// The script is being ended, and gets no memory any more: what catches errors cannot make coroutines, each of which would run up
    /// to its own next look.
    /// </summary>
    public bool IsRefused
    {
        set => _isRefused = value ? 1 : 0;
    }

    /// <summary>The system has not refused memory that managed code could not do without.</summary>
    public readonly bool HasReserve => _reserve != 0;

    /// <summary>Takes the reserve again, if the system has it to give.</summary>
    public void Refill()
    {
        if (_reserve == 0) _reserve = Allocate(ReserveLength);
    }

    /// <summary>
    /// Looks how much memory is free: what all states may have together follows from it, up to the next time. One thread at a time.
    /// </summary>
    public static void LookForRoom(ProcessMemory process)
    {
        // What scripts take and give back while the system is asked must not count as free beside what they have.
        var before = Volatile.Read(ref s_granted);
        process.Sample();
        var (free, granted) = (process.FreeBytes, Math.Min(before, Volatile.Read(ref s_granted)));
        Volatile.Write(ref s_most, free == long.MaxValue ? 0 : granted + (Math.Max(0, free) / PartOfFree));
        s_peak = Math.Max(s_peak, granted);
        if (s_peak - granted <= MostKept) return;
        s_peak = granted;
        if (CanTrim) _ = Trim(0);
    }

    /// <summary>
    /// The length to which an array that managed code has for a script grows. Throws <see cref="OutOfMemoryException"/> when it had better
    /// not: the array before it is there up to the next collection, and what it is for may be made of it once more.
    /// </summary>
    /// <param name="length">Its length, in bytes.</param>
    /// <param name="needed">The bytes that it is to hold.</param>
    public static int Grown(int length, long needed)
    {
        var grown = Math.Min(Math.Max(length * 2L, needed), Array.MaxLength);
        if (grown > Grain && !IsRoomForAll(2 * grown)) throw new OutOfMemoryException();
        return (int)grown;
    }

    private static bool IsRoomForAll(long bytes) =>
        Volatile.Read(ref s_most) is var most && (most == 0 || Volatile.Read(ref s_granted) + bytes <= most);

    /// <summary>Room for so many bytes more: asked before much is pushed.</summary>
    public readonly bool HasRoomFor(long bytes)
    {
        if (_used + bytes > Limit || !IsRoomForAll(_used + bytes - _granted)) return false;
        if (bytes < (long)ReserveLength / 2) return _reserve != 0;
        var probe = Allocate((nuint)bytes);
        Free(probe);
        return probe != 0 && _reserve != 0;
    }

    /// <summary>Makes one for an engine.</summary>
    public static LuaMemory* Create(GCHandle engine)
    {
        var memory = (LuaMemory*)NativeMemory.AllocZeroed((nuint)sizeof(LuaMemory));
        memory->_engine = GCHandle.ToIntPtr(engine);
        memory->_reserve = Allocate(ReserveLength);
        memory->_isLifted = 1;
        return memory;
    }

    /// <summary>Ends it, when its state is closed.</summary>
    public static void Destroy(LuaMemory* memory)
    {
        Free(memory->_reserve);
        Interlocked.Add(ref s_granted, -memory->_granted);
        NativeMemory.Free(memory);
    }

    /// <summary>The engine that a Lua state belongs to.</summary>
    public static ScriptEngine EngineOf(nint lua)
    {
        nint memory;
        LuaApi.GetAllocator(lua, &memory);
        return (ScriptEngine)GCHandle.FromIntPtr(((LuaMemory*)memory)->_engine).Target!;
    }

    /// <summary>Lua's allocator.</summary>
    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    public static nint Reallocate(nint memory, nint block, nuint oldLength, nuint newLength)
    {
        ref var it = ref *(LuaMemory*)memory;
        if (newLength == 0)
        {
            Free(block);
            it._used -= (nint)oldLength;
            it.GiveBack();
            return 0;
        }

        var more = (nint)newLength - (nint)oldLength;
        if (more > 0 && it._isLifted == 0 && (it._isRefused != 0 || it._used + more > (nint)Limit)) return 0;
        if (!it.TryTake(more)) return 0;
        var result = Resize(block, newLength);
        if (result == 0 && (it._isLifted != 0 || more <= 0))
        {
            Free(it._reserve);
            it._reserve = 0;
            result = Resize(block, newLength);
            Invariant.That(result != 0);
        }

        if (result != 0) it._used += more;
        return result;
    }

    /// <summary>Takes what a request needs from what all states may have; false when that is no more, and may be refused.</summary>
    private bool TryTake(nint more)
    {
        var missing = _used + more - _granted;
        if (missing <= 0) return true;
        missing = (missing + Grain - 1) / Grain * Grain;
        var total = Interlocked.Add(ref s_granted, missing);
        if (_isLifted == 0 && Volatile.Read(ref s_most) is var most && most != 0 && total > most)
        {
            Interlocked.Add(ref s_granted, -missing);
            return false;
        }

        _granted += missing;
        return true;
    }

    /// <summary>Gives back what has not been used for a while; a state that shrinks and grows keeps some.</summary>
    private void GiveBack()
    {
        const nint MostUnused = 4 * Grain;
        var unused = _granted - _used;
        if (unused <= MostUnused) return;
        unused -= Grain;
        Interlocked.Add(ref s_granted, -unused);
        _granted -= unused;
    }

    [LibraryImport("libc", EntryPoint = "malloc")]
    [SuppressGCTransition]
    private static partial nint Allocate(nuint length);

    [LibraryImport("libc", EntryPoint = "realloc")]
    [SuppressGCTransition]
    private static partial nint Resize(nint block, nuint length);

    [LibraryImport("libc", EntryPoint = "malloc_trim")]
    private static partial int Trim(nuint kept);

    [LibraryImport("libc", EntryPoint = "free")]
    [SuppressGCTransition]
    private static partial void Free(nint block);
}
