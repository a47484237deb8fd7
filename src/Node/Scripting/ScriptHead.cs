using System.Text;
using Starling.Node.Config;

namespace Starling.Node.Scripting;

/// <summary>The first line of a script, when it begins with "#!": the engine, and flags.</summary>
/// <param name="IsThere">There is such a line.</param>
/// <param name="Length">Its length in bytes, without its end.</param>
/// <param name="Flags">The flags.</param>
internal readonly record struct ScriptHead(bool IsThere, int Length, ScriptFlags Flags)
{
    private static readonly (string Name, ScriptFlags Flag)[] Names =
    [
        ("no-writes", ScriptFlags.NoWrites), ("allow-oom", ScriptFlags.AllowOom), ("allow-stale", ScriptFlags.AllowStale),
        ("no-cluster", ScriptFlags.NoCluster), ("allow-cross-slot-keys", ScriptFlags.AllowCrossSlotKeys),
    ];

    /// <summary>What it begins with.</summary>
    public static ReadOnlySpan<byte> Mark => "#!"u8;

    /// <summary>The flags of a command that runs a script or function that says what it may do.</summary>
    /// <param name="row">The flags of the command's row.</param>
    /// <param name="said">What it says.</param>
    public static CommandFlags Apply(CommandFlags row, ScriptFlags said)
    {
        var flags = row & ~(CommandFlags.Stale | CommandFlags.DenyOom | CommandFlags.Write | CommandFlags.MayReplicate);
        if ((said & ScriptFlags.NoWrites) == 0) flags |= CommandFlags.Write;
        if ((said & (ScriptFlags.AllowOom | ScriptFlags.NoWrites)) == 0) flags |= CommandFlags.DenyOom;
        if ((said & ScriptFlags.AllowStale) != 0) flags |= CommandFlags.Stale;
        return flags;
    }

    /// <summary>Adds a flag by its name in any case; false when there is none of that name.</summary>
    public static bool TryFlag(ReadOnlySpan<byte> name, ref ScriptFlags flags)
    {
        foreach (var (known, flag) in Names)
        {
            if (!Ascii.EqualsIgnoreCase(name, known)) continue;
            flags |= flag;
            return true;
        }

        return false;
    }

    /// <summary>The names of flags, in the order in which they are told.</summary>
    public static IEnumerable<string> NamesOf(ScriptFlags flags) => Names.Where(it => (flags & it.Flag) != 0).Select(it => it.Name);

    /// <summary>Reads it; returns the error, or null.</summary>
    public static string? Read(ReadOnlySpan<byte> source, out ScriptHead head)
    {
        head = default;
        if (!source.StartsWith(Mark)) return null;
        var end = source.IndexOfAny((byte)'\n', (byte)0);
        if (end < 0 || source[end] == 0) return "ERR Invalid script shebang";
        if (!ConfigLine.TrySplit(source[..end], out List<byte[]>? parts)) return "ERR Invalid engine in script shebang";
        var words = parts.ConvertAll(Encoding.Latin1.GetString);
        if (words[0] != "#!lua") return "ERR Unexpected engine in script shebang: " + words[0];
        var flags = ScriptFlags.None;
        foreach (var word in words.Skip(1))
        {
            if (!word.StartsWith("flags=", StringComparison.Ordinal)) return "ERR Unknown lua shebang option: " + word;
            var names = word["flags=".Length..];
            foreach (var name in names.Length == 0 ? [] : names.Split(','))
            {
                var known = Array.Find(Names, it => it.Name == name);
                if (known.Name is null) return "ERR Unexpected flag in script shebang: " + name;
                flags |= known.Flag;
            }
        }

        head = new ScriptHead(true, end, flags);
        return null;
    }
}
