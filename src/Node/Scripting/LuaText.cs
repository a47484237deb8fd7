using System.Text;

namespace Starling.Node.Scripting;

/// <summary>Texts of our own as Lua strings.</summary>
internal static class LuaText
{
    /// <summary>Pushes a text of ASCII characters.</summary>
    public static void Push(nint lua, string text) => LuaApi.PushString(lua, Encoding.ASCII.GetBytes(text));
}
