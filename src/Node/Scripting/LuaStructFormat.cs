using System.Globalization;
using System.Numerics;

namespace Starling.Node.Scripting;

/// <summary>A format of the library struct, read from left to right.</summary>
internal ref struct LuaStructFormat
{
    private const int MaxIntegerSize = 32;
    private const int MaxAlignment = 8;

    private readonly ReadOnlySpan<byte> _text;
    private int _at;
    private int _alignment;

    private LuaStructFormat(ReadOnlySpan<byte> text)
    {
        _text = text;
        _alignment = 1;
        IsLittle = true;
    }

    /// <summary>The lowest byte comes first.</summary>
    public bool IsLittle { get; private set; }

    /// <summary>Opens the format that is a function's first argument.</summary>
    public static bool TryOpen(nint lua, out LuaStructFormat format)
    {
        var isText = LuaArguments.TryString(lua, 1, out var text);
        var end = text.IndexOf((byte)0);
        format = new LuaStructFormat(end < 0 ? text : text[..end]);
        return isText;
    }

    /// <summary>Reads an option and its size; the size is negative when an error is pushed.</summary>
    public bool TryNext(nint lua, out char option, out int size)
    {
        (option, size) = ('\0', 0);
        if (_at == _text.Length) return false;
        option = (char)_text[_at++];
        size = option switch
        {
            'B' or 'b' or 'x' => 1,
            'H' or 'h' => 2,
            'L' or 'l' or 'T' or 'd' => 8,
            'f' => 4,
            'c' => Number(lua, 1),
            'i' or 'I' => Number(lua, 4),
            _ => 0,
        };
        if (option is 'i' or 'I' && size > MaxIntegerSize)
        {
            LuaArguments.Fail(lua, string.Create(CultureInfo.InvariantCulture, $"integral size {size} is larger than limit of {MaxIntegerSize}"));
            size = -1;
        }

        return true;
    }

    /// <summary>Bytes to skip before an option.</summary>
    public readonly int Padding(long at, char option, int size)
    {
        if (size == 0 || option == 'c') return 0;
        var unit = Math.Min(size, _alignment);
        return (int)((unit - (at & (unit - 1))) & (unit - 1));
    }

    /// <summary>An option that stands for no value; false when it is none, and the error is pushed.</summary>
    public bool TryControl(nint lua, char option)
    {
        switch (option)
        {
            case ' ': return true;
            case '>':
                IsLittle = false;
                return true;
            case '<':
                IsLittle = true;
                return true;
            case '!':
                var alignment = Number(lua, MaxAlignment);
                if (alignment < 0) return false;
                if (!BitOperations.IsPow2(alignment))
                {
                    LuaArguments.Fail(lua, string.Create(CultureInfo.InvariantCulture, $"alignment {alignment} is not a power of 2"));
                    return false;
                }

                _alignment = alignment;
                return true;
            default:
                LuaArguments.Bad(lua, 1, $"invalid format option '{option}'");
                return false;
        }
    }

    /// <summary>The number that follows, or another one; negative when an error is pushed.</summary>
    private int Number(nint lua, int otherwise)
    {
        if (_at == _text.Length || !char.IsAsciiDigit((char)_text[_at])) return otherwise;
        long number = 0;
        while (_at < _text.Length && char.IsAsciiDigit((char)_text[_at]))
        {
            number = (number * 10) + _text[_at++] - '0';
            if (number <= int.MaxValue) continue;
            LuaArguments.Fail(lua, "integral size overflow"u8);
            return -1;
        }

        return (int)number;
    }
}
