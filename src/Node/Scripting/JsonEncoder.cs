using System.Globalization;

namespace Starling.Node.Scripting;

/// <summary>Writes a Lua value as JSON, to the byte as Redis's cjson does.</summary>
internal readonly struct JsonEncoder(ScriptEngine engine, nint lua)
{
    private const byte NoEscape = 0;

    private readonly LuaOutput _output = engine.Output;
    private readonly JsonSettings _settings = engine.Json;

    /// <summary>Writes the value on top of the stack to the engine's output; false when an error is pushed.</summary>
    public bool TryWrite() => TryWrite(depth: 0);

    private bool TryWrite(int depth)
    {
        if (_output.IsFull)
        {
            LuaArguments.NoMemory(lua);
            return false;
        }

        switch (LuaApi.TypeOf(lua, -1))
        {
            case LuaType.String:
                WriteString(LuaApi.String(lua, -1));
                return true;
            case LuaType.Number: return TryWriteNumber(-1);
            case LuaType.Boolean:
                _output.Add(LuaApi.ToBoolean(lua, -1) != 0 ? "true"u8 : "false"u8);
                return true;
            case LuaType.Nil:
            case LuaType.LightUserdata when LuaApi.ToPointer(lua, -1) == 0:
                _output.Add("null"u8);
                return true;
            case LuaType.Table: return TryWriteTable(depth + 1);
            default: return Refuse(-1, "type not supported");
        }
    }

    private bool Refuse(int index, string reason)
    {
        LuaArguments.Fail(lua, $"Cannot serialise {LuaArguments.NameOf(lua, index)}: {reason}");
        return false;
    }

    private bool TryWriteTable(int depth)
    {
        if (depth > _settings.EncodeDepth || LuaApi.CheckStack(lua, 5) == 0)
        {
            LuaArguments.Fail(lua, string.Create(CultureInfo.InvariantCulture, $"Cannot serialise, excessive nesting ({depth})"));
            return false;
        }

        if (!TryCountElements(out var count)) return false;
        return count > 0 ? TryWriteArray(count, depth) : TryWriteObject(depth);
    }

    /// <summary>The highest index of a table that is an array, -1 for what is none; false when it is refused.</summary>
    private bool TryCountElements(out int highest)
    {
        var (most, count) = (0, 0);
        highest = -1;
        LuaApi.PushNil(lua);
        while (LuaApi.Next(lua, -2) != 0)
        {
            var key = LuaApi.TypeOf(lua, -2) == LuaType.Number ? LuaApi.ToNumber(lua, -2) : 0;
            if (key < 1 || Math.Floor(key) != key)
            {
                LuaApi.Pop(lua, 2);
                return true;
            }

            if (key > most) most = key > int.MaxValue ? int.MinValue : (int)key; // as a C compiler makes an int of it
            count++;
            LuaApi.Pop(lua, 1);
        }

        if (_settings.SparseRatio > 0 && most > (long)count * _settings.SparseRatio && most > _settings.SparseSafe)
            return _settings.ConvertsSparse || Refuse(-1, "excessively sparse array");
        highest = most;
        return true;
    }

    private bool TryWriteArray(int count, int depth)
    {
        _output.Add((byte)'[');
        for (var i = 1; i <= count; i++)
        {
            if (i > 1) _output.Add((byte)',');
            LuaApi.RawGetIndex(lua, -1, i);
            if (!TryWrite(depth)) return false;
            LuaApi.Pop(lua, 1);
        }

        _output.Add((byte)']');
        return true;
    }

    private bool TryWriteObject(int depth)
    {
        _output.Add((byte)'{');
        var isFirst = true;
        LuaApi.PushNil(lua);
        while (LuaApi.Next(lua, -2) != 0)
        {
            if (!isFirst) _output.Add((byte)',');
            isFirst = false;
            switch (LuaApi.TypeOf(lua, -2))
            {
                case LuaType.Number:
                    _output.Add((byte)'"');
                    if (!TryWriteNumber(-2)) return false;
                    _output.Add((byte)'"');
                    break;
                case LuaType.String: WriteString(LuaApi.String(lua, -2)); break;
                default: return Refuse(-2, "table key must be a number or string");
            }

            _output.Add((byte)':');
            if (!TryWrite(depth)) return false;
            LuaApi.Pop(lua, 1);
        }

        _output.Add((byte)'}');
        return true;
    }

    private bool TryWriteNumber(int index)
    {
        const int Null = 2;
        var number = LuaApi.ToNumber(lua, index);
        if (double.IsFinite(number))
        {
            Span<byte> text = stackalloc byte[32];
            number.TryFormat(text, out var length, Format(_settings.Precision), CultureInfo.InvariantCulture);
            foreach (ref var c in text[..length])
                if (c == (byte)'E') c = (byte)'e';
            _output.Add(text[..length]);
            return true;
        }

        if (_settings.EncodesInvalidNumbers == 0) return Refuse(index, "must not be NaN or Inf");
        if (_settings.EncodesInvalidNumbers == Null) _output.Add("null"u8);
        else if (double.IsNaN(number)) _output.Add("nan"u8);
        else _output.Add(number > 0 ? "inf"u8 : "-inf"u8);
        return true;
    }

    private static ReadOnlySpan<char> Format(int digits) => digits switch
    {
        14 => "G14",
        13 => "G13",
        12 => "G12",
        11 => "G11",
        10 => "G10",
        9 => "G9",
        8 => "G8",
        7 => "G7",
        6 => "G6",
        5 => "G5",
        4 => "G4",
        3 => "G3",
        2 => "G2",
        _ => "G1",
    };

    private void WriteString(ReadOnlySpan<byte> text)
    {
        _output.Add((byte)'"');
        while (text.Length > 0)
        {
            var plain = 0;
            while (plain < text.Length && EscapeOf(text[plain]) == NoEscape) plain++;
            _output.Add(text[..plain]);
            if (plain == text.Length) break;
            var c = text[plain];
            var escape = EscapeOf(c);
            _output.Add((byte)'\\');
            _output.Add(escape);
            if (escape == (byte)'u')
            {
                _output.Add("00"u8);
                _output.Add("0123456789abcdef"u8[c >> 4]);
                _output.Add("0123456789abcdef"u8[c & 15]);
            }

            text = text[(plain + 1)..];
        }

        _output.Add((byte)'"');
    }

    private static byte EscapeOf(byte c) => c switch
    {
        (byte)'"' or (byte)'\\' or (byte)'/' => c,
        (byte)'\b' => (byte)'b',
        (byte)'\t' => (byte)'t',
        (byte)'\n' => (byte)'n',
        (byte)'\f' => (byte)'f',
        (byte)'\r' => (byte)'r',
        < 0x20 or 0x7f => (byte)'u',
        _ => NoEscape,
    };
}
