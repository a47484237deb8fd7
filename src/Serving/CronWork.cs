namespace Starling.Serving;

/// <summary>Work of the cron that is repeated until it says that there is no more, and begun by request.</summary>
public sealed class CronWork
{
    private readonly long _period;
    private readonly Func<long, bool> _action;
    private readonly AutoResetEvent _wake;
    private int _isRequested;
    private bool _isActive;

    internal CronWork(long period, Func<long, bool> action, AutoResetEvent wake)
    {
        _period = period;
        _action = action;
        _wake = wake;
        Due = long.MaxValue;
    }

    /// <summary>When it runs next, in milliseconds since the cron's start; far away when it has not been asked for.</summary>
    internal long Due { get; private set; }

    /// <summary>
    /// There is work: the first run follows after a period, unless runs follow each other already. Any thread; never
    /// waits.
    /// </summary>
    public void Request()
    {
        if (Volatile.Read(ref _isRequested) == 0 && Interlocked.Exchange(ref _isRequested, 1) == 0) _wake.Set();
    }

    /// <summary>Runs it when its time has come. On the cron's thread.</summary>
    /// <returns>True when it has run.</returns>
    internal bool RunWhenDue(long elapsed, TimeProvider clock)
    {
        // Taken back before the action looks for work: a request during it is one more.
        var isRequested = Interlocked.Exchange(ref _isRequested, 0) != 0;
        if (isRequested && !_isActive)
        {
            _isActive = true;
            Due = elapsed + _period;
        }

        if (!_isActive || elapsed < Due) return false;
        _isActive = _action(clock.GetUtcNow().ToUnixTimeMilliseconds());
        Due = _isActive ? elapsed + _period : long.MaxValue;
        return true;
    }
}
