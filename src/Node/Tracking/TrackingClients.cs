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

    /// <summary>Adds one; false when it is there.</summary>
    /// <param name="id">A client's id, not 0.</param>
    public bool Add(long id)
    {
        if (_first == id) return false;
        if (_first != 0) return (_more ??= []).Add(id);
        if (_more is not null && _more.Contains(id)) return false;
        _first = id;
        return true;
    }

    /// <summary>Takes one out; false when it is not there.</summary>
    public bool Remove(long id)
    {
        if (_first != id) return _more is not null && _more.Remove(id);
        _first = 0;
        return true;
    }
}
