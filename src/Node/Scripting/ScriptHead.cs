using System.Text;

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

    /// <summary>The flags of a command that runs the script, made from those of its row.</summary>
    public CommandFlags Apply(CommandFlags row)
    {
        var flags = row & ~(CommandFlags.Stale | CommandFlags.DenyOom | CommandFlags.Write | CommandFlags.MayReplicate);
        if ((Flags & ScriptFlags.NoWrites) == 0) flags |= CommandFlags.Write;
        if ((Flags & (ScriptFlags.AllowOom | ScriptFlags.NoWrites)) == 0) flags |= CommandFlags.DenyOom;
        if ((Flags & ScriptFlags.AllowStale) != 0) flags |= CommandFlags.Stale;
        return flags;
    }

    /// <summary>Reads it; returns the error, or null.</summary>
    public static string? Read(ReadOnlySpan<byte> source, out ScriptHead head)
    {
        head = default;
        if (!source.StartsWith(Mark)) return null;
        var end = source.IndexOf((byte)'\n');
        if (end < 0) return "ERR Invalid script shebang";
        var words = Encoding.Latin1.GetString(source[..end]).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words[0] != "#!lua") return "ERR Unexpected engine in script shebang: " + words[0];
        var flags = ScriptFlags.None;
        foreach (var word in words.AsSpan(1))
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
