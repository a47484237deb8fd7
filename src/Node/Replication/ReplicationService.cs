using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Starling.Node.Execution;
using Starling.Node.Freeing;
using Starling.Node.Persistence;
using Starling.Node.Serving;

namespace Starling.Node.Replication;

/// <summary>
/// The replication role of a node: master of its replicas, or replica of a master, or both (chained). Role changes take
/// every stripe, so that what runs under a stripe sees one role from beginning to end.
/// </summary>
public sealed class ReplicationService
{
    private readonly ILogger _logger;
    private readonly MasterSide _masterSide;
    private readonly Func<bool> _mayAsk;
    private readonly WriteAcknowledgements _acknowledgements;
    private volatile ReplicationHistory _history = ReplicationHistory.StartNew();
    private volatile MasterLink? _link;
    private MasterLink? _lastLink;
    private volatile bool _canContinue;
    private volatile bool _isDataIncomplete;
    private ReplicationPosition? _restored;
    private int _wantsAcknowledgements;
    private bool _hasStarted;

    /// <summary>Makes the service; a master with no replicas.</summary>
    /// <param name="basics">What the node stands on.</param>
    /// <param name="executor">Opens the scopes of role changes and full synchronisations.</param>
    /// <param name="persistence">Writes and loads snapshots.</param>
    /// <param name="shutdown">Waits for the replicas.</param>
    public ReplicationService(NodeBasics basics, Executor executor, PersistenceService persistence, ShutdownService shutdown)
    {
        (Basics, Executor, Persistence) = (basics, executor, persistence);
        _logger = basics.Loggers.CreateLogger("replication");
        Log = new ReplicationLog(basics.Config.ReplBacklogSize) { Dropped = basics.Buffers.NoteDropped };
        Replicas = new ReplicaSet();
        Waiters = new AcknowledgementWaiters(Replicas);
        Synchronizer = new FullSynchronizer(this, _logger);
        _masterSide = new MasterSide(this, shutdown, _logger);
        _mayAsk = MayAsk;
        _acknowledgements = new WriteAcknowledgements(Replicas, basics.Config, basics.Commits);
        new ReplicationInfo(this).Register(shutdown);
        persistence.PositionSource = Position;
        persistence.BeforeExpiredInFile = PrepareForExpired;
        basics.Cron.Every(TimeSpan.FromSeconds(1), _masterSide.EverySecond);
        basics.Cron.Every(TimeSpan.FromMilliseconds(100), _masterSide.EveryTenth);
        basics.Cron.AfterWork(Flush); // what periodic work appended
    }

    /// <summary>
    /// The link to the master came up or went down. Raised on the link's thread, under no lock; handlers are short.
    /// Added before the start.
    /// </summary>
    public event Action? LinkChanged;

    /// <summary>This node was a master and is none any more. Raised under no lock. Added before the start.</summary>
    public event Action? BecameReplica;

    /// <summary>
    /// A replica acknowledged an offset. Raised on that replica's thread, under no lock; handlers are short. Added
    /// before the start.
    /// </summary>
    public event Action? Acknowledged;

    /// <summary>The log.</summary>
    public ReplicationLog Log { get; }

    /// <summary>True while this node has a master.</summary>
    public bool IsReplica => _link is not null;

    /// <summary>True when the link to the master is up and synchronised.</summary>
    public bool IsLinkUp => _link is { State: MasterLinkState.Connected };

    /// <summary>True while a full synchronisation from the master is under way.</summary>
    public bool IsTransferring => _link is { State: MasterLinkState.Transfer };

    /// <summary>The master's name or address and port as they were given; null on a master.</summary>
    public (string Host, int Port)? Master => _link is { } link ? (link.Host, link.Port) : null;

    /// <summary>How far the link to the master is; null on a master.</summary>
    public MasterLinkState? LinkState => _link?.State;

    /// <summary>
    /// Offset of the data: the log's on a master, the processed offset of the master's stream on a replica; 0 on a
    /// replica whose data was given up for a full synchronisation that is not finished.
    /// </summary>
    public long Offset => _link is null || _canContinue ? Log.Offset : 0;

    /// <summary>
    /// When the last word came from the master while the link is up, or when it went down, by
    /// <see cref="NodeBasics.SteadyMilliseconds"/>; 0 when it never was up. The cluster computes the age of a replica's data from it.
    /// </summary>
    public long LastMasterContact => _link is { } link ? ContactOf(link) : 0;

    /// <summary>
    /// Replicas that are online and acknowledged within min-replicas-max-lag; at most a tenth of a second old.
    /// </summary>
    public int GoodReplicas => _masterSide.GoodReplicas;

    /// <summary>True when fewer replicas are online than have to acknowledge a write (write-acks).</summary>
    public bool LacksAcknowledgers => _acknowledgements.IsShort;

    /// <summary>Number of replicas, whatever their state.</summary>
    public int ReplicaCount => Replicas.Links.Length;

    /// <summary>The replication id of the data: master_replid.</summary>
    public string ReplicationId => _history.Id;

    internal NodeBasics Basics { get; }

    /// <summary>Opens the scopes of role changes and full synchronisations.</summary>
    internal Executor Executor { get; }

    /// <summary>Writes and loads snapshots.</summary>
    internal PersistenceService Persistence { get; }

    /// <summary>Time between attempts to reach a master that did not work: a second, as in Redis.</summary>
    internal TimeSpan RetryPeriod { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Number of times that the node became a replica or a master: whoever lets go of the stripes can tell whether the
    /// data is still what it was the master of. Under some stripe.
    /// </summary>
    internal long RoleChanges { get; private set; }

    internal ReplicaSet Replicas { get; }

    internal AcknowledgementWaiters Waiters { get; }

    internal FullSynchronizer Synchronizer { get; }

    internal ReplicationCounters Counters { get; } = new();

    internal ReplicationHistory History => _history;

    internal MasterLink? Link => _link;

    /// <summary>The master that is followed now; null on a master. Any thread.</summary>
    internal FollowedMaster? Followed => _link is not { } link
        ? null
        : new FollowedMaster(
            link.Host,
            link.Port,
            link.State == MasterLinkState.Connected,
            link.HasBeenUp,
            ContactOf(link),
            _isDataIncomplete);

    /// <summary>
    /// True when the data is that of the history at the log's offset, so that a master may be asked to go on from
    /// there.
    /// </summary>
    internal bool CanContinue => _canContinue;

    /// <summary>
    /// Takes up the history of the RDB file that was loaded at start, so that the node can go on from there, or others
    /// from it; then becomes the replica that the configuration says. After loading, before clients write and before
    /// <see cref="ReplicateFrom"/>.
    /// </summary>
    public void Start()
    {
        Restore();
        _hasStarted = true;
        if (Basics.Config.ReplicaOf is { } master && !Basics.Config.ClusterEnabled)
            Become(master.Host, master.Port, isFresh: _restored is null);
    }

    private void Restore()
    {
        if (Persistence.LoadedPosition is not { } position
            || position.ReplicationId.Length != ReplicationHistory.IdLength
            || position.Offset < 0)
        {
            // What expired while it was loaded is in no history that anybody could ask for.
            Log.Restart(offset: 0, database: -1);
            Log.FreeBacklog();
            return;
        }

        _restored = position;
        _history = new ReplicationHistory(ReplicationHistory.NewId(), position.ReplicationId, position.Offset + 1);
        if (Log.HasBacklog) Log.Rebase(position.Offset);
        else Log.Restart(position.Offset, database: -1);
        Replicas.EmptySince = Basics.NowMilliseconds;
    }

    /// <summary>
    /// A key of an RDB file was not loaded since it had expired: replicas that go on from the file's offset have it still, and
    /// get its DEL. At the start the log begins with these; where it continues is known when the file is loaded.
    /// </summary>
    private void PrepareForExpired()
    {
        if (!_hasStarted) Log.CreateBacklog();
    }

    /// <summary>Becomes a replica of a master, or of another one. Returns at once; takes every stripe itself.</summary>
    /// <returns>False when that is the master already: nothing changes then.</returns>
    public bool ReplicateFrom(string host, int port) => Become(host, port, isFresh: false);

    /// <param name="host">Name or address of the master.</param>
    /// <param name="port">Its port.</param>
    /// <param name="isFresh">The server has just started, and its data is of no history that a master may know.</param>
    private bool Become(string host, int port, bool isFresh)
    {
        MasterLink link;
        var wasMaster = false;
        using (Executor.Open(LockPlan.All))
        {
            using (Replicas.Membership.Enter())
            {
                var former = _link;
                if (former is { IsStopped: false } && former.Port == port
                    && string.Equals(former.Host, host, StringComparison.OrdinalIgnoreCase))
                    return false;
                wasMaster = former is null;
                if (wasMaster) ContinueAsReplica(isFresh);
                if (wasMaster) RoleChanges++;
                former?.Stop();
                link = new MasterLink(this, host, port, former ?? _lastLink, _logger);
                _link = link;
                _lastLink = link;
            }
        }

        if (wasMaster)
        {
            _acknowledgements.EndHistory();
            Waiters.EndAll();
            BecameReplica?.Invoke();
        }

        link.Start();
        return true;
    }

    /// <summary>
    /// Becomes a master: keeps the old replication id as second id. Takes every stripe itself. Does nothing on a
    /// master.
    /// </summary>
    public void Promote()
    {
        using (Executor.Open(LockPlan.All))
        {
            using (Replicas.Membership.Enter())
            {
                if (_link is not { } link) return;
                link.Stop();
                _link = null;
                RoleChanges++;
                _canContinue = false;
                _isDataIncomplete = false;
                _history = _history.Continue(ReplicationHistory.NewId(), Log.Offset);
                ReplicationMessages.HistoryShifted(_logger, _history.SecondId, _history.SecondOffset, _history.Id);
                Replicas.DisconnectAll(Basics.NowMilliseconds);
                Replicas.EmptySince = Basics.NowMilliseconds;
                Log.SetMirroring(false);
            }
        }
    }

    /// <summary>
    /// Gives up the link to the master and stays a replica with the data that it has, until <see cref="ReplicateFrom"/> or
    /// <see cref="Promote"/>. Takes every stripe itself; the rest of a snapshot may still be loaded. Nothing on a master.
    /// </summary>
    public void StopFollowing() => StopLink();

    /// <summary>
    /// DEBUG CHANGE-REPL-ID: a new replication id and no second one, so that no replica can go on partially.
    /// </summary>
    public void ChangeReplicationId()
    {
        using (Replicas.Membership.Enter()) _history = ReplicationHistory.StartNew();
    }

    /// <summary>
    /// Hands what has been appended by now to the replicas' sockets, as far as those take it. Called at the end of each
    /// round, before the replies leave, and by whoever else has appended; never with a stripe held. A look at a few
    /// numbers when there is nothing to do. Never blocks.
    /// </summary>
    public void Flush()
    {
        if (Volatile.Read(ref _wantsAcknowledgements) != 0) TryAsk();
        Replicas.Pump(Log.Offset);
    }

    /// <summary>
    /// Has every replica asked to acknowledge at once. Several requests before the next <see cref="Flush"/> are one.
    /// </summary>
    public void RequestAcknowledgements() => Volatile.Write(ref _wantsAcknowledgements, 1);

    /// <summary>
    /// Closes the connection to the master, which is made again at once (CLIENT KILL). False when there is none.
    /// </summary>
    /// <param name="remote">Only if the master's end is this, as CLIENT LIST writes addresses; null for any.</param>
    /// <param name="local">Only if this node's end is this; null for any.</param>
    public bool KillMasterConnection(string? remote, string? local) => _link?.Kill(remote, local) ?? false;

    /// <summary>
    /// On a node that was made a master: waits until the link that it gave up puts nothing into the keyspace any more. With
    /// no stripe held, not on an I/O thread.
    /// </summary>
    internal void WaitUntilQuiet()
    {
        if (!IsReplica) _lastLink?.WaitUntilQuiet();
    }

    /// <summary>Online replicas whose acknowledged offset is at least this.</summary>
    public int CountAcknowledged(long offset) => Replicas.CountAcked(offset);

    /// <summary>Ends the link to the master. Before the process ends; takes every stripe itself.</summary>
    public void Stop() => StopLink()?.Join(TimeSpan.FromSeconds(5));

    private MasterLink? StopLink()
    {
        using (Executor.Open(LockPlan.All))
        {
            _link?.Stop();
            return _link;
        }
    }

    internal MasterSide AsMaster => _masterSide;

    /// <summary>
    /// The moment of a snapshot for replicas, under every stripe and the membership lock, which is kept until those whom it is for
    /// are found: what comes after it in the stream begins with SELECT, and the position says what comes before.
    /// </summary>
    internal FullSyncStart BeginFullSync()
    {
        var cursor = Log.AttachForSnapshot(out var offset, out var database);
        return new FullSyncStart(new ReplicationPosition(_history.Id, offset, Math.Max(0, database)), cursor);
    }

    /// <summary>
    /// Tells a replica where its snapshot stands and keeps the stream from there on for it. Drops one that wants the
    /// stream when nothing keeps it. Whoever calls this owes the <see cref="ReplicaLink.Deliver"/> when no lock is held.
    /// </summary>
    /// <param name="link">The replica.</param>
    /// <param name="position">Where the snapshot stands.</param>
    /// <param name="moment">A cursor that stands there, to be cloned; null when there is none.</param>
    internal void SetUpFullSync(ReplicaLink link, ReplicationPosition position, LogCursor? moment)
    {
        if (!link.RdbOnly)
        {
            if (moment?.Clone() is not { } cursor)
            {
                Drop(link);
                return;
            }

            link.Attach(cursor);
        }

        if (link.IsPrePsync) return;
        link.Say(Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"+FULLRESYNC {position.ReplicationId} {position.Offset}\r\n")));
    }

    /// <summary>The replica has the snapshot and gets the stream from now on.</summary>
    internal void PutOnline(ReplicaLink link) => _masterSide.PutOnline(link);

    /// <summary>Closes a replica's connection and forgets it.</summary>
    internal void Drop(ReplicaLink link)
    {
        link.Transport.Close();
        OnReplicaGone(link);
    }

    /// <summary>A replica's connection is closed.</summary>
    internal void OnReplicaGone(ReplicaLink link)
    {
        var now = Basics.NowMilliseconds;
        if (!Replicas.Remove(link, now)) return;
        ReplicationMessages.ReplicaLost(_logger, link.Name);
        _masterSide.CountGood(now);
    }

    /// <summary>
    /// The master answered CONTINUE: goes on with its history. False when the link has been given up.
    /// </summary>
    internal bool TryContinue(MasterLink link, string? newId)
    {
        using (Executor.Open(LockPlan.All))
        {
            using (Replicas.Membership.Enter())
            {
                if (link.IsStopped) return false;
                if (newId is not null && !string.Equals(newId, _history.Id, StringComparison.Ordinal))
                {
                    MasterLinkMessages.IdChanged(_logger, newId);
                    _history = _history.Continue(newId, Log.Offset);

                    // They have to learn the new id, and come back for it.
                    Replicas.DisconnectAll(Basics.NowMilliseconds);
                }

                return true;
            }
        }
    }

    /// <summary>
    /// The snapshot is about to be loaded: gives up the old data and its history, and who depends on them. False when
    /// the link has been given up.
    /// </summary>
    internal bool TryBeginLoading(MasterLink link)
    {
        BackgroundFreeing freeing;
        using (var scope = Executor.Open(LockPlan.All))
        {
            freeing = scope.Call.Node.Freeing;
            using (Replicas.Membership.Enter())
            {
                if (link.IsStopped) return false;
                MasterLinkMessages.FlushingOldData(_logger);
                if (_canContinue) MasterLinkMessages.DiscardsCachedMaster(_logger);
                _canContinue = false;
                _isDataIncomplete = true;
                Replicas.DisconnectAll(Basics.NowMilliseconds);
                Log.FreeBacklog();
                Empty(scope.Call);
            }
        }

        // Room for the old data set and the new one at once is what replica-lazy-flush says there is.
        if (!Basics.Config.ReplicaLazyFlush) freeing.FreeAll();
        return true;
    }

    /// <summary>The snapshot could not be loaded: what was read of it goes.</summary>
    internal void AbandonLoading()
    {
        using var scope = Executor.Open(LockPlan.All);
        Empty(scope.Call);
    }

    /// <summary>
    /// What followed the loaded snapshot shows that it cannot be relied on: it goes, unless it is no master's any more.
    /// </summary>
    internal void AbandonLoaded(MasterLink link)
    {
        using (var scope = Persistence.OpenWhenLoaded(LockPlan.All))
        {
            if (!link.IsStopped) Empty(scope.Call);
        }
    }

    /// <summary>
    /// The snapshot is loaded: its history and offset are this node's now. False when the link has been given up.
    /// </summary>
    internal bool TryAdopt(MasterLink link, MasterAnswer answer, ReplicationPosition? position)
    {
        using (Executor.Open(LockPlan.All))
        {
            using (Replicas.Membership.Enter())
            {
                if (link.IsStopped) return false;
                _history = answer.Id is null ? ReplicationHistory.StartNew() : ReplicationHistory.Of(answer.Id);

                // One that came between the check of the link and the start of the load may have got half of the data.
                Replicas.DisconnectAll(Basics.NowMilliseconds);
                Log.Restart(Math.Max(0, answer.Offset), Math.Max(0, position?.StreamDatabase ?? 0));
                _canContinue = answer.Offset >= 0;
                _isDataIncomplete = false;
                return true;
            }
        }
    }

    /// <summary>The stream was not what a master sends: what this node has cannot be continued.</summary>
    internal void Discard(MasterLink link)
    {
        using (Executor.Open(LockPlan.All))
        {
            if (link.IsStopped || !_canContinue) return;
            MasterLinkMessages.DiscardsCachedMaster(_logger);
            _canContinue = false;
        }
    }

    internal void LogMasterMode(string client) => ReplicationMessages.MasterModeEnabled(_logger, client);

    internal void LogMasterModeByFailover(string client) => ReplicationMessages.MasterModeByFailover(_logger, client);

    internal void LogFailoverRequest(string id) => ReplicationMessages.FailoverRequested(_logger, id);

    internal void LogReplicaOf(string host, int port, string client) =>
        ReplicationMessages.ReplicaOfEnabled(_logger, host, port, client);

    internal void LogAlreadyConnected() => ReplicationMessages.AlreadyConnected(_logger);

    internal void LogWrongOffset(ReplicaLink link) => ReplicationMessages.WrongOffset(_logger, link.Name);

    internal void OnLinkChanged() => LinkChanged?.Invoke();

    internal void OnAcknowledged()
    {
        _acknowledgements.Update();
        Waiters.Check();
        Acknowledged?.Invoke();
    }

    /// <summary>
    /// The backlog begins: what was not logged before cannot be told apart, so the history is a new one. Under the
    /// membership lock.
    /// </summary>
    internal void BeginHistory()
    {
        _history = ReplicationHistory.StartNew();
        Log.CreateBacklog();
        ReplicationMessages.BacklogCreated(_logger, _history.Id, _history.SecondId);
    }

    /// <summary>
    /// The backlog ends, and with it what the replication id says of the data. Under the membership lock.
    /// </summary>
    internal void EndHistory()
    {
        // Without a backlog writes move no offset: the data may leave the loaded file's history unnoticed.
        _restored = null;
        _history = ReplicationHistory.StartNew();
        Log.FreeBacklog();
    }

    /// <summary>
    /// Appends what belongs to no command of a client (PING, GETACK), if the condition holds under the stripe that is
    /// taken for it. As with writes, whoever pauses clients and takes every stripe once then knows that the offset
    /// stands still, and a snapshot's moment has one offset. With no stripe held.
    /// </summary>
    internal bool TryAppendControl(ReadOnlySpan<byte> command, Func<bool> condition)
    {
        using (Executor.Open(LockPlan.Slot(0)))
        {
            if (IsReplica || !condition()) return false;
            Log.AppendControl(command);
            return true;
        }
    }

    /// <summary>
    /// Puts GETACK into the stream when it is wanted. Not during a pause: a failover, and a shutdown, wait for the
    /// offset to stand still.
    /// </summary>
    private bool TryAsk() =>
        !Basics.Clients.IsPaused(Basics.NowMilliseconds)
        && TryAppendControl("*3\r\n$8\r\nREPLCONF\r\n$6\r\nGETACK\r\n$1\r\n*\r\n"u8, _mayAsk);

    private bool MayAsk() =>
        !Basics.Clients.IsPaused(Basics.NowMilliseconds) && Interlocked.Exchange(ref _wantsAcknowledgements, 0) != 0;

    private long ContactOf(MasterLink link)
    {
        var isUp = link.State == MasterLinkState.Connected;
        if (!isUp && !_canContinue) return 0;
        return isUp ? link.LastRead : link.DownSince;
    }

    private void ContinueAsReplica(bool isFresh)
    {
        if (!isFresh) MasterLinkMessages.CachesItself(_logger);

        // Nothing was written since the RDB file was loaded: the data is still that of the file's history.
        if (_restored is { } position && position.Offset == Log.Offset && Replicas.Links.Length == 0)
        {
            _history = ReplicationHistory.Of(position.ReplicationId);
            Log.Restart(position.Offset, position.StreamDatabase);
        }

        _restored = null;
        Log.CreateBacklog();
        Log.SetMirroring(true);
        _canContinue = !isFresh;
    }

    private void Empty(CommandContext call)
    {
        for (var i = 0; i < Basics.Keyspace.DatabaseCount; i++)
            call.DeleteAll(Basics.Keyspace[i], DeleteReason.Replaced, lazily: Basics.Config.ReplicaLazyFlush);
        call.Node.ReplicaExpiry.Clear();
    }

    /// <summary>The position for RDB files; null while nothing keeps the data's history. Under every stripe.</summary>
    private ReplicationPosition? Position()
    {
        if (!Log.HasBacklog || (IsReplica && !_canContinue)) return null;
        return new ReplicationPosition(_history.Id, Log.Offset, Math.Max(0, Log.StreamDatabase));
    }
}
