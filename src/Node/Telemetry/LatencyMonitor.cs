using System.Diagnostics;
using Starling.Node.Config;
using Starling.Slots;

namespace Starling.Node.Telemetry;

/// <summary>Remembers what took long (LATENCY), while latency-monitor-threshold is not 0. Any thread.</summary>
internal sealed class LatencyMonitor(ServerConfig config, TimeProvider clock)
{
    private readonly RankedLock _lock = new(LockRank.Leaf, nameof(LatencyMonitor)); // guards the series
    private readonly SortedDictionary<string, LatencySeries> _series = new(StringComparer.Ordinal);

    /// <summary>The moment, for <see cref="NoteSince"/>; 0 while nothing is remembered.</summary>
    public long Start() => config.LatencyMonitorThreshold == 0 ? 0 : Stopwatch.GetTimestamp();

    /// <summary>An event has taken from <see cref="Start"/> up to now.</summary>
    public void NoteSince(string what, long start)
    {
        if (start != 0) Note(what, (long)Stopwatch.GetElapsedTime(start).TotalMilliseconds);
    }

    /// <summary>An event has taken so long; it is remembered if that is at least the threshold.</summary>
    public void Note(string what, long milliseconds)
    {
        var threshold = config.LatencyMonitorThreshold;
        if (threshold == 0 || milliseconds < threshold) return;
        var sample = new LatencySample(clock.GetUtcNow().ToUnixTimeSeconds(), milliseconds);
        using (_lock.Enter())
        {
            var series = _series.GetValueOrDefault(what) ?? new LatencySeries(what, [], 0);
            _series[what] = series.With(sample);
        }
    }

    /// <summary>All kinds of events that were slow.</summary>
    public LatencySeries[] All()
    {
        using (_lock.Enter()) return [.. _series.Values];
    }

    /// <summary>One kind of event; null when it was never slow.</summary>
    public LatencySeries? Find(string what)
    {
        using (_lock.Enter()) return _series.GetValueOrDefault(what);
    }

    /// <summary>Forgets one kind of event; false when there is nothing to forget.</summary>
    public bool Forget(string what)
    {
        using (_lock.Enter()) return _series.Remove(what);
    }

    /// <summary>Forgets everything; how many kinds of events that were.</summary>
    public int ForgetAll()
    {
        using (_lock.Enter())
        {
            var count = _series.Count;
            _series.Clear();
            return count;
        }
    }
}
