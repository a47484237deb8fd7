using System.Text;
using Starling.Node.Config;

namespace Starling.Node.Scripting;

/// <summary>The first line of a library: its engine and its name.</summary>
/// <param name="Name">The name.</param>
/// <param name="Length">Bytes of the line, without its end.</param>
internal readonly record struct LibraryHead(byte[] Name, int Length)
{
    /// <summary>The only engine that there is.</summary>
    public const string Engine = "LUA";

    /// <summary>What is wrong with a name that is none.</summary>
    public const string BadName =
        "Library names can only contain letters, numbers, or underscores(_) and must be at least one character long";

    /// <summary>Reads it; returns the error reply, or null.</summary>
    public static byte[]? Read(ReadOnlySpan<byte> code, out LibraryHead head)
    {
        head = default;
        if (!code.StartsWith("#!"u8)) return [.. "ERR Missing library metadata"u8];
        var end = code.IndexOf((byte)'\n');
        var zero = code.IndexOf((byte)0);
        if (end < 0 || (zero >= 0 && zero < end)) return [.. "ERR Invalid library metadata"u8];
        if (!ConfigLine.TrySplit(code[..end], out List<byte[]>? parts)) return [.. "ERR Invalid library metadata"u8];
        var words = parts.ConvertAll(Encoding.Latin1.GetString);
        byte[]? name = null;
        for (var i = 1; i < words.Count; i++)
        {
            var word = words[i];
            if (!word.StartsWith("name=", StringComparison.OrdinalIgnoreCase))
                return Encoding.Latin1.GetBytes("ERR Invalid metadata value given: " + word);
            if (name is not null) return [.. "ERR Invalid metadata value, name argument was given multiple times"u8];
            name = Encoding.Latin1.GetBytes(word["name=".Length..]);
        }

        if (name is null) return [.. "ERR Library name was not given"u8];
        if (!IsName(name)) return Encoding.ASCII.GetBytes("ERR " + BadName);
        var engine = words[0].Length < 2 ? "" : words[0][2..];
        if (!engine.Equals(Engine, StringComparison.OrdinalIgnoreCase)) return Encoding.Latin1.GetBytes($"ERR Engine '{engine}' not found");
        head = new LibraryHead(name, end);
        return null;
    }

    /// <summary>What libraries and functions may be called: letters, digits and underscores, at least one.</summary>
    public static bool IsName(ReadOnlySpan<byte> name)
    {
        foreach (var c in name)
            if (!char.IsAsciiLetterOrDigit((char)c) && c != '_') return false;
        return name.Length > 0;
    }
}
