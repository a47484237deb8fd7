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
        ("", "register_function", Pointer(&RegisterFunction)),
        ("", "random", Pointer(&NextRandom)),
        ("", "randomseed", Pointer(&SeedRandom)),
        ("bit", "tobit", Pointer(&BitToBit)),
        ("bit", "bnot", Pointer(&BitNot)),
        ("bit", "bswap", Pointer(&BitSwap)),
        ("bit", "band", Pointer(&BitAnd)),
        ("bit", "bor", Pointer(&BitOr)),
        ("bit", "bxor", Pointer(&BitXor)),
        ("bit", "lshift", Pointer(&BitShiftLeft)),
        ("bit", "rshift", Pointer(&BitShiftRight)),
        ("bit", "arshift", Pointer(&BitShiftArithmetic)),
        ("bit", "rol", Pointer(&BitRotateLeft)),
        ("bit", "ror", Pointer(&BitRotateRight)),
        ("bit", "tohex", Pointer(&BitToHex)),
        ("struct", "pack", Pointer(&StructPack)),
        ("struct", "unpack", Pointer(&StructUnpack)),
        ("struct", "size", Pointer(&StructSize)),
        ("cjson", "encode", Pointer(&JsonEncode)),
        ("cjson", "decode", Pointer(&JsonDecode)),
        ("cjson", "encode_sparse_array", Pointer(&JsonSparseArray)),
        ("cjson", "encode_max_depth", Pointer(&JsonEncodeDepth)),
        ("cjson", "decode_max_depth", Pointer(&JsonDecodeDepth)),
        ("cjson", "encode_number_precision", Pointer(&JsonPrecision)),
        ("cjson", "encode_keep_buffer", Pointer(&JsonKeepBuffer)),
        ("cjson", "encode_invalid_numbers", Pointer(&JsonEncodeInvalid)),
        ("cjson", "decode_invalid_numbers", Pointer(&JsonDecodeInvalid)),
        ("cmsgpack", "pack", Pointer(&MessagePack)),
        ("cmsgpack", "unpack", Pointer(&MessageUnpack)),
        ("cmsgpack", "unpack_one", Pointer(&MessageUnpackOne)),
        ("cmsgpack", "unpack_limit", Pointer(&MessageUnpackLimit)),
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
        foreach (var library in Rows.Select(row => row.Library).Where(name => name.Length > 0).Distinct(StringComparer.Ordinal))
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

        LuaText.Push(lua, "null");
        LuaApi.PushPointer(lua, 0);
        LuaApi.RawSet(lua, -3);
    }

    private static nint Pointer(delegate* unmanaged[Cdecl]<nint, int> function) => (nint)function;

    private static int Enter(nint lua, delegate*<ScriptEngine, nint, int> function)
    {
        var engine = LuaMemory.EngineOf(lua);
        engine.IsInManaged = true;
        try
        {
            // A coroutine that was ended leaves the one that resumed it running up to its next look.
            return engine.IsEnding ? engine.AbortAgain(lua) : function(engine, lua);
        }
        catch (OutOfMemoryException) when (!engine.Context.IsHalfDone)
        {
            return LuaArguments.NoMemory(lua); // nothing is half done: the script's to catch, as when Lua itself finds none
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
    private static int RegisterFunction(nint lua) => Enter(lua, &FunctionRegistration.Register);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int NextRandom(nint lua) => Enter(lua, &LuaRandom.Next);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int SeedRandom(nint lua) => Enter(lua, &LuaRandom.Seed);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int BitToBit(nint lua) => Enter(lua, &LuaBits.ToBit);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int BitNot(nint lua) => Enter(lua, &LuaBits.Not);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int BitSwap(nint lua) => Enter(lua, &LuaBits.Swap);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int BitAnd(nint lua) => Enter(lua, &LuaBits.And);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int BitOr(nint lua) => Enter(lua, &LuaBits.Or);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int BitXor(nint lua) => Enter(lua, &LuaBits.Xor);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int BitShiftLeft(nint lua) => Enter(lua, &LuaBits.ShiftLeft);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int BitShiftRight(nint lua) => Enter(lua, &LuaBits.ShiftRight);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int BitShiftArithmetic(nint lua) => Enter(lua, &LuaBits.ShiftArithmetic);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int BitRotateLeft(nint lua) => Enter(lua, &LuaBits.RotateLeft);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int BitRotateRight(nint lua) => Enter(lua, &LuaBits.RotateRight);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int BitToHex(nint lua) => Enter(lua, &LuaBits.ToHex);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int StructPack(nint lua) => Enter(lua, &LuaStruct.Pack);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int StructUnpack(nint lua) => Enter(lua, &LuaStruct.Unpack);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int StructSize(nint lua) => Enter(lua, &LuaStruct.Size);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int JsonEncode(nint lua) => Enter(lua, &JsonLibrary.Encode);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int JsonDecode(nint lua) => Enter(lua, &JsonLibrary.Decode);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int JsonSparseArray(nint lua) => Enter(lua, &JsonLibrary.SparseArray);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int JsonEncodeDepth(nint lua) => Enter(lua, &JsonLibrary.EncodeDepth);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int JsonDecodeDepth(nint lua) => Enter(lua, &JsonLibrary.DecodeDepth);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int JsonPrecision(nint lua) => Enter(lua, &JsonLibrary.Precision);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int JsonKeepBuffer(nint lua) => Enter(lua, &JsonLibrary.KeepBuffer);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int JsonEncodeInvalid(nint lua) => Enter(lua, &JsonLibrary.EncodeInvalid);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int JsonDecodeInvalid(nint lua) => Enter(lua, &JsonLibrary.DecodeInvalid);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int MessagePack(nint lua) => Enter(lua, &MessagePackEncoder.Pack);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int MessageUnpack(nint lua) => Enter(lua, &MessagePackDecoder.Unpack);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int MessageUnpackOne(nint lua) => Enter(lua, &MessagePackDecoder.UnpackOne);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int MessageUnpackLimit(nint lua) => Enter(lua, &MessagePackDecoder.UnpackLimit);
}
