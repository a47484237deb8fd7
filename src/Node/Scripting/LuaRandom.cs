namespace Starling.Node.Scripting;

/// <summary>
/// math.random and math.randomseed: the same numbers on every machine, those of the 48-bit generator that POSIX calls lrand48, of
/// which Redis takes 31 bits.
/// </summary>
internal struct LuaRandom
{
    private const ulong Factor = 0x5DEECE66D;
    private const ulong Addend = 0xB;
    private const ulong Mask = (1UL << 48) - 1;
    private const ulong LowBits = 0x330E;

    private ulong _state;

    /// <summary>A sequence that begins with a seed.</summary>
    public LuaRandom(int seed) => _state = ((ulong)(uint)seed << 16) | LowBits;

    /// <summary>math.random.</summary>
    public static int Next(ScriptEngine engine, nint lua)
    {
        var unit = engine.TakeRandom() % int.MaxValue / (double)int.MaxValue;
        var count = LuaApi.GetTop(lua);
        if (count == 0)
        {
            LuaApi.PushNumber(lua, unit);
            return 1;
        }

        if (count > 2) return LuaArguments.Fail(lua, "wrong number of arguments");
        if (!LuaArguments.TryInteger(lua, 1, out var first)) return LuaArguments.BadType(lua, 1, "number");
        var (low, high) = (1, (int)first);
        if (count == 2)
        {
            if (!LuaArguments.TryInteger(lua, 2, out var second)) return LuaArguments.BadType(lua, 2, "number");
            (low, high) = ((int)first, (int)second);
        }

        if (low > high) return LuaArguments.Bad(lua, count, "interval is empty");
        LuaApi.PushNumber(lua, Math.Floor(unit * unchecked(high - low + 1)) + low);
        return 1;
    }

    /// <summary>math.randomseed.</summary>
    public static int Seed(ScriptEngine engine, nint lua)
    {
        if (!LuaArguments.TryInteger(lua, 1, out var seed)) return LuaArguments.BadType(lua, 1, "number");
        engine.Seed((int)seed);
        return 0;
    }

    /// <summary>The next number, of 31 bits.</summary>
    public int Take()
    {
        _state = ((_state * Factor) + Addend) & Mask;
        return (int)(_state >> 17);
    }
}
