using System.Runtime.InteropServices;
using Starling.Slots;

namespace Starling.Node.Execution;

/// <summary>
/// Keys that may serve who waits for them, each once, in the order of their becoming ready: a transaction that changes a
/// key a thousand times has it looked at once.
/// </summary>
internal sealed class ReadyKeys
{
    private const int Few = 8; // as many are compared one by one

    private readonly List<ReadyKey> _keys = [];
    private HashSet<ReadyKey>? _known; // the same keys, when they are many

    /// <summary>How many there are.</summary>
    public int Count => _keys.Count;

    /// <summary>The keys in their order.</summary>
    public ReadOnlySpan<ReadyKey> Keys => CollectionsMarshal.AsSpan(_keys);

    /// <summary>Adds a key at the end unless it is among them.</summary>
    public void Add(in ReadyKey key)
    {
        if (_keys.Count >= Few && _known is null) _known = new HashSet<ReadyKey>(_keys, SameKey.Instance);
        if (_known is null ? Contains(key) : !_known.Add(key)) return;
        _keys.Add(key);
    }

    /// <summary>Adds keys at the end that are not among them.</summary>
    public void Add(ReadyKeys keys)
    {
        foreach (ref readonly var key in keys.Keys) Add(key);
    }

    /// <summary>Says behind whom the first key serves.</summary>
    public void LimitFirst(KeyWaiter? behind) => _keys[0] = _keys[0] with { Behind = behind };

    /// <summary>Drops the first keys.</summary>
    public void RemoveFirst(int count)
    {
        if (_known is not null)
            foreach (ref readonly var key in Keys[..count]) _known.Remove(key);
        _keys.RemoveRange(0, count);
    }

    /// <summary>Drops all.</summary>
    public void Clear()
    {
        _keys.Clear();
        _known = null;
    }

    private bool Contains(in ReadyKey key)
    {
        foreach (ref readonly var known in Keys)
            if (SameKey.Instance.Equals(known, key)) return true;
        return false;
    }

    private sealed class SameKey : IEqualityComparer<ReadyKey>
    {
        public static SameKey Instance { get; } = new();

        public bool Equals(ReadyKey x, ReadyKey y) => x.Database == y.Database && x.Key.AsSpan().SequenceEqual(y.Key);

        public int GetHashCode(ReadyKey key) => HashCode.Combine(key.Database, ByteStringComparer.Instance.GetHashCode(key.Key));
    }
}
