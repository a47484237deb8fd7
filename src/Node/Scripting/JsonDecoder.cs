using System.Globalization;
using System.Text;

namespace Starling.Node.Scripting;

/// <summary>Reads JSON into Lua values, with the errors of Redis's cjson. Pushes as it reads.</summary>
internal ref struct JsonDecoder
{
    private const long BytesOfValue = 128; // at most, beside its text

    private readonly ScriptEngine _engine;
    private readonly nint _lua;
    private readonly ReadOnlySpan<byte> _text;
    private readonly LuaOutput _string; // the string that was read last
    private readonly JsonSettings _settings;
    private int _at;
    private int _index; // where the token begins, or its error is
    private int _depth;
    private double _number;
    private bool _boolean;
    private string _error = "";

    public JsonDecoder(ScriptEngine engine, nint lua, ReadOnlySpan<byte> text)
    {
        _engine = engine;
        _lua = lua;
        _text = text;
        _string = engine.Output;
        _settings = engine.Json;
    }

    private readonly byte Current => Peek(0);

    /// <summary>Pushes the value of the whole text; false when an error is pushed.</summary>
    public bool TryRead()
    {
        if (!TryPush(Next())) return false;
        var token = Next();
        return token == JsonToken.T_END || Expected("the end", token);
    }

    private readonly byte Peek(int ahead) => _at + ahead < _text.Length ? _text[_at + ahead] : (byte)0;

    private readonly bool Expected(string what, JsonToken token)
    {
        var found = token == JsonToken.T_ERROR ? _error : token.ToString();
        LuaArguments.Fail(_lua, string.Create(CultureInfo.InvariantCulture, $"Expected {what} but found {found} at character {_index + 1}"));
        return false;
    }

    private bool TryPush(JsonToken token)
    {
        if (!_engine.HasRoomFor(_string.Length + BytesOfValue))
        {
            LuaArguments.NoMemory(_lua);
            return false;
        }

        switch (token)
        {
            case JsonToken.T_STRING: PushString(); return true;
            case JsonToken.T_NUMBER: LuaApi.PushNumber(_lua, _number); return true;
            case JsonToken.T_BOOLEAN: LuaApi.PushBoolean(_lua, _boolean ? 1 : 0); return true;
            case JsonToken.T_NULL: LuaApi.PushPointer(_lua, 0); return true;
            case JsonToken.T_OBJ_BEGIN: return TryPushObject();
            case JsonToken.T_ARR_BEGIN: return TryPushArray();
            default: return Expected("value", token);
        }
    }

    private readonly void PushString()
    {
        LuaApi.PushString(_lua, _string.Written);
        _string.Clear();
    }

    private bool TryDescend()
    {
        const int Slots = 3;
        _depth++;
        if (_depth <= _settings.DecodeDepth && LuaApi.CheckStack(_lua, Slots + 3) != 0) return true;
        LuaArguments.Fail(_lua, string.Create(CultureInfo.InvariantCulture, $"Found too many nested data structures ({_depth}) at character {_at}"));
        return false;
    }

    private bool TryPushObject()
    {
        if (!TryDescend()) return false;
        LuaApi.CreateTable(_lua, 0, 0);
        var token = Next();
        for (var i = 1; token != JsonToken.T_OBJ_END || i > 1; i++)
        {
            if (token != JsonToken.T_STRING) return Expected("object key string", token);
            PushString();
            token = Next();
            if (token != JsonToken.T_COLON) return Expected("colon", token);
            if (!TryPush(Next())) return false;
            LuaApi.RawSet(_lua, -3);
            token = Next();
            if (token == JsonToken.T_OBJ_END) break;
            if (token != JsonToken.T_COMMA) return Expected("comma or object end", token);
            token = Next();
        }

        _depth--;
        return true;
    }

    private bool TryPushArray()
    {
        if (!TryDescend()) return false;
        LuaApi.CreateTable(_lua, 0, 0);
        var token = Next();
        for (var i = 1; token != JsonToken.T_ARR_END || i > 1; i++)
        {
            if (!TryPush(token)) return false;
            LuaApi.RawSetIndex(_lua, -2, i);
            token = Next();
            if (token == JsonToken.T_ARR_END) break;
            if (token != JsonToken.T_COMMA) return Expected("comma or array end", token);
            token = Next();
        }

        _depth--;
        return true;
    }

    private JsonToken Next()
    {
        while (Current is (byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\r') _at++;
        _index = _at;
        var c = Current;
        JsonToken? single = c switch
        {
            0 => JsonToken.T_END,
            (byte)'{' => JsonToken.T_OBJ_BEGIN,
            (byte)'}' => JsonToken.T_OBJ_END,
            (byte)'[' => JsonToken.T_ARR_BEGIN,
            (byte)']' => JsonToken.T_ARR_END,
            (byte)':' => JsonToken.T_COLON,
            (byte)',' => JsonToken.T_COMMA,
            _ => null,
        };
        if (single is { } token)
        {
            if (token != JsonToken.T_END) _at++;
            return token;
        }

        if (c == (byte)'"') return ReadString();
        var rest = _text[_at..];
        if (c == (byte)'-' || char.IsAsciiDigit((char)c))
            return _settings.DecodesInvalidNumbers == 0 && IsForeignNumber() ? Fail("invalid number") : ReadNumber();
        if (rest.StartsWith("true"u8)) return Word(4, JsonToken.T_BOOLEAN, isTrue: true);
        if (rest.StartsWith("false"u8)) return Word(5, JsonToken.T_BOOLEAN, isTrue: false);
        if (rest.StartsWith("null"u8)) return Word(4, JsonToken.T_NULL, isTrue: false);
        return _settings.DecodesInvalidNumbers != 0 && IsForeignNumber() ? ReadNumber() : Fail("invalid token");
    }

    private JsonToken Word(int length, JsonToken token, bool isTrue)
    {
        _at += length;
        _boolean = isTrue;
        return token;
    }

    private JsonToken Fail(string error)
    {
        _error = error;
        _index = _at;
        return JsonToken.T_ERROR;
    }

    /// <summary>A number that C reads and JSON does not have: with a plus sign, leading zeros, hexadecimal, infinite, none.</summary>
    private readonly bool IsForeignNumber()
    {
        var c = Peek(0);
        if (c == (byte)'+') return true;
        var from = c == (byte)'-' ? 1 : 0;
        c = Peek(from);
        if (c == (byte)'0') return (Peek(from + 1) | 0x20) == 'x' || char.IsAsciiDigit((char)Peek(from + 1));
        if (c <= (byte)'9') return false;
        var rest = _text[Math.Min(_text.Length, _at + from)..];
        return rest.Length >= 3 && (Ascii.EqualsIgnoreCase(rest[..3], "inf"u8) || Ascii.EqualsIgnoreCase(rest[..3], "nan"u8));
    }

    private JsonToken ReadNumber()
    {
        var length = CNumber.Read(_text[_at..], out _number);
        if (length == 0) return Fail("invalid number");
        _at += length;
        return JsonToken.T_NUMBER;
    }

    private JsonToken ReadString()
    {
        _string.Clear();
        _at++;
        while (true)
        {
            var rest = _text[_at..];
            var plain = rest.IndexOfAny((byte)'"', (byte)'\\', (byte)0);
            if (plain < 0) plain = rest.Length;
            _string.Add(rest[..plain]);
            _at += plain;
            switch (Current)
            {
                case 0: return Fail("unexpected end of string");
                case (byte)'"':
                    _at++;
                    return JsonToken.T_STRING;
            }

            if (Peek(1) == (byte)'u')
            {
                if (!TryReadUnicode()) return Fail("invalid unicode escape code");
                continue;
            }

            var value = Peek(1) switch
            {
                (byte)'"' => (byte)'"',
                (byte)'\\' => (byte)'\\',
                (byte)'/' => (byte)'/',
                (byte)'b' => (byte)'\b',
                (byte)'t' => (byte)'\t',
                (byte)'n' => (byte)'\n',
                (byte)'f' => (byte)'\f',
                (byte)'r' => (byte)'\r',
                _ => (byte)0,
            };
            if (value == 0) return Fail("invalid escape code");
            _string.Add(value);
            _at += 2;
        }
    }

    private bool TryReadUnicode()
    {
        const int EscapeLength = 6;
        var code = Hex(2);
        if (code < 0) return false;
        var length = EscapeLength;
        if ((code & 0xF800) == 0xD800)
        {
            if ((code & 0x400) != 0 || Peek(EscapeLength) != (byte)'\\' || Peek(EscapeLength + 1) != (byte)'u') return false;
            var low = Hex(EscapeLength + 2);
            if (low < 0 || (low & 0xFC00) != 0xDC00) return false;
            code = (((code & 0x3FF) << 10) | (low & 0x3FF)) + 0x10000;
            length += EscapeLength;
        }

        Span<byte> bytes = stackalloc byte[4];
        _string.Add(bytes[..new Rune(code).EncodeToUtf8(bytes)]);
        _at += length;
        return true;
    }

    private readonly int Hex(int ahead)
    {
        var value = 0;
        for (var i = 0; i < 4; i++)
        {
            var c = (char)Peek(ahead + i);
            if (!char.IsAsciiHexDigit(c)) return -1;
            value = (value << 4) | (char.IsAsciiDigit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
        }

        return value;
    }
}
