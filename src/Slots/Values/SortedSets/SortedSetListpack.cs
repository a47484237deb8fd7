using Starling.Slots.Memory;

namespace Starling.Slots.Values.SortedSets;

/// <summary>
/// A small sorted set as RDB files and DUMP have it: one listpack, byte for byte Redis's, of members and scores in turn, in
/// the order of the set.
/// </summary>
internal static unsafe class SortedSetListpack
{
    private const int EntriesPerElement = 2;
    private const int LargestOnStack = 2048;

    /// <summary>Of sets of so many entries at most each member is compared with all others to find one that is there twice.
    /// </summary>
    private const int MostCompared = 64;

    /// <summary>
    /// True when the entries of a sound listpack are members and scores in the right order, no member twice.
    /// </summary>
    public static bool IsSound(ReadOnlySpan<byte> listpack, int entries)
    {
        if (entries % EntriesPerElement != 0) return false;
        var members = entries > MostCompared ? new HashSet<byte[]>(ByteStringComparer.Instance) : null;
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        byte* before = null;
        var scoreBefore = 0.0;
        fixed (byte* start = listpack)
        {
            var first = start + Listpack.HeaderBytes;
            var at = first;
            for (var i = 0; i < entries; i += EntriesPerElement, at = Next(at))
            {
                if (!ScoreText.TryRead(Listpack.Read(at + Listpack.EntryLength(at)), out var score)) return false;
                var member = Listpack.Read(at).Text(scratch);
                if (before != null && !IsInOrder(before, scoreBefore, member, score)) return false;
                if (members != null ? !members.Add(member.ToArray()) : HasMember(first, at, member)) return false;
                before = at;
                scoreBefore = score;
            }
        }

        return true;
    }

    /// <summary>Makes a set of a listpack for which <see cref="IsSound"/> holds and which has an entry.</summary>
    public static ValueRoot Read(in ValueMemory memory, ReadOnlySpan<byte> listpack, int entries)
    {
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        fixed (byte* start = listpack)
        {
            var length = 0L;
            var at = start + Listpack.HeaderBytes;
            for (var i = 0; i < entries; i += EntriesPerElement, at = Next(at))
                length += SortedSetPack.ElementLength(Listpack.Read(at).Text(scratch), Score(at));
            var root = SortedSetPack.Allocate(memory, checked((int)length), entries / EntriesPerElement);
            var target = root.Address;
            at = start + Listpack.HeaderBytes;
            for (var i = 0; i < entries; i += EntriesPerElement, at = Next(at))
                target = SortedSetPack.Write(target, Listpack.Read(at).Text(scratch), Score(at));
            return root;
        }
    }

    /// <summary>Writes a set.</summary>
    public static void Write(in ValueRoot root, IContentWriter writer)
    {
        Span<byte> member = stackalloc byte[ListElement.ScratchLength];
        Span<byte> score = stackalloc byte[ScoreText.MaxLength];
        var length = Listpack.EmptyBytes;
        var end = SortedSetPack.End(root);
        for (var at = SortedSetPack.First(root); at < end; at = SortedSetPack.Next(at))
        {
            length += (int)Listpack.EntryLength(SortedSetPack.Member(at).Text(member));
            length += (int)Listpack.EntryLength(ScoreText.Of(SortedSetPack.Score(at), score));
        }

        var rented = length > LargestOnStack ? ScratchArrays.Rent<byte>(length) : null;
        var bytes = rented is null ? stackalloc byte[length] : rented.AsSpan(0, length);
        fixed (byte* start = bytes)
        {
            var target = start + Listpack.HeaderBytes;
            for (var at = SortedSetPack.First(root); at < end; at = SortedSetPack.Next(at))
            {
                Listpack.Write(target, SortedSetPack.Member(at).Text(member));
                target += Listpack.EntryLength(target);
                Listpack.Write(target, ScoreText.Of(SortedSetPack.Score(at), score));
                target += Listpack.EntryLength(target);
            }

            *target = Listpack.End;
            Listpack.WriteHeader(start, length, SortedSetPack.Count(root) * EntriesPerElement);
        }

        writer.Text(bytes);
        if (rented is not null) ScratchArrays.Return(rented);
    }

    private static byte* Next(byte* at)
    {
        at += Listpack.EntryLength(at);
        return at + Listpack.EntryLength(at);
    }

    private static double Score(byte* at)
    {
        Invariant.That(ScoreText.TryRead(Listpack.Read(at + Listpack.EntryLength(at)), out var score));
        return score;
    }

    private static bool IsInOrder(byte* before, double scoreBefore, ReadOnlySpan<byte> member, double score)
    {
        if (scoreBefore != score) return scoreBefore < score;
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        return Listpack.Read(before).Text(scratch).SequenceCompareTo(member) < 0;
    }

    private static bool HasMember(byte* from, byte* end, ReadOnlySpan<byte> member)
    {
        var needle = new ListNeedle(member);
        for (; from < end; from = Next(from))
            if (Listpack.Read(from).Equals(needle)) return true;
        return false;
    }
}
