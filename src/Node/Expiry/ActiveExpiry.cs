using System.Globalization;
using Starling.Node.Telemetry;
using Starling.Slots;
using Starling.Slots.Keyspace;

namespace Starling.Node.Expiry;

/// <summary>
/// Deletes expired keys that nobody asks for. Each run looks at some keys with an expiry in every database, going on
/// where the run before stopped, and keeps on while more than a tenth of what it finds has expired, up to a share of
/// one core's time. Runs on the cron's thread; takes one stripe at a time, for a bounded part of a slot's table.
/// </summary>
public sealed class ActiveExpiry
{
    private const int Effort = 1;
    private const int KeysPerRound = 20 + (20 / 4 * (Effort - 1));
    private const int TimePercent = 25 + (2 * (Effort - 1));
    private const int AcceptableStalePercent = 10 - (Effort - 1);

    /// <summary>Entries looked at under one lock before a round ends, whether they have an expiry or not.</summary>
    private const int EntriesPerLock = 400;

    private readonly NodeServer _server;
    private readonly KeyBatch _expired = new();
    private readonly Position[] _positions;
    private int _nextDatabase;
    private double _stalePercent;
    private long _timeCapReached;
    private long _elapsedMilliseconds;

    /// <summary>Makes the active expiry of a server and registers it with the cron and with INFO.</summary>
    public ActiveExpiry(NodeServer server)
    {
        _server = server;
        _positions = new Position[server.Keyspace.DatabaseCount];
        server.Cron.Every(TimeSpan.FromMilliseconds(1000.0 / server.Config.Hz), Run);
        server.Info.Add("stats", WriteInfo);
        server.Info.AddReset(ResetStatistics);
    }

    /// <summary>False while DEBUG SET-ACTIVE-EXPIRE 0 holds.</summary>
    public bool IsEnabled { get; set; } = true;

    /// <summary>Sets INFO's counters back to 0 (CONFIG RESETSTAT).</summary>
    public void ResetStatistics()
    {
        _server.Expiry.ResetCount();
        Volatile.Write(ref _stalePercent, 0);
        Interlocked.Exchange(ref _timeCapReached, 0);
    }

    /// <summary>
    /// One run at a time in milliseconds of Unix time: at most the share of time that one period of <c>hz</c> allows.
    /// </summary>
    public void Run(long now)
    {
        if (!IsEnabled || !_server.Expiry.MayDelete) return;
        var start = _server.Clock.GetTimestamp();
        var limit = TimeSpan.FromMilliseconds(1000.0 / _server.Config.Hz * TimePercent / 100);
        long sampled = 0, expired = 0;
        var inTime = true;
        for (var i = 0; i < _positions.Length && inTime; i++)
        {
            var database = _server.Keyspace[_nextDatabase];
            _nextDatabase = (_nextDatabase + 1) % _positions.Length;
            if (database.ExpiringCount > 0) inTime = RunDatabase(database, now, start, limit, ref sampled, ref expired);
        }

        if (!inTime) Interlocked.Increment(ref _timeCapReached);
        var percent = sampled == 0 ? 0 : 100.0 * expired / sampled;
        Volatile.Write(ref _stalePercent, (percent * 0.05) + (_stalePercent * 0.95));
        Interlocked.Add(ref _elapsedMilliseconds, (long)_server.Clock.GetElapsedTime(start).TotalMilliseconds);
    }

    /// <summary>
    /// Rounds until few of the keys seen have expired, or every slot was seen. False when the time is up.
    /// </summary>
    private bool RunDatabase(
        Database database, long now, long start, TimeSpan limit, ref long sampled, ref long expired)
    {
        var position = _positions[database.Index];
        var slotsLeft = HashSlot.Count;
        var inTime = true;
        while (inTime && slotsLeft > 0)
        {
            int roundSampled = 0, roundExpired = 0;
            while (roundSampled < KeysPerRound && slotsLeft > 0 && inTime)
            {
                if (position.Cursor == 0) slotsLeft -= AdvanceToExpiring(database, ref position);
                if (slotsLeft < 0) break;
                RunSlot(database, ref position, now, ref roundSampled, ref roundExpired);
                inTime = _server.Clock.GetElapsedTime(start) < limit;
            }

            sampled += roundSampled;
            expired += roundExpired;
            if (roundExpired * 100 <= roundSampled * AcceptableStalePercent) break;
        }

        _positions[database.Index] = position;
        return inTime;
    }

    /// <summary>
    /// Goes to the next slot with an expiring key, around the end; returns how many slots that went past.
    /// </summary>
    private static int AdvanceToExpiring(Database database, ref Position position)
    {
        var from = position.Slot;
        var slot = from < HashSlot.Count ? database.NextSlotInUse(from, expiring: true) : -1;
        if (slot < 0) slot = database.NextSlotInUse(0, expiring: true);
        if (slot < 0) return HashSlot.Count;
        position.Slot = slot;
        return slot >= from ? slot - from + 1 : HashSlot.Count - from + slot + 1;
    }

    /// <summary>
    /// Looks at a bounded part of a slot's table and deletes what has expired there, under the slot's stripe.
    /// </summary>
    private void RunSlot(Database database, ref Position position, long now, ref int sampled, ref int expired)
    {
        _expired.Clear();
        var visitor = new Visitor(now, _expired);
        using (_server.Keyspace.LockSlot(position.Slot))
        {
            do position.Cursor = database.ScanSlot(position.Slot, position.Cursor, ref visitor);
            while (position.Cursor != 0 && visitor.Visited < EntriesPerLock && visitor.Expiring < KeysPerRound);
            for (var i = 0; i < _expired.Count; i++)
                if (_server.Expiry.TryDelete(database, _server.Keyspace.Key(_expired[i]), now)) expired++;
        }

        sampled += visitor.Expiring;
        if (position.Cursor == 0) position.Slot++;
    }

    private void WriteInfo(InfoWriter info)
    {
        info.Field("expired_keys", _server.Expiry.ExpiredKeys);
        info.Field("expired_stale_perc", Volatile.Read(ref _stalePercent).ToString("F2", CultureInfo.InvariantCulture));
        info.Field("expired_time_cap_reached_count", Interlocked.Read(ref _timeCapReached));
        info.Field("expire_cycle_cpu_milliseconds", Interlocked.Read(ref _elapsedMilliseconds));
    }

    /// <summary>Where the next run goes on: a slot, HashSlot.Count for none, and the cursor in its table.</summary>
    private struct Position
    {
        public int Slot;
        public ulong Cursor;
    }

    private struct Visitor(long now, KeyBatch expired) : IEntryVisitor
    {
        public int Visited { get; private set; }

        public int Expiring { get; private set; }

        public void Visit(in Entry entry)
        {
            Visited++;
            if (entry.ExpiresAt == Entry.NoExpiry) return;
            Expiring++;
            if (KeyExpiry.IsExpired(entry, now)) expired.Add(entry);
        }
    }
}
