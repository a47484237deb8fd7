namespace Starling.Slots.Values.SortedSets;

/// <summary>
/// A small sorted set: one listpack, byte for byte Redis's, of members and scores in turn, in the order of the set.
/// </summary>
internal static unsafe class SortedSetPack
{
    private const int EntriesPerElement = 2;

    /// <summary>Of sets of so many entries at most each member is compared with all others to find one that is there twice.
    /// </summary>
    private const int MostCompared = 64;

    /// <summary>Number of elements.</summary>
    public static int Count(ListNode* node) => node->Count / EntriesPerElement;

    /// <summary>The place of the first element.</summary>
    public static byte* First(ListNode* node) => ListNode.Content(node) + Listpack.HeaderBytes;

    /// <summary>The place behind the last element.</summary>
    public static byte* End(ListNode* node) => ListNode.Content(node) + node->Length - 1;

    /// <summary>The place of an element.</summary>
    public static byte* At(ListNode* node, long index) =>
        ListNode.Content(node) + ListNode.OffsetOf(node, (int)index * EntriesPerElement);

    /// <summary>The place of the element behind the one at a place.</summary>
    public static byte* Next(byte* at)
    {
        at += Listpack.EntryLength(at);
        return at + Listpack.EntryLength(at);
    }

    /// <summary>The place of the element before the one at a place.</summary>
    public static byte* Previous(byte* at)
    {
        at -= Listpack.EntryLengthBefore(at);
        return at - Listpack.EntryLengthBefore(at);
    }

    /// <summary>The element at a place.</summary>
    public static SortedSetElement Read(byte* at) => new(Listpack.Read(at), Score(at), isPacked: true);

    /// <summary>The place of a member, or null; <paramref name="rank"/> is how many elements come before it.</summary>
    public static byte* Find(ListNode* node, ReadOnlySpan<byte> member, out int rank)
    {
        rank = 0;
        var needle = new ListNeedle(member);
        var end = End(node);
        for (var at = First(node); at < end; at = Next(at), rank++)
            if (Listpack.Read(at).Equals(needle)) return at;
        return null;
    }

    /// <summary>The score of the element at a place.</summary>
    public static double Score(byte* at)
    {
        Invariant.That(ScoreText.TryRead(Listpack.Read(at + Listpack.EntryLength(at)), out var score));
        return score;
    }

    /// <summary>How many elements come before a cut.</summary>
    public static long RankOf(ListNode* node, in SortedSetCut cut)
    {
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        var rank = 0L;
        var end = End(node);
        for (var at = First(node); at < end; at = Next(at), rank++)
        {
            var isBehind = cut.IsByMember ? cut.IsBehind(Listpack.Read(at).Text(scratch)) : cut.IsBehind(Score(at));
            if (!isBehind) break;
        }

        return rank;
    }

    /// <summary>Puts an element in whose member is not there.</summary>
    public static void Add(in ValueMemory memory, ref ListNode* node, ReadOnlySpan<byte> member, double score)
    {
        Span<byte> scratch = stackalloc byte[ScoreText.MaxLength];
        var at = PlaceOf(node, member, score);
        ListNode.InsertPair(memory, ref node, at, member, ScoreText.Of(score, scratch));
    }

    /// <summary>Puts an element in that comes behind all others.</summary>
    public static void Append(in ValueMemory memory, ref ListNode* node, ReadOnlySpan<byte> member, double score)
    {
        Span<byte> scratch = stackalloc byte[ScoreText.MaxLength];
        ListNode.InsertPair(memory, ref node, node->Length - 1, member, ScoreText.Of(score, scratch));
    }

    /// <summary>Takes elements out, but not all.</summary>
    public static void Remove(in ValueMemory memory, ref ListNode* node, long index, long count)
    {
        var from = ListNode.OffsetOf(node, (int)index * EntriesPerElement);
        var end = ListNode.OffsetOf(node, (int)(index + count) * EntriesPerElement);
        ListNode.Remove(memory, ref node, from, end, (int)count * EntriesPerElement);
    }

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

    /// <summary>The offset of the first entry that does not come before an element.</summary>
    private static int PlaceOf(ListNode* node, ReadOnlySpan<byte> member, double score)
    {
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        var end = End(node);
        var at = First(node);
        for (; at < end; at = Next(at))
        {
            var other = Score(at);
            if (other > score || (other == score && Listpack.Read(at).Text(scratch).SequenceCompareTo(member) >= 0)) break;
        }

        return (int)(at - ListNode.Content(node));
    }
}
