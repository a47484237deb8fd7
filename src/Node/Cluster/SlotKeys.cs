using Starling.Slots.Keyspace;

namespace Starling.Node.Cluster;

/// <summary>Collects names of keys in a slot.</summary>
internal readonly struct SlotKeys : IEntryVisitor
{
    private readonly List<byte[]> _keys;
    private readonly int _limit;

    private SlotKeys(List<byte[]> keys, int limit)
    {
        _keys = keys;
        _limit = limit;
    }

    /// <summary>Up to <paramref name="limit"/> keys of a slot, each once. Needs the slot's stripe.</summary>
    public static List<byte[]> Take(Database database, int slot, int limit)
    {
        var keys = new List<byte[]>(Math.Min(limit, database.CountInSlot(slot)));
        if (keys.Capacity == 0) return keys;
        var visitor = new SlotKeys(keys, limit);
        ulong cursor = 0;
        do cursor = database.ScanSlot(slot, cursor, ref visitor);
        while (cursor != 0 && keys.Count < limit);
        return keys;
    }

    /// <inheritdoc/>
    public void Visit(in Entry entry)
    {
        if (_keys.Count < _limit) _keys.Add(entry.Key.ToArray());
    }
}
