using System.Text;

namespace Starling.Node.Scripting;

/// <summary><c>redis.register_function</c>: a name and a function, or one table of named arguments.</summary>
internal static class FunctionRegistration
{
    private static ReadOnlySpan<byte> NoMemory => "not enough memory"u8;

    /// <summary>The function that libraries call while their code runs.</summary>
    public static int Register(ScriptEngine engine, nint lua)
    {
        var count = LuaApi.GetTop(lua);
        if (count is < 1 or > 2) return LuaArguments.FailPlainly(lua, "wrong number of arguments to redis.register_function"u8);
        var error = count == 1 ? ReadNamed(engine, lua, out var wanted) : ReadPositional(engine, lua, out wanted);
        if (error.Length > 0) return LuaArguments.FailPlainly(lua, error);
        if (engine.Loading is not { } library)
            return LuaArguments.FailPlainly(lua, "redis.register_function can only be called on FUNCTION LOAD command"u8);
        if (!LibraryHead.IsName(wanted.Name)) return LuaArguments.FailPlainly(lua, Encoding.ASCII.GetBytes(LibraryHead.BadName));
        if (library.Add(wanted.Name!, wanted.Description, wanted.Flags) is not { } function)
            return LuaArguments.FailPlainly(lua, "Function already exists in the library"u8);
        engine.KeepFunction(lua, function);
        return 0;
    }

    private static ReadOnlySpan<byte> ReadPositional(ScriptEngine engine, nint lua, out Wanted wanted)
    {
        wanted = default;
        if (!LuaArguments.TryString(lua, 1, out var name)) return "first argument to redis.register_function must be a string"u8;
        if (LuaApi.TypeOf(lua, 2) != LuaType.Function) return "second argument to redis.register_function must be a function"u8;
        if (!HasRoomFor(engine, name.Length)) return NoMemory;
        wanted.Name = name.ToArray();
        return [];
    }

    /// <summary>Reads the table; leaves the function on top of the stack.</summary>
    private static ReadOnlySpan<byte> ReadNamed(ScriptEngine engine, nint lua, out Wanted wanted)
    {
        wanted = default;
        if (LuaApi.TypeOf(lua, 1) != LuaType.Table)
        {
            return "calling redis.register_function with a single argument is only applicable to Lua table "u8
                + "(representing named arguments)."u8;
        }

        LuaApi.PushNil(lua); // the place of the function
        LuaApi.PushNil(lua);
        while (LuaApi.Next(lua, 1) != 0)
        {
            // The stack: the table, the function, key, value.
            if (LuaApi.TypeOf(lua, 3) is not (LuaType.String or LuaType.Number))
                return "named argument key given to redis.register_function is not a string"u8;
            var error = ReadArgument(engine, lua, ref wanted);
            if (error.Length > 0) return error;
            LuaApi.SetTop(lua, 3);
        }

        if (wanted.Name is null) return "redis.register_function must get a function name argument"u8;
        return LuaApi.TypeOf(lua, 2) == LuaType.Function ? [] : "redis.register_function must get a callback argument"u8;
    }

    /// <summary>Takes the argument whose name and value are on top of the stack.</summary>
    private static ReadOnlySpan<byte> ReadArgument(ScriptEngine engine, nint lua, scoped ref Wanted wanted)
    {
        // A number would be changed by looking at its digits.
        var key = LuaApi.TypeOf(lua, 3) == LuaType.String ? LuaApi.String(lua, 3) : default;
        if (Ascii.EqualsIgnoreCase(key, "function_name"u8))
        {
            if (!LuaArguments.TryString(lua, 4, out var name)) return "function_name argument given to redis.register_function must be a string"u8;
            if (!HasRoomFor(engine, name.Length)) return NoMemory;
            wanted.Name = name.ToArray();
        }
        else if (Ascii.EqualsIgnoreCase(key, "description"u8))
        {
            if (!LuaArguments.TryString(lua, 4, out var text)) return "description argument given to redis.register_function must be a string"u8;
            if (!HasRoomFor(engine, text.Length)) return NoMemory;
            wanted.Description = text.ToArray();
        }
        else if (Ascii.EqualsIgnoreCase(key, "callback"u8))
        {
            if (LuaApi.TypeOf(lua, 4) != LuaType.Function) return "callback argument given to redis.register_function must be a function"u8;
            LuaApi.PushValue(lua, 4);
            LuaApi.Replace(lua, 2);
        }
        else if (Ascii.EqualsIgnoreCase(key, "flags"u8))
        {
            if (LuaApi.TypeOf(lua, 4) != LuaType.Table)
                return "flags argument to redis.register_function must be a table representing function flags"u8;
            if (!TryReadFlags(lua, ref wanted.Flags)) return "unknown flag given"u8;
        }
        else
        {
            return "unknown argument given to redis.register_function"u8;
        }

        return [];
    }

    /// <summary>Names and descriptions are copied, and count as memory of the library's state would.</summary>
    private static bool HasRoomFor(ScriptEngine engine, int length) => engine.HasRoomFor(length + (engine.Loading?.TextBytes ?? 0));

    private static bool TryReadFlags(nint lua, ref ScriptFlags flags)
    {
        flags = ScriptFlags.None; // names of arguments are of any case: of two the one that is read last counts
        for (var i = 1; ; i++)
        {
            LuaApi.RawGetIndex(lua, 4, i);
            if (LuaApi.TypeOf(lua, -1) == LuaType.Nil) break;
            if (LuaApi.TypeOf(lua, -1) != LuaType.String || !ScriptHead.TryFlag(LuaApi.String(lua, -1), ref flags)) return false;
            LuaApi.Pop(lua, 1);
        }

        LuaApi.Pop(lua, 1);
        return true;
    }

    /// <summary>What is to be registered.</summary>
    private struct Wanted
    {
        public byte[]? Name;
        public byte[]? Description;
        public ScriptFlags Flags;
    }
}
