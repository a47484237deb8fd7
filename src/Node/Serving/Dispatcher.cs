using System.Text;
using Starling.Node.Cluster;
using Starling.Resp;

namespace Starling.Node.Serving;

/// <summary>
/// Takes a command through the gate and runs its handler under the locks of its keys: authentication, arity, cluster
/// redirect, state checks, execution, replication log. The order is that of Redis's processCommand.
/// </summary>
public sealed class Dispatcher
{
    private readonly NodeServer _server;
    private readonly CommandTable _table;
    private readonly TransactionRunner _transactions;

    /// <summary>Makes the dispatcher of a server.</summary>
    public Dispatcher(NodeServer server)
    {
        _server = server;
        _table = server.Commands;
        _transactions = new TransactionRunner(server, this);
    }

    /// <summary>Executes the command in the context's arguments.</summary>
    internal DispatchOutcome Execute(CommandContext call) => Execute(call, _table.Find(call.Arguments));

    /// <summary>As <see cref="Execute(CommandContext)"/>, when the row was looked up before.</summary>
    internal DispatchOutcome Execute(CommandContext call, Command? command)
    {
        var session = call.Session;
        if (command is null) return RefuseUnknown(call);
        call.Command = command;
        session.LastCommand = command;
        if (!session.IsAuthenticated && (command.Flags & CommandFlags.NoAuth) == 0
            && !string.IsNullOrEmpty(_server.Config.RequirePass))
        {
            Refuse(call, command, ErrorReplies.NoAuth);
            return DispatchOutcome.Done;
        }

        if (session.Transaction is not null && (command.Flags & CommandFlags.NoMulti) != 0)
        {
            Refuse(call, command, ErrorReplies.NotInTransaction);
            return DispatchOutcome.Done;
        }

        var outcome = ReferenceEquals(command, _table.Exec) ? _transactions.Execute(call) : ExecuteLocked(call, command);
        if (session.Asking && session.Transaction is null && (command.Flags & CommandFlags.Asking) == 0
            && outcome == DispatchOutcome.Done && command.Name != "asking")
            session.Asking = false;
        return outcome;
    }

    /// <summary>
    /// The checks of the server's state, in Redis's order. True when the command may run; otherwise the error is
    /// written or
    /// <paramref name="isHeld"/> says to come back.
    /// </summary>
    internal bool Admit(CommandContext call, Command command, CommandFlags any, CommandFlags common, out bool isHeld)
    {
        isHeld = false;
        var origin = call.Session.Origin;
        if (origin != ClientOrigin.Client) return true;
        var persistence = _server.Persistence;
        var isWrite = (any & CommandFlags.Write) != 0;
        if (persistence.RefusesWrites && (isWrite || command.Name == "ping"))
            return Refuse(call, command, Persistence.PersistenceService.Misconfigured);
        var config = _server.Config;
        var replication = _server.Replication;
        if (isWrite)
        {
            if (config.MinReplicasToWrite > 0 && config.MinReplicasMaxLag > 0 && !replication.IsReplica
                && replication.GoodReplicas < config.MinReplicasToWrite)
                return Refuse(call, command, ErrorReplies.NoReplicas);
            if (config.WriteAcks > 0 && replication.LacksAcknowledgers) return Refuse(call, command, ErrorReplies.NoReplicas);
            if (config.ReplicaReadOnly && replication.IsReplica) return Refuse(call, command, ErrorReplies.ReadOnly);
        }

        if ((common & CommandFlags.Stale) == 0
            && !config.ReplicaServeStaleData && replication.IsReplica && !replication.IsLinkUp)
            return Refuse(call, command, ErrorReplies.MasterDown);
        if ((common & CommandFlags.Loading) == 0 && persistence.IsLoading) return Refuse(call, command, ErrorReplies.Loading);
        if (call.Session.Kind == ClientKind.Replica)
        {
            if ((any & (CommandFlags.Write | CommandFlags.MayReplicate | CommandFlags.ReadOnly)) != 0)
                return Refuse(call, command, "ERR Replica can't interact with the keyspace"u8);
            return true;
        }

        isHeld = _server.Clients.IsHeldBack(any, call.Now)
            || (isWrite && _server.Migrations.IsActive && call.Keys.AnyIn(_server.Migrations.Barrier));
        return !isHeld;
    }

    /// <summary>
    /// Refuses a command: the error reply, the counters, and the end of the transaction's hopes. Always false.
    /// </summary>
    internal bool Refuse(CommandContext call, Command? command, ReadOnlySpan<byte> error)
    {
        var session = call.Session;
        if (command is not null) call.Stats.PerCommand[command.Ordinal].Rejected++;
        if (session.Transaction is not null && ReferenceEquals(command, _table.Exec))
        {
            _transactions.Discard(session);
            Span<byte> text = new byte[error.Length + 64];
            var prefix = "EXECABORT Transaction discarded because of: "u8;
            prefix.CopyTo(text);
            error.CopyTo(text[prefix.Length..]);
            call.Reply.Error(text[..(prefix.Length + error.Length)]);
        }
        else
        {
            if (session.Transaction is { } transaction) transaction.IsAborted = true;
            call.Reply.Error(error);
        }

        _server.Stats.CountError(call.Reply.LastErrorCode);
        return false;
    }

    /// <summary>Runs a handler with its locks held, and sees to counters and log.</summary>
    internal void Run(CommandContext call, Command command)
    {
        var reply = call.Reply;
        var errors = reply.ErrorCount;
        var database = call.Session.DatabaseIndex;
        call.Command = command;
        call.CountTimeOf(command);
        call.Begin(IsLogged(call));
        command.Handler!(call);
        call.End(database);
        var stats = call.Stats;
        stats.Commands++;
        ref var counters = ref stats.PerCommand[command.Ordinal];
        counters.Calls++;
        if (reply.ErrorCount != errors)
        {
            counters.Failed++;
            _server.Stats.CountError(reply.LastErrorCode);
        }

        if (call.Effects.Count > 0 && !call.IsInExec) Append(call);
        call.Leave();
    }

    /// <summary>Appends the effects of a command or transaction to the log. With their stripes held.</summary>
    internal void Append(CommandContext call)
    {
        var effects = call.Effects;
        call.Session.LastWriteOffset = _server.Replication.Log.Append(
            effects.FirstDatabase, effects.Bytes, asTransaction: effects.Count > 1, effects.LastDatabase);
        effects.Clear();
    }

    private DispatchOutcome RefuseUnknown(CommandContext call)
    {
        var name = call.Arguments[0];
        if (call.Session.Origin == ClientOrigin.Client
            && (Ascii.EqualsIgnoreCase(name, "post"u8) || Ascii.EqualsIgnoreCase(name, "host:"u8)))
            return DispatchOutcome.CrossProtocol;
        call.Session.LastCommand = null;
        Refuse(call, null, Encoding.Latin1.GetBytes(_table.Explain(call.Arguments)));
        return DispatchOutcome.Done;
    }

    private bool IsLogged(CommandContext call)
    {
        var replication = _server.Replication;
        return replication.Log.IsActive && call.Session.Origin != ClientOrigin.Master && !replication.IsReplica;
    }

    private DispatchOutcome ExecuteLocked(CommandContext call, Command command)
    {
        var keyspace = _server.Keyspace;
        var keys = call.Keys;
        if (command.SingleKey is > 0 and var position)
        {
            var slot = call.PlaceKey(position);
            keys.SetSingle(call.Arguments, position, slot);
            using var scope = keyspace.LockSlot(slot);
            return AdmitAndRun(call, command);
        }

        keys.Clear();
        keys.Add(command, call.Arguments);
        if (command.Locks == LockMode.All)
        {
            using var scope = keyspace.LockAll();
            return AdmitAndRun(call, command);
        }

        if (keys.Total == 0) return AdmitAndRun(call, command);
        if (command.Locks == LockMode.None)
        {
            // The redirect needs the stripes, the handler wants to be without.
            using (keyspace.Lock(keys.Stripes))
                if (!PassGate(call, command, out var outcome)) return outcome;
            Run(call, command);
            return DispatchOutcome.Done;
        }

        using (keyspace.Lock(keys.Stripes)) return AdmitAndRun(call, command);
    }

    private DispatchOutcome AdmitAndRun(CommandContext call, Command command)
    {
        if (PassGate(call, command, out var outcome)) Run(call, command);
        return outcome;
    }

    /// <summary>True when the handler is to run now.</summary>
    private bool PassGate(CommandContext call, Command command, out DispatchOutcome outcome)
    {
        outcome = DispatchOutcome.Done;
        var session = call.Session;
        if (_server.Cluster is not null && session.Origin == ClientOrigin.Client && call.Keys.Total > 0)
        {
            if (!AdmitToCluster(call, (command.Flags & CommandFlags.Write) != 0))
            {
                if (session.Transaction is { } transaction) transaction.IsAborted = true;
                call.Stats.PerCommand[command.Ordinal].Rejected++;
                return false;
            }
        }

        if (!Admit(call, command, command.Flags, command.Flags, out var isHeld))
        {
            if (isHeld) outcome = DispatchOutcome.Held;
            return false;
        }

        if (session.Transaction is { } queue && !command.RunsAtOnceInTransaction)
        {
            // What the master sends has been in its log: this node only passes it on.
            if (session.Origin == ClientOrigin.Client && !queue.Fits(call.Arguments))
                return Refuse(call, command, ErrorReplies.TransactionTooLong);
            queue.Add(command, call.Arguments);
            call.Reply.Simple("QUEUED"u8);
            return false;
        }

        return true;
    }

    /// <summary>The redirect; false when the error is written.</summary>
    internal bool AdmitToCluster(CommandContext call, bool isWrite)
    {
        var keys = call.Keys;
        if (keys.CrossesSlots && _server.Cluster!.Routing.Owner(keys.Slot) != RoutingTable.NoNode)
        {
            call.Reply.Error(ErrorReplies.CrossSlot);
        }
        else
        {
            if (_server.Cluster!.Admit(call, keys.Slot, isWrite, keys)) return true;
        }

        _server.Stats.CountError(call.Reply.LastErrorCode);
        return false;
    }
}
