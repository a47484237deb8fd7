namespace Starling.Node.Persistence;

/// <summary>RDB files and streams: SAVE, BGSAVE, save points, loading, and the snapshots that full synchronisation sends.</summary>
public sealed class PersistenceService
{
    /// <summary>Makes the service.</summary>
    public PersistenceService(NodeServer server) => Server = server;

    private NodeServer Server { get; }

    /// <summary>
    /// Tells the place in the replication stream that the data set stands at; asked under every stripe. Set by replication at construction;
    /// null (or a null answer) leaves the fields out of RDB files.
    /// </summary>
    public Func<ReplicationPosition?>? PositionSource { get; set; }

    /// <summary>The place in a replication stream that the RDB file loaded at start stands for; null when there was none.</summary>
    public ReplicationPosition? LoadedPosition { get; private set; }

    /// <summary>True while a data set is being loaded: the gate answers LOADING.</summary>
    public bool IsLoading => false;

    /// <summary>
    /// True when the last background save failed, save points are configured and stop-writes-on-bgsave-error holds: the gate
    /// answers <see cref="Misconfigured"/> to writes of clients on a master.
    /// </summary>
    public bool RefusesWrites => false;

    /// <summary>What writes are answered while <see cref="RefusesWrites"/> is true.</summary>
    public static ReadOnlySpan<byte> Misconfigured =>
        "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk. Commands that may modify the data set are disabled, because this instance is configured to report errors during writes if RDB snapshotting fails (stop-writes-on-bgsave-error option). Please check the Redis logs for details about the RDB error."u8;

    /// <summary>Counts changes since the last save, for save points. Any thread.</summary>
    public void CountChanges(long changes) => throw new NotSupportedException($"{Server} {changes}");

    /// <summary>
    /// Takes a snapshot of every database and streams it as RDB to a target. When no other is under way the snapshot's moment is before this returns:
    /// every stripe is taken, unless the caller holds them already; the caller holds all or none. Otherwise the session waits for its turn and its
    /// moment comes later, on the saver thread. <see cref="SnapshotOptions.OnStart"/> runs at that moment.
    /// </summary>
    public SnapshotSession StartSnapshot(ISnapshotTarget target, SnapshotOptions options) =>
        throw new NotSupportedException($"{target} {options}");

    /// <summary>
    /// Loads an RDB stream into the keyspace on the calling thread; <see cref="IsLoading"/> is true meanwhile. Whoever wants an empty
    /// keyspace first clears it. Never throws on bad input or a failing stream: the result says why, and the log has Redis's lines.
    /// </summary>
    public RdbLoadResult Load(Stream stream, RdbLoadOptions options) => throw new NotSupportedException($"{stream} {options}");

    /// <summary>
    /// Loads the RDB file, if there is one, before clients are served. False when it cannot be loaded: the reason is in the log, the file is
    /// untouched, and the process must exit with code 1.
    /// </summary>
    public bool LoadAtStart() => throw new NotSupportedException();

    /// <summary>
    /// Cancels every snapshot and writes the RDB file on the calling thread, which holds no stripe. False when it failed: the reason is in the log.
    /// Whether to save at all (save points, SHUTDOWN SAVE or NOSAVE) is the caller's decision.
    /// </summary>
    public bool SaveOnShutdown() => throw new NotSupportedException();

    /// <summary>
    /// DEBUG RELOAD: saves, empties and loads the data set as one step that no other command sees, on the saver thread. Returns at once.
    /// </summary>
    /// <param name="save">Writes the RDB file first; otherwise loads the file that is there (NOSAVE).</param>
    /// <param name="flush">Empties the keyspace before loading (not with NOFLUSH).</param>
    /// <param name="merge">Keys of the file replace keys that are there (MERGE).</param>
    /// <param name="onEnd">Gets null, or the error reply's text with its code; called on the saver thread, under no stripe.</param>
    public void Reload(bool save, bool flush, bool merge, Action<string?> onEnd) =>
        throw new NotSupportedException($"{save} {flush} {merge} {onEnd}");

    /// <summary>Cancels every snapshot and ends the saver thread. The caller holds no stripe.</summary>
    public void Stop() => throw new NotSupportedException();
}
