using Starling.Node.Serving;
using Starling.Resp;

namespace Starling.Node.Commands;

/// <summary>SLOWLOG.</summary>
public static class SlowLogs
{
    private const CommandFlags Flags = CommandFlags.Admin | CommandFlags.Loading | CommandFlags.Stale;
    private const int UsualCount = 10;

    private static readonly string[] HelpLines =
    [
        "GET [<count>]",
        "    Return top <count> entries from the slowlog (default: 10, -1 mean all).",
        "    Entries are made of:",
        "    id, timestamp, time in microseconds, arguments array, client IP and port,",
        "    client name",
        "LEN",
        "    Return the length of the slowlog.",
        "RESET",
        "    Reset the slowlog.",
    ];

    /// <summary>The rows.</summary>
    public static readonly Command[] Rows =
    [
        new("slowlog", -2, CommandFlags.None, KeySpec.None, handler: null)
        {
            Group = "server",
            Since = "2.2.12",
            Summary = "A container for slow log commands.",
            Subcommands =
            [
                Row("get", -2, Flags, Get, "Returns the slow log's entries.", "request_policy:all_nodes", "nondeterministic_output"),
                Row("len", 2, Flags, Length, "Returns the number of entries in the slow log.",
                    "request_policy:all_nodes", "response_policy:agg_sum", "nondeterministic_output"),
                Row("reset", 2, Flags, Reset, "Clears all entries from the slow log.",
                    "request_policy:all_nodes", "response_policy:all_succeeded"),
                Row("help", 2, CommandFlags.Loading | CommandFlags.Stale, Help, "Returns helpful text about the different subcommands."),
            ],
        },
    ];

    private static Command Row(string name, int arity, CommandFlags flags, CommandHandler handler, string summary, params string[] tips) =>
        new(name, arity, flags, KeySpec.None, handler)
        {
            Group = "server",
            Since = name == "help" ? "6.2.0" : "2.2.12",
            Summary = summary,
            Tips = tips,
        };

    private static void Get(CommandContext call)
    {
        long count = UsualCount;
        if (call.Count > 3)
        {
            call.ErrorQuoting("ERR unknown subcommand or wrong number of arguments for '"u8, call[1], "'. Try SLOWLOG HELP."u8);
            return;
        }

        if (call.Count == 3 && (!ArgumentParser.TryInteger(call[2], out count) || count < -1))
        {
            call.Reply.Error("ERR count should be greater than or equal to -1"u8);
            return;
        }

        var entries = call.Node.SlowLog.Latest(count);
        call.Reply.Array(entries.Length);
        foreach (var entry in entries)
        {
            call.Reply.Array(6);
            call.Reply.Integer(entry.Id);
            call.Reply.Integer(entry.Time);
            call.Reply.Integer(entry.Microseconds);
            call.Reply.Array(entry.Arguments.Length);
            foreach (var argument in entry.Arguments) call.Reply.Bulk(argument);
            call.Reply.Bulk(entry.Address);
            call.Reply.Bulk(entry.ClientName);
        }
    }

    private static void Length(CommandContext call) => call.Reply.Integer(call.Node.SlowLog.Count);

    private static void Reset(CommandContext call)
    {
        call.Node.SlowLog.Clear();
        call.Reply.Simple("OK"u8);
    }

    private static void Help(CommandContext call) => HelpReply.Write(call.Reply, "SLOWLOG", HelpLines);
}
