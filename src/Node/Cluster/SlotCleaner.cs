using Microsoft.Extensions.Logging;
using Starling.ClusterBus.View;
using Starling.Node.Execution;
using Starling.Node.Persistence;
using Starling.Slots;

namespace Starling.Node.Cluster;

/// <summary>
/// Deletes the keys of slots that this master lost to another node, a bounded part at a time, so that millions of keys
/// delay no heartbeat. The deletions go to the replicas as DEL. A slot that comes back meanwhile is not served before
/// it is empty. Used by the bus thread, except where it says otherwise.
/// </summary>
internal sealed class SlotCleaner
{
    private const int KeysPerPart = 128;

    private readonly NodeBasics _basics;
    private readonly Executor _executor;
    private readonly PersistenceService _persistence;
    private readonly ClusterService _cluster;
    private readonly ILogger _logger;

    // Guards the set. Taken under the gate of the routing table's publishing; nothing is taken under it.
    private readonly RankedLock _gate = new(LockRank.Leaf, nameof(SlotCleaner));
    private readonly SlotSet _slots = new();
    private long _deleted;

    public SlotCleaner(
        NodeBasics basics, Executor executor, PersistenceService persistence, ClusterService cluster, ILogger logger)
    {
        _basics = basics;
        _executor = executor;
        _persistence = persistence;
        _cluster = cluster;
        _logger = logger;
    }

    /// <summary>The slots whose keys are still to be deleted, or null when there is none. Any thread.</summary>
    public SlotSet? Pending
    {
        get
        {
            using (_gate.Enter()) return _slots.IsEmpty ? null : _slots.Copy();
        }
    }

    /// <summary>Adds slots, but for those that have come back already: what is in them now may be new.</summary>
    public void Add(SlotSet slots)
    {
        for (var slot = slots.Next(0); slot >= 0; slot = slots.Next(slot + 1)) _cluster.UnlessClaimed(slot, Take);
    }

    /// <summary>Gives up: this node becomes a replica, and its master decides what it holds.</summary>
    public void Forget()
    {
        using (_gate.Enter()) _slots.Clear();
    }

    /// <summary>Deletes some keys. True when there are more.</summary>
    public bool DoPart()
    {
        int slot;
        using (_gate.Enter()) slot = _slots.Next(0);
        if (slot < 0) return false;
        if (DeleteSome(slot)) return true;

        bool isLast;
        using (_gate.Enter())
        {
            _slots.Remove(slot);
            isLast = _slots.IsEmpty;
        }

        if (_cluster.Claims(slot)) _cluster.Republish();
        if (!isLast) return true;
        if (_deleted > 0) ClusterLog.Deleted(_logger, _deleted);
        _deleted = 0;
        return false;
    }

    private void Take(int slot)
    {
        using (_gate.Enter()) _slots.Add(slot);
    }

    private bool DeleteSome(int slot)
    {
        using var scope = _executor.Open(LockPlan.Slot(slot));

        // Asked under the stripe: whoever pauses writes and takes every stripe once then relies on an offset that stands
        // still.
        if (_basics.Clients.IsPaused(_basics.NowMilliseconds) || _persistence.IsLoading) return true;
        var database = _basics.Keyspace[0];
        if (database.CountInSlot(slot) == 0) return false;
        var keys = SlotKeys.Take(database, slot, KeysPerPart);
        foreach (var key in keys) scope.Call.Delete(database, _basics.Keyspace.Key(key), DeleteReason.SlotLost);
        _deleted += keys.Count;
        return database.CountInSlot(slot) > 0;
    }
}
