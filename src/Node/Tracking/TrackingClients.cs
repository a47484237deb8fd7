namespace Starling.Node.Tracking;

/// <summary>The ids of the clients that have read a key: mostly one.</summary>
internal struct TrackingClients
{
    private long _first; // 0 for none
    private HashSet<long>? _more;

    /// <summary>How many there are.</summary>
    public readonly int Count => (_first == 0 ? 0 : 1) + (_more?.Count ?? 0);

    /// <summary>The first; 0 for none.</summary>
    public readonly long First => _first;

    /// <summary>The others; null for none.</summary>
    public readonly HashSet<long>? More => _more;

    /// <summary>Adds one. Before the set that holds more than one grows, those that are gone leave it.</summary>
    /// <param name="id">A client's id, not 0.</param>
    /// <param name="isGone">A client is gone.</param>
    public void Add(long id, Predicate<long> isGone)
    {
        if (_first == id) return;
        if (_first == 0)
        {
            if (_more is null || !_more.Contains(id)) _first = id;
            return;
        }

        _more ??= [];
        var room = _more.EnsureCapacity(0);
        if (_more.Count == room && room > 0 && !_more.Contains(id))
        {
            _more.RemoveWhere(isGone);

            // Were only a few gone, the next would have everybody looked up again soon.
            if (_more.Count > room / 4 * 3) _more.EnsureCapacity(room * 2);
        }

        _more.Add(id);
    }

    /// <summary>Takes one out; false when it is not there.</summary>
    public bool Remove(long id)
    {
        if (_first != id) return _more is not null && _more.Remove(id);
        _first = 0;
        return true;
    }
}
