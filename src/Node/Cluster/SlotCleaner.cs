using Microsoft.Extensions.Logging;
using Starling.ClusterBus.View;
using Starling.Slots;
using Starling.Slots.Keyspace;

namespace Starling.Node.Cluster;

/// <summary>
/// Deletes the keys of slots that this master lost to another node, a bounded part at a time, so that millions of keys delay no heartbeat.
/// The deletions go to the replicas as DEL. Used by the bus thread only.
/// </summary>
internal sealed class SlotCleaner
{
    private const int KeysPerPart = 128;

    private readonly NodeServer _server;
    private readonly ILogger _logger;
    private readonly InternalClient _client;
    private readonly SlotSet _slots = new();
    private long _deleted;

    public SlotCleaner(NodeServer server, ILogger logger)
    {
        _server = server;
        _logger = logger;
        _client = new InternalClient(server);
    }

    /// <summary>Adds slots.</summary>
    public void Add(SlotSet slots)
    {
        for (var slot = slots.Next(0); slot >= 0; slot = slots.Next(slot + 1)) _slots.Add(slot);
    }

    /// <summary>Gives up: this node becomes a replica, and its master decides what it holds.</summary>
    public void Forget() => _slots.Clear();

    /// <summary>Deletes some keys. True when there are more.</summary>
    public bool DoPart()
    {
        var slot = _slots.Next(0);
        if (slot < 0) return false;
        if (DeleteSome(slot)) return true;
        _slots.Remove(slot);
        if (!_slots.IsEmpty) return true;
        if (_deleted > 0) ClusterLog.Deleted(_logger, _deleted);
        _deleted = 0;
        return false;
    }

    /// <summary>Deletes all keys of the slots that come back to this node by a new view, before it is the routing table.</summary>
    public void FinishReturning(ClusterView view)
    {
        for (var slot = _slots.Next(0); slot >= 0; slot = _slots.Next(slot + 1))
        {
            if (view.OwnerOf(slot) != view.Myself && !view.Importing.ContainsKey(slot)) continue;
            while (DeleteSome(slot))
            {
                // Until there are none.
            }

            _slots.Remove(slot);
        }
    }

    private bool DeleteSome(int slot)
    {
        using var scope = _server.Keyspace.LockSlot(slot);
        var database = _server.Keyspace[0];
        if (database.CountInSlot(slot) == 0) return false;
        var keys = SlotKeys.Take(database, slot, KeysPerPart);
        _client.Delete(0, keys);
        _deleted += keys.Count;
        return database.CountInSlot(slot) > 0;
    }
}
