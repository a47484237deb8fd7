namespace Starling.Node.Persistence;

/// <summary>
/// Runs snapshots, each on a thread of its own, any number at once. Only what writes the RDB file, and jobs that want
/// the file for themselves (DEBUG RELOAD), go one after the other.
/// </summary>
internal sealed class SnapshotSaver
{
    private readonly Func<SnapshotSession, SnapshotWork> _begin;
    private readonly Func<SnapshotSession, SnapshotWork, (SnapshotState State, string? Error)> _run;

    // Guards the fields below. Taken with or without stripes held; nothing is taken under it.
    private readonly Lock _lock = new();
    private readonly List<SnapshotSession> _running = [];
    private readonly List<Thread> _threads = [];
    private readonly Queue<Job> _fileJobs = new();
    private bool _isFileTaken;
    private bool _isStopping;

    /// <summary>Makes a saver.</summary>
    /// <param name="begin">Takes the moment of a session: every stripe is held by it while it runs.</param>
    /// <param name="run">Runs a begun session to its end and says what came of it; on the session's thread.</param>
    public SnapshotSaver(
        Func<SnapshotSession, SnapshotWork> begin,
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
            lock (_lock) return _running.Find(session => session.IsFile) ?? _running.FirstOrDefault();
        }
    }

    /// <summary>True while the RDB file is being written, or something that will write it waits.</summary>
    public bool IsFileBusy
    {
        get
        {
            lock (_lock) return _isFileTaken || _fileJobs.Count > 0;
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
        lock (_lock)
        {
            if (_isStopping)
            {
                if (onlyIfIdle) return false;
                session.Cancel();
            }

            if (session.IsFile)
            {
                var mustWait = _isFileTaken || _fileJobs.Count > 0;
                if (mustWait && onlyIfIdle) return false;
                if (mustWait)
                {
                    _fileJobs.Enqueue(job);
                    return true;
                }

                _isFileTaken = true;
            }

            _running.Add(session);
            StartThread(job);
        }

        try
        {
            job.Work = _begin(session);
        }
        finally
        {
            job.IsBegun.Set();
        }

        return true;
    }

    /// <summary>
    /// Does some work when nothing else has the RDB file; what wants the file waits meanwhile. What the work returns is
    /// called afterwards, when the file is free again.
    /// </summary>
    public void RunWithFile(Func<Action> work)
    {
        var job = new Job { Other = work };
        lock (_lock)
        {
            if (_isFileTaken || _fileJobs.Count > 0)
            {
                _fileJobs.Enqueue(job);
                return;
            }

            _isFileTaken = true;
            StartThread(job);
        }
    }

    /// <summary>Asks the sessions that are under way or wait, as far as chosen, to end.</summary>
    public void Cancel(Predicate<SnapshotSession> chosen)
    {
        var sessions = new List<SnapshotSession>();
        lock (_lock)
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
    /// Waits until everything has ended; what starts from now on is cancelled. The caller has cancelled what it does not
    /// want to wait for.
    /// </summary>
    public void Stop()
    {
        while (true)
        {
            Thread? thread;
            lock (_lock)
            {
                _isStopping = true;
                thread = _threads.FirstOrDefault();
            }

            if (thread is null) return;
            thread.Join();
        }
    }

    private void StartThread(Job job)
    {
        var thread = new Thread(() => RunJobs(job)) { IsBackground = true, Name = "rdb-saver" };
        _threads.Add(thread);
        thread.Start();
    }

    private void RunJobs(Job? job)
    {
        while (job is not null)
        {
            var announce = Execute(job);
            lock (_lock)
            {
                if (job.Session is { } session) _running.Remove(session);
                if (job.WantsFile) _isFileTaken = false;
            }

            // Free before anybody hears of the end: who hears of it may want to start the next one.
            announce();
            job = NextOrEnd(job);
        }
    }

    private Job? NextOrEnd(Job job)
    {
        lock (_lock)
        {
            if (job.WantsFile && !_isFileTaken && _fileJobs.TryDequeue(out var next))
            {
                _isFileTaken = true;
                if (next.Session is { } session) _running.Add(session);
                next.IsBegun.Set();
                return next;
            }

            _threads.Remove(Thread.CurrentThread);
            return null;
        }
    }

    private Action Execute(Job job)
    {
        if (job.Other is { } other) return other();
        job.IsBegun.Wait(CancellationToken.None);
        var session = job.Session!;
        if (job.Work is null && session.Cancellation.IsCancellationRequested)
        {
            session.Target.Abandon();
            return () => session.End(SnapshotState.Cancelled, error: null);
        }

        var (state, error) = _run(session, job.Work ?? _begin(session));
        return () => session.End(state, error);
    }

    private sealed class Job
    {
        public SnapshotSession? Session { get; init; }

        public Func<Action>? Other { get; init; }

        public SnapshotWork? Work { get; set; }

        /// <summary>Set when its starter has taken its moment, or nobody but its own thread will.</summary>
        public ManualResetEventSlim IsBegun { get; } = new();

        public bool WantsFile => Session is null or { IsFile: true };
    }
}
