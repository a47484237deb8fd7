using System.Text;
using Starling.Node.Serving;
using Starling.Resp;
using Starling.Slots;
using Starling.Slots.Keyspace;

namespace Starling.Node.Execution;

/// <summary>
/// The one executor: whatever touches a key goes through here. A command of a client passes the first gate, gets its lock
/// plan, passes the second gate under the locks, runs, and its effects go to the replication log before the locks go.
/// EXEC is a command whose plan is the union of its queue's; a master's stream is a client whose origin opens the gates
/// and whose bytes are the effects; expiry, migration and parts of long commands open a scope without a command.
/// </summary>
public sealed class Executor
{
    /// <summary>
    /// A walk through all keys that has met so often with keys that are kept for woken clients takes every stripe instead.
    /// </summary>
    private const int MostEncounters = 3;

    private readonly NodeBasics _basics;
    private readonly KeyWaiters _waiters;
    private readonly Keyspace _keyspace;
    private readonly CommandTable _table;

    /// <summary>Guards the idle contexts. A leaf.</summary>
    private readonly RankedLock _lock = new(LockRank.Leaf, nameof(Executor));

    private readonly Stack<CommandContext> _idle = [];
    private NodeParts _node = null!; // from Attach on
    private Gates _gates = null!;

    /// <summary>Makes the executor of a node, whose parts are yet to come.</summary>
    internal Executor(NodeBasics basics, KeyWaiters waiters)
    {
        _basics = basics;
        _waiters = waiters;
        _keyspace = basics.Keyspace;
        _table = basics.Commands;
    }

    /// <summary>All parts are there: from now on it executes. Once.</summary>
    internal void Attach(NodeParts node)
    {
        Invariant.That(_node is null);
        _node = node;
        _gates = new Gates(node);
    }

    /// <summary>Makes a client without a connection.</summary>
    public PseudoClient NewClient(ClientOrigin origin) => new(_node, origin);

    /// <summary>
    /// Opens a scope for work of the server itself: it may delete and change keys of the plan's stripes; the effects go to
    /// the log each by itself, not as one transaction.
    /// </summary>
    public ExecutionScope Open(scoped in LockPlan plan)
    {
        CommandContext? call;
        using (_lock.Enter()) _idle.TryPop(out call);
        call ??= NewCall();
        call.Now = _basics.NowMilliseconds;
        call.Stats = _basics.Stats.Own;
        var stripes = plan.Take(_keyspace);
        call.EnterScope(plan, IsLogged(call));
        if (_keyspace.NewKeys is not null) call.Events.HearOfNewKeys();
        return new ExecutionScope(this, call, stripes, isLent: true);
    }

    /// <summary>
    /// A context for many scopes of the server's own that one thread opens one after another, all at the time of this
    /// moment (<see cref="Open(CommandContext, in LockPlan)"/>): as good as none of their own, and cheaper.
    /// </summary>
    internal CommandContext NewCall() =>
        new(_node, new NodeSession(0, ClientOrigin.Internal), new RespWriter()) { Now = _basics.NowMilliseconds };

    /// <summary>
    /// Opens a scope for a part of a command whose row says that it takes its locks itself
    /// (<see cref="LockMode.None"/>), or for one piece of the server's own work (<see cref="NewCall"/>). Inside EXEC,
    /// which has every stripe, the part belongs to the transaction.
    /// </summary>
    internal ExecutionScope Open(CommandContext call, scoped in LockPlan plan)
    {
        if (call.IsInScope)
        {
            Invariant.That(call.HoldsEverything);
            return new ExecutionScope(null, call, default, isLent: false);
        }

        var stripes = plan.Take(_keyspace);
        if (_waiters.HasClaims) NoteClaims(call, plan);
        call.EnterScope(plan, IsLogged(call));
        if (_keyspace.NewKeys is not null) call.Events.HearOfNewKeys();
        return new ExecutionScope(this, call, stripes, isLent: false);
    }

    /// <summary>Executes the command in the context's arguments.</summary>
    internal DispatchOutcome Execute(CommandContext call) => Execute(call, (Command?)_table.Find(call.Arguments));

    /// <summary>As <see cref="Execute(CommandContext)"/>, when the row was looked up before.</summary>
    internal DispatchOutcome Execute(CommandContext call, Command? command)
    {
        var outcome = Dispatch(call, command);
        var session = call.Session;
        if (session.Tracking is not null || session.OwnInvalidations is not null) _node.Tracking.EndCommand(call, command, outcome);
        return outcome;
    }

    /// <summary>Runs the commands of a transaction, inside the scope of its EXEC.</summary>
    internal void RunQueued(CommandContext call, Transaction transaction)
    {
        var arguments = call.Arguments;
        var exec = call.Command;
        var since = call.Timer.BeginInner();
        call.IsInExec = true;
        try
        {
            foreach (var queued in transaction.Commands)
            {
                call.Arguments = queued.Arguments;
                call.RenewLogging(IsLogged(call)); // a command before this one may have changed the role
                if (_keyspace.NewKeys is not null) call.Events.HearOfNewKeys(); // or chosen the events
                if (call.Session.Identity.Rights.IsUnrestricted || _gates.PassPermissionsInExec(call, queued.Command)) Run(call, queued.Command);
                if (queued.Command.Script == ScriptForm.None || !_node.Scripts.HaveAllEnded) continue;
                call.Effects.Clear(); // nobody hears of a part of the transaction; the process is about to end
                break;
            }
        }
        finally
        {
            call.IsInExec = false;
            call.Arguments = arguments;
            call.Command = exec;
            call.Timer.EndInner(exec, since);
        }
    }

    /// <summary>Runs a command that a script calls, in the scope of the script. Its arguments are the context's.</summary>
    internal void RunInScript(CommandContext call, Command command, bool isReplicated)
    {
        call.RenewLogging(isReplicated && IsLogged(call));
        if (_keyspace.NewKeys is not null) call.Events.HearOfNewKeys();
        Run(call, command);
    }

    /// <summary>A client that waits for a key is gone.</summary>
    internal void Abandon(KeyWaiter waiter)
    {
        using var scope = Open(LockPlan.All); // what was kept for it may be of any stripe
        waiter.Session.Waiter = null;
        scope.Call.Forget(waiter);
    }

    /// <summary>The end of a scope, with its stripes held.</summary>
    internal void CloseUnderLocks(CommandContext call)
    {
        if (call.Effects.Count > 0) Append(call);
        call.Events.GiveOn();
        call.ServeWaiters();
        call.CountRest();
        call.LeaveScope();
    }

    /// <summary>The end of a scope, after its stripes have gone.</summary>
    internal static void AfterUnlock(CommandContext call)
    {
        call.Events.Deliver();
        call.ResumeWoken();
        while (call.Afterwards.TryDequeue(out var action)) action();
    }

    /// <summary>Takes back a context that <see cref="Open(in LockPlan)"/> has lent.</summary>
    internal void GiveBack(CommandContext call)
    {
        using (_lock.Enter()) _idle.Push(call);
    }

    private DispatchOutcome Dispatch(CommandContext call, Command? command)
    {
        var session = call.Session;
        if (command is null) return RefuseUnknown(call);

        // A store of a reference costs more than a look, and mostly it is the same as before.
        if (!ReferenceEquals(call.Command, command)) call.Command = command;
        if (!ReferenceEquals(session.LastCommand, command)) session.LastCommand = command;
        if (!_gates.PassBeforeLocks(call, command)) return DispatchOutcome.Done;
        var plan = Plan(call, command);
        if (!plan.IsNone && _gates.IsHeldUp(call))
        {
            session.HeldBy = HoldReason.Keys; // until the script has ended (WATCH)
            return DispatchOutcome.Held;
        }

        var outcome = command.Locks == LockMode.None && session.Origin == ClientOrigin.Client && !plan.IsAll
            ? ExecuteInParts(call, command, plan)
            : ExecuteInOneScope(call, command, plan);
        if (outcome == DispatchOutcome.Held) KeepPlace(session, command);
        else (session.PlaceInLine, session.Encounters) = (0, 0);
        if (session.Asking && session.Transaction is null && outcome == DispatchOutcome.Done && !command.KeepsAsking)
            session.Asking = false;
        return outcome;
    }

    /// <summary>Who waits to be let in comes before those who come to wait meanwhile.</summary>
    private void KeepPlace(NodeSession session, Command command)
    {
        if (session.PlaceInLine == 0 && (command.Flags & CommandFlags.Blocking) != 0 && session.Transaction is null)
            session.PlaceInLine = _waiters.NextNumber();
    }

    /// <summary>A part of a command sees what is kept for a woken client. Under the part's stripes.</summary>
    private void NoteClaims(CommandContext call, in LockPlan plan)
    {
        if (call.Session.Waiter is null) call.HasSeenClaim |= plan.IsAll || (plan.Single >= 0 && _waiters.IsAnyClaimed(plan.Single));
    }

    /// <summary>
    /// The call may wake clients whose commands have other keys than its own, which are to be kept for them from the same
    /// moment on. Under the stripes of its plan.
    /// </summary>
    private bool NeedsEverything(CommandContext call, Command command)
    {
        var waiters = _waiters;
        if (waiters.Count == 0) return false;
        if (call.Session.Waiter?.Claim is { NeedsEverything: true }) return true;
        if (!waiters.HasCrossing) return false;
        var flags = command.Flags;
        var mayWrite = command.Script != ScriptForm.None;
        if (command.Executes && call.Session.Transaction is { } executed)
        {
            flags |= executed.AnyFlags;
            mayWrite |= executed.HasScripts;
        }

        return (mayWrite || (flags & CommandFlags.Write) != 0) && call.Keys.AnyShared(waiters);
    }

    /// <summary>The stripes that a call holds while it is decided upon and executed.</summary>
    private LockPlan Plan(CommandContext call, Command command)
    {
        var keys = call.Keys;
        var session = call.Session;
        if (command.SingleKeyIn(call.Count) is > 0 and var position)
        {
            var slot = call.PlaceKey(position);
            keys.SetSingle(call.Arguments, position, slot, command.NamesChannels);
            return LockPlan.Slot(slot);
        }

        keys.Clear();
        var takesAll = command.TakesEverything(call.Arguments) || session.Encounters > MostEncounters;
        if (command.Executes && session.Transaction is { } transaction) takesAll |= transaction.CollectKeys(call);
        else call.CollectKeys(command);
        if (command.Script != ScriptForm.None && session.Transaction is null)
        {
            takesAll |= _node.Scripts.TakesEverything(call[1], command.Script, mayRunAgain: session.Origin == ClientOrigin.Client);
            if (keys.Stripes.Count == 0) keys.AddStripe(0); // what it publishes holds one
        }

        if (session.Origin == ClientOrigin.Master)
        {
            // What takes its locks itself does so inside this scope, and has them all.
            takesAll |= command.Locks == LockMode.None;

            // Without a key some stripe is taken all the same: a role change must not come between the look at the role
            // and the append.
            if (keys.Stripes.Count == 0) keys.AddStripe(0);
        }

        if (takesAll) return LockPlan.All;
        return keys.Stripes.Count == 0 ? LockPlan.None : LockPlan.Stripes(keys.Stripes);
    }

    private DispatchOutcome ExecuteInOneScope(CommandContext call, Command command, in LockPlan plan)
    {
        call.TouchesEverything = plan.IsAll;
        using (Open(call, plan))
        {
            if (plan.IsAll || !NeedsEverything(call, command))
            {
                var outcome = ExecuteInScope(call, command);
                if (!call.Session.NeedsEverything) return outcome;
            }
        }

        call.Session.NeedsEverything = false;
        call.TouchesEverything = true;
        using (Open(call, LockPlan.All)) return ExecuteInScope(call, command);
    }

    private DispatchOutcome ExecuteInScope(CommandContext call, Command command)
    {
        var outcome = call.Session.Waiter is { } waiter
            ? RunAgain(call, command, waiter)
            : PassGateAndRun(call, command, runs: true);
        if (call.Guard is { IsAdmitted: true } guard && call.Session.Transaction is null) guard.Append();
        return outcome;
    }

    /// <summary>A blocked client's command comes again: a key is ready, or the wait is over.</summary>
    private DispatchOutcome RunAgain(CommandContext call, Command command, KeyWaiter waiter)
    {
        var outcome = DispatchOutcome.Done;
        if (waiter.HasEnded) EndWait(call, command, waiter);
        else if (waiter.Claim is null || IsPermitted(call, command)) outcome = PassGateAndRun(call, command, runs: waiter.Claim is not null);
        if (outcome == DispatchOutcome.Held) call.GiveUpClaim(waiter);
        if (outcome == DispatchOutcome.Admitted)
        {
            call.LookAgain(waiter);
            return DispatchOutcome.Blocked;
        }

        if (outcome != DispatchOutcome.Done) return outcome;
        call.Session.Waiter = null;
        call.Forget(waiter);
        return outcome;
    }

    /// <summary>The rights of a client that was woken may have changed while it waited.</summary>
    private bool IsPermitted(CommandContext call, Command command) =>
        call.Session.Identity.Rights.IsUnrestricted || _gates.PassPermissions(call, command);

    private void EndWait(CommandContext call, Command command, KeyWaiter waiter)
    {
        var errors = call.Reply.ErrorCount;
        waiter.WriteEnd(call.Reply);
        Count(call, command, hasFailed: call.Reply.ErrorCount != errors);

        // What it has sent behind this was meant for a master.
        if (waiter.End == WaitEnd.RoleChanged) call.Session.CloseAfterReply = true;
    }

    /// <summary>The gate needs the stripes, the handler wants to be without: it opens scopes of its own.</summary>
    private DispatchOutcome ExecuteInParts(CommandContext call, Command command, in LockPlan plan)
    {
        call.TouchesEverything = false;
        using (Open(call, plan))
        {
            var outcome = PassGateAndRun(call, command, runs: false);
            if (outcome != DispatchOutcome.Admitted) return outcome;
        }

        var before = (call.Reply.Length, call.Reply.ErrorCount);
        var persistence = _node.Persistence;
        var loads = persistence.Loads;
        call.HasSeenClaim = false;
        Run(call, command);
        call.Session.HasRun = true;
        const CommandFlags KeyWalk = CommandFlags.ReadOnly | CommandFlags.Loading;
        if ((command.Flags & KeyWalk) == CommandFlags.ReadOnly && (persistence.IsLoading || persistence.Loads != loads))
        {
            // A load has begun in the middle of it: it may have seen a part of the data set.
            call.Reply.Truncate(before.Length);
            _gates.Refuse(call, command, ErrorReplies.Loading);
            return DispatchOutcome.Done;
        }

        if (!call.HasSeenClaim || (command.Flags & CommandFlags.ReadOnly) == 0 || call.Reply.ErrorCount != before.ErrorCount)
            return DispatchOutcome.Done;

        // It has read a key that is about to be taken by who waited for it: it comes back when that has happened.
        call.Reply.Truncate(before.Length);
        call.Stats.Commands--;
        call.Stats.PerCommand[command.Ordinal].Calls--;
        call.Session.Encounters++;
        call.Session.HeldBy = HoldReason.Keys;
        return DispatchOutcome.Held;
    }

    private DispatchOutcome PassGateAndRun(CommandContext call, Command command, bool runs)
    {
        var session = call.Session;
        var flags = command.Script == ScriptForm.None ? command.Flags : _node.Scripts.FlagsOf(command, call.Arguments);
        var (any, common) = (flags, flags);
        if (command.Executes && session.Transaction is { } executed)
        {
            any |= executed.AnyFlags;
            common &= executed.CommonFlags;
        }

        if (!_gates.PassUnderLocks(call, command, any, common, out var isHeld))
            return isHeld ? DispatchOutcome.Held : DispatchOutcome.Done;
        if (session.Transaction is { } queue && !command.RunsAtOnceInTransaction)
        {
            Queue(call, command, flags, queue);
            return DispatchOutcome.Done;
        }

        if (!runs) return DispatchOutcome.Admitted;
        call.Keys.Prefetch(call.Database);
        Run(call, command);
        session.HasRun = true;
        return call.TakeBlocked() ? DispatchOutcome.Blocked : DispatchOutcome.Done;
    }

    private void Queue(CommandContext call, Command command, CommandFlags flags, Transaction queue)
    {
        // What the master sends has been in its log: this node only passes it on.
        if (call.Session.Origin == ClientOrigin.Client && !queue.Fits(call.Arguments))
        {
            _gates.Refuse(call, command, ErrorReplies.TransactionTooLong);
            return;
        }

        queue.Add(command, flags, call.Arguments);
        call.Reply.Simple("QUEUED"u8);
    }

    /// <summary>Runs a handler, and sees to its counters and effects.</summary>
    private void Run(CommandContext call, Command command)
    {
        if (!ReferenceEquals(call.Command, command)) call.Command = command;
        call.Timer.Count(command);
        call.Session.Hidden.Clear();
        var isShown = _node.Monitors.IsInUse && call.Session.Waiter is null; // who waited was shown before
        call.Begin();
        command.Handler!(call);
        var hasFailed = call.End();
        if (call.Session.Tracking is { } tracked) _node.Tracking.Remember(call, command, tracked);
        if (isShown) _node.Monitors.Show(call, command);
        if (call.HasBlocked)
        {
            call.Timer.NoteBlocked();
            return; // counted when it is served, or its wait ends
        }

        if (call.Session.Suspension is null) call.Timer.NoteEnd();
        else NoteSuspended(call, command);
        if (!call.Session.NeedsEverything) Count(call, command, hasFailed);
    }

    /// <summary>What a command waits for counts as its time, unless it is there to wait, as in Redis.</summary>
    private static void NoteSuspended(CommandContext call, Command command)
    {
        if ((command.Flags & CommandFlags.Blocking) != 0) call.Timer.NoteBlocked();
        else call.Timer.PutOffEnd();
    }

    private void Count(CommandContext call, Command command, bool hasFailed)
    {
        var stats = call.Stats;
        stats.Commands++;
        ref var counters = ref stats.PerCommand[command.Ordinal];
        counters.Calls++;
        if (!hasFailed) return;
        counters.Failed++;
        _basics.Stats.CountError(call.Reply.LastErrorCode);
    }

    /// <summary>Appends the effects of a scope to the log. With its stripes held.</summary>
    private void Append(CommandContext call)
    {
        var effects = call.Effects;
        var isTransaction = effects.Count > 1 && call.Session.Origin != ClientOrigin.Internal;
        call.Session.LastWriteOffset = _node.Replication.Log.Append(effects, isTransaction);
        effects.Clear();
    }

    private DispatchOutcome RefuseUnknown(CommandContext call)
    {
        call.Session.LastCommand = null;
        _gates.Refuse(call, (Command?)_table.FindNamed(call.Arguments), Encoding.Latin1.GetBytes(_table.Explain(call.Arguments)));
        if (call.Guard is not { } guard || call.Session.Transaction is not null) return DispatchOutcome.Done;

        // Its bytes are part of the master's stream all the same.
        using (Open(call, LockPlan.Slot(0)))
            if (guard.Admit()) guard.Append();
        return DispatchOutcome.Done;
    }

    private bool IsLogged(CommandContext call)
    {
        var replication = _node.Replication;
        return replication.Log.IsActive && call.Session.Origin != ClientOrigin.Master && !replication.IsReplica;
    }
}
