using Starling.Node.Eviction;
using Starling.Node.Serving;
using Starling.Slots.Keyspace;

namespace Starling.Node.Commands;

/// <summary>OBJECT: how a value is held.</summary>
public static class ObjectCommands
{
    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        new("object", -2, CommandFlags.None, KeySpec.None, null)
        {
            Group = "generic", Since = "2.2.3", Summary = "Container of commands that look into values.",
            Subcommands =
            [
                Row("encoding", "2.2.3", "Returns the name of a value's encoding.", Encoding),
                Row("freq", "4.0.0", "Returns the logarithmic access frequency of a key.", Frequency),
                new Command("help", 2, CommandFlags.Loading | CommandFlags.Stale, KeySpec.None, Help)
                {
                    AclCategories = ["keyspace"], Group = "generic", Since = "6.2.0",
                    Summary = "Lists the subcommands.",
                },
                Row("idletime", "2.2.3", "Returns the seconds since the last access to a key.", IdleTime),
                Row("refcount", "2.2.3", "Returns the number of references to a value.", RefCount),
            ],
        },
    ];

    private static Command Row(string name, string since, string summary, CommandHandler handler) =>
        new(name, 3, CommandFlags.ReadOnly, KeySpec.At(2), handler)
        {
            Tips = ["nondeterministic_output"],
            KeyFlags = "RO",
            AclCategories = ["keyspace"],
            Group = "generic",
            Since = since,
            Summary = summary,
        };

    /// <summary>Seconds since the last access, as far as the access clock tells.</summary>
    internal static uint IdleSecondsOf(CommandContext call, in Entry entry) =>
        AccessTracking.IdleSeconds(entry.AccessClock, call.Now);

    private static bool TryEntry(CommandContext call, out Entry entry)
    {
        if (call.TryPeek(call.Key(2), out entry, tellsMiss: false)) return true;
        call.Reply.Null();
        return false;
    }

    private static void Encoding(CommandContext call)
    {
        if (TryEntry(call, out var entry)) call.Reply.Bulk(entry.EncodingName);
    }

    private static void RefCount(CommandContext call)
    {
        if (TryEntry(call, out var entry)) call.Reply.Integer(entry.ReferenceCount);
    }

    private static void IdleTime(CommandContext call)
    {
        if (!TryEntry(call, out var entry)) return;
        if (call.Node.Access.CountsFrequency) call.Reply.Error(NoIdleTime);
        else call.Reply.Integer(IdleSecondsOf(call, entry));
    }

    private static void Frequency(CommandContext call)
    {
        if (!TryEntry(call, out var entry)) return;
        if (call.Node.Access.CountsFrequency) call.Reply.Integer(call.Node.Access.Frequency(entry.AccessClock, call.Now));
        else call.Reply.Error(NoFrequency);
    }

    private static ReadOnlySpan<byte> NoFrequency =>
        "ERR An LFU maxmemory policy is not selected, access frequency not tracked. "u8 +
        "Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust."u8;

    private static ReadOnlySpan<byte> NoIdleTime =>
        "ERR An LFU maxmemory policy is selected, idle time not tracked. "u8 +
        "Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust."u8;

    private static void Help(CommandContext call) => HelpReply.Write(call.Reply, "OBJECT", HelpLines);

    private static readonly string[] HelpLines =
    [
        "ENCODING <key>",
        "    The name of the encoding of the value at <key>.",
        "FREQ <key>",
        "    The logarithmic access frequency of <key>, kept under an LFU maxmemory policy only.",
        "IDLETIME <key>",
        "    Seconds since <key> was last read or written.",
        "REFCOUNT <key>",
        "    Number of references to the value at <key>.",
    ];
}
