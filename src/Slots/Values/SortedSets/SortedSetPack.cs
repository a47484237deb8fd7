using System.Runtime.CompilerServices;
using Starling.Slots.Memory;

namespace Starling.Slots.Values.SortedSets;

/// <summary>
/// A small sorted set: one block of elements in the order of the set. It has no header: the data of the root says how many
/// elements there are (bits 1-31) and how many bytes they take (bits 32-63). An element is the score
/// (<see cref="PackedScore"/>), the member as a listpack encodes it, and the length of these two, which is read from the
/// right, as in a listpack.
/// </summary>
internal static unsafe class SortedSetPack
{
    private const int CountShift = 1;
    private const int LengthShift = 32;
    private const int ShortTextCode = 0x80; // with the length in the other bits
    private const int NumberCodes = 0xC0; // from here on: numbers above 127 and long texts
    private const int LongestShortText = 63;
    private const int MostNumberBytes = 16;

    /// <summary>Number of elements.</summary>
    public static int Count(in ValueRoot root) => (int)((uint)root.Data >> CountShift);

    /// <summary>Bytes of the elements.</summary>
    public static int Length(in ValueRoot root) => (int)(root.Data >> LengthShift);

    /// <summary>The place of the first element.</summary>
    public static byte* First(in ValueRoot root) => root.Address;

    /// <summary>The place behind the last element.</summary>
    public static byte* End(in ValueRoot root) => root.Address + Length(root);

    /// <summary>A block for a set of so many bytes, which the caller writes.</summary>
    public static ValueRoot Allocate(in ValueMemory memory, long length, int count) =>
        Of(memory.Allocate(BlockRoom.For(length)), length, count);

    /// <summary>Frees the block.</summary>
    public static void Free(in ValueMemory memory, in ValueRoot root) => memory.Free(root.Address, BlockRoom.For(Length(root)));

    /// <summary>Makes a set like another one.</summary>
    public static ValueRoot Duplicate(in ValueMemory memory, in ValueRoot root)
    {
        var copy = Allocate(memory, Length(root), Count(root));
        Buffer.MemoryCopy(root.Address, copy.Address, Length(root), Length(root));
        return copy;
    }

    /// <summary>Moves the block when it lies badly.</summary>
    public static void Relocate(ref BlockMover mover, ref ValueRoot root) =>
        mover.TryMove(ref root.Address, BlockRoom.For(Length(root)));

    /// <summary>Native bytes of the block, rounding included.</summary>
    public static long AllocatedBytes(in ValueRoot root) => NativeHeap.CountedBytes(BlockRoom.For(Length(root)));

    /// <summary>The place of an element.</summary>
    public static byte* At(in ValueRoot root, long index)
    {
        var count = Count(root);
        if (index <= count / 2)
        {
            var at = First(root);
            for (; index > 0; index--) at = Next(at);
            return at;
        }

        var end = End(root);
        for (var left = count - index; left > 0; left--) end = Previous(end);
        return end;
    }

    /// <summary>The place of the element behind the one at a place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static byte* Next(byte* at) => NextOf(at, MemberAt(at));

    /// <summary>The place of the element before the one at a place.</summary>
    public static byte* Previous(byte* at) => at - Listpack.EntryLengthBefore(at);

    /// <summary>The element at a place.</summary>
    public static SortedSetElement Read(byte* at) => new(Member(at), Score(at), isPacked: true);

    /// <summary>The score of the element at a place.</summary>
    public static double Score(byte* at) => PackedScore.Read(at);

    /// <summary>The member of the element at a place.</summary>
    public static ListElement Member(byte* at) => Listpack.Read(MemberAt(at));

    /// <summary>The place of a member, or null; <paramref name="rank"/> is how many elements come before it.</summary>
    [SkipLocalsInit]
    public static byte* Find(in ValueRoot root, ReadOnlySpan<byte> member, out int rank)
    {
        var needle = new ListNeedle(member);
        if (!needle.IsNumber) return member.Length <= LongestShortText
            ? FindShort(root, member, out rank)
            : FindLong(root, member, out rank);
        var encoded = stackalloc byte[MostNumberBytes];
        return FindNumber(root, new ReadOnlySpan<byte>(encoded, Listpack.WriteBare(encoded, needle)), out rank);
    }

    /// <summary>How many elements come before a cut.</summary>
    public static long RankOf(in ValueRoot root, in SortedSetCut cut)
    {
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        var rank = 0L;
        var end = End(root);
        for (var at = First(root); at < end; at = Next(at), rank++)
        {
            var isBehind = cut.IsByMember ? cut.IsBehind(Member(at).Text(scratch)) : cut.IsBehind(Score(at));
            if (!isBehind) break;
        }

        return rank;
    }

    /// <summary>Bytes that an element takes.</summary>
    [SkipLocalsInit]
    public static long ElementLength(ReadOnlySpan<byte> member, double score)
    {
        var scratch = stackalloc byte[PackedScore.MostBytes];
        var length = PackedScore.Write(scratch, score) + (long)Listpack.BareLength(new ListNeedle(member));
        return length + Listpack.BacklinkLength(length);
    }

    /// <summary>Writes an element; there is room for <see cref="ElementLength"/> bytes.</summary>
    /// <returns>What is behind it.</returns>
    [SkipLocalsInit]
    public static byte* Write(byte* at, ReadOnlySpan<byte> member, double score)
    {
        var scratch = stackalloc byte[PackedScore.MostBytes];
        var length = PackedScore.Write(scratch, score);
        return Write(at, new ReadOnlySpan<byte>(scratch, length), new ListNeedle(member));
    }

    /// <summary>Makes a set of one element.</summary>
    public static ValueRoot Make(in ValueMemory memory, ReadOnlySpan<byte> member, double score)
    {
        var root = Allocate(memory, ElementLength(member, score), 1);
        Write(root.Address, member, score);
        return root;
    }

    /// <summary>Puts an element in whose member is not there.</summary>
    [SkipLocalsInit]
    public static void Add(in ValueMemory memory, ref ValueRoot root, ReadOnlySpan<byte> member, double score)
    {
        var scratch = stackalloc byte[PackedScore.MostBytes];
        var packed = new ReadOnlySpan<byte>(scratch, PackedScore.Write(scratch, score));
        var needle = new ListNeedle(member);
        var length = packed.Length + Listpack.BareLength(needle);
        length += Listpack.BacklinkLength(length);
        var at = (int)(PlaceOf(root, member, score) - root.Address);
        var old = Length(root);
        Resize(memory, ref root, old + length, Count(root) + 1);
        var place = root.Address + at;
        Buffer.MemoryCopy(place, place + length, old - at, old - at);
        Write(place, packed, needle);
    }

    /// <summary>Gives the element at a place another score.</summary>
    /// <param name="memory">Where blocks come from.</param>
    /// <param name="root">The set.</param>
    /// <param name="index">How many elements come before it.</param>
    /// <param name="at">The place.</param>
    /// <param name="member">Its member; does not lie in this set.</param>
    /// <param name="score">The score.</param>
    [SkipLocalsInit]
    public static void Update(
        in ValueMemory memory, ref ValueRoot root, int index, byte* at, ReadOnlySpan<byte> member, double score)
    {
        var scratch = stackalloc byte[PackedScore.MostBytes];
        var length = PackedScore.Write(scratch, score);
        if (length == PackedScore.Length(*at) && IsBetween(root, at, member, score))
        {
            Buffer.MemoryCopy(scratch, at, length, length);
            return;
        }

        Remove(memory, ref root, index, 1);
        if (root.Address == null) root = Make(memory, member, score);
        else Add(memory, ref root, member, score);
    }

    /// <summary>Takes elements out; without any left the root is the default value.</summary>
    public static void Remove(in ValueMemory memory, ref ValueRoot root, long index, long count)
    {
        var left = Count(root) - (int)count;
        if (left == 0)
        {
            Free(memory, root);
            root = default;
            return;
        }

        var from = At(root, index);
        var end = from;
        for (; count > 0; count--) end = Next(end);
        var behind = End(root) - end;
        Buffer.MemoryCopy(end, from, behind, behind);
        Resize(memory, ref root, Length(root) - (int)(end - from), left);
    }

    private static ValueRoot Of(byte* block, long length, int count) =>
        new() { Address = block, Data = (ulong)length << LengthShift | (ulong)count << CountShift };

    private static byte* MemberAt(byte* at) => at + PackedScore.Length(*at);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* NextOf(byte* at, byte* member)
    {
        var first = *member;
        var bare = first < ShortTextCode ? 1 : first < NumberCodes ? 1 + (first & LongestShortText) : Listpack.BareLength(member);
        member += bare;
        return member + Listpack.BacklinkLength(member - at);
    }

    private static byte* FindShort(in ValueRoot root, ReadOnlySpan<byte> text, out int rank)
    {
        rank = 0;
        var end = End(root);
        var code = ShortTextCode | text.Length;
        var last = text.IsEmpty ? (byte)code : text[^1];
        for (var at = First(root); at < end; rank++)
        {
            var member = MemberAt(at);
            if (*member == code && member[text.Length] == last
                && text.SequenceEqual(new ReadOnlySpan<byte>(member + 1, text.Length))) return at;
            at = NextOf(at, member);
        }

        return null;
    }

    private static byte* FindNumber(in ValueRoot root, ReadOnlySpan<byte> encoded, out int rank)
    {
        rank = 0;
        var end = End(root);
        var code = encoded[0];
        for (var at = First(root); at < end; rank++)
        {
            var member = MemberAt(at);
            if (*member == code && encoded.SequenceEqual(new ReadOnlySpan<byte>(member, encoded.Length))) return at;
            at = NextOf(at, member);
        }

        return null;
    }

    private static byte* FindLong(in ValueRoot root, ReadOnlySpan<byte> text, out int rank)
    {
        rank = 0;
        var end = End(root);
        var needle = new ListNeedle(text);
        for (var at = First(root); at < end; rank++)
        {
            var member = MemberAt(at);
            if (*member >= NumberCodes && Listpack.Read(member).Equals(needle)) return at;
            at = NextOf(at, member);
        }

        return null;
    }

    private static byte* Write(byte* at, ReadOnlySpan<byte> score, scoped in ListNeedle member)
    {
        score.CopyTo(new Span<byte>(at, score.Length));
        var length = score.Length + Listpack.WriteBare(at + score.Length, member);
        return at + length + Listpack.WriteLengthBehind(at + length, length);
    }

    /// <summary>The place of the first element that does not come before one that is not there.</summary>
    private static byte* PlaceOf(in ValueRoot root, ReadOnlySpan<byte> member, double score)
    {
        var end = End(root);
        var at = First(root);
        while (at < end && IsBefore(at, member, score)) at = Next(at);
        return at;
    }

    /// <summary>The element at a place comes before one of that member and score.</summary>
    private static bool IsBefore(byte* at, ReadOnlySpan<byte> member, double score)
    {
        var other = Score(at);
        if (other != score) return other < score;
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        return Member(at).Text(scratch).SequenceCompareTo(member) < 0;
    }

    /// <summary>The element at a place keeps its place with another score.</summary>
    private static bool IsBetween(in ValueRoot root, byte* at, ReadOnlySpan<byte> member, double score)
    {
        if (at > First(root) && !IsBefore(Previous(at), member, score)) return false;
        var next = Next(at);
        return next == End(root) || !IsBefore(next, member, score);
    }

    private static void Resize(in ValueMemory memory, ref ValueRoot root, int length, int count)
    {
        var (size, newSize) = (BlockRoom.For(Length(root)), BlockRoom.For(length));
        root = Of(size == newSize ? root.Address : memory.Reallocate(root.Address, size, newSize), length, count);
    }
}
