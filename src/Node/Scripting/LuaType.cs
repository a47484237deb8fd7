namespace Starling.Node.Scripting;

/// <summary>The type of a Lua value. The numbers are Lua's.</summary>
internal enum LuaType
{
    /// <summary>There is no value.</summary>
    None = -1,

    /// <summary>Nil.</summary>
    Nil = 0,

    /// <summary>True or false.</summary>
    Boolean = 1,

    /// <summary>A pointer without more.</summary>
    LightUserdata = 2,

    /// <summary>A double.</summary>
    Number = 3,

    /// <summary>A string of bytes.</summary>
    String = 4,

    /// <summary>A table.</summary>
    Table = 5,

    /// <summary>A function.</summary>
    Function = 6,

    /// <summary>Memory of the host's; scripts have none.</summary>
    Userdata = 7,

    /// <summary>A coroutine.</summary>
    Thread = 8,
}
