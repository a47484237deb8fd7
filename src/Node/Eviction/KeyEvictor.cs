using Starling.Node.Execution;
using Starling.Slots.Keyspace;

namespace Starling.Node.Eviction;

/// <summary>Chooses one key by a policy and deletes it, under one stripe at a time. Any thread, each with its own candidates.</summary>
/// <param name="basics">What the node stands on.</param>
/// <param name="executor">Opens the scopes.</param>
/// <param name="mayEvict">
/// Whether a key may go at a time. Asked under its stripe: whoever pauses writes, or begins to load, and takes every stripe once
/// then relies on an offset that stands still.
/// </param>
internal sealed class KeyEvictor(NodeBasics basics, Executor executor, Func<long, bool> mayEvict)
{
    /// <summary>How often chance is tried before every slot is looked through for a key that may go.</summary>
    private const int MostTries = 64;

    /// <summary>Evicts a key; false when none may go, or none now.</summary>
    public bool TryEvict(EvictionThread thread)
    {
        var any = false;
        for (var tries = 0; tries < MostTries; tries++)
        {
            var evicted = thread.Policy.Order == EvictionOrder.Random
                ? TryEvictAny(thread, out any)
                : TryEvictBest(thread, out any);
            if (evicted) return true;
            if (!any || !mayEvict(thread.Call.Now)) return false;
        }

        return thread.Policy.ExpiringOnly && TryEvictFirst(thread);
    }

    private bool TryEvictBest(EvictionThread thread, out bool any)
    {
        any = Populate(thread);
        while (thread.Pool.TryTake(out var database, out var bytes, out var score))
        {
            var key = basics.Keyspace.Key(bytes);
            using var scope = executor.Open(thread.Call, LockPlan.Slot(key.Slot));

            // Who was accessed meanwhile is no candidate any more.
            if (database.TryFind(key, out var entry) && MayGo(thread.Policy, entry) && ScoreOf(thread, entry) >= score)
                return TryDelete(thread, database, key);
        }

        return false;
    }

    /// <summary>Looks at some keys of every database; false when there is none that may go.</summary>
    private bool Populate(EvictionThread thread)
    {
        var any = false;
        var keyspace = basics.Keyspace;
        var expiring = thread.Policy.ExpiringOnly;
        for (var i = 0; i < keyspace.DatabaseCount; i++)
        {
            var database = keyspace[i];
            if ((expiring ? database.ExpiringCount : database.Count) == 0) continue;
            any = true;
            var visitor = new Visitor(this, thread, database);
            var wanted = basics.Config.MaxMemorySamples;
            for (var tries = 0; tries < wanted && visitor.Seen < wanted; tries++)
            {
                var stripe = database.PickStripe(thread.Call.NextRandom(), expiring);
                if (stripe < 0) break;
                using var scope = executor.Open(thread.Call, LockPlan.Slot(stripe));
                database.Sample(stripe, thread.Call.NextRandom(), expiring, ref visitor);
            }
        }

        return any;
    }

    /// <summary>Evicts any key, of each database in turn.</summary>
    private bool TryEvictAny(EvictionThread thread, out bool any)
    {
        any = false;
        var keyspace = basics.Keyspace;
        var expiring = thread.Policy.ExpiringOnly;
        for (var i = 0; i < keyspace.DatabaseCount; i++)
        {
            var database = keyspace[thread.NextDatabase % keyspace.DatabaseCount];
            thread.NextDatabase = (thread.NextDatabase + 1) % keyspace.DatabaseCount;
            var stripe = database.PickStripe(thread.Call.NextRandom(), expiring);
            if (stripe < 0) continue;
            any = true;
            thread.Pool.Clear();
            var visitor = new Visitor(this, thread, database);
            using var scope = executor.Open(thread.Call, LockPlan.Slot(stripe));
            database.Sample(stripe, thread.Call.NextRandom(), expiring, ref visitor);
            if (thread.Pool.TryTake(out _, out var bytes, out _))
                return TryDelete(thread, database, keyspace.Key(bytes));
        }

        return false;
    }

    /// <summary>Evicts a key that expires, the best one of those that lie together: chance found none, so they are rare.</summary>
    private bool TryEvictFirst(EvictionThread thread)
    {
        for (var i = 0; i < basics.Keyspace.DatabaseCount; i++)
        {
            var database = basics.Keyspace[i];
            for (var slot = database.NextSlotInUse(0, expiring: true); slot >= 0; slot = database.NextSlotInUse(slot + 1, expiring: true))
            {
                var visitor = new Visitor(this, thread, database);
                var scan = default(ExpiryScan);
                for (var more = true; more && visitor.Seen == 0;)
                {
                    using var scope = executor.Open(thread.Call, LockPlan.Slot(slot));
                    more = database.ScanExpiring(slot, ref scan, ref visitor);
                    if (thread.Pool.TryTake(out _, out var bytes, out _))
                        return TryDelete(thread, database, basics.Keyspace.Key(bytes));
                }
            }
        }

        return false;
    }

    private bool TryDelete(EvictionThread thread, Database database, in Key key)
    {
        if (!mayEvict(thread.Call.Now) || !thread.Call.Delete(database, key, DeleteReason.Evicted)) return false;

        // Where keys are few, each has tables to itself, which take more than it does: all would go, and nothing be gained.
        Keyspace.FreeEmptyStripe(database, StripeSet.StripeOf(key.Slot));
        return true;
    }

    private static bool MayGo(EvictionPolicy policy, in Entry entry) =>
        !policy.ExpiringOnly || entry.ExpiresAt != Entry.NoExpiry;

    /// <summary>The higher, the sooner it goes.</summary>
    private ulong ScoreOf(EvictionThread thread, in Entry entry) => thread.Policy.Order switch
    {
        EvictionOrder.LeastRecentlyUsed => AccessTracking.IdleSeconds(entry.AccessClock, thread.Call.Now),
        EvictionOrder.LeastFrequentlyUsed => byte.MaxValue - basics.Access.Frequency(entry.AccessClock, thread.Call.Now),
        EvictionOrder.SoonestToExpire => (ulong)(long.MaxValue - entry.ExpiresAt),
        _ => thread.Call.NextRandom(),
    };

    private struct Visitor(KeyEvictor evictor, EvictionThread thread, Database database) : IEntryVisitor
    {
        public int Seen { get; private set; }

        public void Visit(in Entry entry)
        {
            Seen++;
            thread.Pool.Offer(database, entry.Key, evictor.ScoreOf(thread, entry));
        }
    }
}
