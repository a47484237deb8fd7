using Starling.Slots.Memory;

namespace Starling.Slots.Keyspace;

/// <summary>What a table's operations need besides the table.</summary>
internal readonly struct TableMemory
{
    public TableMemory(NativeHeap heap, KeyHash hash, int selector)
    {
        Heap = heap;
        Hash = hash;
        Selector = selector;
    }

    /// <summary>Where the memory comes from.</summary>
    public NativeHeap Heap { get; }

    /// <summary>The hash of keys.</summary>
    public KeyHash Hash { get; }

    /// <summary>The stripe, which chooses the arena.</summary>
    public int Selector { get; }
}
