using Starling.Slots;

namespace Starling.Serving;

/// <summary>
/// One thread that runs the periodic work of every part, never an I/O thread's job. It sleeps until the next work is
/// due: an idle server wakes ten times a second. An action that throws stops the process.
/// </summary>
public sealed class ServerCron
{
    private readonly List<CronWork> _works = [];
    private readonly List<Action> _afterPass = [];
    private readonly TimeProvider _clock;
    private readonly AutoResetEvent _wake = new(initialState: false);
    private Thread? _thread;
    private volatile bool _isStopping;
    private volatile bool _isPaused;

    /// <summary>No work is done, for tests (DEBUG PAUSE-CRON). Any thread.</summary>
    public bool IsPaused
    {
        get => _isPaused;
        set => _isPaused = value;
    }

    /// <summary>Makes a cron that gives its actions the time of a clock.</summary>
    public ServerCron(TimeProvider clock) => _clock = clock;

    /// <summary>Adds periodic work; before <see cref="Start"/>.</summary>
    /// <param name="period">Time between runs, at least a millisecond; a late run is not made up for.</param>
    /// <param name="action">Gets the time in milliseconds of Unix time. Bounded work.</param>
    public void Every(TimeSpan period, Action<long> action)
    {
        Add(period, now =>
        {
            action(now);
            return true;
        }).Request();
    }

    /// <summary>
    /// Adds work that is there only at times; before <see cref="Start"/>. <see cref="CronWork.Request"/> begins it; it
    /// is repeated until it says that there is no more.
    /// </summary>
    /// <param name="period">Time between runs, at least a millisecond.</param>
    /// <param name="action">
    /// Gets the time in milliseconds of Unix time; false when it need not be called until the next request. Bounded
    /// work.
    /// </param>
    public CronWork OnRequest(TimeSpan period, Func<long, bool> action) => Add(period, action);

    /// <summary>
    /// Adds what follows whenever some work has run, on the same thread; before <see cref="Start"/>.
    /// </summary>
    public void AfterWork(Action action)
    {
        Invariant.That(_thread is null);
        _afterPass.Add(action);
    }

    /// <summary>Starts the thread.</summary>
    public void Start()
    {
        Invariant.That(_thread is null);
        _thread = new Thread(Run) { IsBackground = true, Name = "cron" };
        _thread.Start();
    }

    /// <summary>Ends the thread and waits for it. Not from an action.</summary>
    public void Stop()
    {
        LockOrder.AssertMayBlock("waiting for the cron thread");
        _isStopping = true;
        _wake.Set();
        _thread?.Join();
    }

    private CronWork Add(TimeSpan period, Func<long, bool> action)
    {
        Invariant.That(_thread is null);
        var work = new CronWork(Math.Max(1, (long)period.TotalMilliseconds), action, _wake);
        _works.Add(work);
        return work;
    }

    private void Run()
    {
        // Periods are counted in real time: a clock that stands still must not stop the work.
        var start = TimeProvider.System.GetTimestamp();
        try
        {
            while (!_isStopping)
            {
                var elapsed = (long)TimeProvider.System.GetElapsedTime(start).TotalMilliseconds;
                var next = elapsed + 1000;
                var hasRun = false;
                foreach (var work in _works)
                {
                    if (_isPaused) break;
                    hasRun |= work.RunWhenDue(elapsed, _clock);
                    next = Math.Min(next, work.Due);
                }

                if (hasRun) foreach (var action in _afterPass) action();
                _wake.WaitOne((int)Math.Max(next - elapsed, 1));
            }
        }
        catch (Exception error) when (Fail(error))
        {
            throw; // not reached
        }
    }

    // As a filter: nobody's lock has been released yet, so that nobody sees what was left half done.
    private static bool Fail(Exception error)
    {
        Environment.FailFast("periodic work failed: " + error.Message, error);
        return false;
    }
}
