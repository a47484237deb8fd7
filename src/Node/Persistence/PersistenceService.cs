using System.Globalization;
using Microsoft.Extensions.Logging;
using Starling.ClusterBus.Host;
using Starling.Node.Execution;
using Starling.Node.Freeing;
using Starling.Slots;

namespace Starling.Node.Persistence;

/// <summary>
/// RDB files and streams: SAVE, BGSAVE, save points, loading, and the snapshots that full synchronisation sends.
/// </summary>
public sealed class PersistenceService
{
    private readonly NodeBasics _basics;
    private readonly Executor _executor;
    private readonly KeyWaiters _waiters;
    private readonly BackgroundFreeing _freeing;
    private readonly ILogger _logger;
    private readonly SnapshotSaver _saver;
    private readonly LoadingProgress _loading = new();
    private readonly LoadingTurn _turn = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly SaveRecord _saves;

    // Held while a file gets the RDB file's name: no cancelled save may put its data over what came after it. Taken
    // with or without stripes held, under no other lock; nothing is taken under it.
    private readonly RankedLock _naming = new(LockRank.Leaf, "RDB file's name");

    private volatile bool _isStarting;

    /// <summary>Makes the service.</summary>
    internal PersistenceService(NodeBasics basics, Executor executor, KeyWaiters waiters, BackgroundFreeing freeing)
    {
        (_basics, _executor, _waiters, _freeing) = (basics, executor, waiters, freeing);
        _logger = basics.Loggers.CreateLogger<PersistenceService>();
        _saver = new SnapshotSaver(BeginSnapshot, RunSnapshot);
        _saves = new SaveRecord(basics.NowMilliseconds / 1000);
        basics.Info.Add("persistence", info =>
            PersistenceInfo.Write(info, _loading, _saves, _saver.Current, basics.NowMilliseconds));
        basics.Cron.Every(TimeSpan.FromMilliseconds(100), SaveWhenDue);
    }

    /// <summary>
    /// Tells the place in the replication stream that the data set stands at; asked under every stripe. Set by replication at
    /// construction; null (or a null answer) leaves the fields out of RDB files.
    /// </summary>
    public Func<ReplicationPosition?>? PositionSource { get; set; }

    /// <summary>
    /// Called before the DEL of a key of an RDB file goes to the replication log that this node, a master, drops as expired while
    /// it loads the file at the start or for DEBUG RELOAD. With no stripe held. Set by replication at construction.
    /// </summary>
    public Action? BeforeExpiredInFile { get; set; }

    /// <summary>
    /// Tells whether this node is a replica, or will be one as soon as it has loaded: it leaves expired keys of its RDB file to
    /// its master then. Set at construction.
    /// </summary>
    public Func<bool> KeepsExpired { get; set; } = static () => false;

    /// <summary>The libraries of functions, which are saved and loaded with the data set. Set at construction; null for none.</summary>
    internal ILibraryStore? Libraries { get; init; }

    /// <summary>True from the moment clients may connect until the data set is there: they are answered LOADING.</summary>
    public bool IsStarting
    {
        get => _isStarting;
        set => _isStarting = value;
    }

    /// <summary>
    /// The place in a replication stream that the RDB file loaded at start stands for; null when there was none.
    /// </summary>
    public ReplicationPosition? LoadedPosition { get; private set; }

    /// <summary>True while a data set is being loaded: the gate answers LOADING.</summary>
    public bool IsLoading => _turn.IsTaken || _isStarting;

    /// <summary>
    /// A load is about to begin, and a client that was woken for a key before still gets what it was woken for.
    /// </summary>
    internal bool IsComingToRest => _turn.IsComingToRest;

    /// <summary>Somebody puts a data set into the keyspace, or is about to.</summary>
    internal bool IsTurnTaken => _turn.IsTaken;

    /// <summary>
    /// Number of loads begun: a walk through keys that finds the same number at its end, and no load under way, has seen no
    /// part of one.
    /// </summary>
    internal long Loads => _turn.Count;

    /// <summary>
    /// Ends the process when the RDB file that DEBUG RELOAD loads is damaged, with exit code 1: the reason is in the log,
    /// and what was loaded of it is in the keyspace. On the saver thread, under no lock.
    /// </summary>
    internal Action Terminate { get; set; } = static () => Environment.Exit(1);

    /// <summary>True when there is an RDB file that <see cref="LoadAtStart"/> would load.</summary>
    public bool HasFile => File.Exists(FilePath); // an empty name is that of no file: the path is the directory

    /// <summary>
    /// True when the last background save failed, save points are configured and stop-writes-on-bgsave-error holds: the gate
    /// answers <see cref="Misconfigured"/> to writes of clients on a master.
    /// </summary>
    public bool RefusesWrites =>
        !_saves.LastSaveSucceeded && _basics.Config.StopWritesOnBgsaveError && _basics.Config.Save.Count > 0;

    /// <summary>What writes are answered while <see cref="RefusesWrites"/> is true.</summary>
    public static ReadOnlySpan<byte> Misconfigured =>
        "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. "u8 +
        "Commands that may modify the data set are disabled, because this instance is configured to report errors "u8 +
        "during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). "u8 +
        "Please check the Redis logs for details about the RDB error."u8;

    /// <summary>Unix time in seconds of the last successful save, or of the start (LASTSAVE).</summary>
    public long LastSaveTime => _saves.LastSaveTime;

    /// <summary>Changes since the last successful save (DEBUG, INFO, SHUTDOWN).</summary>
    public long ChangesSinceLastSave => _saves.Changes;

    /// <summary>True while the RDB file is being written, or is to be: SAVE and BGSAVE are refused.</summary>
    public bool IsSaving => _saver.IsFileBusy;

    /// <summary>Counts changes since the last save, for save points. Any thread.</summary>
    public void CountChanges(long changes) => _saves.CountChanges(changes);

    /// <summary>
    /// Starts a thread that saves: later there may be no descriptor to start one with. At the server's start.
    /// </summary>
    public void Prepare() => _saver.Prepare();

    /// <summary>
    /// Takes a snapshot and streams it as RDB to a target, beside whatever other snapshots are under way. Its moment is
    /// before this returns: every stripe is taken, unless the caller holds them already; the caller holds all or none.
    /// <see cref="SnapshotOptions.OnStart"/> runs at that moment. While a data set is being loaded there is none to save: the
    /// snapshot is cancelled then, before its moment.
    /// </summary>
    public SnapshotSession StartSnapshot(ISnapshotTarget target, SnapshotOptions options)
    {
        var session = new SnapshotSession(target, options);
        _saver.Start(session, onlyIfIdle: false);
        return session;
    }

    /// <summary>
    /// Starts writing the RDB file as it is to be at this moment (SAVE, BGSAVE, save points). The caller holds every
    /// stripe or none.
    /// False when the file is being written, or waits to be: nothing is started then.
    /// </summary>
    /// <param name="background">Logs and times it as a background save.</param>
    /// <param name="onEnd">Called with true on success; on the saver thread, under no lock.</param>
    public bool TryStartSave(bool background, Action<bool>? onEnd = null) =>
        TryStartSave(FileTarget(), background, onEnd);

    /// <summary>
    /// Has a background save start within a moment, as soon as none is under way (BGSAVE in a transaction).
    /// </summary>
    public void ScheduleSave() => _saves.IsScheduled = true;

    /// <summary>
    /// To be called when FLUSHALL has emptied the keyspace: a save of the old data ends, and, when save points are
    /// configured, the empty data set is saved, as Redis does; a moment later, when the command's effect is in the
    /// replication log. Nothing counts as changed since the last save then, unless that save fails. Under every stripe.
    /// </summary>
    /// <param name="changes">The changes of the command itself, which are counted after this.</param>
    public void OnFlushAll(long changes)
    {
        _saver.Cancel(session => session.IsFile);
        if (_basics.Config.Save.Count == 0) return;
        _saves.StartOver(changes);
        _saves.IsScheduled = true;
    }

    /// <summary>
    /// Makes a file, which is complete and on the disk, the RDB file. Saves under way end, and do not overwrite it any
    /// more; saves that begin after this do. With no stripe held.
    /// </summary>
    /// <param name="path">The file, in the same directory.</param>
    /// <exception cref="IOException">It cannot be renamed.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be renamed.</exception>
    public void ReplaceFile(string path)
    {
        LockOrder.AssertMayBlock("renaming the RDB file");
        _saver.Cancel(session => session.IsFile);
        using (_naming.Enter()) File.Move(path, FilePath, overwrite: true);
        try
        {
            DirectorySync.Flush(Path.GetDirectoryName(FilePath)!);
        }
        catch (IOException problem)
        {
            // The file is in its place; a crash of the machine may bring the former one back, which is whole too.
            PersistenceLog.DirectoryFlushFailed(_logger, SystemErrors.Explain(problem));
        }
    }

    /// <summary>
    /// Loads an RDB stream into the keyspace on the calling thread; <see cref="IsLoading"/> is true meanwhile. Whoever
    /// wants an empty
    /// keyspace first clears it. Never throws on bad input or a failing stream: the result says why, and the log has
    /// Redis's lines.
    /// </summary>
    public RdbLoadResult Load(Stream stream, RdbLoadOptions options)
    {
        _turn.Take(comesToRest: false, CancellationToken.None);
        try
        {
            var result = LoadStream(stream, options);
            options.OnEnd?.Invoke(result);
            return result;
        }
        finally
        {
            EndLoading();
        }
    }

    /// <summary>
    /// Opens a scope for work of the server itself in which no data set is being loaded, waiting until that is so. With no
    /// stripe held, not on an I/O thread.
    /// </summary>
    internal ExecutionScope OpenWhenLoaded(scoped in LockPlan plan)
    {
        while (true)
        {
            WaitUntilLoaded();
            var scope = _executor.Open(plan);
            if (!_turn.IsTaken) return scope;
            scope.Dispose();
        }
    }

    /// <summary>
    /// Waits until no data set is being loaded; another load may begin at once. With no stripe held, not on an I/O thread.
    /// </summary>
    internal void WaitUntilLoaded() => _turn.WaitUntilFree(CancellationToken.None);

    /// <summary>
    /// Loads the RDB file, if there is one, before clients are served. False when it cannot be loaded: the reason is in
    /// the log, the file is
    /// untouched, and the process must exit with code 1.
    /// </summary>
    public bool LoadAtStart()
    {
        var start = _basics.Clock.GetTimestamp();
        _turn.Take(comesToRest: false, CancellationToken.None);
        var result = LoadFile(allowDuplicates: false, beforeRead: null);
        if (result is { Succeeded: false })
        {
            // Still loading as far as clients are concerned: nobody is to see half of the data.
            PersistenceLog.TerminatingAfterLoad(_logger);
            PersistenceLog.LoadIsFatal(_logger);
            return false;
        }

        EndLoading();
        if (result is null) return true;
        LoadedPosition = result.Position;
        var seconds = _basics.Clock.GetElapsedTime(start).TotalSeconds;
        PersistenceLog.LoadedFromDisk(_logger, seconds.ToString("F3", CultureInfo.InvariantCulture));
        return true;
    }

    /// <summary>
    /// Cancels every snapshot and writes the RDB file; the caller holds no stripe and waits. False when it failed: the
    /// reason is in the log.
    /// Whether to save at all (save points, SHUTDOWN SAVE or NOSAVE) is the caller's decision.
    /// </summary>
    public bool SaveOnShutdown()
    {
        if (_saver.Current is not null) PersistenceLog.EndingBackgroundSave(_logger);

        // First in the queue, then the cancelling: the end of one full synchronisation begins the next.
        var session = new SnapshotSession(FileTarget(), new SnapshotOptions()) { IsFile = true };
        if (!_saver.Start(session, onlyIfIdle: true)) _saver.Start(session, onlyIfIdle: false);
        _saver.Cancel(other => other != session);

        session.Wait(Timeout.InfiniteTimeSpan);
        return session.State == SnapshotState.Completed;
    }

    /// <summary>
    /// DEBUG RELOAD: saves, empties and loads the data set, on the saver thread, while clients are answered LOADING. Returns
    /// at once. When the file cannot be written nothing has changed. When it is damaged the process ends, as redis-server
    /// does; when it ends early, is missing or cannot be read, the keyspace is empty (not with NOFLUSH).
    /// </summary>
    /// <param name="save">Writes the RDB file first; otherwise loads the file that is there (NOSAVE).</param>
    /// <param name="flush">Empties the keyspace before loading (not with NOFLUSH).</param>
    /// <param name="merge">Keys of the file replace keys that are there (MERGE).</param>
    /// <param name="onEnd">Gets null, or the error reply's text with its code; called on the saver thread, under no
    /// stripe.</param>
    public void Reload(bool save, bool flush, bool merge, Action<string?> onEnd) =>
        _saver.RunWithFile(() =>
        {
            var error = ReloadNow(save, flush, merge);
            return () => onEnd(error);
        });

    /// <summary>Cancels every snapshot and waits for the saver threads. The caller holds no stripe.</summary>
    public void Stop()
    {
        CancelSnapshots();
        _stopping.Cancel();
        _saver.Stop();
    }

    /// <summary>
    /// Starts a background save when one is scheduled or a save point is reached. Called by the server's cron.
    /// </summary>
    /// <param name="now">Unix time in milliseconds.</param>
    internal void SaveWhenDue(long now)
    {
        if (_saver.IsFileBusy || IsLoading) return;
        if (_saves.IsScheduled)
        {
            // Before the start: FLUSHALL may ask for another one as soon as this one's moment is over.
            _saves.IsScheduled = false;
            if (!TryStartSave(background: true)) _saves.IsScheduled = true;
            return;
        }

        foreach (var point in _basics.Config.Save)
        {
            if (!_saves.IsDue(point.Changes, point.Seconds, now / 1000)) continue;
            PersistenceLog.SavePointReached(_logger, point.Changes, point.Seconds);
            TryStartSave(background: true);
            return;
        }
    }

    /// <summary>As the public one, to a target that stands for the RDB file.</summary>
    internal bool TryStartSave(ISnapshotTarget file, bool background, Action<bool>? onEnd)
    {
        var session = new SnapshotSession(file, new SnapshotOptions
        {
            OnEnd = onEnd is null ? null : ended => onEnd(ended.State == SnapshotState.Completed),
        })
        {
            IsFile = true,
            IsBackground = background,
        };
        return _saver.Start(session, onlyIfIdle: true);
    }

    private string FilePath => _basics.Config.PathOf(_basics.Config.DbFilename);

    private RdbFileTarget FileTarget() => new(FilePath, _naming, _logger);

    private void CancelSnapshots()
    {
        if (_saver.Current is not null) PersistenceLog.EndingBackgroundSave(_logger);
        _saver.Cancel(_ => true);
    }

    /// <summary>The moment of a snapshot; null, and it is cancelled, when there is no whole data set to save.</summary>
    private SnapshotWork? BeginSnapshot(SnapshotSession session)
    {
        SnapshotWork work;
        using (_executor.Open(LockPlan.All))
        {
            // Under every stripe a load has not touched a key yet, or is known here.
            if (_turn.IsTaken && !session.IsReload)
            {
                session.Cancel();
                return null;
            }

            var source = session.Options.OnStart ?? PositionSource;
            work = new SnapshotWork
            {
                StartedAt = _basics.NowMilliseconds,
                Position = source?.Invoke(),
                Sizes = Sizes(session.Options.Slots),
                UsedBytes = _basics.Keyspace.UsedBytes,
                Changes = _saves.Changes,
                Libraries = session.Options.Slots is null && Libraries is { } libraries ? libraries.Codes : [],
                FormatVersion = RdbTypes.VersionFor(_basics.Keyspace),
                Snapshot = _basics.Keyspace.StartSnapshot(session.Options.Slots),
            };
            session.Begin(work);
            if (session.IsFile) _saves.Began(work.StartedAt / 1000, session.IsBackground);
            if (session.IsBackground) PersistenceLog.BackgroundSaveStarted(_logger, Environment.ProcessId);
            if (work.FormatVersion > RdbFormat.WrittenVersion) PersistenceLog.NewerFormat(_logger, work.FormatVersion);
        }

        session.Options.OnStarted?.Invoke();
        return work;
    }

    /// <summary>Keys, and keys with an expiry, of each database: of all or of some slots. Under every stripe.</summary>
    private (long Keys, long Expiring)[] Sizes(IReadOnlyCollection<int>? slots)
    {
        var sizes = new (long Keys, long Expiring)[_basics.Keyspace.DatabaseCount];
        for (var i = 0; i < sizes.Length; i++)
        {
            var database = _basics.Keyspace[i];
            sizes[i] = slots is null
                ? (database.Count, database.ExpiringCount)
                : (slots.Sum(slot => (long)database.CountInSlot(slot)),
                    slots.Sum(slot => (long)database.ExpiringCountInSlot(slot)));
        }

        return sizes;
    }

    private (SnapshotState State, string? Error) RunSnapshot(SnapshotSession session, SnapshotWork work)
    {
        var outcome = Pump(session, work);
        var now = _basics.NowMilliseconds / 1000;
        if (session.IsFile)
        {
            _saves.Ended(
                outcome.State,
                now,
                session.IsBackground ? now - (work.StartedAt / 1000) : null,
                session.Cancellation.IsCancellationRequested ? null : work.Changes,
                session.PeakBufferedBytes);
        }

        if (session.IsBackground) ReportBackgroundSave(outcome.State);
        return outcome;
    }

    private (SnapshotState State, string? Error) Pump(SnapshotSession session, SnapshotWork work)
    {
        using (work.Snapshot)
        {
            try
            {
                new SnapshotPump(
                    session,
                    work,
                    session.Options.Compression ?? _basics.Config.RdbCompression,
                    session.Options.Checksum ?? _basics.Config.RdbChecksum).Run();
                return (SnapshotState.Completed, null);
            }
            catch (IOException problem)
            {
                session.Target.Abandon();
                return (SnapshotState.Failed, SystemErrors.Explain(problem));
            }
            catch (OperationCanceledException)
            {
                session.Target.Abandon();
                return (SnapshotState.Cancelled, null);
            }
        }
    }

    private void ReportBackgroundSave(SnapshotState state)
    {
        switch (state)
        {
            case SnapshotState.Completed:
                PersistenceLog.BackgroundSaveSucceeded(_logger);
                break;
            case SnapshotState.Cancelled:
                PersistenceLog.BackgroundSaveCancelled(_logger);
                break;
            default:
                PersistenceLog.BackgroundSaveFailed(_logger);
                break;
        }
    }

    private RdbLoadResult LoadStream(Stream stream, RdbLoadOptions options)
    {
        var now = _basics.NowMilliseconds;
        _loading.Begin(now, options.Length);
        options.OnBegin?.Invoke();
        var reader = new RdbReader(stream, _basics.Config.RdbChecksum);
        return new RdbLoader(_executor, _basics.Keyspace, reader, options, _loading, _logger, now) { Libraries = Libraries }.Run();
    }

    /// <summary>Loads the RDB file; null when there is none. The state of loading stays on.</summary>
    private RdbLoadResult? LoadFile(bool allowDuplicates, Action? beforeRead, bool keepsLibraries = false)
    {
        var path = FilePath;
        if (_basics.Config.DbFilename.Length == 0) return null;
        try
        {
            LockOrder.AssertMayBlock("loading the RDB file");
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            return LoadStream(beforeRead is null ? file : new LoadingStream(file, beforeRead), new RdbLoadOptions
            {
                KeepExpired = KeepsExpired(),
                BeforeExpired = BeforeExpiredInFile,
                AllowDuplicates = allowDuplicates,
                KeepsLibraries = keepsLibraries,
                Length = file.CanSeek ? file.Length : -1,
            });
        }
        catch (Exception problem) when (problem is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            PersistenceLog.OpenForReadingFailed(_logger, path, SystemErrors.Explain(problem));
            return new RdbLoadResult { Error = SystemErrors.Explain(problem) };
        }
    }

    private void EndWhenStopping()
    {
        if (_stopping.IsCancellationRequested) throw new IOException("the server is shutting down");
    }

    private void EndLoading()
    {
        _loading.End();
        _turn.Release();
        _basics.Clients.EndKeyHold(); // who waits for keys was held back
    }

    private string? ReloadNow(bool save, bool flush, bool merge)
    {
        string? error;
        bool isDamaged;
        try
        {
            _turn.Take(comesToRest: true, _stopping.Token);
            _loading.Begin(_basics.NowMilliseconds, totalBytes: 0);
            error = ReloadAtRest(save, flush, merge, out isDamaged);
        }
        catch (OperationCanceledException)
        {
            // The turn stays taken: what is half loaded is for nobody to see, up to the end.
            return "ERR The server is shutting down";
        }

        if (isDamaged)
        {
            PersistenceLog.TerminatingAfterLoad(_logger);
            Terminate();
            return error;
        }

        EndLoading();
        if (error is null) PersistenceLog.Reloaded(_logger);
        return error;
    }

    private string? ReloadAtRest(bool save, bool flush, bool merge, out bool isDamaged)
    {
        isDamaged = false;
        var session = save ? new SnapshotSession(FileTarget(), new SnapshotOptions()) { IsFile = true, IsReload = true } : null;
        if (ComeToRest(session) is { } work)
        {
            using var stops = _stopping.Token.UnsafeRegister(static target => ((SnapshotSession)target!).Cancel(), session);
            var (state, problem) = RunSnapshot(session!, work);
            session!.End(state, problem);
            _stopping.Token.ThrowIfCancellationRequested();
            if (state != SnapshotState.Completed) return "ERR";
        }

        if (flush) EmptyKeyspace();
        var result = LoadFile(merge, EndWhenStopping, keepsLibraries: !flush);
        _stopping.Token.ThrowIfCancellationRequested();
        if (result is { Succeeded: true }) return null;
        isDamaged = result is { IsDamaged: true };

        // Nobody is to see the part of a file that ended early.
        if (flush && !isDamaged) EmptyKeyspace();
        return "ERR Error trying to load the RDB dump";
    }

    /// <summary>
    /// Lets who was woken for a key have it, as it would have had before in redis-server; from then on no client's command
    /// touches a key. Takes the moment of a snapshot then.
    /// </summary>
    private SnapshotWork? ComeToRest(SnapshotSession? session)
    {
        while (true)
        {
            _waiters.WaitUntilUnclaimed(_stopping.Token);

            // Commands that were let in before the turn was taken hold their stripes until they have woken whom they wake.
            using (_executor.Open(LockPlan.All))
            {
                if (_waiters.HasClaims) continue;
                _turn.Rest();
                return session is null ? null : BeginSnapshot(session);
            }
        }
    }

    private void EmptyKeyspace()
    {
        using (var scope = _executor.Open(LockPlan.All))
        {
            for (var i = 0; i < _basics.Keyspace.DatabaseCount; i++)
                scope.Call.DeleteAll(_basics.Keyspace[i], DeleteReason.Replaced, lazily: false);
        }

        _freeing.FreeAll(); // there may not be room for the data set twice
    }
}
