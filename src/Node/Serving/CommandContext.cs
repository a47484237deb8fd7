using System.Buffers.Text;
using System.Diagnostics;
using Starling.Node.Expiry;
using Starling.Resp;
using Starling.Slots;
using Starling.Slots.Keyspace;

namespace Starling.Node.Serving;

/// <summary>
/// What a handler works with: arguments, keyspace, reply, and the declarations of what it did. One per session, reused
/// from command to command; nothing in it may be kept beyond the handler.
/// </summary>
public sealed class CommandContext
{
    private long _changes;
    private bool _hasOwnEffects;
    private bool _isSuppressed;
    private bool _isRunning;
    private ArgumentList _arguments = new();
    private int _keyPosition; // of the key whose slot and hash are known; 0 for none
    private KeyPlace _keyPlace;
    private Command? _timedCommand;
    private long _timedSince;

    /// <summary>Makes the context of a session.</summary>
    public CommandContext(NodeServer server, ClientSession session, RespWriter reply)
    {
        Server = server;
        Session = session;
        Reply = reply;
        Keys = new CommandKeys(server.Keyspace);
        Stats = server.Stats.Own;
    }

    /// <summary>The server.</summary>
    public NodeServer Server { get; }

    /// <summary>Who called.</summary>
    public ClientSession Session { get; }

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
        }
    }

    /// <summary>Number of arguments, the command's name included.</summary>
    public int Count => Arguments.Count;

    /// <summary>
    /// The time of this command in milliseconds of Unix time; the same throughout a command and throughout EXEC.
    /// </summary>
    public long Now { get; internal set; }

    /// <summary>The selected database.</summary>
    public Database Database => Server.Keyspace[Session.DatabaseIndex];

    /// <summary>The keyspace.</summary>
    public Keyspace Keyspace => Server.Keyspace;

    /// <summary>Seconds modulo 2^24: what <see cref="Database.SetString"/> wants as access clock.</summary>
    public uint AccessClock => (uint)(Now / 1000) & 0xFFFFFF;

    /// <summary>
    /// False where a client cannot be held back: inside EXEC, and for commands that no connection sent. A command that
    /// would block then answers at once, as if its time were up.
    /// </summary>
    public bool MayBlock => !IsInExec && Session.Connection is not null;

    /// <summary>The handler runs inside EXEC.</summary>
    public bool IsInExec { get; internal set; }

    /// <summary>
    /// Counts the time of a command of this row from now on. Commands of one row in succession share one look at the
    /// clock.
    /// </summary>
    internal void CountTimeOf(Command command)
    {
        if (ReferenceEquals(command, _timedCommand)) return;
        var now = Stopwatch.GetTimestamp();
        if (_timedCommand is { } before) Stats.PerCommand[before.Ordinal].Ticks += now - _timedSince;
        _timedCommand = command;
        _timedSince = now;
    }

    /// <summary>Stops counting time.</summary>
    internal void EndTime()
    {
        if (_timedCommand is not { } command) return;
        Stats.PerCommand[command.Ordinal].Ticks += Stopwatch.GetTimestamp() - _timedSince;
        _timedCommand = null;
    }

    /// <summary>The counters of the thread that executes.</summary>
    internal StatsCell Stats { get; set; }

    /// <summary>The keys of the command; filled by the dispatcher.</summary>
    internal CommandKeys Keys { get; }

    /// <summary>What goes to the replication log.</summary>
    internal EffectBuffer Effects { get; } = new();

    /// <summary>Effects of this call are recorded.</summary>
    internal bool IsLogged { get; private set; }

    /// <summary>One argument; aliases the receive buffer.</summary>
    public ReadOnlySpan<byte> this[int index] => Arguments[index];

    /// <summary>The key at an argument position, with slot and hash.</summary>
    public Key Key(int index)
    {
        var keyspace = Server.Keyspace;
        return index == _keyPosition ? keyspace.Key(_arguments[index], _keyPlace) : keyspace.Key(_arguments[index]);
    }

    /// <summary>
    /// Finds a key for reading. An expired key is absent: on a master it is deleted and its DEL goes to the log; on a
    /// replica it stays until the master's DEL comes. Counts keyspace hits and misses and stamps the access clock
    /// (unless CLIENT NO-TOUCH).
    /// </summary>
    public bool TryRead(in Key key, out Entry entry)
    {
        if (!TryPeek(key, out entry)) return false;
        if (!Session.NoTouch) Database.Touch(entry, AccessClock);
        return true;
    }

    /// <summary>
    /// As <see cref="TryRead(in Key, out Entry)"/>, but leaves the access clock alone: for what only looks at a key
    /// (TTL, TYPE, OBJECT).
    /// </summary>
    public bool TryPeek(in Key key, out Entry entry)
    {
        var database = Database;
        if (database.TryFind(key, out entry)
            && (!HasExpired(entry) || IsKeptThoughExpired(database, key, forWrite: false)))
        {
            Stats.KeyspaceHits++;
            return true;
        }

        entry = default;
        Stats.KeyspaceMisses++;
        return false;
    }

    /// <summary>
    /// Finds a key for changing it; as <see cref="TryRead(in Key, out Entry)"/> without the counting of hits and
    /// misses.
    /// </summary>
    public bool TryWrite(in Key key, out Entry entry) => TryWrite(Database, key, out entry);

    /// <summary>As <see cref="TryWrite(in Key, out Entry)"/>, in another database.</summary>
    public bool TryWrite(Database database, in Key key, out Entry entry)
    {
        if (database.TryFind(key, out entry)
            && (!HasExpired(entry) || IsKeptThoughExpired(database, key, forWrite: true)))
        {
            if (!Session.NoTouch || Command.Name == "touch") database.Touch(entry, AccessClock);
            return true;
        }

        entry = default;
        return false;
    }

    /// <summary>
    /// Declares that a key of the selected database changed: counts it for save points, fails the transactions that
    /// watch it, and makes the command go to the replication log as it was called, unless <see cref="BeginEffect"/> or
    /// <see cref="SuppressEffect"/> say otherwise.
    /// </summary>
    public void Changed(in Key key) => Changed(Database, key);

    /// <summary>As <see cref="Changed(in Key)"/>, in another database.</summary>
    public void Changed(Database database, in Key key)
    {
        _changes++;
        if (Server.Watches.IsInUse) Server.Watches.Touch(database.Index, key.Bytes);
        if (Session.Origin == ClientOrigin.Client && Server.Replication.IsReplica) Server.ReplicaExpiry.Note(database, key);
    }

    /// <summary>
    /// Declares that whole databases changed (FLUSHALL, SWAPDB): counts <paramref name="changes"/> and fails the
    /// transactions that watch keys of <paramref name="database"/> (every database when null) that were there before or
    /// are there now. Under every stripe, after the change; for SWAPDB once for each of the two.
    /// </summary>
    public void ChangedAll(Database? database, long changes)
    {
        _changes += changes;
        if (!Server.Watches.IsInUse) return;
        for (var i = 0; i < Keyspace.DatabaseCount; i++)
            if (database is null || database.Index == i) Server.Watches.TouchAll(i, Keyspace, Now);
    }

    /// <summary>
    /// Begins a command that goes to the replication log instead of the call itself. May be called several times; the
    /// effects go out together (in MULTI/EXEC when there are several). Deterministic: absolute times, no randomness.
    /// </summary>
    /// <param name="argumentCount">Number of arguments, the name included; that many calls of
    /// <see cref="EffectArgument(ReadOnlySpan{byte})"/> follow.</param>
    public void BeginEffect(int argumentCount)
    {
        _hasOwnEffects = true;
        if (IsLogged) Effects.Begin(Session.DatabaseIndex, argumentCount);
    }

    /// <summary>One argument of the effect begun last.</summary>
    public void EffectArgument(ReadOnlySpan<byte> argument)
    {
        if (IsLogged) Effects.Argument(argument);
    }

    /// <summary>One argument of the effect begun last, as decimal digits.</summary>
    public void EffectArgument(long argument)
    {
        if (!IsLogged) return;
        Span<byte> digits = stackalloc byte[20];
        Utf8Formatter.TryFormat(argument, digits, out var length);
        Effects.Argument(digits[..length]);
    }

    /// <summary>Nothing of this call goes to the replication log.</summary>
    public void SuppressEffect() => _isSuppressed = true;

    /// <summary>
    /// Holds back the client: its next commands wait until the suspension ends. The handler has written no reply;
    /// whoever ends it does. Where
    /// <see cref="MayBlock"/> is false it ends at once, timed out.
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

    /// <summary>Makes a command that was read ahead the current one.</summary>
    internal void Load(PendingCommand pending)
    {
        _arguments = pending.Arguments;
        _keyPosition = pending.KeyPosition;
        _keyPlace = pending.KeyPlace;
    }

    /// <summary>The slot of the one key, at a position; computes its place once for the gate and the handler.</summary>
    internal int PlaceKey(int position)
    {
        if (position != _keyPosition)
        {
            _keyPosition = position;
            _keyPlace = Server.Keyspace.Key(_arguments[position]).Place;
        }

        return _keyPlace.Slot;
    }

    /// <summary>
    /// True while a command runs that may have changed the data set, until its effects are in the log: should it fail
    /// now, the change might never reach the replicas.
    /// </summary>
    internal bool MayHaveChanged =>
        (_isRunning && (_changes > 0 || (Command.Flags & (CommandFlags.Write | CommandFlags.MayReplicate)) != 0))
        || (Effects.Count > 0 && !IsInExec); // not yet in the log

    /// <summary>Prepares for a call.</summary>
    internal void Begin(bool isLogged)
    {
        _isRunning = true;
        _changes = 0;
        _hasOwnEffects = false;
        _isSuppressed = false;
        IsLogged = isLogged;
    }

    /// <summary>
    /// Ends a call: adds the call itself to the effects when it goes to the log as it is, and counts the changes.
    /// </summary>
    internal void End(int database)
    {
        if (_changes == 0) return;
        Server.Persistence.CountChanges(_changes);
        if (IsLogged && !_hasOwnEffects && !_isSuppressed) Effects.Call(database, Arguments);
    }

    /// <summary>The call is over, and its effects are where they belong.</summary>
    internal void Leave() => _isRunning = false;

    private bool HasExpired(in Entry entry) => KeyExpiry.IsExpired(entry, Now);

    /// <summary>What becomes of an expired key; true when this caller still sees it.</summary>
    private bool IsKeptThoughExpired(Database database, in Key key, bool forWrite)
    {
        if (Session.Origin == ClientOrigin.Master) return true; // the master decides, by its DEL
        if (Server.Replication.IsReplica && !(forWrite && !Server.Config.ReplicaReadOnly)) return false;
        if (Server.Clients.IsPaused(Now)) return false;
        Invariant.That(database.Remove(key));
        Server.Expiry.Count(1);
        if (Server.Watches.IsInUse) Server.Watches.TouchExpired(database.Index, key.Bytes);
        if (!IsLogged) return false;
        Effects.Begin(database.Index, 2);
        Effects.Argument("DEL"u8);
        Effects.Argument(key.Bytes);
        return false;
    }
}
