using System.Globalization;
using System.Text;
using Starling.Node.Serving;
using Starling.Node.Telemetry;
using Starling.Resp;

namespace Starling.Node.Commands;

/// <summary>INFO, TIME and SHUTDOWN.</summary>
public static class ServerInfo
{
    /// <summary>The commands of this family.</summary>
    public static readonly Command[] Rows =
    [
        new("info", -1, CommandFlags.Loading | CommandFlags.Stale, KeySpec.None, Info)
        {
            Locks = LockMode.None,
            AclCategories = ["dangerous"],
            Group = "server",
            Tips = ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
            Summary = "Returns information and statistics about the server.",
        },
        new("time", 1, CommandFlags.Loading | CommandFlags.Stale | CommandFlags.Fast, KeySpec.None, Time)
        {
            Locks = LockMode.None,
            Group = "server",
            Since = "2.6.0",
            Tips = ["nondeterministic_output"],
            Summary = "Returns the server time.",
        },
        new("lolwut", -1, CommandFlags.ReadOnly | CommandFlags.Fast, KeySpec.None, Lolwut)
        {
            Group = "server", Since = "5.0.0", Summary = "Returns the version of Redis that this server speaks as.",
        },
        new(
            "shutdown",
            -1,
            CommandFlags.Admin | CommandFlags.NoScript | CommandFlags.Loading | CommandFlags.Stale | CommandFlags.NoMulti | CommandFlags.AllowBusy,
            KeySpec.None,
            Shutdown)
        {
            Locks = LockMode.None,
            Group = "server",
            Summary = "Synchronously saves the database(s) to disk and shuts down the server.",
        },
    ];

    private static void Info(CommandContext call)
    {
        var sections = new string[call.Count - 1];
        for (var i = 0; i < sections.Length; i++) sections[i] = Encoding.UTF8.GetString(call[i + 1]);
        call.Reply.Verbatim("txt"u8, Encoding.UTF8.GetBytes(call.Node.Info.Render(sections)));
    }

    /// <summary>The art of Redis's versions is theirs: this is what versions without one answer.</summary>
    private static void Lolwut(CommandContext call)
    {
        if (call.Count >= 3 && call.Is(1, "version"u8) && !call.TryInteger(2, out long _)) return;
        call.Reply.Verbatim("txt"u8, Encoding.UTF8.GetBytes($"Redis ver. {ServerVersion.Redis}\n"));
    }

    private static void Time(CommandContext call)
    {
        var microseconds = call.Node.Clock.GetUtcNow().Subtract(DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        call.Reply.Array(2);
        call.Reply.Bulk((microseconds / 1_000_000).ToString(CultureInfo.InvariantCulture));
        call.Reply.Bulk((microseconds % 1_000_000).ToString(CultureInfo.InvariantCulture));
    }

    private static void Shutdown(CommandContext call)
    {
        var flags = ShutdownFlags.None;
        var isAbort = false;
        for (var i = 1; i < call.Count; i++)
        {
            var option = Encoding.UTF8.GetString(call[i]).ToUpperInvariant();
            if (option == "ABORT") isAbort = true;
            else if (option == "SAVE") flags |= ShutdownFlags.Save;
            else if (option == "NOSAVE") flags |= ShutdownFlags.NoSave;
            else if (option == "NOW") flags |= ShutdownFlags.Now;
            else if (option == "FORCE") flags |= ShutdownFlags.Force;
            else
            {
                call.Reply.Error(ErrorReplies.Syntax);
                return;
            }
        }

        const ShutdownFlags saveAndNot = ShutdownFlags.Save | ShutdownFlags.NoSave;
        if ((isAbort && flags != ShutdownFlags.None) || (flags & saveAndNot) == saveAndNot)
        {
            call.Reply.Error(ErrorReplies.Syntax);
            return;
        }

        if (isAbort)
        {
            if (call.Node.Shutdown.TryAbort()) call.Reply.Simple("OK"u8);
            else call.Reply.Error("ERR No shutdown in progress."u8);
            return;
        }

        if (call.Node.Scripts.IsBusy && (flags & ShutdownFlags.NoSave) == 0)
        {
            call.Reply.Error(call.Node.Scripts.BusyReply);
            return;
        }

        // When all goes well there is no reply: the connection closes with the process.
        var waiting = call.Suspend(0, static (reply, end) =>
        {
            if (end == SuspensionEnd.Completed) reply.Error("ERR Errors trying to SHUTDOWN. Check logs."u8);
        });
        call.Node.Shutdown.Begin(flags, waiting.Complete);
    }
}
