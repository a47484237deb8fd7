using Starling.Node.Serving;
using Starling.Slots.Keyspace;

namespace Starling.Node.Commands;

/// <summary>MULTI, EXEC, DISCARD, WATCH, UNWATCH.</summary>
public static class Transactions
{
    private const CommandFlags Quick =
        CommandFlags.NoScript | CommandFlags.Loading | CommandFlags.Stale | CommandFlags.Fast | CommandFlags.AllowBusy;

    /// <summary>The rows.</summary>
    public static readonly Command[] Rows =
    [
        new("multi", 1, Quick, KeySpec.None, Multi)
        {
            Summary = "Starts a transaction.", Since = "1.2.0", Group = "transactions", AclCategories = ["transaction"],
        },
        new("exec", 1, CommandFlags.NoScript | CommandFlags.Loading | CommandFlags.Stale | CommandFlags.SkipSlowLog,
            KeySpec.None, Exec)
        {
            Summary = "Executes all commands in a transaction.", Since = "1.2.0", Group = "transactions",
            AclCategories = ["transaction"],
        },
        new("discard", 1, Quick, KeySpec.None, Discard)
        {
            Summary = "Discards a transaction.", Since = "2.0.0", Group = "transactions", AclCategories = ["transaction"],
        },
        new("watch", -2, Quick, KeySpec.From(1), Watch)
        {
            Summary = "Monitors changes to keys to determine the execution of a transaction.", Since = "2.2.0",
            Group = "transactions", AclCategories = ["transaction"], KeyFlags = "RO",
        },
        new("unwatch", 1, Quick, KeySpec.None, Unwatch)
        {
            Summary = "Forgets about watched keys of a transaction.", Since = "2.2.0", Group = "transactions",
            AclCategories = ["transaction"],
        },
    ];

    private static void Multi(CommandContext call)
    {
        if (call.Session.Transaction is not null)
        {
            call.Reply.Error("ERR MULTI calls can not be nested"u8);
            return;
        }

        call.Session.Transaction = new Transaction();
        call.Reply.Simple("OK"u8);
    }

    /// <summary>Only without MULTI: the dispatcher executes transactions itself, since it takes their locks.</summary>
    private static void Exec(CommandContext call) => call.Reply.Error("ERR EXEC without MULTI"u8);

    private static void Discard(CommandContext call)
    {
        if (call.Session.Transaction is null)
        {
            call.Reply.Error("ERR DISCARD without MULTI"u8);
            return;
        }

        call.Session.Transaction = null;
        call.Server.Watches.RemoveAll(call.Session);
        call.Reply.Simple("OK"u8);
    }

    private static void Watch(CommandContext call)
    {
        if (call.Session.Transaction is not null)
        {
            call.Reply.Error("ERR WATCH inside MULTI is not allowed"u8);
            return;
        }

        for (var i = 1; i < call.Count; i++)
        {
            var key = call.Key(i);
            var exists = call.Database.TryFind(key, out var entry);
            var isExpired = exists && entry.ExpiresAt != Entry.NoExpiry && call.Now > entry.ExpiresAt;
            call.Server.Watches.Add(new WatchedKey(call.Session, call.Session.DatabaseIndex, key.Bytes.ToArray())
            {
                Existed = exists && !isExpired,
                WasExpired = isExpired,
            });
        }

        call.Reply.Simple("OK"u8);
    }

    private static void Unwatch(CommandContext call)
    {
        call.Server.Watches.RemoveAll(call.Session);
        call.Reply.Simple("OK"u8);
    }
}
