using Microsoft.Extensions.Logging;
using Starling.Node.Execution;
using Starling.Node.Persistence;
using Starling.Node.Replication;
using Starling.Node.Telemetry;

namespace Starling.Node.Eviction;

/// <summary>
/// Keeps the memory in use within maxmemory: before each command keys are evicted, if need be, by the thread that is about to
/// execute it. What takes longer than one command should wait goes on in the cron. Neither the replication log, with what waits
/// there for replicas, nor what is kept for snapshots counts: evicting keys would free none of it, and make more of it.
/// </summary>
internal sealed class Evictor
{
    private const int MicrosecondsPerStep = 50; // of tenacity, up to 10
    private const double GrowthPerStep = 1.15; // beyond
    private const int TenacityWithoutLimit = 100;

    /// <summary>The part of maxmemory, one in so many bytes, beyond which a command waits for as long as it takes.</summary>
    private const int Tolerance = 200;

    private static readonly TimeSpan SamplePeriod = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan WorkPeriod = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan WorkTime = TimeSpan.FromMilliseconds(5);

    private readonly NodeBasics _basics;
    private readonly ILogger _log;
    private readonly PersistenceService _persistence;
    private readonly ReplicationService _replication;
    private readonly KeyEvictor _keys;
    private readonly ThreadLocal<EvictionThread> _threads;
    private readonly CronWork _work;
    private long _uncountedBytes;
    private long _evictedKeys;
    private long _exceededSince; // a timestamp; 0 while it is not exceeded
    private long _exceededTicks;
    private long _notedLimit; // the cron's

    /// <summary>Makes the evictor of a node and registers it with the cron and with INFO.</summary>
    public Evictor(NodeBasics basics, Executor executor, PersistenceService persistence, ReplicationService replication)
    {
        (_basics, _persistence, _replication) = (basics, persistence, replication);
        _log = basics.Loggers.CreateLogger("Eviction");
        _keys = new KeyEvictor(basics, executor, MayEvict);
        _threads = new ThreadLocal<EvictionThread>(() => new EvictionThread(executor.NewCall()));
        basics.Cron.Every(SamplePeriod, Sample);
        _work = basics.Cron.OnRequest(WorkPeriod, Work);
        basics.Info.Add("stats", WriteStats);
        basics.Info.Add("memory", info => info.Field("mem_not_counted_for_evict", Math.Max(0, basics.Memory.UsedBytes - CountedBytes)));
        basics.Info.AddReset(Reset);
    }

    /// <summary>
    /// Bytes beyond which keys are evicted, 0 for no limit. Where the process cannot have as much as maxmemory says (a
    /// container), what it can have counts: beyond that the system would end it.
    /// </summary>
    private long Limit
    {
        get
        {
            var limit = _basics.Config.MaxMemory;
            return limit == 0 ? 0 : Math.Max(1, Math.Min(limit, _basics.Process.DataBytes)); // 0 would be no limit
        }
    }

    /// <summary>The memory in use that counts for maxmemory, in bytes.</summary>
    private long CountedBytes =>
        _basics.Keyspace.DataBytes + _basics.Memory.ManagedBytes - Volatile.Read(ref _uncountedBytes);

    /// <summary>
    /// Evicts keys if there is too much. On a thread that holds no lock.
    /// </summary>
    /// <param name="now">Milliseconds of Unix time.</param>
    /// <returns>False when there is too much and no key may go: what takes memory is to be refused.</returns>
    public bool TryMakeRoom(long now)
    {
        var limit = Limit;
        if (limit == 0 || CountedBytes <= limit)
        {
            if (Volatile.Read(ref _exceededSince) != 0) EndExceeding();
            return true;
        }

        if (!MayEvict(now)) return true;
        var time = TimeLimit(_basics.Config.MaxMemoryEvictionTenacity);
        var outcome = Evict(now, limit, time, limit / Tolerance);
        if (outcome == Outcome.Enough)
        {
            EndExceeding();
            return true;
        }

        Interlocked.CompareExchange(ref _exceededSince, _basics.Clock.GetTimestamp(), 0);
        if (outcome == Outcome.TimeIsUp) _work.Request();
        return outcome != Outcome.NothingLeft;
    }

    /// <summary>How long one command may take for it.</summary>
    private static TimeSpan TimeLimit(int tenacity)
    {
        if (tenacity >= TenacityWithoutLimit) return TimeSpan.MaxValue;
        const int Linear = 10;
        return tenacity <= Linear
            ? TimeSpan.FromMicroseconds(MicrosecondsPerStep * tenacity)
            : TimeSpan.FromMicroseconds(MicrosecondsPerStep * Linear * Math.Pow(GrowthPerStep, tenacity - Linear));
    }

    /// <summary>
    /// A replica leaves it to its master, nothing goes before it is all there, and a pause is for the data set to stand still.
    /// </summary>
    private bool MayEvict(long now) =>
        !_persistence.IsLoading
        && !(_replication.IsReplica && _basics.Config.ReplicaIgnoreMaxMemory)
        && !_basics.Clients.IsPaused(now);

    private enum Outcome
    {
        Enough,
        TimeIsUp,
        NotNow,
        NothingLeft,
    }

    /// <summary>Evicts until it is enough, or the time is up and there is no more than a tolerable rest.</summary>
    private Outcome Evict(long now, long limit, TimeSpan time, long tolerable)
    {
        var begun = _basics.LatencyMonitor.Start();
        var outcome = EvictWithin(now, limit, time, tolerable);
        _basics.LatencyMonitor.NoteSince("eviction-cycle", begun);
        return outcome;
    }

    private Outcome EvictWithin(long now, long limit, TimeSpan time, long tolerable)
    {
        var policy = EvictionPolicy.Parse(_basics.Config.MaxMemoryPolicy);
        var thread = _threads.Value!;
        thread.Begin(now, policy);
        var start = _basics.Clock.GetTimestamp();
        var freeing = _basics.Keyspace.Freeing;
        for (var counted = CountedBytes; counted > limit; counted = CountedBytes)
        {
            if (freeing.PendingObjects > 0 && freeing.FreeSome())
            {
                // What was deleted before is on its way.
            }
            else if (policy.Order == EvictionOrder.None || !TryEvictKey(thread))
            {
                if (CountedBytes <= limit) return Outcome.Enough;
                return MayEvict(now) ? Outcome.NothingLeft : Outcome.NotNow;
            }
            else
            {
                Interlocked.Increment(ref _evictedKeys);
            }

            if (counted - limit <= tolerable && _basics.Clock.GetElapsedTime(start) >= time) return Outcome.TimeIsUp;
        }

        return Outcome.Enough;
    }

    private bool TryEvictKey(EvictionThread thread)
    {
        var begun = _basics.LatencyMonitor.Start();
        var hasEvicted = _keys.TryEvict(thread);
        _basics.LatencyMonitor.NoteSince("eviction-del", begun);
        return hasEvicted;
    }

    private void EndExceeding()
    {
        var since = Interlocked.Exchange(ref _exceededSince, 0);
        if (since != 0) Interlocked.Add(ref _exceededTicks, _basics.Clock.GetElapsedTime(since).Ticks);
    }

    /// <summary>Looks at what cannot be counted as it changes, and evicts what that brings.</summary>
    private void Sample(long now)
    {
        _basics.Memory.Sample();
        Volatile.Write(ref _uncountedBytes, _replication.Log.AllocatedBytes);
        NoteLimit();
        if (_basics.Config.MaxMemory != 0) TryMakeRoom(now);
    }

    /// <summary>Tells the operator of a limit that the process cannot come to.</summary>
    private void NoteLimit()
    {
        var wanted = _basics.Config.MaxMemory;
        if (wanted == _notedLimit) return;
        _notedLimit = wanted;
        if (wanted > _basics.Process.DataBytes) EvictionLog.LimitOutOfReach(_log, wanted, _basics.Process.DataBytes);
    }

    /// <summary>Goes on with what a command had no time for; false when it is enough.</summary>
    private bool Work(long now)
    {
        var limit = Limit;
        if (limit == 0 || !MayEvict(now)) return false;
        var outcome = Evict(now, limit, WorkTime, long.MaxValue);
        if (outcome == Outcome.Enough) EndExceeding();
        return outcome == Outcome.TimeIsUp;
    }

    private void WriteStats(InfoWriter info)
    {
        var since = Volatile.Read(ref _exceededSince);
        var current = since == 0 ? 0 : (long)_basics.Clock.GetElapsedTime(since).TotalMilliseconds;
        info.Field("evicted_keys", Interlocked.Read(ref _evictedKeys));
        info.Field("total_eviction_exceeded_time", (Interlocked.Read(ref _exceededTicks) / TimeSpan.TicksPerMillisecond) + current);
        info.Field("current_eviction_exceeded_time", current);
    }

    private void Reset()
    {
        Interlocked.Exchange(ref _evictedKeys, 0);
        Interlocked.Exchange(ref _exceededTicks, 0);
    }
}
