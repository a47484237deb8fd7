using System.Numerics;

namespace Starling.Slots.Keyspace;

/// <summary>
/// Which parts of the slots of one stripe a snapshot has saved. A part is a range of positions, a power of two of equal
/// ones per slot, some entries each; the number is chosen when the slot is first touched. All under the stripe's lock.
/// </summary>
internal sealed class SnapshotStripe
{
    private const int EntriesPerPart = 2;

    private readonly State[] _slots = new State[StripeTables.Slots];

    /// <summary>The table that a slot had when it was cleared during the snapshot; null when it was not.</summary>
    public ref ClearedSlot? Cleared(int index) => ref _slots[index].Cleared;

    /// <summary>Says that everything in the slot is saved: nothing is kept about it any more.</summary>
    public void Forget(int index) => _slots[index] = default;

    /// <summary>The logarithm of the number of parts of the slot, chosen now if it was not touched yet.</summary>
    public int PartBits(int index, uint count)
    {
        ref var slot = ref _slots[index];
        if (slot.PartBits == 0)
        {
            var bits = BitOperations.Log2(Math.Max(1, count / EntriesPerPart));
            slot.PartBits = (byte)(bits + 1);
            if (bits > 6) slot.Many = new ulong[1 << (bits - 6)];
        }

        return slot.PartBits - 1;
    }

    /// <summary>Marks a part as saved; false when it was already.</summary>
    public bool TryMark(int index, ulong part)
    {
        ref var slot = ref _slots[index];
        ref var word = ref slot.One;
        if (slot.Many is { } many) word = ref many[part >> 6];
        var bit = 1UL << (int)(part & 63);
        if ((word & bit) != 0) return false;
        word |= bit;
        return true;
    }

    private struct State
    {
        public ulong One;
        public ulong[]? Many;
        public ClearedSlot? Cleared;
        public byte PartBits;
    }
}
