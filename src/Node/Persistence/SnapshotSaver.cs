using Starling.Slots;

namespace Starling.Node.Persistence;

/// <summary>
/// Runs snapshots, any number at once, each on a thread of its own. Only what writes the RDB file, and jobs that want
/// the file for themselves (DEBUG RELOAD), go one after the other.
/// </summary>
internal sealed class SnapshotSaver
{
    private readonly Func<SnapshotSession, SnapshotWork?> _begin;
    private readonly Func<SnapshotSession, SnapshotWork, (SnapshotState State, string? Error)> _run;

    // Guards the fields below. Taken with or without stripes held; nothing is taken under it.
    private readonly RankedLock _lock = new(LockRank.Leaf, nameof(SnapshotSaver));
    private readonly List<SnapshotSession> _running = [];
    private readonly List<Thread> _threads = [];
    private readonly Queue<Job> _ready = new();
    private readonly Queue<Job> _fileJobs = new();
    private int _idleThreads;
    private bool _isFileTaken;
    private bool _isStopping;

    // Counts what is in the queue of ready jobs, and once per thread the end.
    private readonly SemaphoreSlim _wake = new(0);

    /// <summary>Makes a saver.</summary>
    /// <param name="begin">
    /// Takes the moment of a session: every stripe is held by it while it runs. Null when there is none, and it has cancelled
    /// the session.
    /// </param>
    /// <param name="run">Runs a begun session to its end and says what came of it; on a thread of the saver.</param>
    public SnapshotSaver(
        Func<SnapshotSession, SnapshotWork?> begin,
        Func<SnapshotSession, SnapshotWork, (SnapshotState State, string? Error)> run)
    {
        _begin = begin;
        _run = run;
    }

    /// <summary>
    /// The session under way that writes the RDB file, else the one that has been under way longest; null when there is
    /// none.
    /// </summary>
    public SnapshotSession? Current
    {
        get
        {
            using (_lock.Enter()) return _running.Find(session => session.IsFile) ?? _running.FirstOrDefault();
        }
    }

    /// <summary>True while the RDB file is being written, or something that will write it waits.</summary>
    public bool IsFileBusy
    {
        get
        {
            using (_lock.Enter()) return _isFileTaken || _fileJobs.Count > 0;
        }
    }

    /// <summary>Starts a thread, if there is none yet.</summary>
    public void Prepare()
    {
        using (_lock.Enter())
        {
            if (_threads.Count == 0) TryStartThread();
        }
    }

    /// <summary>
    /// Begins a session at once. One that writes the RDB file while another job has it waits for its turn, or, when
    /// <paramref name="onlyIfIdle"/>, is not begun.
    /// </summary>
    /// <returns>False when it is not begun and will not be.</returns>
    public bool Start(SnapshotSession session, bool onlyIfIdle)
    {
        var job = new Job { Session = session };
        using (_lock.Enter())
        {
            if (_isStopping && onlyIfIdle) return false;
            if (_isStopping) session.Cancel();
            if (job.WantsFile && (_isFileTaken || _fileJobs.Count > 0))
            {
                if (!onlyIfIdle) _fileJobs.Enqueue(job);
                return !onlyIfIdle;
            }

            TakeTurn(job);
        }

        job.Work = _begin(session);
        using (_lock.Enter()) AddReady(job);
        return true;
    }

    /// <summary>
    /// Does some work when nothing else has the RDB file; what wants the file waits meanwhile. What the work returns is
    /// called afterwards, when the file is free again.
    /// </summary>
    public void RunWithFile(Func<Action> work)
    {
        var job = new Job { Other = work };
        using (_lock.Enter())
        {
            _fileJobs.Enqueue(job);
            GiveFileAway();
        }
    }

    /// <summary>Asks the sessions that are under way or wait, as far as chosen, to end.</summary>
    public void Cancel(Predicate<SnapshotSession> chosen)
    {
        var sessions = new List<SnapshotSession>();
        using (_lock.Enter())
        {
            sessions.AddRange(_running);
            foreach (var job in _fileJobs)
            {
                if (job.Session is { } session) sessions.Add(session);
            }
        }

        // Outside of the lock: cancelling may run callbacks of targets.
        foreach (var session in sessions)
        {
            if (chosen(session)) session.Cancel();
        }
    }

    /// <summary>
    /// Waits until everything has ended, and ends the threads. The caller has cancelled what it does not want to wait
    /// for; what is started from now on is cancelled.
    /// </summary>
    public void Stop()
    {
        LockOrder.AssertMayBlock("waiting for the savers");
        Thread[] threads;
        using (_lock.Enter())
        {
            _isStopping = true;
            threads = [.. _threads];
        }

        _wake.Release(Math.Max(1, threads.Length));
        foreach (var thread in threads) thread.Join();
    }

    private void TakeTurn(Job job)
    {
        if (job.WantsFile) _isFileTaken = true;
        if (job.Session is { } session) _running.Add(session);
    }

    private void GiveFileAway()
    {
        if (_isFileTaken || !_fileJobs.TryDequeue(out var next)) return;
        TakeTurn(next);
        AddReady(next);
    }

    /// <summary>
    /// Leaves a job to a thread: a waiting one, a new one, or, when no new one can be had, the first that has nothing to
    /// do any more.
    /// </summary>
    private void AddReady(Job job)
    {
        _ready.Enqueue(job);
        if (_ready.Count > _idleThreads) TryStartThread();
        _wake.Release();
    }

    private void TryStartThread()
    {
        var thread = new Thread(Loop) { IsBackground = true, Name = "rdb-saver" };
        if (!thread.TryStart()) return;
        _threads.Add(thread);
        _idleThreads++;
    }

    private void Loop()
    {
        while (true)
        {
            _wake.Wait(CancellationToken.None);
            Job? job;
            using (_lock.Enter())
            {
                if (!_ready.TryDequeue(out job))
                {
                    // Nothing ready is what the end looks like; but a job that is being begun is still to come.
                    if (_isStopping && _running.Count == 0 && _fileJobs.Count == 0 && !_isFileTaken) return;
                    continue;
                }

                _idleThreads--;
            }

            Run(job);
        }
    }

    private void Run(Job job)
    {
        var announce = Execute(job);
        using (_lock.Enter())
        {
            if (job.Session is { } session) _running.Remove(session);
            if (job.WantsFile) _isFileTaken = false;
        }

        // Free before anybody hears of the end: who hears of it may want to start the next one.
        announce();
        using (_lock.Enter())
        {
            _idleThreads++;
            if (job.WantsFile) GiveFileAway();
            if (_isStopping) _wake.Release(_threads.Count);
        }
    }

    private Action Execute(Job job)
    {
        if (job.Other is { } other) return other();
        var session = job.Session!;
        if (!session.Cancellation.IsCancellationRequested) job.Work ??= _begin(session);
        if (job.Work is not { } work)
        {
            session.Target.Abandon();
            return () => session.End(SnapshotState.Cancelled, error: null);
        }

        var (state, error) = _run(session, work);
        return () => session.End(state, error);
    }

    private sealed class Job
    {
        public SnapshotSession? Session { get; init; }

        public Func<Action>? Other { get; init; }

        public SnapshotWork? Work { get; set; }

        public bool WantsFile => Session is null or { IsFile: true };
    }
}
