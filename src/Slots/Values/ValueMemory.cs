using Starling.Slots.Memory;

namespace Starling.Slots.Values;

/// <summary>Where the blocks of a value come from.</summary>
internal readonly unsafe struct ValueMemory
{
    private readonly NativeHeap _heap;
    private readonly int _selector;

    /// <summary>Names the heap and the part of it.</summary>
    /// <param name="heap">The heap of the value's database.</param>
    /// <param name="selector">The stripe, which chooses the arena.</param>
    public ValueMemory(NativeHeap heap, int selector)
    {
        _heap = heap;
        _selector = selector;
    }

    /// <summary>Memory of undefined content.</summary>
    public byte* Allocate(long size) => _heap.Allocate(_selector, size);

    /// <summary>Frees an allocation of that size.</summary>
    public void Free(byte* memory, long size) => _heap.Free(memory, size);

    /// <summary>Changes the size of an allocation; the content stays as far as it fits.</summary>
    public byte* Reallocate(byte* memory, long size, long newSize) =>
        _heap.Reallocate(_selector, memory, size, newSize);
}
