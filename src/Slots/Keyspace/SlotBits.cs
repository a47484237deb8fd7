using System.Numerics;

namespace Starling.Slots.Keyspace;

/// <summary>
/// A set of slots that several threads change at once, each the slots of the stripes that it holds.
/// </summary>
internal sealed class SlotBits
{
    private readonly ulong[] _words = new ulong[HashSlot.Count / 64];

    /// <summary>An empty set.</summary>
    public SlotBits()
    {
    }

    /// <summary>A set with the same slots.</summary>
    public SlotBits(SlotBits other) => other._words.CopyTo(_words, 0);

    /// <summary>True when the slot is in the set.</summary>
    public bool Contains(int slot) => (Volatile.Read(ref _words[slot >> 6]) & (1UL << (slot & 63))) != 0;

    /// <summary>Adds a slot.</summary>
    public void Add(int slot) => Interlocked.Or(ref _words[slot >> 6], 1UL << (slot & 63));

    /// <summary>Takes a slot out.</summary>
    public void Remove(int slot) => Interlocked.And(ref _words[slot >> 6], ~(1UL << (slot & 63)));

    /// <summary>Takes out every slot that is not in another set.</summary>
    public void IntersectWith(SlotBits other)
    {
        for (var i = 0; i < _words.Length; i++) _words[i] &= other._words[i];
    }

    /// <summary>The first slot of the set from <paramref name="from"/> on, or -1.</summary>
    public int Next(int from)
    {
        for (var word = from >> 6; word < _words.Length; word++)
        {
            var value = Volatile.Read(ref _words[word]);
            if (word == from >> 6) value &= ulong.MaxValue << (from & 63);
            if (value != 0) return (word << 6) + BitOperations.TrailingZeroCount(value);
        }

        return -1;
    }
}
