using Starling.Slots;

namespace Starling.Node.Serving;

/// <summary>
/// One thread that runs the periodic work of every part, never an I/O thread's job. An action that throws stops the
/// process.
/// </summary>
public sealed class ServerCron
{
    private readonly List<Job> _jobs = [];
    private readonly TimeProvider _clock;

    // The thread waits for milliseconds: spinning would be waste.
    private readonly ManualResetEventSlim _stop = new(initialState: false, spinCount: 0);
    private Thread? _thread;

    /// <summary>Makes a cron that gives its actions the time of a clock.</summary>
    public ServerCron(TimeProvider clock) => _clock = clock;

    /// <summary>Adds periodic work; before <see cref="Start"/>.</summary>
    /// <param name="period">Time between runs, at least a millisecond; a late run is not made up for.</param>
    /// <param name="action">Gets the time in milliseconds of Unix time. Bounded work.</param>
    public void Every(TimeSpan period, Action<long> action)
    {
        Invariant.That(_thread is null);
        _jobs.Add(new Job(Math.Max(1, (long)period.TotalMilliseconds), action));
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
        _stop.Set();
        _thread?.Join();
    }

    private void Run()
    {
        // Periods are counted in real time: a clock that stands still must not stop the work.
        var start = TimeProvider.System.GetTimestamp();
        try
        {
            while (true)
            {
                var elapsed = (long)TimeProvider.System.GetElapsedTime(start).TotalMilliseconds;
                var next = long.MaxValue;
                foreach (var job in _jobs)
                {
                    if (elapsed >= job.Due)
                    {
                        job.Action(_clock.GetUtcNow().ToUnixTimeMilliseconds());
                        job.Due = elapsed + job.Period;
                    }

                    next = Math.Min(next, job.Due);
                }

                var wait = next == long.MaxValue ? 1000 : Math.Clamp(next - elapsed, 1, 1000);
                if (_stop.Wait((int)wait)) return;
            }
        }
        catch (Exception error)
        {
            Environment.FailFast("periodic work failed: " + error.Message, error);
        }
    }

    private sealed class Job(long period, Action<long> action)
    {
        public long Period { get; } = period;

        public Action<long> Action => action;

        public long Due { get; set; } = period;
    }
}
