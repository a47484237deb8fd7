using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Starling.Node.Scripting;

/// <summary>
/// The managed functions that scripts find, by library and name. Each is entered here: the bound of memory is lifted while it runs, and
/// an exception ends the script, to be thrown again when Lua has returned.
/// </summary>
internal static unsafe class LuaFunctions
{
    private static readonly (string Library, string Name, nint Function)[] Rows =
    [
        ("redis", "call", Pointer(&Call)),
        ("redis", "pcall", Pointer(&ProtectedCall)),
        ("redis", "sha1hex", Pointer(&Sha1Hex)),
        ("redis", "log", Pointer(&Log)),
        ("redis", "setresp", Pointer(&SetProtocol)),
        ("redis", "set_repl", Pointer(&SetReplication)),
        ("redis", "acl_check_cmd", Pointer(&CheckCommand)),
        ("redis", "breakpoint", Pointer(&Breakpoint)),
        ("redis", "debug", Pointer(&Debug)),
        ("", "random", Pointer(&NextRandom)),
        ("", "randomseed", Pointer(&SeedRandom)),
    ];

    private static readonly Lazy<nint[]> Stubs = new(() =>
    {
        var functions = new nint[Rows.Length + 1];
        for (var i = 0; i < Rows.Length; i++) functions[i] = Rows[i].Function;
        functions[^1] = (nint)(delegate* unmanaged[Cdecl]<nint, LuaDebug*, int>)&Hook;
        return LuaStubs.Make(functions, LuaApi.Address("lua_error"));
    });

    /// <summary>What Lua calls every so many instructions.</summary>
    public static nint HookAddress => Stubs.Value[^1];

    /// <summary>Pushes a table of the functions, those of libraries in tables of their own.</summary>
    public static void Push(nint lua)
    {
        LuaApi.CreateTable(lua, 0, 0);
        foreach (var library in Rows.Select(row => row.Library).Where(name => name.Length > 0).Concat(["bit", "struct", "cjson", "cmsgpack"]).Distinct(StringComparer.Ordinal))
        {
            LuaText.Push(lua, library);
            LuaApi.CreateTable(lua, 0, 0);
            LuaApi.RawSet(lua, -3);
        }

        for (var i = 0; i < Rows.Length; i++)
        {
            var (library, name, _) = Rows[i];
            if (library.Length == 0)
            {
                LuaApi.PushValue(lua, -1);
            }
            else
            {
                LuaText.Push(lua, library);
                LuaApi.RawGet(lua, -2);
            }

            LuaText.Push(lua, name);
            LuaApi.PushClosure(lua, Stubs.Value[i], 0);
            LuaApi.RawSet(lua, -3);
            LuaApi.Pop(lua, 1);
        }
    }

    private static nint Pointer(delegate* unmanaged[Cdecl]<nint, int> function) => (nint)function;

    private static int Enter(nint lua, delegate*<ScriptEngine, nint, int> function)
    {
        var engine = LuaMemory.EngineOf(lua);
        engine.IsInManaged = true;
        try
        {
            return function(engine, lua);
        }
        catch (Exception error)
        {
            return engine.Keep(lua, error);
        }
        finally
        {
            engine.IsInManaged = false;
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Hook(nint lua, LuaDebug* _)
    {
        var engine = LuaMemory.EngineOf(lua);
        engine.IsInManaged = true;
        try
        {
            return engine.OnInstructions(lua);
        }
        catch (Exception error)
        {
            return engine.Keep(lua, error);
        }
        finally
        {
            engine.IsInManaged = false;
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Call(nint lua) => Enter(lua, &ScriptCalls.Call);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int ProtectedCall(nint lua) => Enter(lua, &ScriptCalls.ProtectedCall);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Sha1Hex(nint lua) => Enter(lua, &RedisLibrary.Sha1Hex);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Log(nint lua) => Enter(lua, &RedisLibrary.Log);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int SetProtocol(nint lua) => Enter(lua, &RedisLibrary.SetProtocol);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int SetReplication(nint lua) => Enter(lua, &RedisLibrary.SetReplication);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int CheckCommand(nint lua) => Enter(lua, &RedisLibrary.CheckCommand);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Breakpoint(nint lua) => Enter(lua, &RedisLibrary.Breakpoint);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Debug(nint lua) => Enter(lua, &RedisLibrary.Debug);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int NextRandom(nint lua) => Enter(lua, &LuaRandom.Next);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int SeedRandom(nint lua) => Enter(lua, &LuaRandom.Seed);
}
