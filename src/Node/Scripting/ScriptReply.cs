using System.Buffers.Text;
using Starling.Resp;
using Starling.Slots;

namespace Starling.Node.Scripting;

/// <summary>The reply of a command, as RESP, on its way to Lua values. The bytes are the server's own: they are well-formed.</summary>
internal ref struct ScriptReply(nint lua, ReadOnlySpan<byte> bytes)
{
    /// <summary>At most what a value takes in Lua beside its text.</summary>
    private const int BytesOfValue = 96;

    private readonly nint _lua = lua;
    private ReadOnlySpan<byte> _rest = bytes;

    /// <summary>Most bytes that the values of a reply take.</summary>
    public static long BytesOf(ReadOnlySpan<byte> reply) => reply.Length + ((reply.Count((byte)'\n') + 1L) * BytesOfValue);

    /// <summary>Pushes the value of the reply; true when it is an error.</summary>
    public bool Push()
    {
        var isError = _rest[0] == (byte)'-';
        PushOne();
        return isError;
    }

    private void PushOne()
    {
        Invariant.That(LuaApi.CheckStack(_lua, 6) != 0);
        var type = (RespKind)_rest[0];
        var end = _rest.IndexOf("\r\n"u8);
        var line = _rest[1..end];
        _rest = _rest[(end + 2)..];
        switch (type)
        {
            case RespKind.Simple: PushField("ok"u8, line); break;
            case RespKind.Error: LuaArguments.PushError(_lua, line); break;
            case RespKind.Integer: LuaApi.PushNumber(_lua, Number(line)); break;
            case RespKind.Bulk: PushBulk((int)Number(line)); break;
            case RespKind.Array or RespKind.Push: PushArray((int)Number(line)); break;
            case RespKind.Null: LuaApi.PushNil(_lua); break;
            case RespKind.Boolean: LuaApi.PushBoolean(_lua, line[0] == (byte)'t' ? 1 : 0); break;
            case RespKind.Double: PushDouble(line); break;
            case RespKind.BigNumber: PushField("big_number"u8, line); break;
            case RespKind.Verbatim: PushVerbatim((int)Number(line)); break;
            case RespKind.Map: PushMap((int)Number(line)); break;
            case RespKind.Set: PushSet((int)Number(line)); break;
            default: Invariant.Broken("a command's reply has a type that scripts do not know"); break;
        }
    }

    private static long Number(ReadOnlySpan<byte> digits)
    {
        Invariant.That(Utf8Parser.TryParse(digits, out long value, out _));
        return value;
    }

    private static double DoubleOf(ReadOnlySpan<byte> text)
    {
        if (text.SequenceEqual("inf"u8)) return double.PositiveInfinity;
        if (text.SequenceEqual("-inf"u8)) return double.NegativeInfinity;
        return Utf8Parser.TryParse(text, out double value, out var used) && used == text.Length ? value : double.NaN;
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        var text = _rest[..length];
        _rest = _rest[(length + 2)..];
        return text;
    }

    private readonly void PushField(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        LuaApi.CreateTable(_lua, 0, 0);
        LuaApi.PushString(_lua, name);
        LuaApi.PushString(_lua, value);
        LuaApi.RawSet(_lua, -3);
    }

    private void PushBulk(int length)
    {
        if (length < 0) LuaApi.PushBoolean(_lua, 0);
        else LuaApi.PushString(_lua, Take(length));
    }

    private void PushArray(int count)
    {
        if (count < 0)
        {
            LuaApi.PushBoolean(_lua, 0);
            return;
        }

        LuaApi.CreateTable(_lua, count, 0);
        for (var i = 1; i <= count; i++)
        {
            PushOne();
            LuaApi.RawSetIndex(_lua, -2, i);
        }
    }

    private readonly void PushDouble(ReadOnlySpan<byte> text)
    {
        LuaApi.CreateTable(_lua, 0, 0);
        LuaApi.PushString(_lua, "double"u8);
        LuaApi.PushNumber(_lua, DoubleOf(text));
        LuaApi.RawSet(_lua, -3);
    }

    private void PushVerbatim(int length)
    {
        const int FormatLength = 3;
        var text = Take(length);
        LuaApi.CreateTable(_lua, 0, 0);
        LuaApi.PushString(_lua, "verbatim_string"u8);
        LuaApi.CreateTable(_lua, 0, 0);
        LuaApi.PushString(_lua, "string"u8);
        LuaApi.PushString(_lua, text[(FormatLength + 1)..]);
        LuaApi.RawSet(_lua, -3);
        LuaApi.PushString(_lua, "format"u8);
        LuaApi.PushString(_lua, text[..FormatLength]);
        LuaApi.RawSet(_lua, -3);
        LuaApi.RawSet(_lua, -3);
    }

    private void PushMap(int pairs)
    {
        LuaApi.CreateTable(_lua, 0, 0);
        LuaApi.PushString(_lua, "map"u8);
        LuaApi.CreateTable(_lua, 0, 0);
        for (var i = 0; i < pairs; i++)
        {
            PushOne();
            PushOne();
            LuaApi.RawSet(_lua, -3);
        }

        LuaApi.RawSet(_lua, -3);
    }

    private void PushSet(int count)
    {
        LuaApi.CreateTable(_lua, 0, 0);
        LuaApi.PushString(_lua, "set"u8);
        LuaApi.CreateTable(_lua, 0, 0);
        for (var i = 0; i < count; i++)
        {
            PushOne();
            LuaApi.PushBoolean(_lua, 1);
            LuaApi.RawSet(_lua, -3);
        }

        LuaApi.RawSet(_lua, -3);
    }
}
