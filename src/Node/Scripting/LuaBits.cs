using System.Buffers.Binary;
using System.Numerics;

namespace Starling.Node.Scripting;

/// <summary>The library bit: operations on 32 bits. A number counts modulo 2^32; results are signed.</summary>
internal static class LuaBits
{
    private const double Rounder = 6755399441055744.0; // 2^52 + 2^51: leaves the number in the low bits of the fraction

    /// <summary>bit.tobit.</summary>
    public static int ToBit(ScriptEngine _, nint lua) => TryBits(lua, 1, out var bits) ? Push(lua, bits) : BadNumber(lua, 1);

    /// <summary>bit.bnot.</summary>
    public static int Not(ScriptEngine _, nint lua) => TryBits(lua, 1, out var bits) ? Push(lua, ~bits) : BadNumber(lua, 1);

    /// <summary>bit.bswap.</summary>
    public static int Swap(ScriptEngine _, nint lua) =>
        TryBits(lua, 1, out var bits) ? Push(lua, BinaryPrimitives.ReverseEndianness(bits)) : BadNumber(lua, 1);

    /// <summary>bit.band.</summary>
    public static int And(ScriptEngine _, nint lua) => Fold(lua, static (a, b) => a & b);

    /// <summary>bit.bor.</summary>
    public static int Or(ScriptEngine _, nint lua) => Fold(lua, static (a, b) => a | b);

    /// <summary>bit.bxor.</summary>
    public static int Xor(ScriptEngine _, nint lua) => Fold(lua, static (a, b) => a ^ b);

    /// <summary>bit.lshift.</summary>
    public static int ShiftLeft(ScriptEngine _, nint lua) => Shift(lua, static (bits, count) => bits << count);

    /// <summary>bit.rshift.</summary>
    public static int ShiftRight(ScriptEngine _, nint lua) => Shift(lua, static (bits, count) => bits >> count);

    /// <summary>bit.arshift.</summary>
    public static int ShiftArithmetic(ScriptEngine _, nint lua) => Shift(lua, static (bits, count) => (uint)((int)bits >> count));

    /// <summary>bit.rol.</summary>
    public static int RotateLeft(ScriptEngine _, nint lua) => Shift(lua, BitOperations.RotateLeft);

    /// <summary>bit.ror.</summary>
    public static int RotateRight(ScriptEngine _, nint lua) => Shift(lua, BitOperations.RotateRight);

    /// <summary>bit.tohex.</summary>
    public static int ToHex(ScriptEngine _, nint lua)
    {
        const int MostDigits = 8;
        if (!TryBits(lua, 1, out var bits)) return BadNumber(lua, 1);
        var count = MostDigits;
        if (LuaApi.TypeOf(lua, 2) != LuaType.None)
        {
            if (!TryBits(lua, 2, out var wanted)) return BadNumber(lua, 2);
            count = (int)wanted;
        }

        var digits = count < 0 ? "0123456789ABCDEF"u8 : "0123456789abcdef"u8;
        count = count is < -MostDigits or > MostDigits ? MostDigits : Math.Abs(count);
        Span<byte> text = stackalloc byte[count];
        for (var i = count - 1; i >= 0; i--)
        {
            text[i] = digits[(int)(bits & 15)];
            bits >>= 4;
        }

        LuaApi.PushString(lua, text);
        return 1;
    }

    private static bool TryBits(nint lua, int position, out uint bits)
    {
        var isNumber = LuaArguments.TryNumber(lua, position, out var number);
        bits = (uint)BitConverter.DoubleToInt64Bits(number + Rounder);
        return isNumber;
    }

    private static int Push(nint lua, uint bits)
    {
        LuaApi.PushNumber(lua, (int)bits);
        return 1;
    }

    private static int BadNumber(nint lua, int position) => LuaArguments.BadType(lua, position, "number");

    private static int Fold(nint lua, Func<uint, uint, uint> operation)
    {
        if (!TryBits(lua, 1, out var result)) return BadNumber(lua, 1);

        // From the last one on: of several that are no numbers the error names that one, as in Redis.
        for (var i = LuaApi.GetTop(lua); i > 1; i--)
        {
            if (!TryBits(lua, i, out var bits)) return BadNumber(lua, i);
            result = operation(result, bits);
        }

        return Push(lua, result);
    }

    private static int Shift(nint lua, Func<uint, int, uint> operation)
    {
        if (!TryBits(lua, 1, out var bits)) return BadNumber(lua, 1);
        return TryBits(lua, 2, out var count) ? Push(lua, operation(bits, (int)(count & 31))) : BadNumber(lua, 2);
    }
}
