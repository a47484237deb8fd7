using System.Globalization;
using Starling.Node.Execution;
using Starling.Node.Telemetry;
using Starling.Slots;
using Starling.Slots.Keyspace;

namespace Starling.Node.Expiry;

/// <summary>
/// Deletes expired keys that nobody asks for. A run goes around the slots in which a key has expired, from where the run
/// before stopped, until it is around, or has seen enough while little of it had expired, or its share of one core's
/// time is used up. Runs on the cron's thread; takes one stripe at a time, for a bounded part of a slot's table.
/// </summary>
public sealed class ActiveExpiry
{
    /// <summary>What <c>active-expire-effort</c> will set, 1 to 10.</summary>
    private const int Effort = 1;

    private const int TimePercent = 25 + (2 * (Effort - 1));

    /// <summary>
    /// Keys that a run looks at however few of them have expired: some milliseconds' worth. With more keys than that, part
    /// of the expired ones stays for a while, rather than a core being kept busy for a few.
    /// </summary>
    private const int KeysPerRun = 100_000 * Effort;

    private const int AcceptableStalePercent = 10 - (Effort - 1);

    private readonly NodeBasics _basics;
    private readonly Executor _executor;
    private readonly KeyExpiry _expiry;
    private readonly ReplicaExpiry _replicaExpiry;
    private readonly FieldExpiry _fieldExpiry;
    private readonly KeyBatch _expired = new();
    private readonly Position[] _positions;
    private int _nextDatabase;
    private double _stalePercent;
    private long _timeCapReached;
    private double _elapsedMilliseconds;

    /// <summary>Makes the active expiry of a node and registers it with the cron and with INFO.</summary>
    public ActiveExpiry(NodeBasics basics, Executor executor, KeyExpiry expiry, ReplicaExpiry replicaExpiry)
    {
        (_basics, _executor, _expiry, _replicaExpiry) = (basics, executor, expiry, replicaExpiry);
        _positions = new Position[basics.Keyspace.DatabaseCount];
        TimeToLive = new TimeToLiveEstimate(executor);
        _fieldExpiry = new FieldExpiry(basics, executor, expiry);
        basics.Cron.Every(TimeSpan.FromMilliseconds(1000.0 / basics.Config.Hz), Run);
        basics.Info.Add("stats", WriteInfo);
        basics.Info.AddReset(ResetStatistics);
    }

    /// <summary>False while DEBUG SET-ACTIVE-EXPIRE 0 holds.</summary>
    public bool IsEnabled { get; set; } = true;

    /// <summary>How long keys still live on average.</summary>
    internal TimeToLiveEstimate TimeToLive { get; }

    /// <summary>Sets INFO's counters back to 0 (CONFIG RESETSTAT).</summary>
    public void ResetStatistics()
    {
        _expiry.ResetCount();
        Volatile.Write(ref _stalePercent, 0);
        Interlocked.Exchange(ref _timeCapReached, 0);
    }

    /// <summary>
    /// One run at a time in milliseconds of Unix time: at most the share of time that one period of <c>hz</c> allows.
    /// </summary>
    public void Run(long now)
    {
        if (!IsEnabled) return;
        _replicaExpiry.Run(now);
        if (!_expiry.MayDelete) return;
        var start = _basics.Clock.GetTimestamp();
        var tally = new Tally
        {
            Now = now,
            Start = start,
            Limit = TimeSpan.FromMilliseconds(1000.0 / _basics.Config.Hz * TimePercent / 100),
        };
        for (var i = 0; i < _positions.Length && !tally.IsTimeUp; i++)
        {
            var index = _nextDatabase;
            _nextDatabase = (index + 1) % _positions.Length;
            var database = _basics.Keyspace[index];
            if (database.ExpiringCount > 0) RunDatabase(database, ref _positions[index], ref tally);
        }

        // Of their own share of time, so that neither keys nor fields wait for the others.
        _fieldExpiry.Run(now, _basics.Clock.GetTimestamp(), tally.Limit / 2);
        for (var i = 0; i < _positions.Length; i++) TimeToLive.Sample(_basics.Keyspace[i], now);
        if (tally.IsTimeUp) Interlocked.Increment(ref _timeCapReached);
        var known = tally.Sampled + tally.NotDue;
        var percent = known == 0 ? 0 : 100.0 * tally.Expired / known;
        Volatile.Write(ref _stalePercent, (percent * 0.05) + (_stalePercent * 0.95));
        var elapsed = _basics.Clock.GetElapsedTime(start).TotalMilliseconds;
        Volatile.Write(ref _elapsedMilliseconds, _elapsedMilliseconds + elapsed);
        _basics.LatencyMonitor.Note("expire-cycle", (long)elapsed);
    }

    private void RunDatabase(Database database, ref Position position, ref Tally tally)
    {
        // SWAPDB put another database here: a scan begun in the former one means nothing in this one.
        if (position.Database != database) position = new Position { Database = database };
        var slotsLeft = HashSlot.Count;
        long sampled = tally.Sampled, expired = tally.Expired;
        var expiring = database.ExpiringCount;
        while (!tally.IsTimeUp)
        {
            if (!position.IsInSlot)
            {
                slotsLeft -= AdvanceToExpiring(database, ref position, tally.Now);
                if (slotsLeft < 0)
                {
                    // It went around: what it has not looked at has not expired.
                    tally.NotDue += Math.Max(0, expiring - (tally.Sampled - sampled));
                    return;
                }
            }

            RunSlot(database, ref position, ref tally);
            tally.IsTimeUp = _basics.Clock.GetElapsedTime(tally.Start) >= tally.Limit;
            var seen = tally.Sampled - sampled;
            if (seen >= KeysPerRun && (tally.Expired - expired) * 100 <= seen * AcceptableStalePercent) return;
        }
    }

    /// <summary>
    /// Goes to the next slot in which a key may have expired, around the end; returns how many slots that went past.
    /// </summary>
    private static int AdvanceToExpiring(Database database, ref Position position, long now)
    {
        var from = position.Slot;
        var slot = database.NextSlotExpiring(from, now);
        if (slot < 0) slot = database.NextSlotExpiring(0, now);
        if (slot < 0) return HashSlot.Count + 1;
        position.Slot = slot;
        position.Scan = default;
        position.IsInSlot = true;
        return slot >= from ? slot - from + 1 : HashSlot.Count - from + slot + 1;
    }

    /// <summary>
    /// Looks at a bounded part of a slot's table and deletes what has expired there, under the slot's stripe.
    /// </summary>
    private void RunSlot(Database database, ref Position position, ref Tally tally)
    {
        _expired.Clear();
        var visitor = new Visitor(tally.Now, _expired);
        using (var scope = _executor.Open(LockPlan.Slot(position.Slot)))
        {
            position.IsInSlot = database.ScanExpiring(position.Slot, ref position.Scan, ref visitor);
            for (var i = 0; i < _expired.Count; i++)
                if (_expiry.TryDelete(scope.Call, database, _basics.Keyspace.Key(_expired[i]))) tally.Expired++;
        }

        tally.Sampled += visitor.Seen;
        if (!position.IsInSlot) position.Slot++;
    }

    private void WriteInfo(InfoWriter info)
    {
        info.Field("slave_expires_tracked_keys", _replicaExpiry.Count);
        info.Field("expired_keys", _expiry.ExpiredKeys);
        info.Field("expired_subkeys", _expiry.ExpiredFields);
        info.Field("expired_stale_perc", Volatile.Read(ref _stalePercent).ToString("F2", CultureInfo.InvariantCulture));
        info.Field("expired_time_cap_reached_count", Interlocked.Read(ref _timeCapReached));
        info.Field("expire_cycle_cpu_milliseconds", (long)Volatile.Read(ref _elapsedMilliseconds));
    }

    /// <summary>Where the next run goes on in a database.</summary>
    private struct Position
    {
        public Database? Database;
        public int Slot;
        public bool IsInSlot;
        public ExpiryScan Scan;
    }

    /// <summary>What one run does.</summary>
    private struct Tally
    {
        public long Now;
        public long Start;
        public TimeSpan Limit;
        public bool IsTimeUp;
        public long Sampled;
        public long Expired;
        public long NotDue;
    }

    private struct Visitor(long now, KeyBatch expired) : IEntryVisitor
    {
        public int Seen { get; private set; }

        public void Visit(in Entry entry)
        {
            Seen++;
            if (KeyExpiry.IsExpired(entry, now)) expired.Add(entry);
        }
    }
}
