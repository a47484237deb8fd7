using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using Starling.Slots;

namespace Starling.ClusterBus.View;

/// <summary>A set of slots, kept as the bus writes it: 2048 bytes, slot s in bit s modulo 8 of byte s / 8.</summary>
public sealed class SlotSet : IEquatable<SlotSet>
{
    /// <summary>Size of the bitmap in bytes.</summary>
    public const int ByteLength = HashSlot.Count / 8;

    private readonly byte[] _bits = new byte[ByteLength];

    /// <summary>The empty set.</summary>
    public SlotSet()
    {
    }

    /// <summary>The set in a bitmap of 2048 bytes, which is copied.</summary>
    public SlotSet(ReadOnlySpan<byte> bitmap)
    {
        bitmap[..ByteLength].CopyTo(_bits);
        foreach (var word in MemoryMarshal.Cast<byte, ulong>(_bits)) Count += BitOperations.PopCount(word);
    }

    /// <summary>Number of slots in the set.</summary>
    public int Count { get; private set; }

    /// <summary>True when there is no slot in the set.</summary>
    public bool IsEmpty => Count == 0;

    /// <summary>The bitmap, 2048 bytes.</summary>
    public ReadOnlySpan<byte> Bytes => _bits;

    /// <summary>The empty set, not to be changed.</summary>
    internal static SlotSet None { get; } = new();

    /// <summary>The slots from first to last, both included.</summary>
    public static SlotSet Range(int first, int last)
    {
        var set = new SlotSet();
        for (var slot = first; slot <= last; slot++) set.Add(slot);
        return set;
    }

    /// <summary>True when the slot, 0..16383, is in the set.</summary>
    public bool Contains(int slot) => (_bits[slot >> 3] & (1 << (slot & 7))) != 0;

    /// <summary>Adds a slot, 0..16383. False when it was in the set.</summary>
    public bool Add(int slot)
    {
        if (Contains(slot)) return false;
        _bits[slot >> 3] |= (byte)(1 << (slot & 7));
        Count++;
        return true;
    }

    /// <summary>Takes out a slot, 0..16383. False when it was not in the set.</summary>
    public bool Remove(int slot)
    {
        if (!Contains(slot)) return false;
        _bits[slot >> 3] &= (byte)~(1 << (slot & 7));
        Count--;
        return true;
    }

    /// <summary>Takes out all slots.</summary>
    public void Clear()
    {
        Array.Clear(_bits);
        Count = 0;
    }

    /// <summary>The lowest slot of the set that is at least <paramref name="from"/>, or -1.</summary>
    public int Next(int from) => NextBit(from, invert: 0);

    /// <summary>The slots of the set as runs (first, last), ascending.</summary>
    public IEnumerable<(int First, int Last)> Ranges()
    {
        for (var first = Next(0); first >= 0;)
        {
            var end = NextBit(first, invert: ulong.MaxValue);
            if (end < 0) end = HashSlot.Count;
            yield return (first, end - 1);
            first = Next(end);
        }
    }

    /// <summary>True when every slot of another set is in this one.</summary>
    public bool Includes(SlotSet other)
    {
        if (ReferenceEquals(this, other) || other.IsEmpty) return true;
        var mine = MemoryMarshal.Cast<byte, ulong>(_bits);
        var theirs = MemoryMarshal.Cast<byte, ulong>(other._bits);
        for (var i = 0; i < mine.Length; i++)
        {
            if ((theirs[i] & ~mine[i]) != 0) return false;
        }

        return true;
    }

    /// <summary>A new set of the slots that are in both.</summary>
    public SlotSet Intersect(SlotSet other)
    {
        var both = new byte[ByteLength];
        for (var i = 0; i < both.Length; i++) both[i] = (byte)(_bits[i] & other._bits[i]);
        return new SlotSet(both);
    }

    /// <summary>A copy.</summary>
    public SlotSet Copy() => new(_bits);

    /// <inheritdoc/>
    public bool Equals(SlotSet? other) =>
        other is not null && Count == other.Count && _bits.AsSpan().SequenceEqual(other._bits);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SlotSet);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(_bits);
        return hash.ToHashCode();
    }

    private int NextBit(int from, ulong invert)
    {
        for (var index = from >> 6; index < ByteLength / 8; index++)
        {
            // Byte order as on the wire, whatever the machine's.
            var word = BinaryPrimitives.ReadUInt64LittleEndian(_bits.AsSpan(index * 8)) ^ invert;
            if (index == from >> 6) word &= ulong.MaxValue << (from & 63);
            if (word != 0) return (index << 6) + BitOperations.TrailingZeroCount(word);
        }

        return -1;
    }
}
