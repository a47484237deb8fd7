using Starling.Node.Execution;
using Starling.Node.Persistence;
using Starling.Node.Replication;
using Starling.Node.Serving;
using Starling.Slots;
using Starling.Slots.Keyspace;

namespace Starling.Node.Expiry;

/// <summary>
/// Deletes the expired keys that clients wrote on a writable replica. No DEL of the master will name them, and the
/// replica leaves every other key to its master: so those that clients write are remembered until they have expired,
/// lost their expiry or gone.
/// </summary>
public sealed class ReplicaExpiry
{
    private const int KeysPerRun = 10_000;
    private const long Unknown = long.MinValue;
    private const int SpareEntries = 1024;

    private readonly NodeBasics _basics;
    private readonly Executor _executor;
    private readonly PersistenceService _persistence;
    private readonly ReplicationService _replication;

    // Guards what follows. Taken under the stripe of a key, or without; nothing is taken under it.
    private readonly RankedLock _lock = new(LockRank.Leaf, nameof(ReplicaExpiry));
    private readonly Dictionary<ReplicaKey, long> _due = []; // when each is to be looked at
    private readonly PriorityQueue<ReplicaKey, long> _queue = new(); // an entry counts while _due says the same time

    /// <summary>Makes it for a node; nothing is remembered yet.</summary>
    public ReplicaExpiry(NodeBasics basics, Executor executor, PersistenceService persistence, ReplicationService replication) =>
        (_basics, _executor, _persistence, _replication) = (basics, executor, persistence, replication);

    /// <summary>Number of keys remembered: INFO's slave_expires_tracked_keys.</summary>
    public int Count
    {
        get
        {
            using (_lock.Enter()) return _due.Count;
        }
    }

    /// <summary>Number of times in the queue, those that count no more included.</summary>
    internal int QueueLength
    {
        get
        {
            using (_lock.Enter()) return _queue.Count;
        }
    }

    /// <summary>
    /// A client's command changes a key on this replica; whether it has an expiry then is looked at later. Under the
    /// key's stripe.
    /// </summary>
    internal void Note(Database database, in Key key)
    {
        using (_lock.Enter())
        {
            var tracked = new ReplicaKey(database, key.Bytes.ToArray());
            if (_due.TryGetValue(tracked, out var due) && due == Unknown) return;
            Schedule(tracked, Unknown);
        }
    }

    /// <summary>
    /// Deletes what has expired at a time in milliseconds of Unix time, a bounded number of keys; nothing while writes are
    /// paused.
    /// </summary>
    internal void Run(long now)
    {
        if (_persistence.IsLoading || _basics.Clients.IsPaused(now)) return;
        for (var i = 0; i < KeysPerRun && TryTakeDue(now, out var tracked); i++)
        {
            var key = _basics.Keyspace.Key(tracked.Key);
            using var scope = _executor.Open(LockPlan.Slot(key.Slot));
            if (_persistence.IsLoading)
            {
                // What the key is, is known when the load is over.
                using (_lock.Enter()) Schedule(tracked, Unknown);
                return;
            }

            Examine(scope.Call, tracked, key, now);
        }
    }

    private void Examine(CommandContext call, in ReplicaKey tracked, in Key key, long now)
    {
        // A master's keys are the active expiry's.
        if (!_replication.IsReplica
            || !tracked.Database.TryFind(key, out var entry) || entry.ExpiresAt == Entry.NoExpiry)
        {
            Forget(tracked);
        }
        else if (!KeyExpiry.IsExpired(entry, now))
        {
            using (_lock.Enter()) Schedule(tracked, entry.ExpiresAt);
        }
        else
        {
            Invariant.That(call.Delete(tracked.Database, key, DeleteReason.Expired));
            Forget(tracked);
        }
    }

    /// <summary>Forgets everything: the data set goes, and what comes is the master's.</summary>
    internal void Clear()
    {
        using (_lock.Enter())
        {
            _due.Clear();
            _queue.Clear();
        }
    }

    private bool TryTakeDue(long now, out ReplicaKey tracked)
    {
        using (_lock.Enter())
        {
            while (_queue.TryPeek(out tracked, out var due) && due < now)
            {
                _queue.Dequeue();
                if (_due.TryGetValue(tracked, out var current) && current == due) return true;
            }

            return false;
        }
    }

    private void Forget(in ReplicaKey tracked)
    {
        using (_lock.Enter()) _due.Remove(tracked);
    }

    /// <summary>Under the lock.</summary>
    private void Schedule(in ReplicaKey tracked, long due)
    {
        _due[tracked] = due;
        _queue.Enqueue(tracked, due);
        if (_queue.Count <= (2 * _due.Count) + SpareEntries) return;

        // Keys whose expiry is put off again and again leave entries behind that count no more.
        _queue.Clear();
        foreach (var (key, time) in _due) _queue.Enqueue(key, time);
    }
}
