using System.Text;
using Starling.Node.Acl;
using Starling.Node.Cluster;
using Starling.Node.Persistence;
using Starling.Node.Serving;
using Starling.Resp;

namespace Starling.Node.Execution;

/// <summary>
/// What stands before a handler. The first gate needs no lock: who may call at all. The second stands under the stripes of
/// the call's keys, so that a slot or the role cannot change hands between the answer and the execution; its order is
/// that of Redis, since which of several errors a client sees depends on it.
/// </summary>
internal sealed class Gates(NodeParts node)
{
    private const string OnlyForSubscribers =
        ": only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context";

    /// <summary>The gate without locks. False when the error is written.</summary>
    public bool PassBeforeLocks(CommandContext call, Command command)
    {
        var session = call.Session;

        // A client that waits for a key was let in before. Refused here, it would keep what it was woken for.
        var isJudged = !session.Identity.Rights.IsUnrestricted && session.Waiter is null;
        if (isJudged && !session.IsAuthenticated && (command.Flags & CommandFlags.NoAuth) == 0 && node.Config.WantsPassword)
            return Refuse(call, command, ErrorReplies.NoAuth);
        if (session.Transaction is not null && (command.Flags & CommandFlags.NoMulti) != 0)
            return Refuse(call, command, ErrorReplies.NotInTransaction);
        if (isJudged && !PassPermissions(call, command)) return false;
        if (IsHeldUp(call))
        {
            session.IsOutOfMemory = false; // nothing that may run now takes memory, and making room takes stripes
            return (command.Flags & CommandFlags.AllowBusy) != 0 || Refuse(call, command, node.Scripts.BusyReply);
        }

        // Evicts one stripe after the other, and holds none of them afterwards. Who is refused is told under the stripes.
        if (node.Config.MaxMemory != 0 && session.Origin == ClientOrigin.Client)
            session.IsOutOfMemory = !node.Evictor.TryMakeRoom(call.Now);
        else session.IsOutOfMemory = false;
        if (session.Origin == ClientOrigin.Client) SettlePushes(call);
        return true;
    }

    /// <summary>
    /// A client reads before the reply what it was told of before the command, whoever was told in its place: messages, invalidations, those
    /// of keys that had to go for the memory that it takes too. The table of tracked keys is made smaller first when it has grown too large.
    /// </summary>
    private void SettlePushes(CommandContext call)
    {
        if (node.Tracking.IsInUse && node.Tracking.HasTooMany) node.Tracking.Shrink(call.NextRandom());
        if (call.Session.Tracking is not null || call.Session.Connection is { HasPushes: true }) PushOrder.Settle(call);
    }

    /// <summary>
    /// A script runs for so long that other clients are told, instead of waiting for stripes. A client that has waited for a key does
    /// wait for them: it was let in before.
    /// </summary>
    public bool IsHeldUp(CommandContext call) =>
        node.Scripts.IsBusy && call.Session.Waiter is null && call.Session.Origin == ClientOrigin.Client;

    /// <summary>
    /// What the caller's user may do. Needs no lock; also for a client that has waited for a key, whose rights may have changed.
    /// False when the error is written.
    /// </summary>
    public bool PassPermissions(CommandContext call, Command command)
    {
        var denial = Judge(call, command);
        return denial == AclDenial.None || Refuse(call, command, AclReplies.Refusal(denial, command));
    }

    /// <summary>As <see cref="PassPermissions"/>, of a command that EXEC is about to run.</summary>
    public bool PassPermissionsInExec(CommandContext call, Command command)
    {
        var denial = Judge(call, command);
        if (denial == AclDenial.None) return true;
        call.Reply.Error(AclReplies.RefusalInExec(denial));
        node.Stats.CountError(call.Reply.LastErrorCode);
        return false;
    }

    /// <summary>The gate under the stripes of the call's keys.</summary>
    /// <param name="call">The call.</param>
    /// <param name="command">Its row.</param>
    /// <param name="any">Flags that the command, or some command of the transaction that it executes, has.</param>
    /// <param name="common">Flags that all of them have.</param>
    /// <param name="isHeld">It is to come back when a pause is over.</param>
    /// <returns>True when the command may run; otherwise the error is written or it is held.</returns>
    public bool PassUnderLocks(
        CommandContext call, Command command, CommandFlags any, CommandFlags common, out bool isHeld)
    {
        isHeld = false;
        if (call.Session.Origin != ClientOrigin.Client) return call.Guard?.Admit() ?? true;
        var isWrite = (any & CommandFlags.Write) != 0;
        if (node.Cluster is not null && call.Keys.Slot >= 0 && !PassRedirect(call, command, isWrite)) return false;
        if (MustWaitForLoad(call))
        {
            (isHeld, call.Session.HeldBy) = (true, HoldReason.Keys);
            return false;
        }

        if (call.Session.IsOutOfMemory && IsRefusedWhenShort(call, command, any))
            return Refuse(call, command, ErrorReplies.OutOfMemory);
        if (!PassState(call, command, common, isWrite)) return false;
        if (call.Session.Kind == ClientKind.Replica || call.Session.Monitor is not null)
        {
            const CommandFlags OnKeys = CommandFlags.Write | CommandFlags.MayReplicate | CommandFlags.ReadOnly;
            return (any & OnKeys) == 0 || Refuse(call, command, "ERR Replica can't interact with the keyspace"u8);
        }

        var reason = node.Clients.Line.Judge(
            call.Session.Connection, any, isServed: call.Session.Waiter is { Claim: not null }, call.Now);
        if (reason == HoldReason.None
            && (((isWrite || MayWrite(call, command)) && node.Migrations.IsActive && call.Keys.AnyIn(node.Migrations.Barrier))
                || (node.Waiters.HasClaims && IsBehindClaim(call))))
            reason = HoldReason.Keys;
        if (reason == HoldReason.None) return true;
        (isHeld, call.Session.HeldBy) = (true, reason);
        return false;
    }

    /// <summary>A script is run, which may write though the command itself does not.</summary>
    private static bool MayWrite(CommandContext call, Command command) =>
        command.Script != ScriptForm.None || (command.Executes && call.Session.Transaction is { HasScripts: true });

    /// <summary>Judges a call; notes it when it is not allowed.</summary>
    private AclDenial Judge(CommandContext call, Command command)
    {
        var session = call.Session;
        var user = node.AccessControl.UserOf(session);
        var verdict = user.Rights.Judge(command, call.Arguments);
        if (verdict == AclVerdict.Allowed) return AclDenial.None;
        node.AccessControl.NoteDenial(
            session,
            verdict.Denial,
            AccessControl.PlaceOf(call),
            verdict.Denial == AclDenial.Command ? Encoding.ASCII.GetBytes(command.FullName) : call.Arguments[verdict.Position],
            user.Name);
        return verdict.Denial;
    }

    /// <summary>
    /// What may take memory is refused, and what would be queued in a transaction, which takes some. A client that has waited
    /// for a key was let in before.
    /// </summary>
    private static bool IsRefusedWhenShort(CommandContext call, Command command, CommandFlags any) =>
        call.Session.Waiter is null
        && ((any & CommandFlags.DenyOom) != 0 || (call.Session.Transaction is not null && !command.RunsAtOnceInTransaction));

    /// <summary>
    /// A client that waits for a key waits on while a data set is being loaded, but for one that was woken before the load
    /// touches anything.
    /// </summary>
    private bool MustWaitForLoad(CommandContext call) =>
        call.Session.Waiter is { } waiter && node.Persistence.IsLoading
        && !(node.Persistence.IsComingToRest && waiter.Claim is not null);

    /// <summary>
    /// True while a client that was woken has not got what it was woken for: nobody else's command may touch its keys, and
    /// none that touches everything comes before it. Who was woken waits for nobody: no other claim has its keys.
    /// </summary>
    private bool IsBehindClaim(CommandContext call) =>
        call.Session.Waiter is not { Claim: not null }
        && (call.TouchesEverything || call.Keys.AnyClaimed(node.Waiters));

    /// <summary>
    /// Refuses a command: the error reply, the counters, and the end of the transaction's hopes. Always false.
    /// </summary>
    public bool Refuse(CommandContext call, Command? command, ReadOnlySpan<byte> error)
    {
        var session = call.Session;
        if (command is not null) call.Stats.PerCommand[command.Ordinal].Rejected++;
        if (command is { Executes: true })
        {
            if (session.Transaction is not null) Transaction.Discard(call); // without one the words are the same in Redis
            var reason = error.StartsWith("ERR "u8) ? error[4..] : error; // EXECABORT takes the place of the code that says nothing
            call.Reply.Error([.. "EXECABORT Transaction discarded because of: "u8, .. reason]);
        }
        else
        {
            if (session.Transaction is { } transaction && session.Origin == ClientOrigin.Client) transaction.IsAborted = true;
            call.Reply.Error(error);
        }

        node.Stats.CountError(call.Reply.LastErrorCode);
        return false;
    }

    /// <summary>MOVED, ASK and their like. A transaction that is sent elsewhere is over.</summary>
    private bool PassRedirect(CommandContext call, Command command, bool isWrite)
    {
        var keys = call.Keys;
        if (keys.CrossesSlots && node.Cluster!.Routing.Owner(keys.Slot) != RoutingTable.NoNode)
            call.Reply.Error(ErrorReplies.CrossSlot);
        else if (node.Cluster!.Admit(call, keys.Slot, isWrite, keys)) return true;

        node.Stats.CountError(call.Reply.LastErrorCode);
        call.Stats.PerCommand[command.Ordinal].Rejected++;
        if (call.Session.Transaction is not { } transaction) return false;
        if (command.Executes) Transaction.Discard(call);
        else transaction.IsAborted = true;
        return false;
    }

    /// <summary>The checks of the server's state.</summary>
    private bool PassState(CommandContext call, Command command, CommandFlags common, bool isWrite)
    {
        var persistence = node.Persistence;
        if (persistence.RefusesWrites && (isWrite || command.IsRefusedWhenMisconfigured))
            return Refuse(call, command, PersistenceService.Misconfigured);
        var config = node.Config;
        var replication = node.Replication;
        if (isWrite)
        {
            if (config.MinReplicasToWrite > 0 && config.MinReplicasMaxLag > 0 && !replication.IsReplica
                && replication.GoodReplicas < config.MinReplicasToWrite)
                return Refuse(call, command, ErrorReplies.NoReplicas);
            if (config.WriteAcks > 0 && !replication.IsReplica && replication.LacksAcknowledgers)
                return Refuse(call, command, ErrorReplies.NoReplicas);
            if (config.ReplicaReadOnly && replication.IsReplica) return Refuse(call, command, ErrorReplies.ReadOnly);
        }

        if (call.Session.Kind == ClientKind.PubSub && call.Reply.Protocol == 2 && !command.IsForSubscribers)
            return Refuse(call, command, Encoding.ASCII.GetBytes($"ERR Can't execute '{command.FullName}'{OnlyForSubscribers}"));
        if ((common & CommandFlags.Stale) == 0
            && !config.ReplicaServeStaleData && replication.IsReplica && !replication.IsLinkUp)
            return Refuse(call, command, ErrorReplies.MasterDown);
        if ((common & CommandFlags.Loading) == 0 && persistence.IsLoading && call.Session.Waiter is null)
            return Refuse(call, command, ErrorReplies.Loading);
        return true;
    }
}
