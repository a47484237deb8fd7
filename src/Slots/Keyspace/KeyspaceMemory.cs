using Starling.Slots.Memory;

namespace Starling.Slots.Keyspace;

/// <summary>The native memory of a keyspace as a whole. No lock is needed for anything here.</summary>
public sealed class KeyspaceMemory
{
    private readonly Keyspace _keyspace;

    /// <summary>Makes a view of the memory of a keyspace.</summary>
    public KeyspaceMemory(Keyspace keyspace) => _keyspace = keyspace;

    /// <summary>What the memory of all databases is used for.</summary>
    public MemoryUsage Usage
    {
        get
        {
            var sum = default(MemoryUsage);
            for (var i = 0; i < _keyspace.DatabaseCount; i++)
                if (_keyspace[i].Tables is { } tables) sum += tables.Heap.Usage;
            return sum;
        }
    }

    /// <summary>
    /// Gives memory back to the system that is free and more than a reserve: some tens of microseconds. To be called
    /// now and then, again and again while it answers true.
    /// </summary>
    /// <returns>False when nothing was left to give.</returns>
    public bool Trim()
    {
        for (var i = 0; i < _keyspace.DatabaseCount; i++)
            if (_keyspace[i].Tables is { } tables && tables.Heap.Trim()) return true;
        return false;
    }
}
