using Starling.Node.Config;
using Starling.Node.Telemetry;
using Starling.Slots.Keyspace;
using Starling.Slots.Memory;

namespace Starling.Node.Maintenance;

/// <summary>
/// Keeps the native memory small: gives free memory back to the system, and, when deleted keys have left too many holes
/// (<c>activedefrag</c> and its thresholds), moves what is left together. On the cron's thread, for a share of one
/// core's time between <c>active-defrag-cycle-min</c> and <c>-max</c>, in steps of some tens of microseconds under one
/// stripe's lock.
/// </summary>
public sealed class ActiveDefragmentation
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan WorkPeriod = TimeSpan.FromMilliseconds(10);

    /// <summary>Steps of giving back that one run does: 32 MiB, a millisecond or two.</summary>
    private const int TrimsPerRun = 16;

    private readonly NodeBasics _basics;
    private readonly KeyspaceMemory _memory;
    private readonly Defragmenter _defragmenter;
    private readonly CronWork _work;
    private DefragmentationStatistics _statistics = new(0, 0, 0, 0);
    private DefragmentationCounts _noted;
    private long _total;
    private long _current;
    private int _percent;

    /// <summary>Registers with the cron and with INFO of a node.</summary>
    public ActiveDefragmentation(NodeBasics basics)
    {
        _basics = basics;
        _memory = new KeyspaceMemory(basics.Keyspace);
        _defragmenter = new Defragmenter(basics.Keyspace);
        _work = basics.Cron.OnRequest(WorkPeriod, _ => Work());
        basics.Cron.Every(Period, _ => Check());
        basics.Info.Add("memory", info => info.Field("active_defrag_running", Volatile.Read(ref _percent)));
        basics.Info.Add("stats", WriteStatistics);
        basics.Info.AddReset(() =>
        {
            Volatile.Write(ref _statistics, new DefragmentationStatistics(0, 0, 0, 0));
            Interlocked.Exchange(ref _total, 0);
        });
    }

    /// <summary>What the native memory of the data set is used for.</summary>
    public MemoryUsage Usage => _memory.Usage;

    /// <summary>Gives back to the system what is free and more than a reserve, all of it.</summary>
    public void Purge()
    {
        while (_memory.Trim())
        {
        }
    }

    /// <summary>
    /// The share of one core's time, in percent, that a fragmentation asks for; 0 when it asks for nothing.
    /// </summary>
    /// <param name="config">The directives.</param>
    /// <param name="used">Bytes of allocations in use.</param>
    /// <param name="reclaimable">Bytes that bringing them together would free.</param>
    internal static int Effort(ServerConfig config, long used, long reclaimable)
    {
        if (!config.ActiveDefrag || reclaimable < config.ActiveDefragIgnoreBytes) return 0;
        var percent = reclaimable * 100.0 / Math.Max(1, used);
        double lower = config.ActiveDefragThresholdLower, upper = config.ActiveDefragThresholdUpper;
        if (percent < lower) return 0;
        int least = config.ActiveDefragCycleMin, most = config.ActiveDefragCycleMax;
        var part = percent >= upper ? 1 : (percent - lower) / (upper - lower);
        return Math.Clamp((int)(least + (part * (most - least))), Math.Min(least, most), Math.Max(least, most));
    }

    private void Check()
    {
        for (var trims = 0; trims < TrimsPerRun && _memory.Trim(); trims++)
        {
        }

        var usage = _memory.Usage;
        var effort = Effort(_basics.Config, usage.Used, usage.Reclaimable);
        if (!_defragmenter.IsRunning)
        {
            if (effort == 0) return;
            Volatile.Write(ref _percent, effort);
            _defragmenter.Begin();
            _work.Request();
        }
        else if (!_basics.Config.ActiveDefrag)
        {
            _defragmenter.Stop();
        }
        else if (effort > _percent)
        {
            // As a pass goes on it finds less to free; it keeps its pace and ends.
            Volatile.Write(ref _percent, effort);
        }
    }

    /// <summary>A period's share of a pass; false when the pass is over.</summary>
    private bool Work()
    {
        var start = _basics.Clock.GetTimestamp();
        var limit = WorkPeriod * _percent / 100;
        bool isRunning;
        TimeSpan spent;
        do
        {
            isRunning = _defragmenter.Advance();
            spent = _basics.Clock.GetElapsedTime(start);
        }
        while (isRunning && spent < limit);
        Interlocked.Add(ref _total, spent.Ticks);
        Interlocked.Add(ref _current, spent.Ticks);
        _basics.LatencyMonitor.Note("active-defrag-cycle", (long)spent.TotalMilliseconds);
        NoteCounts();
        if (isRunning) return true;
        Volatile.Write(ref _percent, 0);
        Interlocked.Exchange(ref _current, 0);
        return false;
    }

    /// <summary>Adds what was done since the last call to the statistics.</summary>
    private void NoteCounts()
    {
        var now = _defragmenter.Counts;
        var before = Volatile.Read(ref _statistics);
        var after = new DefragmentationStatistics(
            before.Hits + now.Hits - _noted.Hits,
            before.Misses + now.Misses - _noted.Misses,
            before.KeyHits + now.KeyHits - _noted.KeyHits,
            before.KeyMisses + now.KeyMisses - _noted.KeyMisses);
        _noted = now;
        Interlocked.CompareExchange(ref _statistics, after, before); // CONFIG RESETSTAT meanwhile wins
    }

    private void WriteStatistics(InfoWriter info)
    {
        var statistics = Volatile.Read(ref _statistics);
        info.Field("active_defrag_hits", statistics.Hits);
        info.Field("active_defrag_misses", statistics.Misses);
        info.Field("active_defrag_key_hits", statistics.KeyHits);
        info.Field("active_defrag_key_misses", statistics.KeyMisses);
        info.Field("total_active_defrag_time", Interlocked.Read(ref _total) / TimeSpan.TicksPerMillisecond);
        info.Field("current_active_defrag_time", Interlocked.Read(ref _current) / TimeSpan.TicksPerMillisecond);
    }
}
