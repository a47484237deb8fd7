using Starling.Node.Serving;

namespace Starling.Node.Commands;

/// <summary>MONITOR.</summary>
public static class Monitoring
{
    private const CommandFlags Flags = CommandFlags.Admin | CommandFlags.NoScript | CommandFlags.Loading | CommandFlags.Stale;

    /// <summary>The rows.</summary>
    public static readonly Command[] Rows =
    [
        new("monitor", 1, Flags, KeySpec.None, Monitor)
        {
            Group = "server", Since = "1.0.0", Summary = "Shows every command that the server runs.",
        },
    ];

    private static void Monitor(CommandContext call)
    {
        if (!call.MayBlock)
        {
            call.Reply.Error("ERR MONITOR isn't allowed for DENY BLOCKING client"u8);
            return;
        }

        // Who monitors already, or is a replica, gets no answer, as in Redis.
        if (call.Session.Monitor is not null || call.Session.Kind == ClientKind.Replica) return;
        call.Node.Monitors.Add(call.Session);
        call.Reply.Simple("OK"u8);
    }
}
