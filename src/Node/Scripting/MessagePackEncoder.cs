using System.Buffers.Binary;

namespace Starling.Node.Scripting;

/// <summary>Writes Lua values as MessagePack, to the byte as Redis's cmsgpack does.</summary>
internal readonly struct MessagePackEncoder(ScriptEngine engine, nint lua)
{
    private const int MostNesting = 16;

    private readonly LuaOutput _output = engine.Output;

    /// <summary>cmsgpack.pack.</summary>
    public static int Pack(ScriptEngine engine, nint lua)
    {
        var count = LuaApi.GetTop(lua);
        if (count == 0) return LuaArguments.Bad(lua, 0, "MessagePack pack needs input.");
        if (LuaApi.CheckStack(lua, count) == 0) return LuaArguments.Bad(lua, 0, "Too many arguments for MessagePack pack.");
        engine.Output.Clear();
        var encoder = new MessagePackEncoder(engine, lua);
        for (var i = 1; i <= count; i++)
        {
            LuaApi.PushValue(lua, i);
            encoder.Write(0);
            LuaApi.Pop(lua, 1);
        }

        return engine.Output.Push(engine, lua);
    }

    /// <summary>Writes the value on top of the stack.</summary>
    private void Write(int level)
    {
        if (_output.IsFull) return;
        switch (LuaApi.TypeOf(lua, -1))
        {
            case LuaType.String: WriteString(LuaApi.String(lua, -1)); break;
            case LuaType.Boolean: _output.Add(LuaApi.ToBoolean(lua, -1) != 0 ? (byte)0xC3 : (byte)0xC2); break;
            case LuaType.Number: WriteNumber(LuaApi.ToNumber(lua, -1)); break;
            case LuaType.Table when level < MostNesting && LuaApi.CheckStack(lua, 5) != 0: WriteTable(level); break;
            default: _output.Add(0xC0); break;
        }
    }

    private void WriteTable(int level)
    {
        if (!IsArray(out var pairs))
        {
            WriteHead(pairs, 0x80, 15, 0xDE);
            LuaApi.PushNil(lua);
            while (LuaApi.Next(lua, -2) != 0)
            {
                LuaApi.PushValue(lua, -2);
                Write(level + 1);
                LuaApi.Pop(lua, 1);
                Write(level + 1);
                LuaApi.Pop(lua, 1);
            }

            return;
        }

        var count = (int)LuaApi.LengthOf(lua, -1);
        WriteHead(count, 0x90, 15, 0xDC);
        for (var i = 1; i <= count; i++)
        {
            LuaApi.RawGetIndex(lua, -1, i);
            Write(level + 1);
            LuaApi.Pop(lua, 1);
        }
    }

    /// <summary>All keys are the numbers from one on.</summary>
    private bool IsArray(out int count)
    {
        double most = 0;
        var isArray = true;
        count = 0;
        LuaApi.PushNil(lua);
        while (LuaApi.Next(lua, -2) != 0)
        {
            LuaApi.Pop(lua, 1);
            var key = LuaApi.TypeOf(lua, -1) == LuaType.Number ? LuaApi.ToNumber(lua, -1) : 0;
            isArray &= key > 0 && IsInteger(key);
            most = Math.Max(most, key);
            count++;
        }

        return isArray && most == count;
    }

    private static bool IsInteger(double value) => !double.IsInfinity(value) && LuaArguments.Truncate(value) == value;

    private void WriteHead(int count, int small, int mostSmall, byte medium)
    {
        if (count <= mostSmall) _output.Add((byte)(small | count));
        else if (count <= ushort.MaxValue) Write16(medium, (ushort)count);
        else Write32((byte)(medium + 1), (uint)count);
    }

    private void WriteString(ReadOnlySpan<byte> text)
    {
        if (text.Length < 32) _output.Add((byte)(0xA0 | text.Length));
        else if (text.Length <= byte.MaxValue) Write8(0xD9, (byte)text.Length);
        else if (text.Length <= ushort.MaxValue) Write16(0xDA, (ushort)text.Length);
        else Write32(0xDB, (uint)text.Length);
        _output.Add(text);
    }

    private void WriteNumber(double number)
    {
        if (IsInteger(number)) WriteInteger((long)number);
        else if ((float)number == number) Write32(0xCA, BitConverter.SingleToUInt32Bits((float)number));
        else Write64(0xCB, BitConverter.DoubleToUInt64Bits(number));
    }

    private void WriteInteger(long number)
    {
        switch (number)
        {
            case >= -32 and <= 127: _output.Add((byte)number); break;
            case > uint.MaxValue: Write64(0xCF, (ulong)number); break;
            case > ushort.MaxValue: Write32(0xCE, (uint)number); break;
            case > byte.MaxValue: Write16(0xCD, (ushort)number); break;
            case > 0: Write8(0xCC, (byte)number); break;
            case >= sbyte.MinValue: Write8(0xD0, (byte)number); break;
            case >= short.MinValue: Write16(0xD1, (ushort)number); break;
            case >= int.MinValue: Write32(0xD2, (uint)number); break;
            default: Write64(0xD3, (ulong)number); break;
        }
    }

    private void Write8(byte type, byte value)
    {
        _output.Add(type);
        _output.Add(value);
    }

    private void Write16(byte type, ushort value)
    {
        _output.Add(type);
        BinaryPrimitives.WriteUInt16BigEndian(_output.GetSpan(2), value);
        _output.Advance(2);
    }

    private void Write32(byte type, uint value)
    {
        _output.Add(type);
        BinaryPrimitives.WriteUInt32BigEndian(_output.GetSpan(4), value);
        _output.Advance(4);
    }

    private void Write64(byte type, ulong value)
    {
        _output.Add(type);
        BinaryPrimitives.WriteUInt64BigEndian(_output.GetSpan(8), value);
        _output.Advance(8);
    }
}
