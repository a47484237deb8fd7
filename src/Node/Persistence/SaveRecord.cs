namespace Starling.Node.Persistence;

/// <summary>What is remembered of saves to the RDB file: for save points, INFO and LASTSAVE. Any thread.</summary>
internal sealed class SaveRecord
{
    /// <summary>Seconds until a save point fires again after a failure.</summary>
    private const int RetryDelaySeconds = 5;

    private long _changes;
    private long _forgiven;
    private long _lastSaveTime;
    private long _lastTry;
    private long _lastBackgroundSeconds = -1;
    private long _lastBufferedBytes;
    private long _saves;
    private volatile bool _lastSaveSucceeded = true;
    private volatile bool _isScheduled;

    public SaveRecord(long nowSeconds) => _lastSaveTime = nowSeconds;

    /// <summary>
    /// Changes since the last successful save, or since the last <see cref="StartOver"/>, whose save is to come.
    /// </summary>
    public long Changes => Math.Max(0, Volatile.Read(ref _changes));

    /// <summary>Unix time in seconds of the last successful save, or of the start.</summary>
    public long LastSaveTime => Volatile.Read(ref _lastSaveTime);

    /// <summary>Seconds that the last background save took; -1 when there was none.</summary>
    public long LastBackgroundSeconds => Volatile.Read(ref _lastBackgroundSeconds);

    /// <summary>Most bytes that waited for the disk at once in the last save.</summary>
    public long LastBufferedBytes => Volatile.Read(ref _lastBufferedBytes);

    /// <summary>Saves begun.</summary>
    public long Saves => Volatile.Read(ref _saves);

    /// <summary>
    /// False after a background save failed, until a save succeeds. Who asked for another one is told of its failure.
    /// </summary>
    public bool LastSaveSucceeded => _lastSaveSucceeded;

    /// <summary>A background save is to start when it can.</summary>
    public bool IsScheduled
    {
        get => _isScheduled;
        set => _isScheduled = value;
    }

    public void CountChanges(long changes) => Interlocked.Add(ref _changes, changes);

    /// <summary>
    /// Nothing has changed any more: the data set is empty and about to be saved. If that save fails, what had changed
    /// counts again.
    /// </summary>
    /// <param name="changesToCome">Changes that are still to be counted and belong to what has changed before.</param>
    public void StartOver(long changesToCome)
    {
        var before = Interlocked.Exchange(ref _changes, -changesToCome);
        Interlocked.Add(ref _forgiven, before + changesToCome);
    }

    /// <summary>True when enough changed, long enough ago, for a save point.</summary>
    public bool IsDue(long changes, long seconds, long nowSeconds) =>
        Changes >= changes &&
        nowSeconds - LastSaveTime > seconds &&
        (_lastSaveSucceeded || nowSeconds - Volatile.Read(ref _lastTry) > RetryDelaySeconds);

    /// <summary>A save begins.</summary>
    public void Began(long nowSeconds, bool isBackground)
    {
        Interlocked.Increment(ref _saves);
        if (isBackground) Volatile.Write(ref _lastTry, nowSeconds);
    }

    /// <summary>A save ended.</summary>
    /// <param name="state">How.</param>
    /// <param name="nowSeconds">When.</param>
    /// <param name="backgroundSeconds">How long it took, for a background save.</param>
    /// <param name="changesAtStart">Changes that are in the file now if it succeeded; null when it was cancelled too
    /// late: the file is there, and FLUSHALL has counted anew meanwhile.</param>
    /// <param name="bufferedBytes">Most bytes that waited for the disk.</param>
    public void Ended(SnapshotState state, long nowSeconds, long? backgroundSeconds, long? changesAtStart, long bufferedBytes)
    {
        if (backgroundSeconds is { } seconds) Volatile.Write(ref _lastBackgroundSeconds, seconds);
        Volatile.Write(ref _lastBufferedBytes, bufferedBytes);
        if (state == SnapshotState.Completed)
        {
            if (changesAtStart is { } saved)
            {
                CountChanges(-saved);
                Interlocked.Exchange(ref _forgiven, 0);
            }

            Volatile.Write(ref _lastSaveTime, nowSeconds);
        }
        else if (state == SnapshotState.Failed)
        {
            CountChanges(Interlocked.Exchange(ref _forgiven, 0));
        }

        if (state == SnapshotState.Completed) _lastSaveSucceeded = true;
        else if (state == SnapshotState.Failed && backgroundSeconds is not null) _lastSaveSucceeded = false;
    }
}
