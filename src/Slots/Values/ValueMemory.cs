using Starling.Slots.Keyspace;
using Starling.Slots.Memory;

namespace Starling.Slots.Values;

/// <summary>Where the blocks of a value come from.</summary>
internal readonly unsafe struct ValueMemory
{
    private readonly NativeHeap _heap;
    private readonly int _selector;
    private readonly FrozenPages? _pages;

    /// <summary>Names the heap and the part of it.</summary>
    /// <param name="heap">The heap of the value's database.</param>
    /// <param name="selector">The stripe, which chooses the arena.</param>
    /// <param name="hash">The keyspace's hash, when tables are to be made.</param>
    /// <param name="frozen">The value that is changed, when snapshots have views of it.</param>
    public ValueMemory(NativeHeap heap, int selector, in KeyHash hash = default, FrozenValue? frozen = null)
    {
        _heap = heap;
        _selector = selector;
        Hash = hash;
        Frozen = frozen;
        _pages = frozen?.Pages;
    }

    /// <summary>The seeded hash for tables that are made.</summary>
    public KeyHash Hash { get; }

    /// <summary>The value that is changed, when snapshots have views of it.</summary>
    public FrozenValue? Frozen { get; }

    /// <summary>Snapshots have views of the value: see <see cref="IsShared"/>.</summary>
    public bool HasViews => _pages != null;

    /// <summary>A snapshot may need this block as it is: who would change it changes a copy and frees the block, which
    /// stays for the snapshot.</summary>
    public bool IsShared(void* block) => _pages != null && _pages.IsShared((byte*)block);

    /// <summary>
    /// An element of that hash is about to be changed, added or removed: snapshots with views of the value save its part.
    /// </summary>
    public void BeforeElement(ulong hash) => Frozen?.BeforeElement(hash);

    /// <summary>What operations on a table with that hash work with.</summary>
    public TableMemory ForTable(in KeyHash hash) => new(_heap, hash, _selector);

    /// <summary>Memory of undefined content.</summary>
    public byte* Allocate(long size)
    {
        var block = _heap.Allocate(_selector, size);
        _pages?.Add(block);
        return block;
    }

    /// <summary>Frees an allocation of that size.</summary>
    public void Free(byte* memory, long size)
    {
        if (_pages == null || _pages.Remove(memory, size)) _heap.Free(memory, size);
    }

    /// <summary>Changes the size of an allocation of a value without views; the content stays as far as it fits.</summary>
    public byte* Reallocate(byte* memory, long size, long newSize)
    {
        Invariant.That(_pages == null);
        return _heap.Reallocate(_selector, memory, size, newSize);
    }
}
