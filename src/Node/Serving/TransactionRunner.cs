using Starling.Resp;
using Starling.Slots.Keyspace;

namespace Starling.Node.Serving;

/// <summary>EXEC: the union of all locks once, the gate once, then the queued commands one after another.</summary>
internal sealed class TransactionRunner(NodeServer server, Dispatcher dispatcher)
{
    /// <summary>Ends a transaction and its watches.</summary>
    public void Discard(ClientSession session)
    {
        if (session.Transaction is { } transaction) server.Buffers.NoteDropped(transaction.ArgumentBytes);
        session.Transaction = null;
        server.Watches.RemoveAll(session);
    }

    public DispatchOutcome Execute(CommandContext call)
    {
        if (call.Session.Transaction is not { } transaction)
        {
            // The gate's other checks do not depend on keys; the handler writes the error.
            if (!dispatcher.Admit(call, call.Command, call.Command.Flags, call.Command.Flags, out var isHeld))
                return isHeld ? DispatchOutcome.Held : DispatchOutcome.Done;
            dispatcher.Run(call, call.Command);
            return DispatchOutcome.Done;
        }

        var keyspace = server.Keyspace;
        var needsAll = CollectKeys(call, transaction);
        if (needsAll)
        {
            using var scope = keyspace.LockAll();
            return ExecuteLocked(call, transaction);
        }

        using (keyspace.Lock(call.Keys.Stripes)) return ExecuteLocked(call, transaction);
    }

    /// <summary>Gathers the keys; true when every stripe is needed.</summary>
    private bool CollectKeys(CommandContext call, Transaction transaction)
    {
        var keys = call.Keys;
        keys.Clear();
        var needsAll = false;
        foreach (var queued in transaction.Commands)
        {
            keys.Add(queued.Command, queued.Arguments);
            needsAll |= queued.Command.Locks != LockMode.Keys;
        }

        foreach (var watched in call.Session.WatchedKeys) keys.AddStripe(Slots.HashSlot.Of(watched.Key));
        return needsAll;
    }

    private DispatchOutcome ExecuteLocked(CommandContext call, Transaction transaction)
    {
        var session = call.Session;
        var exec = call.Command;
        var any = exec.Flags | transaction.AnyFlags;
        var common = exec.Flags & transaction.CommonFlags;
        if (server.Cluster is not null && session.Origin == ClientOrigin.Client && call.Keys.Total > 0
            && !dispatcher.AdmitToCluster(call, (any & CommandFlags.Write) != 0))
        {
            call.Stats.PerCommand[exec.Ordinal].Rejected++;
            Discard(session);
            return DispatchOutcome.Done;
        }

        if (!dispatcher.Admit(call, exec, any, common, out var isHeld))
            return isHeld ? DispatchOutcome.Held : DispatchOutcome.Done;
        if (transaction.IsAborted)
        {
            Discard(session);
            call.Stats.PerCommand[exec.Ordinal].Failed++;
            call.Reply.Error(ErrorReplies.ExecAbort);
            server.Stats.CountError(call.Reply.LastErrorCode);
            return DispatchOutcome.Done;
        }

        if (session.WatchFailed || HasExpiredWatch(call))
        {
            Discard(session);
            call.Reply.NullArray();
            return DispatchOutcome.Done;
        }

        Discard(session);
        RunAll(call, transaction);
        var stats = call.Stats;
        stats.Commands++;
        stats.PerCommand[exec.Ordinal].Calls++;
        call.Command = exec;
        return DispatchOutcome.Done;
    }

    private void RunAll(CommandContext call, Transaction transaction)
    {
        var arguments = call.Arguments;
        call.IsInExec = true;
        try
        {
            call.Reply.Array(transaction.Commands.Count);
            foreach (var queued in transaction.Commands)
            {
                call.Arguments = queued.Arguments;
                dispatcher.Run(call, queued.Command);
            }
        }
        finally
        {
            // Also when a handler failed: what was executed before it must reach the log.
            call.IsInExec = false;
            call.Arguments = arguments;
            if (call.Effects.Count > 0) dispatcher.Append(call);
        }
    }

    private bool HasExpiredWatch(CommandContext call)
    {
        foreach (var watched in call.Session.WatchedKeys)
        {
            if (watched.WasExpired) continue;
            var key = call.Keyspace.Key(watched.Key);
            if (call.Keyspace[watched.Database].TryFind(key, out var entry)
                && entry.ExpiresAt != Entry.NoExpiry && call.Now > entry.ExpiresAt) return true;
        }

        return false;
    }
}
