using Starling.Node.Serving;
using Starling.Slots.Keyspace;

namespace Starling.Node.Tracking;

/// <summary>
/// The changes of an open scope that clients who track are to be told of: noted under the stripes of their keys, told under none. Made
/// for a context once somebody tracks.
/// </summary>
internal sealed class ScopeChanges(TrackingService tracking, NodeSession session)
{
    private readonly List<ChangedKey> _keys = [];
    private readonly List<BroadcastKey> _broadcast = [];
    private int _lastEmptied;

    /// <summary>There is nothing to tell.</summary>
    public bool IsEmpty => _keys.Count == 0 && _broadcast.Count == 0;

    /// <summary>A key has changed. Under its stripe.</summary>
    /// <param name="key">The key.</param>
    /// <param name="isExpiry">It has expired: no client has changed it.</param>
    public void Note(in Key key, bool isExpiry)
    {
        if (tracking.Broadcasts.Concerns(key.Bytes)) _broadcast.Add(new BroadcastKey(key.Bytes.ToArray(), isExpiry ? 0 : session.Id));
        if (tracking.Table.TryTake(key, out var bytes, out var clients)) NoteTaken(bytes, clients);
    }

    /// <summary>
    /// All keys of a database are gone: everybody who tracks is to forget everything. Under every stripe.
    /// </summary>
    /// <param name="database">Its index: several that are emptied in their order are told of once.</param>
    public void NoteFlush(int database)
    {
        tracking.Table.Clear();
        var isToldOf = _keys.Count > 0 && _keys[^1].Bytes is null && database > _lastEmptied;
        _lastEmptied = database;
        if (isToldOf) return;
        _keys.Add(default);
        if (session.Tracking is not null) (session.OwnInvalidations ??= []).Add(null);
    }

    /// <summary>Keys have been taken from the table, which has too many. Under their stripes.</summary>
    public List<ChangedKey> Taken => _keys;

    /// <summary>Tells the others. Under no lock.</summary>
    public void Deliver()
    {
        foreach (var (bytes, clients) in _keys)
        {
            if (bytes is null) tracking.TellAll(except: session);
            else tracking.Tell(bytes, clients);
        }

        _keys.Clear();
        if (_broadcast.Count == 0) return;
        tracking.Broadcasts.Add(_broadcast);
        _broadcast.Clear();
        tracking.BroadcastUnlessRoundFollows();
    }

    /// <summary>
    /// What concerns the caller itself it is told behind the reply, which may be under way, by what it has asked for now, as by Redis.
    /// </summary>
    private void NoteTaken(byte[] bytes, TrackingClients clients)
    {
        if (session.Tracking is { } own && clients.Remove(session.Id) && !own.IsBroadcast && !own.IsNoLoop)
            (session.OwnInvalidations ??= []).Add(bytes);
        if (clients.Count > 0) _keys.Add(new ChangedKey(bytes, clients));
    }
}
