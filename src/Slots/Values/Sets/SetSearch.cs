using System.Numerics;
using System.Runtime.CompilerServices;

namespace Starling.Slots.Values.Sets;

/// <summary>
/// Sets that are asked for many members, those of a walk through another one. To look for a member in a listpack takes a
/// comparison for each of those that are there; where that would cost more, an index of the listpack is made first: a hash
/// table of the places of its entries, in memory of the caller. Valid until any of the sets is changed.
/// </summary>
public readonly unsafe ref struct SetSearch
{
    /// <summary>From so many comparisons on an index is worth its making.</summary>
    private const long FewestComparisons = 512;

    private const int MostIndexed = 1024;
    private const int MostRoom = 8192;
    private const int MostSets = 64;
    private const int LongestEntry = 64; // without its length behind; longer ones are looked for one by one
    private const int Text12Codes = 0xE0;
    private const int NumberCodes = 0xF1;
    private const ulong Multiplier = 0x9E37_79B9_7F4A_7C15;

    private readonly ReadOnlySpan<SetView> _sets;
    private readonly Span<ushort> _places; // in a listpack; 0 for none
    private readonly int _stride;
    private readonly ulong _indexed;

    /// <summary>Prepares to ask some sets.</summary>
    /// <param name="sets">The sets.</param>
    /// <param name="members">For how many members each will be asked, about.</param>
    /// <param name="room"><see cref="Room"/> numbers, all zero.</param>
    public SetSearch(ReadOnlySpan<SetView> sets, long members, Span<ushort> room)
    {
        _sets = sets;
        _places = room;
        _stride = Stride(sets, members);
        var next = 0;
        for (var i = 0; i < Math.Min(sets.Length, MostSets) && next + _stride <= room.Length; i++)
        {
            if (_stride == 0 || !IsIndexed(sets[i], members)) continue;
            Fill(sets[i].ListpackBlock, room.Slice(next, _stride));
            _indexed |= 1UL << i;
            next += _stride;
        }
    }

    /// <summary>How much room the indexes need; 0 when there are none.</summary>
    /// <param name="sets">The sets.</param>
    /// <param name="members">For how many members each will be asked, about.</param>
    public static int Room(ReadOnlySpan<SetView> sets, long members)
    {
        var stride = Stride(sets, members);
        if (stride == 0) return 0;
        var indexed = 0;
        foreach (var set in sets)
            if (IsIndexed(set, members)) indexed++;
        return Math.Min(indexed, MostRoom / stride) * stride;
    }

    /// <summary>What it costs to look for so many members in a set, in comparisons.</summary>
    public static long Cost(SetView set, long members) => IsIndexed(set, members)
        ? set.Count + (2 * members)
        : members * set.SearchCost;

    /// <summary>True when the set of an index has the member that a walk through another one stands on.</summary>
    public bool Contains(int index, scoped in SetMembers member) =>
        HasIndex(index) ? ContainsIndexed(index, member) : _sets[index].Contains(member);

    /// <summary>As <see cref="Contains(int, in SetMembers)"/>, for a walk of which every member is asked for.</summary>
    /// <param name="index">The set.</param>
    /// <param name="member">The walk.</param>
    /// <param name="near">0 at first, then what the last call for this set made of it.</param>
    public bool Contains(int index, scoped in SetMembers member, ref long near) =>
        HasIndex(index) ? ContainsIndexed(index, member) : _sets[index].ContainsNear(member, ref near);

    /// <summary>True when any of the first sets has the member that a walk through another one stands on.</summary>
    public bool IsInFirst(int sets, scoped in SetMembers member)
    {
        for (var i = 0; i < sets; i++)
            if (Contains(i, member)) return true;
        return false;
    }

    private bool HasIndex(int set) => set < MostSets && (_indexed >> set & 1) != 0;

    [SkipLocalsInit]
    private bool ContainsIndexed(int index, scoped in SetMembers member)
    {
        var entry = member.Entry;
        var scratch = stackalloc byte[LongestEntry];
        var length = entry != null ? Listpack.BareLength(entry) : Encode(member.Current, scratch);
        if (length > LongestEntry) return _sets[index].Contains(member);
        var places = _places.Slice(BitOperations.PopCount(_indexed & ((1UL << index) - 1)) * _stride, _stride);
        return Find(_sets[index].ListpackBlock, places, new ReadOnlySpan<byte>(entry != null ? entry : scratch, length));
    }

    private static bool IsIndexed(SetView set, long members) =>
        set.ListpackBlock != null && set.Count <= MostIndexed && SetListpack.Length(set.ListpackBlock) <= ushort.MaxValue
        && members * set.Count >= FewestComparisons;

    /// <summary>Places of one index, a power of two: twice the members of the largest set that has one.</summary>
    private static int Stride(ReadOnlySpan<SetView> sets, long members)
    {
        long largest = 0;
        foreach (var set in sets)
            if (IsIndexed(set, members)) largest = Math.Max(largest, set.Count);
        return (int)BitOperations.RoundUpToPowerOf2((ulong)largest * 2);
    }

    private static void Fill(byte* listpack, Span<ushort> places)
    {
        var end = SetListpack.End(listpack);
        int length;
        for (var at = SetListpack.First(listpack); at < end; at += length + Listpack.BacklinkLength(length))
        {
            length = Listpack.BareLength(at);
            if (length > LongestEntry || *at is >= Text12Codes and < NumberCodes) continue;
            var place = Hash(new ReadOnlySpan<byte>(at, length));
            while (places[(int)(place & (uint)(places.Length - 1))] != 0) place++;
            places[(int)(place & (uint)(places.Length - 1))] = (ushort)(at - listpack);
        }
    }

    /// <summary>Looks for an entry, which has one encoding only: the first byte says how long it is.</summary>
    private static bool Find(byte* listpack, ReadOnlySpan<ushort> places, ReadOnlySpan<byte> entry)
    {
        var code = entry[0];
        for (var place = Hash(entry); ; place++)
        {
            var offset = places[(int)(place & (uint)(places.Length - 1))];
            if (offset == 0) return false;
            var at = listpack + offset;
            if (*at == code && entry.SequenceEqual(new ReadOnlySpan<byte>(at, entry.Length))) return true;
        }
    }

    /// <summary>Writes the entry of an element; more than <see cref="LongestEntry"/> for one that is too long.</summary>
    private static int Encode(scoped in ListElement element, byte* target)
    {
        Span<byte> text = stackalloc byte[ListElement.ScratchLength];
        var needle = new ListNeedle(element.Text(text));
        return needle.Text.Length < LongestEntry ? Listpack.WriteBare(target, needle) : int.MaxValue;
    }

    private static uint Hash(ReadOnlySpan<byte> entry)
    {
        var hash = (ulong)entry.Length;
        ref readonly var at = ref entry[0];
        var left = entry.Length;
        for (; left >= sizeof(ulong); left -= sizeof(ulong), at = ref Unsafe.Add(ref Unsafe.AsRef(in at), sizeof(ulong)))
        {
            hash = (hash ^ Unsafe.ReadUnaligned<ulong>(in at)) * Multiplier;
            hash ^= hash >> 32;
        }

        for (; left > 0; left--, at = ref Unsafe.Add(ref Unsafe.AsRef(in at), 1)) hash = (hash << 8 | hash >> 56) ^ at;
        return (uint)(hash * Multiplier >> 32);
    }
}
