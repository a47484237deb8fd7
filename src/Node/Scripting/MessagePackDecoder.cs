using System.Buffers.Binary;
using System.Globalization;

namespace Starling.Node.Scripting;

/// <summary>Reads MessagePack into Lua values, with the errors of Redis's cmsgpack. Pushes as it reads.</summary>
internal ref struct MessagePackDecoder
{
    private const long BytesOfValue = 128; // at most, beside its text

    private readonly ScriptEngine _engine;
    private readonly nint _lua;
    private ReadOnlySpan<byte> _rest;
    private ReadOnlySpan<byte> _error;

    private MessagePackDecoder(ScriptEngine engine, nint lua, ReadOnlySpan<byte> bytes)
    {
        _engine = engine;
        _lua = lua;
        _rest = bytes;
    }

    // What Lua says, without a place.
    private static ReadOnlySpan<byte> NilIndex => "table index is nil"u8;

    private static ReadOnlySpan<byte> NoIndex => "table index is NaN"u8;

    private static ReadOnlySpan<byte> NoMemory => "not enough memory"u8;

    private static ReadOnlySpan<byte> Missing => "Missing bytes in input."u8;

    /// <summary>cmsgpack.unpack.</summary>
    public static int Unpack(ScriptEngine engine, nint lua) => Unpack(engine, lua, 0, 0);

    /// <summary>cmsgpack.unpack_one.</summary>
    public static int UnpackOne(ScriptEngine engine, nint lua)
    {
        long offset = 0;
        if (LuaApi.TypeOf(lua, 2) > LuaType.Nil && !LuaArguments.TryInteger(lua, 2, out offset)) return LuaArguments.BadType(lua, 2, "number");
        LuaApi.SetTop(lua, 1);
        return Unpack(engine, lua, 1, (int)offset);
    }

    /// <summary>cmsgpack.unpack_limit.</summary>
    public static int UnpackLimit(ScriptEngine engine, nint lua)
    {
        if (!LuaArguments.TryInteger(lua, 2, out var limit)) return LuaArguments.BadType(lua, 2, "number");
        long offset = 0;
        if (LuaApi.TypeOf(lua, 3) > LuaType.Nil && !LuaArguments.TryInteger(lua, 3, out offset)) return LuaArguments.BadType(lua, 3, "number");
        LuaApi.SetTop(lua, 1);
        return Unpack(engine, lua, (int)limit, (int)offset);
    }

    private static int Unpack(ScriptEngine engine, nint lua, int limit, int offset)
    {
        if (!LuaArguments.TryString(lua, 1, out var bytes)) return LuaArguments.BadType(lua, 1, "string");
        if (offset < 0 || limit < 0)
        {
            return LuaArguments.Fail(
                lua, string.Create(CultureInfo.InvariantCulture, $"Invalid request to unpack with offset of {offset} and limit of {bytes.Length}."));
        }

        if (offset > bytes.Length)
        {
            return LuaArguments.Fail(
                lua, string.Create(CultureInfo.InvariantCulture, $"Start offset {offset} greater than input length {bytes.Length}."));
        }

        var isAll = limit == 0 && offset == 0;
        var decoder = new MessagePackDecoder(engine, lua, bytes[offset..]);
        var count = 0;
        for (; decoder._rest.Length > 0 && (isAll || count < limit); count++)
        {
            decoder.TryPush();
            if (decoder._error.Length == 0) continue;
            var error = decoder._error;
            var hasNoPlace = error.SequenceEqual(NilIndex) || error.SequenceEqual(NoIndex) || error.SequenceEqual(NoMemory);
            if (!hasNoPlace) return LuaArguments.Fail(lua, decoder._error);
            LuaApi.PushString(lua, decoder._error);
            return LuaArguments.Raise;
        }

        if (isAll) return count;
        if (LuaApi.CheckStack(lua, 1) == 0) return LuaArguments.Fail(lua, "stack overflow"u8);
        LuaApi.PushNumber(lua, decoder._rest.Length == 0 ? -1 : bytes.Length - decoder._rest.Length);
        LuaApi.Insert(lua, 2);
        return count + 1;
    }

    private bool Fail(ReadOnlySpan<byte> error)
    {
        _error = error;
        return false;
    }

    private bool TryTake(int length, out ReadOnlySpan<byte> bytes)
    {
        bytes = default;
        if (length < 0 || _rest.Length < length) return Fail(Missing);
        bytes = _rest[..length];
        _rest = _rest[length..];
        return true;
    }

    private bool TryPush()
    {
        if (LuaApi.CheckStack(_lua, 5) == 0)
            return Fail("stack overflow (too many return values at once; use unpack_one or unpack_limit instead.)"u8);
        if (!_engine.HasRoomFor(BytesOfValue)) return Fail(NoMemory);
        if (!TryTake(1, out var head)) return false;
        var type = head[0];
        switch (type)
        {
            case <= 0x7F or >= 0xE0: LuaApi.PushNumber(_lua, (sbyte)type); return true;
            case <= 0x8F: return TryPushMap(type & 15);
            case <= 0x9F: return TryPushArray(type & 15);
            case <= 0xBF: return TryPushString(type & 31);
            case 0xC0: LuaApi.PushNil(_lua); return true;
            case 0xC2 or 0xC3: LuaApi.PushBoolean(_lua, type & 1); return true;
            case 0xCA or 0xCB or (>= 0xCC and <= 0xD3): return TryPushNumber(type);
            case 0xD9: return TryLength(1, out var tiny) && TryPushString(tiny);
            case 0xDA: return TryLength(2, out var small) && TryPushString(small);
            case 0xDB: return TryLength(4, out var large) && TryPushString(large);
            case 0xDC: return TryLength(2, out var few) && TryPushArray(few);
            case 0xDD: return TryLength(4, out var many) && TryPushArray(many);
            case 0xDE: return TryLength(2, out var pairs) && TryPushMap(pairs);
            case 0xDF: return TryLength(4, out var manyPairs) && TryPushMap(manyPairs);
            default: return Fail("Bad data format in input."u8);
        }
    }

    private bool TryLength(int size, out long length)
    {
        length = 0;
        if (!TryTake(size, out var bytes)) return false;
        foreach (var b in bytes) length = (length << 8) | b;
        return true;
    }

    private bool TryPushNumber(byte type)
    {
        var size = type switch
        {
            0xCC or 0xD0 => 1,
            0xCD or 0xD1 => 2,
            0xCA or 0xCE or 0xD2 => 4,
            _ => 8,
        };
        if (!TryTake(size, out var bytes)) return false;
        LuaApi.PushNumber(_lua, type switch
        {
            0xCA => BinaryPrimitives.ReadSingleBigEndian(bytes),
            0xCB => BinaryPrimitives.ReadDoubleBigEndian(bytes),
            0xCC => bytes[0],
            0xCD => BinaryPrimitives.ReadUInt16BigEndian(bytes),
            0xCE => BinaryPrimitives.ReadUInt32BigEndian(bytes),
            0xD0 => (sbyte)bytes[0],
            0xD1 => BinaryPrimitives.ReadInt16BigEndian(bytes),
            0xD2 => BinaryPrimitives.ReadInt32BigEndian(bytes),
            _ => BinaryPrimitives.ReadInt64BigEndian(bytes),
        });
        return true;
    }

    private bool TryPushString(long length)
    {
        if (!TryTake((int)Math.Min(length, int.MaxValue), out var bytes)) return false;
        if (!_engine.HasRoomFor(bytes.Length)) return Fail(NoMemory);
        LuaApi.PushString(_lua, bytes);
        return true;
    }

    private bool TryPushArray(long count)
    {
        LuaApi.CreateTable(_lua, 0, 0);
        for (var i = 1; i <= count; i++)
        {
            if (!TryPush()) return false;
            LuaApi.RawSetIndex(_lua, -2, i);
        }

        return true;
    }

    private bool TryPushMap(long pairs)
    {
        LuaApi.CreateTable(_lua, 0, 0);
        for (var i = 0; i < pairs; i++)
        {
            if (!TryPush() || !TryPush()) return false;
            if (LuaApi.TypeOf(_lua, -2) == LuaType.Nil) return Fail(NilIndex);
            if (LuaApi.TypeOf(_lua, -2) == LuaType.Number && double.IsNaN(LuaApi.ToNumber(_lua, -2))) return Fail(NoIndex);
            LuaApi.RawSet(_lua, -3);
        }

        return true;
    }
}
