using System.Buffers.Binary;

namespace Starling.Node.Scripting;

/// <summary>The library struct: numbers and strings to bytes and back, by a format.</summary>
internal static class LuaStruct
{
    /// <summary>struct.pack.</summary>
    public static int Pack(ScriptEngine engine, nint lua)
    {
        if (!LuaStructFormat.TryOpen(lua, out var format)) return LuaArguments.BadType(lua, 1, "string");
        var output = engine.Output;
        output.Clear();
        LuaApi.PushNil(lua); // what is missing behind the last argument is called nil, not nothing
        var argument = 2;
        while (format.TryNext(lua, out var option, out var size))
        {
            if (size < 0) return LuaArguments.Raise;
            for (var pad = format.Padding(output.Length, option, size); pad > 0; pad--) output.Add(0);
            switch (option)
            {
                case 'b' or 'B' or 'h' or 'H' or 'l' or 'L' or 'T' or 'i' or 'I':
                    if (!LuaArguments.TryNumber(lua, argument, out var number)) return LuaArguments.BadType(lua, argument, "number");
                    argument++;
                    PutInteger(output, number, format.IsLittle, size);
                    break;
                case 'x': output.Add(0); break;
                case 'f' or 'd':
                    if (!LuaArguments.TryNumber(lua, argument, out var value)) return LuaArguments.BadType(lua, argument, "number");
                    argument++;
                    PutDouble(output, value, format.IsLittle, option == 'f');
                    break;
                case 'c' or 's':
                    if (!LuaArguments.TryString(lua, argument, out var text)) return LuaArguments.BadType(lua, argument, "string");
                    argument++;
                    if (size == 0) size = text.Length;
                    if (text.Length < size) return LuaArguments.Bad(lua, argument, "string too short");
                    output.Add(text[..size]);
                    if (option == 's') output.Add(0);
                    break;
                default:
                    if (!format.TryControl(lua, option)) return LuaArguments.Raise;
                    break;
            }

            if (output.IsFull) return LuaArguments.NoMemory(lua);
        }

        return output.Push(engine, lua);
    }

    /// <summary>struct.unpack.</summary>
    public static int Unpack(ScriptEngine engine, nint lua)
    {
        if (!LuaStructFormat.TryOpen(lua, out var format)) return LuaArguments.BadType(lua, 1, "string");
        if (!LuaArguments.TryString(lua, 2, out var data)) return LuaArguments.BadType(lua, 2, "string");
        long at = 0;
        if (LuaApi.TypeOf(lua, 3) > LuaType.Nil)
        {
            if (!LuaArguments.TryInteger(lua, 3, out at)) return LuaArguments.BadType(lua, 3, "number");
            if (at == 0) return LuaArguments.Bad(lua, 3, "offset must be 1 or greater");
            at--; // a negative one is beyond every end
        }

        LuaApi.SetTop(lua, 2);
        var count = 0;
        while (format.TryNext(lua, out var option, out var size))
        {
            if (size < 0) return LuaArguments.Raise;
            at += format.Padding(at, option, size);
            if (size > data.Length || (ulong)at > (ulong)(data.Length - size)) return LuaArguments.Bad(lua, 2, "data string too short");
            if (LuaApi.CheckStack(lua, 2) == 0) return LuaArguments.Fail(lua, "stack overflow (too many results)"u8);
            if (!engine.HasRoomFor(data.Length)) return LuaArguments.NoMemory(lua);
            var bytes = data[(int)at..];
            switch (option)
            {
                case 'b' or 'B' or 'h' or 'H' or 'l' or 'L' or 'T' or 'i' or 'I':
                    LuaApi.PushNumber(lua, GetInteger(bytes[..size], format.IsLittle, char.IsAsciiLetterLower(option)));
                    count++;
                    break;
                case 'x': break;
                case 'f' or 'd':
                    LuaApi.PushNumber(lua, GetDouble(bytes, format.IsLittle, option == 'f'));
                    count++;
                    break;
                case 'c':
                    if (size == 0 && !TryTakeSize(lua, ref count, bytes.Length, out size)) return LuaArguments.Raise;
                    LuaApi.PushString(lua, bytes[..size]);
                    count++;
                    break;
                case 's':
                    var end = bytes.IndexOf((byte)0);
                    if (end < 0) return LuaArguments.Fail(lua, "unfinished string in data"u8);
                    LuaApi.PushString(lua, bytes[..end]);
                    size = end + 1;
                    count++;
                    break;
                default:
                    if (!format.TryControl(lua, option)) return LuaArguments.Raise;
                    break;
            }

            at += size;
        }

        LuaApi.PushNumber(lua, at + 1);
        return count + 1;
    }

    /// <summary>The number that was read last is the size of what follows.</summary>
    private static bool TryTakeSize(nint lua, ref int count, int most, out int size)
    {
        size = 0;
        if (count == 0 || LuaApi.IsNumber(lua, -1) == 0)
        {
            LuaArguments.Fail(lua, "format 'c0' needs a previous size"u8);
            return false;
        }

        var wanted = LuaArguments.Truncate(LuaApi.ToNumber(lua, -1));
        LuaApi.Pop(lua, 1);
        count--;
        size = (int)Math.Clamp(wanted, 0, most);
        if (size == wanted) return true;
        LuaArguments.Bad(lua, 2, "data string too short");
        return false;
    }

    /// <summary>struct.size.</summary>
    public static int Size(ScriptEngine _, nint lua)
    {
        if (!LuaStructFormat.TryOpen(lua, out var format)) return LuaArguments.BadType(lua, 1, "string");
        long at = 0;
        while (format.TryNext(lua, out var option, out var size))
        {
            if (size < 0) return LuaArguments.Raise;
            at += format.Padding(at, option, size);
            if (option == 's') return LuaArguments.Bad(lua, 1, "option 's' has no fixed size");
            if (option == 'c' && size == 0) return LuaArguments.Bad(lua, 1, "option 'c0' has no fixed size");
            if (!char.IsAsciiLetterOrDigit(option) && !format.TryControl(lua, option)) return LuaArguments.Raise;
            at += size;
        }

        LuaApi.PushNumber(lua, at);
        return 1;
    }

    private static void PutInteger(LuaOutput output, double number, bool isLittle, int size)
    {
        var value = number < 0 ? (ulong)LuaArguments.Truncate(number) : Unsigned(number);
        var bytes = output.GetSpan(size)[..size];
        for (var i = 0; i < size; i++)
        {
            bytes[isLittle ? i : size - 1 - i] = (byte)value;
            value >>= 8;
        }

        output.Advance(size);
    }

    /// <summary>As x86-64 makes a number that is not negative an unsigned one.</summary>
    private static ulong Unsigned(double number) => number switch
    {
        < 9.2233720368547758e18 => (ulong)(long)number,
        < 1.8446744073709552e19 => (ulong)(long)(number - 9.2233720368547758e18) ^ (1UL << 63),
        _ => double.IsNaN(number) ? 1UL << 63 : 0,
    };

    private static double GetInteger(ReadOnlySpan<byte> bytes, bool isLittle, bool isSigned)
    {
        ulong value = 0;
        for (var i = 0; i < bytes.Length; i++) value = (value << 8) | bytes[isLittle ? bytes.Length - 1 - i : i];
        if (!isSigned) return value;
        var sign = ulong.MaxValue << ((bytes.Length * 8) - 1);
        if ((value & sign) != 0) value |= sign;
        return (long)value;
    }

    private static void PutDouble(LuaOutput output, double value, bool isLittle, bool isSingle)
    {
        var bytes = output.GetSpan(8);
        if (isSingle && isLittle) BinaryPrimitives.WriteSingleLittleEndian(bytes, (float)value);
        else if (isSingle) BinaryPrimitives.WriteSingleBigEndian(bytes, (float)value);
        else if (isLittle) BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
        else BinaryPrimitives.WriteDoubleBigEndian(bytes, value);
        output.Advance(isSingle ? 4 : 8);
    }

    private static double GetDouble(ReadOnlySpan<byte> bytes, bool isLittle, bool isSingle)
    {
        if (isSingle) return isLittle ? BinaryPrimitives.ReadSingleLittleEndian(bytes) : BinaryPrimitives.ReadSingleBigEndian(bytes);
        return isLittle ? BinaryPrimitives.ReadDoubleLittleEndian(bytes) : BinaryPrimitives.ReadDoubleBigEndian(bytes);
    }
}
