using System.Runtime.CompilerServices;
using Starling.Node.Execution;
using Starling.Slots;
using Starling.Slots.Keyspace;

namespace Starling.Node.Expiry;

/// <summary>
/// Estimates how long the keys of a database that have an expiry still live on average (INFO's avg_ttl), in Redis's way:
/// from run to run of the active expiry some keys are looked at, in turn, and what they say counts a fiftieth.
/// </summary>
internal sealed class TimeToLiveEstimate(Executor executor)
{
    private const double Weight = 0.02;

    // By the database itself: SWAPDB gives it another index.
    private readonly ConditionalWeakTable<Database, State> _states = [];

    /// <summary>The estimate for a database in milliseconds; 0 when there is none. Any thread.</summary>
    public long Of(Database database) => _states.TryGetValue(database, out var state) ? Volatile.Read(ref state.Mean) : 0;

    /// <summary>
    /// Looks at some keys of a database at a time in milliseconds of Unix time. Takes one stripe. One thread at a time.
    /// </summary>
    public void Sample(Database database, long now)
    {
        var state = _states.GetOrCreateValue(database);
        if (database.ExpiringCount == 0)
        {
            Volatile.Write(ref state.Mean, 0);
            return;
        }

        var slot = state.Slot < HashSlot.Count ? database.NextSlotInUse(state.Slot, expiring: true) : -1;
        if (slot < 0) slot = database.NextSlotInUse(0, expiring: true);
        if (slot < 0) return;
        var visitor = new Visitor(now);
        ulong cursor;
        using (executor.Open(LockPlan.Slot(slot))) cursor = database.ScanSlot(slot, slot == state.Slot ? state.Cursor : 0, ref visitor);
        (state.Slot, state.Cursor) = (cursor == 0 ? slot + 1 : slot, cursor);
        if (visitor.Count == 0) return;
        var mean = (double)visitor.Sum / visitor.Count;
        var former = state.Mean;
        Volatile.Write(ref state.Mean, (long)(former == 0 ? mean : (former * (1 - Weight)) + (mean * Weight)));
    }

    private sealed class State
    {
        public long Mean;
        public int Slot;
        public ulong Cursor;
    }

    private struct Visitor(long now) : IEntryVisitor
    {
        public int Count { get; private set; }

        public long Sum { get; private set; }

        public void Visit(in Entry entry)
        {
            if (entry.ExpiresAt == Entry.NoExpiry || entry.ExpiresAt <= now) return;
            Count++;
            Sum += Math.Min(entry.ExpiresAt - now, long.MaxValue / 1024); // no sum of a part of a table overflows
        }
    }
}
