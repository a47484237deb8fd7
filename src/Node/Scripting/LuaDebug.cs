using System.Runtime.InteropServices;

namespace Starling.Node.Scripting;

/// <summary>Lua's record about a function that runs (<c>lua_Debug</c>).</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct LuaDebug
{
    /// <summary>Room for the short form of a source's name.</summary>
    public const int SourceLength = 60;

    /// <summary>Why a hook was called.</summary>
    public int Event;

    /// <summary>What it was called by; null when nobody knows.</summary>
    public byte* Name;

    /// <summary>What kind of name that is; "method" for a field that was called with a colon.</summary>
    public byte* NameKind;

    /// <summary>"Lua", "C", "main" or "tail".</summary>
    public byte* What;

    /// <summary>The source's name.</summary>
    public byte* Source;

    /// <summary>The line that runs; negative for none.</summary>
    public int CurrentLine;

    /// <summary>Lua's.</summary>
    public int Upvalues;

    /// <summary>Lua's.</summary>
    public int LineDefined;

    /// <summary>Lua's.</summary>
    public int LastLineDefined;

    /// <summary>The source's name as messages have it, ended by a zero byte.</summary>
    public fixed byte ShortSource[SourceLength];

    /// <summary>Lua's.</summary>
    public int Call;
}
