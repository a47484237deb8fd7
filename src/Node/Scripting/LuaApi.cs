using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Starling.Node.Scripting;

/// <summary>
/// The C API of Lua 5.1, from the system's library. What may call the allocator, which is managed code (<see cref="LuaMemory"/>),
/// leaves the runtime in the ordinary way; what cannot, and is short, stays in it (<see cref="SuppressGCTransitionAttribute"/>).
/// </summary>
/// <remarks>
/// <b>No Lua error crosses a managed frame.</b> Lua raises errors with longjmp, which must not skip frames of managed code. That
/// holds by three rules. (1) Managed code enters Lua by <see cref="PCall"/> and <see cref="LoadBuffer"/> only, which catch. (2) A
/// function that Lua calls is a <see cref="LuaStubs">stub</see> of machine code in front of a managed one: that one returns a number, and when it
/// is negative the stub, whose frame is not managed and is gone by then, jumps to <c>lua_error</c> with the value on top of the stack.
/// (3) Managed code calls nothing else that raises: it reads and writes tables raw, asks for the types of values first, and asks for
/// room on the stack. What it calls may want memory: while managed code runs, the bound of the allocator is lifted, so that memory is
/// never refused then; whoever is about to push much asks first (<see cref="LuaMemory.HasRoomFor"/>). Memory is refused, and the error
/// raised, when Lua's own code wants it.
/// </remarks>
internal static unsafe partial class LuaApi
{
    /// <summary>The library.</summary>
    public const string Library = "liblua5.1.so.0";

    /// <summary>Index of the table that scripts cannot see.</summary>
    public const int Registry = -10000;

    /// <summary>Index of the table of global variables.</summary>
    public const int Globals = -10002;

    /// <summary>As many results as there are.</summary>
    public const int MultiReturn = -1;

    /// <summary>What <see cref="PCall"/> returns when memory was refused.</summary>
    public const int ErrorMemory = 4;

    /// <summary>Events of <see cref="SetHook"/>: so many instructions have run.</summary>
    public const int MaskCount = 8;

    /// <summary>What is done by <see cref="Collect"/>: tells kibibytes in use.</summary>
    public const int CollectCount = 3;

    /// <summary>What is done by <see cref="Collect"/>: a whole collection.</summary>
    public const int CollectAll = 2;

    private static readonly Lazy<bool> Found = new(() => NativeLibrary.TryLoad(Library, Assembly.GetExecutingAssembly(), null, out _));

    /// <summary>The library is there.</summary>
    public static bool IsThere => Found.Value;

    /// <summary>The address of one of the library's functions.</summary>
    public static nint Address(string name) =>
        NativeLibrary.GetExport(NativeLibrary.Load(Library, Assembly.GetExecutingAssembly(), null), name);

    [LibraryImport(Library, EntryPoint = "lua_newstate")]
    public static partial nint NewState(delegate* unmanaged[Cdecl]<nint, nint, nuint, nuint, nint> allocate, nint memory);

    [LibraryImport(Library, EntryPoint = "lua_close")]
    public static partial void Close(nint lua);

    [LibraryImport(Library, EntryPoint = "lua_pcall")]
    public static partial int PCall(nint lua, int arguments, int results, int handler);

    [LibraryImport(Library, EntryPoint = "luaL_loadbuffer")]
    public static partial int LoadBuffer(nint lua, byte* bytes, nuint length, byte* name);

    [LibraryImport(Library, EntryPoint = "lua_pushcclosure")]
    public static partial void PushClosure(nint lua, nint function, int upvalues);

    [LibraryImport(Library, EntryPoint = "lua_pushlstring")]
    public static partial void PushString(nint lua, byte* bytes, nuint length);

    [LibraryImport(Library, EntryPoint = "lua_createtable")]
    public static partial void CreateTable(nint lua, int elements, int others);

    [LibraryImport(Library, EntryPoint = "lua_rawset")]
    public static partial void RawSet(nint lua, int index);

    [LibraryImport(Library, EntryPoint = "lua_rawseti")]
    public static partial void RawSetIndex(nint lua, int index, int element);

    [LibraryImport(Library, EntryPoint = "lua_checkstack")]
    public static partial int CheckStack(nint lua, int more);

    [LibraryImport(Library, EntryPoint = "lua_gc")]
    public static partial int Collect(nint lua, int what, int data);

    [LibraryImport(Library, EntryPoint = "lua_sethook")]
    public static partial int SetHook(nint lua, nint hook, int mask, int count);

    [LibraryImport(Library, EntryPoint = "lua_getinfo")]
    public static partial int GetInfo(nint lua, byte* what, LuaDebug* record);

    [LibraryImport(Library, EntryPoint = "lua_getstack")]
    [SuppressGCTransition]
    public static partial int GetStack(nint lua, int level, LuaDebug* record);

    [LibraryImport(Library, EntryPoint = "lua_getallocf")]
    [SuppressGCTransition]
    public static partial nint GetAllocator(nint lua, nint* memory);

    [LibraryImport(Library, EntryPoint = "lua_gettop")]
    [SuppressGCTransition]
    public static partial int GetTop(nint lua);

    [LibraryImport(Library, EntryPoint = "lua_settop")]
    [SuppressGCTransition]
    public static partial void SetTop(nint lua, int index);

    [LibraryImport(Library, EntryPoint = "lua_type")]
    [SuppressGCTransition]
    public static partial LuaType TypeOf(nint lua, int index);

    [LibraryImport(Library, EntryPoint = "lua_rawget")]
    [SuppressGCTransition]
    public static partial void RawGet(nint lua, int index);

    [LibraryImport(Library, EntryPoint = "lua_rawgeti")]
    [SuppressGCTransition]
    public static partial void RawGetIndex(nint lua, int index, int element);

    [LibraryImport(Library, EntryPoint = "lua_next")]
    [SuppressGCTransition]
    public static partial int Next(nint lua, int index);

    [LibraryImport(Library, EntryPoint = "lua_pushnumber")]
    [SuppressGCTransition]
    public static partial void PushNumber(nint lua, double value);

    [LibraryImport(Library, EntryPoint = "lua_pushboolean")]
    [SuppressGCTransition]
    public static partial void PushBoolean(nint lua, int value);

    [LibraryImport(Library, EntryPoint = "lua_pushnil")]
    [SuppressGCTransition]
    public static partial void PushNil(nint lua);

    [LibraryImport(Library, EntryPoint = "lua_pushvalue")]
    [SuppressGCTransition]
    public static partial void PushValue(nint lua, int index);

    [LibraryImport(Library, EntryPoint = "lua_pushlightuserdata")]
    [SuppressGCTransition]
    public static partial void PushPointer(nint lua, nint value);

    [LibraryImport(Library, EntryPoint = "lua_touserdata")]
    [SuppressGCTransition]
    public static partial nint ToPointer(nint lua, int index);

    /// <summary>Of a number, or of a string that is one (<see cref="IsNumber"/>).</summary>
    [LibraryImport(Library, EntryPoint = "lua_tonumber")]
    [SuppressGCTransition]
    public static partial double ToNumber(nint lua, int index);

    [LibraryImport(Library, EntryPoint = "lua_isnumber")]
    [SuppressGCTransition]
    public static partial int IsNumber(nint lua, int index);

    [LibraryImport(Library, EntryPoint = "lua_toboolean")]
    [SuppressGCTransition]
    public static partial int ToBoolean(nint lua, int index);

    [LibraryImport(Library, EntryPoint = "lua_remove")]
    [SuppressGCTransition]
    public static partial void Remove(nint lua, int index);

    [LibraryImport(Library, EntryPoint = "lua_replace")]
    [SuppressGCTransition]
    public static partial void Replace(nint lua, int index);

    [LibraryImport(Library, EntryPoint = "lua_insert")]
    [SuppressGCTransition]
    public static partial void Insert(nint lua, int index);

    /// <summary>Of a table: a border of its elements.</summary>
    [LibraryImport(Library, EntryPoint = "lua_objlen")]
    [SuppressGCTransition]
    public static partial nuint LengthOf(nint lua, int index);

    /// <summary>A string's bytes, which stay where they are while it is on the stack.</summary>
    /// <param name="lua">The state.</param>
    /// <param name="index">Where it is; it must be a string: a number would be changed into one.</param>
    public static ReadOnlySpan<byte> String(nint lua, int index)
    {
        nuint length;
        var bytes = ToString(lua, index, &length);
        return new ReadOnlySpan<byte>(bytes, (int)length);
    }

    /// <summary>A string's bytes; a number on the stack becomes one.</summary>
    public static ReadOnlySpan<byte> Digits(nint lua, int index)
    {
        nuint length;
        var bytes = Convert(lua, index, &length);
        return new ReadOnlySpan<byte>(bytes, (int)length);
    }

    /// <summary>Pushes a string.</summary>
    public static void PushString(nint lua, ReadOnlySpan<byte> text)
    {
        fixed (byte* bytes = text) PushString(lua, bytes, (nuint)text.Length);
    }

    /// <summary>Takes values off the stack.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Pop(nint lua, int count) => SetTop(lua, -count - 1);

    [LibraryImport(Library, EntryPoint = "lua_tolstring")]
    [SuppressGCTransition]
    private static partial byte* ToString(nint lua, int index, nuint* length);

    [LibraryImport(Library, EntryPoint = "lua_tolstring")]
    private static partial byte* Convert(nint lua, int index, nuint* length);
}
