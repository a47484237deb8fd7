using System.Globalization;
using System.Text;
using Starling.Resp;

namespace Starling.Node.Scripting;

/// <summary>What a script returns, as a reply.</summary>
internal static class ScriptResult
{
    /// <summary>Writes the value on top of the stack and takes it away.</summary>
    /// <param name="lua">The state.</param>
    /// <param name="reply">Gets the reply.</param>
    /// <param name="protocol">What redis.setresp has chosen: booleans are replies of their own in version 3 only.</param>
    public static void Write(nint lua, RespWriter reply, int protocol)
    {
        switch (LuaApi.TypeOf(lua, -1))
        {
            case LuaType.String: reply.Bulk(LuaApi.String(lua, -1)); break;
            case LuaType.Number: reply.Integer(LuaArguments.Truncate(LuaApi.ToNumber(lua, -1))); break;
            case LuaType.Boolean when protocol == 3: reply.Boolean(LuaApi.ToBoolean(lua, -1) != 0); break;
            case LuaType.Boolean when LuaApi.ToBoolean(lua, -1) != 0: reply.Integer(1); break;
            case LuaType.Table:
                if (LuaApi.CheckStack(lua, 6) == 0) reply.Error("ERR reached lua stack limit"u8);
                else WriteTable(lua, reply, protocol);
                break;
            default: reply.Null(); break;
        }

        LuaApi.Pop(lua, 1);
    }

    /// <summary>The text of a value: of a string or number; empty for others.</summary>
    public static byte[] Text(nint lua, int index) => LuaApi.TypeOf(lua, index) switch
    {
        LuaType.String => LuaApi.String(lua, index).ToArray(),
        LuaType.Number => Encoding.ASCII.GetBytes(LuaApi.ToNumber(lua, index).ToString(CultureInfo.InvariantCulture)),
        _ => [],
    };

    /// <summary>The text of a field of a table on the stack.</summary>
    public static byte[] Field(nint lua, int table, ReadOnlySpan<byte> name)
    {
        Get(lua, table, name);
        var text = Text(lua, -1);
        LuaApi.Pop(lua, 1);
        return text;
    }

    /// <summary>A text as Redis reads it from a script where it is a string of C there: up to the first zero byte.</summary>
    public static ReadOnlySpan<byte> UpToZero(ReadOnlySpan<byte> text) => text.IndexOf((byte)0) is >= 0 and var end ? text[..end] : text;

    private static void WriteTable(nint lua, RespWriter reply, int protocol)
    {
        if (TryWriteMarked(lua, reply, protocol)) return;
        var mark = reply.BeginArray();
        var count = 0;
        while (true)
        {
            LuaApi.RawGetIndex(lua, -1, count + 1);
            if (LuaApi.TypeOf(lua, -1) == LuaType.Nil) break;
            Write(lua, reply, protocol);
            count++;
        }

        LuaApi.Pop(lua, 1);
        reply.EndArray(mark, count);
    }

    /// <summary>A table whose field says what it is.</summary>
    private static bool TryWriteMarked(nint lua, RespWriter reply, int protocol)
    {
        if (TryField(lua, "err"u8, LuaType.String))
        {
            reply.Error(UpToZero(LuaApi.String(lua, -1)));
        }
        else if (TryField(lua, "ok"u8, LuaType.String))
        {
            byte[] status = UpToZero(LuaApi.String(lua, -1)).ToArray();
            status.AsSpan().Replace((byte)'\r', (byte)' ');
            status.AsSpan().Replace((byte)'\n', (byte)' ');
            reply.Simple(status);
        }
        else if (TryField(lua, "double"u8, LuaType.Number))
        {
            WriteDouble(reply, LuaApi.ToNumber(lua, -1));
        }
        else if (TryField(lua, "map"u8, LuaType.Table))
        {
            WritePairs(lua, reply, protocol, isSet: false);
        }
        else if (TryField(lua, "set"u8, LuaType.Table))
        {
            WritePairs(lua, reply, protocol, isSet: true);
        }
        else if (TryField(lua, "big_number"u8, LuaType.String))
        {
            WriteBigNumber(reply, LuaApi.String(lua, -1).ToArray());
        }
        else
        {
            return TryWriteVerbatim(lua, reply);
        }

        LuaApi.Pop(lua, 1);
        return true;
    }

    private static void WritePairs(nint lua, RespWriter reply, int protocol, bool isSet)
    {
        var mark = reply.BeginArray();
        var count = 0;
        LuaApi.PushNil(lua);
        while (LuaApi.Next(lua, -2) != 0)
        {
            LuaApi.PushValue(lua, -2);
            Write(lua, reply, protocol);
            if (isSet) LuaApi.Pop(lua, 1);
            else Write(lua, reply, protocol);
            count++;
        }

        if (isSet) reply.EndSet(mark, count);
        else reply.EndMap(mark, count);
    }

    /// <summary>What is no number has a sign here, as C prints it.</summary>
    private static void WriteDouble(RespWriter reply, double value)
    {
        if (!double.IsNaN(value) || !double.IsNegative(value)) reply.Double(value);
        else reply.Raw(reply.Protocol == 2 ? "$4\r\n-nan\r\n"u8 : ",-nan\r\n"u8);
    }

    private static void WriteBigNumber(RespWriter reply, byte[] digits)
    {
        digits.AsSpan().Replace((byte)'\r', (byte)' ');
        digits.AsSpan().Replace((byte)'\n', (byte)' ');
        if (reply.Protocol == 2)
        {
            reply.Bulk(digits);
            return;
        }

        reply.Raw("("u8);
        reply.Raw(digits);
        reply.Raw("\r\n"u8);
    }

    private static bool TryWriteVerbatim(nint lua, RespWriter reply)
    {
        if (!TryField(lua, "verbatim_string"u8, LuaType.Table)) return false;
        var isOne = false;
        Get(lua, -1, "format"u8);
        Get(lua, -2, "string"u8);
        if (LuaApi.TypeOf(lua, -1) == LuaType.String && LuaApi.TypeOf(lua, -2) == LuaType.String)
        {
            var format = LuaApi.String(lua, -2);
            Span<byte> three = [(byte)' ', (byte)' ', (byte)' '];
            format[..Math.Min(3, format.Length)].CopyTo(three);
            reply.Verbatim(three, LuaApi.String(lua, -1));
            isOne = true;
        }

        LuaApi.Pop(lua, 3);
        return isOne;
    }

    /// <summary>Leaves the field of the table on top of the stack when it has the type.</summary>
    private static bool TryField(nint lua, ReadOnlySpan<byte> name, LuaType type)
    {
        Get(lua, -1, name);
        if (LuaApi.TypeOf(lua, -1) == type) return true;
        LuaApi.Pop(lua, 1);
        return false;
    }

    private static void Get(nint lua, int table, ReadOnlySpan<byte> name)
    {
        LuaApi.PushString(lua, name);
        LuaApi.RawGet(lua, table - 1);
    }
}
