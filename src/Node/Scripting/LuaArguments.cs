using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Starling.Node.Scripting;

/// <summary>
/// Arguments of a function that Lua called, with the words that Lua has for those that are wrong. What fails returns
/// <see cref="Raise"/> with the error on top of the stack; the function returns it.
/// </summary>
internal static unsafe class LuaArguments
{
    /// <summary>What a function returns to raise what is on top of the stack.</summary>
    public const int Raise = -1;

    /// <summary>Raises a text with the place of the call in front of it.</summary>
    public static int Fail(nint lua, string message) => Fail(lua, Encoding.Latin1.GetBytes(message));

    /// <inheritdoc cref="Fail(nint, string)"/>
    public static int Fail(nint lua, ReadOnlySpan<byte> message)
    {
        LuaApi.PushString(lua, [.. Encoding.Latin1.GetBytes(Where(lua)), .. message]);
        return Raise;
    }

    /// <summary>Raises a table with the text as its error, as Redis's own functions do.</summary>
    public static int FailPlainly(nint lua, ReadOnlySpan<byte> message)
    {
        PushError(lua, [.. "ERR "u8, .. message], isCounted: false);
        return Raise;
    }

    /// <summary>Raises what Lua itself raises when it finds no memory.</summary>
    public static int NoMemory(nint lua)
    {
        LuaApi.PushString(lua, "not enough memory"u8);
        return Raise;
    }

    /// <summary>Pushes the table of an error: a whole text, with its code.</summary>
    /// <param name="lua">The state.</param>
    /// <param name="text">The text.</param>
    /// <param name="isCounted">A command has failed, and is counted as that: the script's own reply is not counted again.</param>
    public static void PushError(nint lua, ReadOnlySpan<byte> text, bool isCounted = true)
    {
        LuaApi.CreateTable(lua, 0, 0);
        LuaApi.PushString(lua, "err"u8);
        LuaApi.PushString(lua, text);
        LuaApi.RawSet(lua, -3);
        if (!isCounted) return;
        LuaApi.PushString(lua, "ignore_error_stats_update"u8);
        LuaApi.PushBoolean(lua, 1);
        LuaApi.RawSet(lua, -3);
    }

    /// <summary>Raises that an argument is not as it should be.</summary>
    public static int Bad(nint lua, int position, string reason)
    {
        LuaDebug record;
        var name = "?";
        if (LuaApi.GetStack(lua, 0, &record) != 0)
        {
            fixed (byte* what = "n\0"u8) LuaApi.GetInfo(lua, what, &record);
            if (record.Name != null) name = Text(record.Name);
            if (record.NameKind != null && Text(record.NameKind) == "method")
            {
                position--;
                if (position == 0) return Fail(lua, $"calling '{name}' on bad self ({reason})");
            }
        }

        return Fail(lua, string.Create(CultureInfo.InvariantCulture, $"bad argument #{position} to '{name}' ({reason})"));
    }

    /// <summary>Raises that an argument has the wrong type.</summary>
    public static int BadType(nint lua, int position, string expected) => Bad(lua, position, $"{expected} expected, got {NameOf(lua, position)}");

    /// <summary>A number, or a string that is one.</summary>
    public static bool TryNumber(nint lua, int position, out double value)
    {
        var isNumber = LuaApi.IsNumber(lua, position) != 0;
        value = isNumber ? LuaApi.ToNumber(lua, position) : 0;
        return isNumber;
    }

    /// <summary>As <see cref="TryNumber"/>, without its fraction.</summary>
    public static bool TryInteger(nint lua, int position, out long value)
    {
        var isNumber = TryNumber(lua, position, out var number);
        value = Truncate(number);
        return isNumber;
    }

    /// <summary>A string, or the digits of a number. The bytes stay where they are while it is on the stack.</summary>
    public static bool TryString(nint lua, int position, out ReadOnlySpan<byte> value)
    {
        var type = LuaApi.TypeOf(lua, position);
        if (type is LuaType.String or LuaType.Number)
        {
            value = LuaApi.Digits(lua, position);
            return true;
        }

        value = default;
        return false;
    }

    /// <summary>A double without its fraction, as processors of the x86 family have it: what does not fit is the lowest number.</summary>
    public static long Truncate(double value) => value is > -9.3e18 and < 9.2233720368547758e18 ? (long)value : long.MinValue;

    /// <summary>The name of the type of a value.</summary>
    public static string NameOf(nint lua, int position) => LuaApi.TypeOf(lua, position) switch
    {
        LuaType.None => "no value",
        LuaType.Nil => "nil",
        LuaType.Boolean => "boolean",
        LuaType.LightUserdata or LuaType.Userdata => "userdata",
        LuaType.Number => "number",
        LuaType.String => "string",
        LuaType.Table => "table",
        LuaType.Function => "function",
        _ => "thread",
    };

    /// <summary>The place of the call, as messages begin with it: "user_script:1: "; empty when nobody knows.</summary>
    private static string Where(nint lua)
    {
        LuaDebug record;
        if (LuaApi.GetStack(lua, 1, &record) == 0) return "";
        fixed (byte* what = "Sl\0"u8) LuaApi.GetInfo(lua, what, &record);
        return record.CurrentLine > 0 ? string.Create(CultureInfo.InvariantCulture, $"{Text(record.ShortSource)}:{record.CurrentLine}: ") : "";
    }

    private static string Text(byte* text) => Encoding.Latin1.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));
}
