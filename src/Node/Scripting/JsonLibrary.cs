using System.Globalization;
using System.Text;

namespace Starling.Node.Scripting;

/// <summary>The functions of the library cjson.</summary>
internal static class JsonLibrary
{
    private static readonly string[] OnOff = ["off", "on"];
    private static readonly string[] OnOffNull = ["off", "on", "null"];

    /// <summary>cjson.encode.</summary>
    public static int Encode(ScriptEngine engine, nint lua)
    {
        if (LuaApi.GetTop(lua) != 1) return LuaArguments.Bad(lua, 1, "expected 1 argument");
        engine.Output.Clear();
        return new JsonEncoder(engine, lua).TryWrite() ? engine.Output.Push(engine, lua) : LuaArguments.Raise;
    }

    /// <summary>cjson.decode.</summary>
    public static int Decode(ScriptEngine engine, nint lua)
    {
        if (LuaApi.GetTop(lua) != 1) return LuaArguments.Bad(lua, 1, "expected 1 argument");
        if (!LuaArguments.TryString(lua, 1, out var text)) return LuaArguments.BadType(lua, 1, "string");
        if (text.Length >= 2 && (text[0] == 0 || text[1] == 0)) return LuaArguments.Fail(lua, "JSON parser does not support UTF-16 or UTF-32"u8);
        return new JsonDecoder(engine, lua, text).TryRead() ? 1 : LuaArguments.Raise;
    }

    /// <summary>cjson.encode_sparse_array.</summary>
    public static int SparseArray(ScriptEngine engine, nint lua)
    {
        if (!TryTake(lua, 3)) return LuaArguments.Raise;
        var settings = engine.Json;
        var converts = settings.ConvertsSparse ? 1 : 0;
        var (ratio, safe) = (settings.SparseRatio, settings.SparseSafe);
        if (!TryChoice(lua, 1, OnOff, ref converts)) return LuaArguments.Raise;
        engine.Json = settings with { ConvertsSparse = converts != 0 };
        if (!TryNumber(lua, 2, 0, int.MaxValue, ref ratio)) return LuaArguments.Raise;
        engine.Json = engine.Json with { SparseRatio = ratio };
        if (!TryNumber(lua, 3, 0, int.MaxValue, ref safe)) return LuaArguments.Raise;
        engine.Json = engine.Json with { SparseSafe = safe };
        LuaApi.PushBoolean(lua, converts);
        LuaApi.PushNumber(lua, ratio);
        LuaApi.PushNumber(lua, safe);
        return 3;
    }

    /// <summary>cjson.encode_max_depth.</summary>
    public static int EncodeDepth(ScriptEngine engine, nint lua)
    {
        var depth = engine.Json.EncodeDepth;
        if (!TryTake(lua, 1) || !TryNumber(lua, 1, 1, int.MaxValue, ref depth)) return LuaArguments.Raise;
        engine.Json = engine.Json with { EncodeDepth = depth };
        return Push(lua, depth);
    }

    /// <summary>cjson.decode_max_depth.</summary>
    public static int DecodeDepth(ScriptEngine engine, nint lua)
    {
        var depth = engine.Json.DecodeDepth;
        if (!TryTake(lua, 1) || !TryNumber(lua, 1, 1, int.MaxValue, ref depth)) return LuaArguments.Raise;
        engine.Json = engine.Json with { DecodeDepth = depth };
        return Push(lua, depth);
    }

    /// <summary>cjson.encode_number_precision.</summary>
    public static int Precision(ScriptEngine engine, nint lua)
    {
        const int Most = 14;
        var precision = engine.Json.Precision;
        if (!TryTake(lua, 1) || !TryNumber(lua, 1, 1, Most, ref precision)) return LuaArguments.Raise;
        engine.Json = engine.Json with { Precision = precision };
        return Push(lua, precision);
    }

    /// <summary>cjson.encode_keep_buffer.</summary>
    public static int KeepBuffer(ScriptEngine engine, nint lua)
    {
        var keeps = engine.Json.KeepsBuffer ? 1 : 0;
        if (!TryTake(lua, 1) || !TryChoice(lua, 1, OnOff, ref keeps)) return LuaArguments.Raise;
        engine.Json = engine.Json with { KeepsBuffer = keeps != 0 };
        LuaApi.PushBoolean(lua, keeps);
        return 1;
    }

    /// <summary>cjson.encode_invalid_numbers.</summary>
    public static int EncodeInvalid(ScriptEngine engine, nint lua)
    {
        var choice = engine.Json.EncodesInvalidNumbers;
        if (!TryTake(lua, 1) || !TryChoice(lua, 1, OnOffNull, ref choice)) return LuaArguments.Raise;
        engine.Json = engine.Json with { EncodesInvalidNumbers = choice };
        if (choice == 2) LuaApi.PushString(lua, "null"u8);
        else LuaApi.PushBoolean(lua, choice);
        return 1;
    }

    /// <summary>cjson.decode_invalid_numbers.</summary>
    public static int DecodeInvalid(ScriptEngine engine, nint lua)
    {
        var choice = engine.Json.DecodesInvalidNumbers;
        if (!TryTake(lua, 1) || !TryChoice(lua, 1, OnOff, ref choice)) return LuaArguments.Raise;
        engine.Json = engine.Json with { DecodesInvalidNumbers = choice };
        LuaApi.PushBoolean(lua, choice);
        return 1;
    }

    private static int Push(nint lua, int number)
    {
        LuaApi.PushNumber(lua, number);
        return 1;
    }

    private static bool TryTake(nint lua, int most)
    {
        if (LuaApi.GetTop(lua) <= most)
        {
            while (LuaApi.GetTop(lua) < most) LuaApi.PushNil(lua);
            return true;
        }

        LuaArguments.Bad(lua, most + 1, "found too many arguments");
        return false;
    }

    private static bool TryNumber(nint lua, int position, int least, int most, ref int value)
    {
        if (LuaApi.TypeOf(lua, position) == LuaType.Nil) return true;
        if (!LuaArguments.TryInteger(lua, position, out var given))
        {
            LuaArguments.BadType(lua, position, "number");
            return false;
        }

        var number = (int)given;
        if (number >= least && number <= most)
        {
            value = number;
            return true;
        }

        LuaArguments.Bad(lua, 1, string.Create(CultureInfo.InvariantCulture, $"expected integer between {least} and {most}"));
        return false;
    }

    private static bool TryChoice(nint lua, int position, string[] words, ref int choice)
    {
        switch (LuaApi.TypeOf(lua, position))
        {
            case LuaType.Nil: return true;
            case LuaType.Boolean:
                choice = LuaApi.ToBoolean(lua, position);
                return true;
        }

        if (!LuaArguments.TryString(lua, position, out var text))
        {
            LuaArguments.BadType(lua, position, "string");
            return false;
        }

        var word = Encoding.Latin1.GetString(text);
        var found = Array.IndexOf(words, word);
        if (found < 0) LuaArguments.Bad(lua, position, $"invalid option '{word}'");
        else choice = found;
        return found >= 0;
    }
}
