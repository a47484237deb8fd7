using Starling.Node.Serving;

namespace Starling.Node.Commands;

/// <summary>The commands that write the RDB file.</summary>
public static class Saving
{
    /// <summary>The rows of the command table.</summary>
    public static readonly Command[] Rows =
    [
        new("save", 1, CommandFlags.Admin | CommandFlags.NoAsyncLoading | CommandFlags.NoScript | CommandFlags.NoMulti, KeySpec.None, Save)
        {
            Locks = LockMode.None, AclCategories = ["admin", "dangerous"], Group = "server",
            Summary = "Writes the RDB file and replies when it is on the disk.",
        },
        new("bgsave", -1, CommandFlags.Admin | CommandFlags.NoAsyncLoading | CommandFlags.NoScript, KeySpec.None, BackgroundSave)
        {
            Locks = LockMode.All, AclCategories = ["admin", "dangerous"], Group = "server",
            Summary = "Starts writing the RDB file and replies at once.",
        },
        new("lastsave", 1, CommandFlags.Loading | CommandFlags.Stale | CommandFlags.Fast, KeySpec.None, LastSave)
        {
            Locks = LockMode.None, AclCategories = ["admin", "dangerous"], Group = "server",
            Tips = ["nondeterministic_output"],
            Summary = "Returns the Unix time of the last successful save.",
        },
    ];

    private static ReadOnlySpan<byte> AlreadyInProgress => "ERR Background save already in progress"u8;

    /// <summary>
    /// The file holds the data as of the start; other clients go on meanwhile, only this one waits.
    /// </summary>
    private static void Save(CommandContext call)
    {
        var persistence = call.Node.Persistence;
        if (persistence.IsSaving)
        {
            call.Reply.Error(AlreadyInProgress);
            return;
        }

        var isRefused = false;
        var isSaved = false;
        var suspension = call.Suspend(0, (reply, _) =>
        {
            if (isRefused) reply.Error(AlreadyInProgress);
            else if (isSaved) reply.Simple("OK"u8);
            else reply.Error("ERR"u8);
        });
        var isStarted = persistence.TryStartSave(background: false, succeeded =>
        {
            isSaved = succeeded;
            suspension?.Complete();
        });
        if (isStarted) return;
        isRefused = true;
        suspension?.Complete();
    }

    private static void BackgroundSave(CommandContext call)
    {
        if (call.Count > 2 || (call.Count == 2 && !call.Is(1, "schedule"u8)))
        {
            call.SyntaxError();
            return;
        }

        // SCHEDULE matters while something else than a save runs in the background, and nothing else does.
        var persistence = call.Node.Persistence;
        if (persistence.IsSaving)
        {
            call.Reply.Error(AlreadyInProgress);
        }
        else if (call.IsInExec)
        {
            persistence.ScheduleSave();
            call.Reply.Simple("Background saving scheduled"u8);
        }
        else if (persistence.TryStartSave(background: true))
        {
            call.Reply.Simple("Background saving started"u8);
        }
        else
        {
            call.Reply.Error(AlreadyInProgress);
        }
    }

    private static void LastSave(CommandContext call) => call.Reply.Integer(call.Node.Persistence.LastSaveTime);
}
