using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Starling.Slots;

namespace Starling.Node.Scripting;

/// <summary>
/// The memory of one Lua state, bounded. Native itself: Lua hands its address to the allocator, and gives it back to whoever asks
/// for the state that is behind a <c>lua_State</c>.
/// </summary>
internal unsafe partial struct LuaMemory
{
    /// <summary>Most bytes that a state may have.</summary>
    public const long Limit = 512L * 1024 * 1024;

    /// <summary>Kept for managed code that must get what it asks for when the system has no more.</summary>
    private const nuint ReserveLength = 256 * 1024;

    private nint _engine;
    private nint _used;
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

    /// <summary>Room for so many bytes more: asked before much is pushed.</summary>
    public readonly bool HasRoomFor(long bytes)
    {
        if (_used + bytes > Limit) return false;
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
            return 0;
        }

        var more = (nint)newLength - (nint)oldLength;
        if (more > 0 && it._isLifted == 0 && (it._isRefused != 0 || it._used + more > (nint)Limit)) return 0;
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

    [LibraryImport("libc", EntryPoint = "malloc")]
    [SuppressGCTransition]
    private static partial nint Allocate(nuint length);

    [LibraryImport("libc", EntryPoint = "realloc")]
    [SuppressGCTransition]
    private static partial nint Resize(nint block, nuint length);

    [LibraryImport("libc", EntryPoint = "free")]
    [SuppressGCTransition]
    private static partial void Free(nint block);
}
