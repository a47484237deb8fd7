namespace Starling.Node.Persistence;

/// <summary>
/// The saver thread and its queue. One snapshot runs at a time; jobs that want the keyspace for themselves (DEBUG
/// RELOAD) wait in the same queue.
/// </summary>
internal sealed class SnapshotSaver
{
    private readonly Func<SnapshotSession, SnapshotWork> _begin;
    private readonly Func<SnapshotSession, SnapshotWork, (SnapshotState State, string? Error)> _run;

    // Guards the fields below. Taken with or without stripes held; nothing is taken under it.
    private readonly Lock _lock = new();
    private readonly Queue<Job> _queue = new();
    private readonly AutoResetEvent _wake = new(initialState: false);
    private Thread? _thread;
    private Job? _begun;
    private Job? _current;
    private bool _isBusy;
    private bool _isStopping;

    /// <summary>Makes a saver; its thread starts with the first job.</summary>
    /// <param name="begin">Takes the moment of a session: every stripe is held by it while it runs.</param>
    /// <param name="run">Runs a begun session to its end and says what came of it; on the saver thread.</param>
    public SnapshotSaver(
        Func<SnapshotSession, SnapshotWork> begin,
        Func<SnapshotSession, SnapshotWork, (SnapshotState State, string? Error)> run)
    {
        _begin = begin;
        _run = run;
    }

    /// <summary>The session under way; null when there is none or a job of another kind runs.</summary>
    public SnapshotSession? Current
    {
        get
        {
            lock (_lock) return _current?.Session;
        }
    }

    /// <summary>True while anything is under way or waits.</summary>
    public bool IsBusy
    {
        get
        {
            lock (_lock) return _isBusy || _queue.Count > 0;
        }
    }

    /// <summary>Starts the thread, if it does not run yet.</summary>
    public void Prepare()
    {
        lock (_lock) StartThread();
    }

    /// <summary>
    /// Begins a session at once when nothing is under way, else puts it into the queue, or, when
    /// <paramref name="onlyIfIdle"/>, answers false.
    /// </summary>
    public bool Start(SnapshotSession session, bool onlyIfIdle)
    {
        var job = new Job { Session = session };
        lock (_lock)
        {
            if (onlyIfIdle && (_isBusy || _queue.Count > 0 || _isStopping)) return false;
            if (_isStopping) session.Cancel();
            if (_isBusy || _queue.Count > 0 || _isStopping)
            {
                Enqueue(job);
                return true;
            }

            _isBusy = true;
            _current = job;
        }

        job.Work = _begin(session);
        lock (_lock)
        {
            _begun = job;
            StartThread();
        }

        return true;
    }

    /// <summary>
    /// Does some work on the saver thread when its turn comes; nothing else of the saver runs meanwhile. What the work
    /// returns is called
    /// afterwards, when the saver is free again.
    /// </summary>
    public void Run(Func<Action> work)
    {
        lock (_lock) Enqueue(new Job { Other = work });
    }

    /// <summary>Asks the sessions that are under way or wait, as far as chosen, to end.</summary>
    public void Cancel(Predicate<SnapshotSession> chosen)
    {
        var sessions = new List<SnapshotSession>();
        lock (_lock)
        {
            if (_current?.Session is { } current) sessions.Add(current);
            foreach (var job in _queue)
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
    /// Ends the thread when the queue is empty. The caller has cancelled what it does not want to wait for.
    /// </summary>
    public void Stop()
    {
        Thread? thread;
        lock (_lock)
        {
            _isStopping = true;
            thread = _thread;
        }

        _wake.Set();
        thread?.Join();
    }

    private void Enqueue(Job job)
    {
        _queue.Enqueue(job);
        StartThread();
    }

    private void StartThread()
    {
        _wake.Set();
        if (_thread is not null) return;
        _thread = new Thread(Loop) { IsBackground = true, Name = "rdb-saver" };
        _thread.Start();
    }

    private void Loop()
    {
        while (true)
        {
            while (TryTake(out var job))
            {
                var announce = Execute(job);
                lock (_lock)
                {
                    _isBusy = false;
                    _current = null;
                }

                // Free before anybody hears of the end: who hears of it may want to start the next one.
                announce();
            }

            lock (_lock)
            {
                if (_isStopping && !_isBusy && _queue.Count == 0)
                {
                    _thread = null;
                    return;
                }
            }

            _wake.WaitOne();
        }
    }

    private bool TryTake(out Job job)
    {
        lock (_lock)
        {
            if (_begun is { } begun)
            {
                _begun = null;
                job = begun;
                return true;
            }

            // Busy without a begun job: its starter is taking its moment and will wake this thread.
            if (_isBusy || !_queue.TryDequeue(out job!))
            {
                job = null!;
                return false;
            }

            _isBusy = true;
            _current = job;
            return true;
        }
    }

    private Action Execute(Job job)
    {
        if (job.Other is { } other) return other();
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
    }
}
