using Starling.Node.Expiry;
using Starling.Node.Serving;
using Starling.Resp;

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
            RunsAtOnceInTransaction = true,
            Summary = "Starts a transaction.", Since = "1.2.0", Group = "transactions", AclCategories = ["transaction"],
        },
        new("exec", 1, CommandFlags.NoScript | CommandFlags.Loading | CommandFlags.Stale | CommandFlags.SkipSlowLog,
            KeySpec.None, Exec)
        {
            RunsAtOnceInTransaction = true, Executes = true,
            Summary = "Executes all commands in a transaction.", Since = "1.2.0", Group = "transactions",
            AclCategories = ["transaction"],
        },
        new("discard", 1, Quick, KeySpec.None, Discard)
        {
            RunsAtOnceInTransaction = true,
            Summary = "Discards a transaction.", Since = "2.0.0", Group = "transactions", AclCategories = ["transaction"],
        },
        new("watch", -2, Quick, KeySpec.From(1), Watch)
        {
            RunsAtOnceInTransaction = true,
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

        call.Session.Transaction = new Transaction(call.Node.Buffers);
        call.Reply.Simple("OK"u8);
    }

    /// <summary>Runs the queue under the union of its stripes, which the executor has taken.</summary>
    private static void Exec(CommandContext call)
    {
        if (call.Session.Transaction is not { } transaction)
        {
            call.Reply.Error("ERR EXEC without MULTI"u8);
            return;
        }

        var isUnwatched = !transaction.IsAborted && call.Node.Watches.HasFailed(call.Session, call.Keyspace, call.Now);
        Transaction.Discard(call);
        if (transaction.IsAborted)
        {
            call.Reply.Error(ErrorReplies.ExecAbort);
        }
        else if (isUnwatched)
        {
            call.Reply.NullArray();
        }
        else
        {
            // Between these replies nothing can be put.
            if ((transaction.AnyFlags & CommandFlags.PubSub) != 0) PushOrder.Settle(call);
            var start = call.Reply.Length;
            call.Reply.Array(transaction.Commands.Count);
            call.Node.Executor.RunQueued(call, transaction);
            call.Session.LateReplies.EndTransaction(call, start);
            if ((transaction.AnyFlags & CommandFlags.PubSub) != 0) Publishing.AwaitRelay(call, start);
            if (call.Session.Connection is { } connection && connection.PushProtocol != call.Reply.Protocol) PushOrder.Settle(call);
        }
    }

    private static void Discard(CommandContext call)
    {
        if (call.Session.Transaction is null)
        {
            call.Reply.Error("ERR DISCARD without MULTI"u8);
            return;
        }

        Transaction.Discard(call);
        call.Reply.Simple("OK"u8);
    }

    private static void Watch(CommandContext call)
    {
        if (call.Session.Transaction is not null)
        {
            call.Reply.Error("ERR WATCH inside MULTI is not allowed"u8);
            return;
        }

        call.Node.Buffers.EnsureRoom(call.Arguments.TotalLength + (call.Count * WatchTable.BytesOfWatch));
        for (var i = 1; i < call.Count; i++)
        {
            var key = call.Key(i);
            var exists = call.Database.TryFind(key, out var entry);
            var isExpired = exists && KeyExpiry.IsExpired(entry, call.Now);
            call.Node.Watches.Add(new WatchedKey(call.Session, call.Session.DatabaseIndex, key.Bytes.ToArray())
            {
                Existed = exists && !isExpired,
                WasExpired = isExpired,
            });
        }

        call.Reply.Simple("OK"u8);
    }

    private static void Unwatch(CommandContext call)
    {
        call.Node.Watches.RemoveAll(call.Session);
        call.Reply.Simple("OK"u8);
    }
}
