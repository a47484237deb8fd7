using Starling.Node.Eviction;
using Starling.Node.Execution;
using Starling.Node.Expiry;
using Starling.Resp;
using Starling.Slots;
using Starling.Slots.Keyspace;

namespace Starling.Node.Serving;

/// <summary>
/// What a handler works with: arguments, keyspace, reply, and the declarations of what it did. One per session, reused
/// from command to command; nothing in it may be kept beyond the handler.
/// </summary>
public sealed class CommandContext : IEmptiedKeys
{
    private long _changes;
    private readonly WakeList _wakes;
    private bool _isBlocked;
    private bool _hasEmptied; // a key has gone with its last element, and the change that did it is not declared yet
    private KeyPlace _emptied; // that key's
    private bool _hasOwnEffects;
    private bool _isSuppressed;
    private bool _isRunning;
    private int _database; // selected when the handler began
    private long _errorsBefore; // errors that are not the running handler's own
    private LockPlan _plan;
    private ArgumentList _arguments = new();
    private int _keyPosition; // of the key whose slot and hash are known; 0 for none
    private KeyPlace _keyPlace;
    private KeyPlace _secondPlace; // of the key behind it, if that is known
    private bool _hasTwoKeys;
    private RandomSequence _random;

    /// <summary>Makes the context of a session.</summary>
    internal CommandContext(NodeParts node, NodeSession session, RespWriter reply)
    {
        Node = node;
        Session = session;
        Reply = reply;
        Keys = new CommandKeys(node.Keyspace);
        _wakes = new WakeList(node.Waiters, node.Clients);
        Timer = new CommandTimer(this, node.CommandWatch);
        Events = new ScopeEvents(node.KeyEvents, node.Publisher, node.Tracking, session);
        Stats = node.Stats.Own;
    }

    /// <summary>The parts of the node that commands work with.</summary>
    internal NodeParts Node { get; }

    /// <summary>Who called.</summary>
    public NodeSession Session { get; }

    /// <summary>Gets the reply; a handler writes exactly one.</summary>
    public RespWriter Reply { get; }

    /// <summary>The row of the command (of the subcommand, if it has one).</summary>
    public Command Command { get; internal set; } = null!;

    /// <summary>The arguments, the command's name first.</summary>
    public ArgumentList Arguments
    {
        get => _arguments;
        internal set
        {
            _arguments = value;
            _keyPosition = 0;
            _hasTwoKeys = false;
        }
    }

    /// <summary>Number of arguments, the command's name included.</summary>
    public int Count => Arguments.Count;

    /// <summary>The time of this command in milliseconds of Unix time; the same throughout EXEC.</summary>
    public long Now { get; internal set; }

    /// <summary>The selected database.</summary>
    public Database Database => Node.Keyspace[Session.DatabaseIndex];

    /// <summary>The keyspace.</summary>
    public Keyspace Keyspace => Node.Keyspace;

    /// <summary>What <see cref="Database.SetString"/> and its like want as access clock (<see cref="AccessTracking"/>).</summary>
    public uint AccessClock => Node.Access.ClockOfNew(Now);

    /// <summary>
    /// False where a client cannot be held back: inside EXEC, and for commands that no connection sent. A command that
    /// would block then answers at once, as if its time were up.
    /// </summary>
    public bool MayBlock => !IsInExec && Session.Connection is not null;

    /// <summary>The handler runs inside EXEC.</summary>
    public bool IsInExec { get; internal set; }

    /// <summary>Counts the time of commands.</summary>
    internal CommandTimer Timer { get; }

    /// <summary>The counters of the thread that executes.</summary>
    internal StatsCell Stats { get; set; }

    /// <summary>A random number, every one as likely, of a sequence of the session's own; not for secrets.</summary>
    public ulong NextRandom() => _random.Next();

    /// <summary>The keys of the command; filled by the executor.</summary>
    internal CommandKeys Keys { get; }

    /// <summary>The keyspace events of this scope.</summary>
    internal ScopeEvents Events { get; }

    /// <summary>What goes to the replication log.</summary>
    internal EffectBuffer Effects { get; } = new();

    /// <summary>Effects of this call are recorded.</summary>
    internal bool IsLogged { get; private set; }

    /// <summary>One argument; aliases the receive buffer.</summary>
    public ReadOnlySpan<byte> this[int index] => Arguments[index];

    /// <summary>The key at an argument position, with slot and hash.</summary>
    public Key Key(int index)
    {
        // One key is made, in one place: a copy of what was just written in parts makes the processor wait.
        return Node.Keyspace.Key(_arguments[index], index == _keyPosition ? _keyPlace : PlaceOf(index));
    }

    private KeyPlace PlaceOf(int index) =>
        _hasTwoKeys && index == _keyPosition + 1 ? _secondPlace
        : Keys.TryPlace(_arguments, index, out var place) ? place : Node.Keyspace.Key(_arguments[index]).Place;

    /// <summary>Opens a part of a command that takes its locks itself: a slot's stripe, until it is disposed.</summary>
    public ExecutionScope Part(int slot) => Node.Executor.Open(this, LockPlan.Slot(slot));

    /// <summary>As <see cref="Part"/>, with every stripe.</summary>
    public ExecutionScope Whole() => Node.Executor.Open(this, LockPlan.All);

    /// <summary>
    /// Finds a key for reading. An expired key is absent: on a master it is deleted and its DEL goes to the log; on a
    /// replica it stays until the master's DEL comes. Counts keyspace hits and misses and stamps the access clock
    /// (unless CLIENT NO-TOUCH).
    /// </summary>
    public bool TryRead(in Key key, out Entry entry)
    {
        if (!TryPeek(key, out entry)) return false;
        if (!Session.NoTouch) Touch(Database, entry);
        return true;
    }

    /// <summary>
    /// As <see cref="TryRead(in Key, out Entry)"/>, but leaves the access clock alone: for what only looks at a key
    /// (TTL, TYPE, OBJECT). Without <paramref name="tellsMiss"/> nobody hears that it is not there.
    /// </summary>
    public bool TryPeek(in Key key, out Entry entry, bool tellsMiss = true)
    {
        var database = Database;
        Require(key);
        if (database.TryFind(key, out entry)
            && (!HasExpired(entry) || IsKeptThoughExpired(database, key, forWrite: false)))
        {
            Stats.KeyspaceHits++;
            return true;
        }

        entry = default;
        Stats.KeyspaceMisses++;
        if (tellsMiss) Events.Note(database, key, KeyEvent.Miss);
        return false;
    }

    /// <summary>False when no key of the slot of a key can have expired: looking it up first tells nothing new.</summary>
    public bool MayHaveExpired(in Key key) => Database.EarliestExpiryInSlot(key.Slot) < Now;

    /// <summary>
    /// Finds a key for changing it; as <see cref="TryRead(in Key, out Entry)"/> without the counting of hits and
    /// misses.
    /// </summary>
    public bool TryWrite(in Key key, out Entry entry) => TryWrite(Database, key, out entry);

    /// <summary>As <see cref="TryWrite(in Key, out Entry)"/>, in another database.</summary>
    public bool TryWrite(Database database, in Key key, out Entry entry)
    {
        Require(key);
        if (database.TryFind(key, out entry)
            && (!HasExpired(entry) || IsKeptThoughExpired(database, key, forWrite: true)))
        {
            if (!Session.NoTouch) Touch(database, entry);
            return true;
        }

        entry = default;
        return false;
    }

    /// <summary>Notes that a key was accessed, whatever CLIENT NO-TOUCH says.</summary>
    public void Touch(Database database, in Entry entry)
    {
        var access = Node.Access;
        database.Touch(
            entry, access.CountsFrequency ? access.Touched(entry.AccessClock, Now, NextRandom()) : AccessTracking.Seconds(Now));
    }

    /// <summary>
    /// Declares that a key of the selected database changed, once for each key and event, after the change: counts it for
    /// save points, fails the transactions that watch it, records the keyspace event, and makes the command go to the
    /// replication log as it was called, unless <see cref="BeginEffect"/> or
    /// <see cref="SuppressEffect"/> say otherwise.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="what">What happened.</param>
    /// <param name="count">How many changes that is for save points: elements that were added, say.</param>
    public void Changed(in Key key, KeyEvent what, long count = 1) => Changed(Database, key, what, count);

    /// <summary>As <see cref="Changed(in Key, KeyEvent, long)"/>, in another database.</summary>
    public void Changed(Database database, in Key key, KeyEvent what, long count = 1)
    {
        Declare(database, key, what, count, isExpiry: false);
        if (!_hasEmptied) return;
        Invariant.That(_emptied.Slot == key.Slot && _emptied.Hash == key.Hash);
        _hasEmptied = false;
        Events.Note(database, key, KeyEvent.Del);
    }

    /// <summary>
    /// Records one more keyspace event of a key whose change was declared: SET with an expiry is "set" and "expire".
    /// </summary>
    public void Note(in Key key, KeyEvent what) => Events.Note(Database, key, what);

    /// <summary>
    /// Deletes a key and declares it: the way in which a key goes, but for whole databases (<see cref="DeleteAll"/>) and
    /// for a value that another one replaces. What a reason means is said by <see cref="DeleteReason"/>.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="reason">Why.</param>
    /// <param name="lazily">Leaves more of a large value to be freed in the background (UNLINK), whatever the
    /// configuration says.</param>
    /// <returns>False when there was no such key.</returns>
    public bool Delete(in Key key, DeleteReason reason, bool lazily = false) => Delete(Database, key, reason, lazily);

    /// <summary>As <see cref="Delete(in Key, DeleteReason, bool)"/>, in another database.</summary>
    public bool Delete(Database database, in Key key, DeleteReason reason, bool lazily = false)
    {
        Require(key);
        lazily |= Node.Freeing.IsLazy(reason);
        if (!database.Remove(key, lazily)) return false;

        // Even a handler that only reads has changed something now, by an expired key say: should its reply find no room,
        // that is to reach the log all the same, and the reply is what is dropped.
        Reply.MayLose |= _isRunning;
        switch (reason)
        {
            case DeleteReason.Command:
                Changed(database, key, KeyEvent.Del);
                break;
            case DeleteReason.Expired:
                Node.Expiry.Count(1);
                Declare(database, key, KeyEvent.Expired, count: 0, isExpiry: true);
                if (IsLogged) Effects.Delete(database.Index, key.Bytes, lazily);
                break;
            case DeleteReason.Evicted:
                Declare(database, key, KeyEvent.Evicted, count: 0, isExpiry: false);
                if (IsLogged) Effects.Delete(database.Index, key.Bytes, lazily);
                break;
            case DeleteReason.ExpiredByCommand or DeleteReason.ReplacedByExpired or DeleteReason.Migrated or DeleteReason.SlotLost:
                Changed(database, key, KeyEvent.Del);
                _hasOwnEffects = true;
                lazily &= reason != DeleteReason.Migrated;
                if (IsLogged) Effects.Delete(database.Index, key.Bytes, lazily);
                break;
            case DeleteReason.Emptied:
                Invariant.That(!_hasEmptied);
                (_hasEmptied, _emptied) = (true, key.Place);
                break;
            default:
                Invariant.Broken("a single key is deleted for a reason of whole databases");
                break;
        }

        return true;
    }

    /// <summary>
    /// Says that a key is not there which replicas may have: one of the file that was loaded which had expired. Its deletion goes
    /// to the log as <see cref="DeleteReason.Expired"/> has it; here nothing changes.
    /// </summary>
    internal void NoteAbsent(Database database, in Key key)
    {
        Require(key);
        if (IsLogged) Effects.Delete(database.Index, key.Bytes, Node.Freeing.IsLazy(DeleteReason.Expired));
    }

    /// <summary>
    /// Deletes every key of a database and declares it: fails the transactions that watch keys which were there. Under
    /// every stripe.
    /// </summary>
    /// <param name="database">The database.</param>
    /// <param name="reason">Why: <see cref="DeleteReason.Flushed"/> or <see cref="DeleteReason.Replaced"/>.</param>
    /// <param name="lazily">Whether the keys count as freed in the background.</param>
    /// <returns>How many keys there were.</returns>
    public long DeleteAll(Database database, DeleteReason reason, bool lazily)
    {
        Invariant.That(HoldsEverything && reason is DeleteReason.Flushed or DeleteReason.Replaced);
        var removed = database.Count;
        database.Clear(lazily);
        if (reason == DeleteReason.Flushed) _changes += removed;
        DeclareAll(database, isEmptied: true);
        return removed;
    }

    /// <summary>
    /// Exchanges two databases, by their indexes, and declares it: counts one change, and fails the transactions that watch
    /// keys of either which were there or are there now. Under every stripe. A database exchanged with itself is a change
    /// that touches nothing, as in Redis.
    /// </summary>
    public void Swap(int first, int second)
    {
        Invariant.That(HoldsEverything);
        _changes++;
        if (first == second) return;
        Keyspace.Swap(first, second);
        DeclareAll(Keyspace[first], isEmptied: false);
        DeclareAll(Keyspace[second], isEmptied: false);
    }

    /// <summary>A value has lost its last element.</summary>
    void IEmptiedKeys.Delete(Database database, scoped in Key key) =>
        Invariant.That(Delete(database, key, DeleteReason.Emptied));

    /// <summary>
    /// Begins a command that goes to the replication log instead of the call itself: add its arguments, the command's name
    /// first, then dispose it, before anything else is declared. May be called several times; the effects go out together (in
    /// MULTI/EXEC when there are several). Deterministic: absolute times, no randomness.
    /// </summary>
    public EffectBuilder BeginEffect()
    {
        _hasOwnEffects = true;
        return new EffectBuilder(IsLogged ? Effects : null, Session.DatabaseIndex);
    }

    /// <summary>As <see cref="BeginEffect"/>, of what happens beside the command, which goes to the log itself.</summary>
    internal EffectBuilder BeginSideEffect(Database database) => new(IsLogged ? Effects : null, database.Index);

    /// <summary>Nothing of this call goes to the replication log.</summary>
    public void SuppressEffect() => _isSuppressed = true;

    /// <summary>
    /// Holds back the client: its next commands wait until the suspension ends. The handler has written no reply;
    /// whoever ends it does. Where <see cref="MayBlock"/> is false it ends at once, timed out.
    /// </summary>
    /// <param name="deadline">Milliseconds of Unix time after which it ends by itself; 0 for never.</param>
    /// <param name="onEnd">Writes the reply; called once, on any thread, under no stripe.</param>
    public Suspension Suspend(long deadline, Action<RespWriter, SuspensionEnd> onEnd)
    {
        if (!MayBlock)
        {
            onEnd(Reply, SuspensionEnd.TimedOut);
            return Suspension.Ended;
        }

        var suspension = new Suspension(Session.Connection!, onEnd);
        Session.Suspension = suspension;
        if (deadline != 0) suspension.SetDeadline(deadline - Now);
        return suspension;
    }

    /// <summary>
    /// The handler found none of its keys ready: the client waits, first come first served, and the command runs again as a
    /// whole when one of them is. The handler has changed nothing and written no reply. Where <see cref="MayBlock"/> is
    /// false it ends at once, as if its time were up.
    /// </summary>
    /// <param name="firstKey">Position of the first key; the keys follow each other.</param>
    /// <param name="keyCount">How many there are, at least one.</param>
    /// <param name="deadline">Milliseconds of Unix time after which the wait ends; 0 for never.</param>
    /// <param name="isReady">What the value of a key must be for the command to do something.</param>
    /// <param name="onTimeout">Writes the reply when the time is up. On the client's thread.</param>
    /// <param name="whenGone">The command has something to say when a key goes, too.</param>
    /// <param name="state">What the command wants to know when it runs again: <see cref="KeyWaiter.State"/>.</param>
    public void BlockOn(
        int firstKey, int keyCount, long deadline, KeyReadiness isReady, Action<RespWriter> onTimeout, bool whenGone = false, object? state = null)
    {
        if (!MayBlock)
        {
            onTimeout(Reply);
            return;
        }

        if (Session.Waiter is { } again)
        {
            // Woken in vain: it keeps its place in line, and its deadline.
            if (again.Deadline != 0 && again.Deadline <= Now)
            {
                onTimeout(Reply);
                return;
            }

            _wakes.HandOn(Node.Waiters.WaitOn(again), behind: again);
            again.RenewTimer(Now);
            _isBlocked = true;
            return;
        }

        var waiter = KeyWaiter.Of(this, firstKey, keyCount, isReady, onTimeout, whenGone, state);
        Session.Waiter = waiter;
        Node.Waiters.Add(waiter);
        waiter.EndAt(deadline, Now);
        _isBlocked = true;
    }

    /// <summary>True when the handler that ran last has blocked its client; asked once.</summary>
    internal bool TakeBlocked()
    {
        (var isBlocked, _isBlocked) = (_isBlocked, false);
        return isBlocked;
    }

    /// <summary>
    /// What a client was woken for is free for others: a pause holds the client back, and must not hold back who only reads
    /// the key. Under the stripes of its keys, in this scope.
    /// </summary>
    internal void GiveUpClaim(KeyWaiter waiter)
    {
        if (waiter.Claim is not null) _wakes.HandOn(Node.Waiters.WaitOn(waiter), behind: waiter);
    }

    /// <summary>Counts what was declared without a command. At the end of a scope.</summary>
    internal void CountRest()
    {
        if (_changes == 0 || _isRunning) return;
        Node.Persistence.CountChanges(_changes);
        _changes = 0;
    }

    /// <summary>A client waits no more. Under the stripes of its keys, in this scope.</summary>
    internal void Forget(KeyWaiter waiter) => _wakes.HandOn(Node.Waiters.Remove(waiter), behind: null);

    /// <summary>A waiting client's command has come again though it was not woken: whoever is first in line for its keys is
    /// served, itself or another. Under their stripes, in this scope.</summary>
    internal void LookAgain(KeyWaiter waiter)
    {
        foreach (var key in waiter.Keys) _wakes.Add(new ReadyKey(waiter.Database, key));
        waiter.RenewTimer(Now);
    }

    /// <summary>A key that somebody waits for is to be looked at when the scope closes. Under its stripe.</summary>
    internal void NoteReady(in ReadyKey key) => _wakes.Add(key);

    /// <summary>Finds out whom the changes of this scope wake. Under its stripes.</summary>
    internal void ServeWaiters() => _wakes.Serve(this);

    /// <summary>Resumes whom this scope has woken. Under no stripe.</summary>
    internal void ResumeWoken() => _wakes.Resume();

    /// <summary>What is to be done, under no stripe, when the open scope (of EXEC: all of it) has closed.</summary>
    internal Queue<Action> Afterwards { get; } = new();

    /// <summary>Makes a command that was read ahead the current one.</summary>
    internal void Load(ArgumentList arguments, in ResolvedCommand resolved)
    {
        _arguments = arguments;
        _keyPosition = resolved.KeyPosition;
        _keyPlace = resolved.KeyPlace;
        _hasTwoKeys = resolved.HasTwoKeys;
        if (_hasTwoKeys) _secondPlace = resolved.SecondPlace;
    }

    /// <summary>Puts the keys of the command into <see cref="Keys"/>, whose places may be known already.</summary>
    internal void CollectKeys(Command command)
    {
        if (_hasTwoKeys && _keyPosition == command.KeyPair) Keys.AddPair(_arguments, _keyPosition, _keyPlace, _secondPlace);
        else Keys.Add(command, _arguments);
    }

    /// <summary>The slot of the one key, at a position; computes its place once for the gate and the handler.</summary>
    internal int PlaceKey(int position)
    {
        if (position != _keyPosition)
        {
            _keyPosition = position;
            _hasTwoKeys = false;
            _keyPlace = Node.Keyspace.Key(_arguments[position]).Place;
        }

        return _keyPlace.Slot;
    }

    /// <summary>
    /// True while a command runs that may have changed the data set, until its effects are in the log: should it fail
    /// now, the change might never reach the replicas.
    /// </summary>
    internal bool MayHaveChanged => IsHalfDone || (Effects.Count > 0 && !IsInExec); // not yet in the log

    /// <summary>A handler runs that may have changed the data set; those that a script or transaction ran before it are done.</summary>
    internal bool IsHalfDone => _isRunning && (_changes > 0 || (WritesByItsRow && !HasChangedNothing));

    /// <summary>The handler has changed nothing yet, whatever its row says: should it find no memory now, nothing is half done.</summary>
    internal bool HasChangedNothing { get; set; }
    private bool WritesByItsRow => (Command.Flags & (CommandFlags.Write | CommandFlags.MayReplicate)) != 0;

    /// <summary>A scope is open: its stripes are held, and what is declared belongs to it.</summary>
    internal bool IsInScope { get; private set; }

    /// <summary>The command may touch every key, not only those that it names.</summary>
    internal bool TouchesEverything { get; set; }

    /// <summary>A part of the command has seen a key that is kept for a woken client.</summary>
    internal bool HasSeenClaim { get; set; }

    /// <summary>The scope that is open holds every stripe.</summary>
    internal bool HoldsEverything => IsInScope && _plan.IsAll;

    /// <summary>The handler that ran last has blocked its client.</summary>
    internal bool HasBlocked => _isBlocked;

    /// <summary>What is asked and told of a master's stream; null for every other call.</summary>
    internal IStreamGuard? Guard { get; set; }

    /// <summary>A scope was opened.</summary>
    internal void EnterScope(in LockPlan plan, bool isLogged)
    {
        _plan = plan;
        IsInScope = true;
        IsLogged = isLogged;
    }

    /// <summary>Says anew whether effects are recorded, in the middle of a scope.</summary>
    internal void RenewLogging(bool isLogged) => IsLogged = isLogged;

    /// <summary>The scope is closed, and its effects are in the log.</summary>
    internal void LeaveScope()
    {
        _plan = LockPlan.None;
        IsInScope = false;
        IsLogged = false;
    }

    /// <summary>Prepares for a handler.</summary>
    internal void Begin()
    {
        _isRunning = true;
        _changes = 0;
        (_hasOwnEffects, _isSuppressed, _hasEmptied, HasChangedNothing) = (false, false, false, false);
        Reply.MayLose = WritesByItsRow;
        _database = Session.DatabaseIndex;
        _errorsBefore = Reply.ErrorCount;
    }

    /// <summary>
    /// Ends a handler: counts its changes, and adds the call itself to the effects when it goes to the log as it is. True
    /// when it replied with an error (what EXEC ran counted each for itself).
    /// </summary>
    internal bool End()
    {
        (_isRunning, Reply.MayLose) = (false, false);
        Invariant.That(!_hasEmptied);
        var errors = Reply.ErrorCount;
        var hasFailed = errors != _errorsBefore;
        _errorsBefore = errors;
        if (_changes == 0) return hasFailed;
        Node.Persistence.CountChanges(_changes);
        _changes = 0;
        if (IsLogged && !_hasOwnEffects && !_isSuppressed) Effects.Call(_database, Arguments);
        return hasFailed;
    }

    /// <summary>A call that touches a key of a stripe that it does not hold stops the process.</summary>
    private void Require(in Key key) => Invariant.That(_plan.Covers(key.Slot));

    private bool HasExpired(in Entry entry) => KeyExpiry.IsExpired(entry, Now);

    /// <summary>What becomes of an expired key; true when this caller still sees it.</summary>
    private bool IsKeptThoughExpired(Database database, in Key key, bool forWrite)
    {
        if (Session.Origin == ClientOrigin.Master) return true; // the master decides, by its DEL
        if (Node.Persistence.IsLoading) return true; // nothing expires before it is all there
        if (Node.Replication.IsReplica && !(forWrite && !Node.Config.ReplicaReadOnly)) return false;
        if (Node.Clients.IsPaused(Now)) return false;
        Invariant.That(Delete(database, key, DeleteReason.Expired));
        return false;
    }

    /// <summary>The one place that hears of every change of a key: who is interested in changes is told here.</summary>
    private void Declare(Database database, in Key key, KeyEvent what, long count, bool isExpiry)
    {
        Require(key);
        _changes += count;
        if (what.Class == KeyEventClasses.None) return;
        if (Node.Watches.IsInUse) Node.Watches.Touch(database.Index, key.Bytes, isExpiry);
        if (!isExpiry && Session.Origin == ClientOrigin.Client && Node.Replication.IsReplica)
            Node.ReplicaExpiry.Note(database, key);
        Events.NoteChange(database, key, what, isExpiry);
        if (Node.Waiters.Count != 0 && Node.Waiters.IsAwaited(database.Index, key.Bytes))
            _wakes.Add(new ReadyKey(database.Index, key.Bytes.ToArray()));
    }

    /// <summary>As <see cref="Declare"/>, of a whole database.</summary>
    private void DeclareAll(Database database, bool isEmptied)
    {
        if (isEmptied) Events.NoteEmptied(database);
        if (Node.Waiters.Count != 0) _wakes.AddAll(database.Index, isEmptied);
        if (Node.Watches.IsInUse) Node.Watches.TouchAll(database.Index, isEmptied, Keyspace, Now);
    }
}
