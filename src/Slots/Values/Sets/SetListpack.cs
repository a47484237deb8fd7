using System.Runtime.CompilerServices;

namespace Starling.Slots.Values.Sets;

/// <summary>The listpack of a small set: looking for a member, by index or by what it is. Its entries are sound.</summary>
internal static unsafe class SetListpack
{
    private const int ShortTextCode = 0x80; // with the length in the other bits
    private const int LongestShortText = 63;
    private const int NumberCodes = 0xC0; // from here on: numbers above 127 and long texts
    private const int MostNumberBytes = 16;

    /// <summary>Bytes of the listpack, all included.</summary>
    public static int Length(byte* listpack) => Unsafe.ReadUnaligned<int>(listpack);

    /// <summary>The first entry, or the end.</summary>
    public static byte* First(byte* listpack) => listpack + Listpack.HeaderBytes;

    /// <summary>What is behind the last entry.</summary>
    public static byte* End(byte* listpack) => listpack + Length(listpack) - 1;

    /// <summary>Writes what is around the entries.</summary>
    public static void Finish(byte* listpack, int length, long count)
    {
        listpack[length - 1] = Listpack.End;
        Listpack.WriteHeader(listpack, length, (int)Math.Min(count, Listpack.UnknownCount));
    }

    /// <summary>The entry of a member; null when there is none.</summary>
    [SkipLocalsInit]
    public static byte* Find(byte* listpack, scoped in ListNeedle needle)
    {
        if (needle.IsNumber)
        {
            // A number has one encoding, whose first byte says how long it is: entries are compared as bytes.
            var entry = stackalloc byte[MostNumberBytes];
            Listpack.Write(entry, needle.Text);
            return FindNumber(listpack, new ReadOnlySpan<byte>(entry, Listpack.EntryLength(entry)));
        }

        if (needle.Text.Length <= LongestShortText) return FindShort(listpack, needle.Text);
        var end = End(listpack);
        for (var at = First(listpack); at < end; at += EntryLength(at, *at))
            if (*at >= NumberCodes && Listpack.Read(at).Equals(needle)) return at;
        return null;
    }

    /// <summary>The entry of an index.</summary>
    public static byte* At(byte* listpack, long index, long count)
    {
        if (index <= count / 2)
        {
            var at = First(listpack);
            for (; index > 0; index--) at += Listpack.EntryLength(at);
            return at;
        }

        var end = End(listpack);
        for (var left = count - index; left > 0; left--) end -= Listpack.EntryLengthBefore(end);
        return end;
    }

    /// <summary>
    /// Makes a listpack of the members of a set that is none, or that another program made: what that has encoded oddly
    /// is encoded here as everywhere.
    /// </summary>
    public static byte* Copy(in ValueMemory memory, in ValueRoot source)
    {
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        var length = (long)Listpack.EmptyBytes;
        foreach (var member in new SetMembers(source)) length += Listpack.EntryLength(member.Text(scratch));
        var copy = memory.Allocate(BlockRoom.For(length));
        var at = First(copy);
        foreach (var member in new SetMembers(source))
        {
            Listpack.Write(at, member.Text(scratch));
            at += Listpack.EntryLength(at);
        }

        Finish(copy, checked((int)length), SetRoot.Count(source));
        return copy;
    }

    /// <summary>True when no two of a few elements are equal; takes quadratic time.</summary>
    public static bool AreUnique(byte* listpack)
    {
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        var end = End(listpack);
        for (var at = First(listpack); at < end; at += Listpack.EntryLength(at))
            if (Find(listpack, new ListNeedle(Listpack.Read(at).Text(scratch))) != at) return false;
        return true;
    }

    private static byte* FindNumber(byte* listpack, ReadOnlySpan<byte> entry)
    {
        var end = End(listpack);
        var code = entry[0];
        for (var at = First(listpack); at < end;)
        {
            var first = *at;
            if (first == code && entry.SequenceEqual(new ReadOnlySpan<byte>(at, entry.Length))) return at;
            at += EntryLength(at, first);
        }

        return null;
    }

    private static byte* FindShort(byte* listpack, ReadOnlySpan<byte> text)
    {
        var end = End(listpack);
        var code = ShortTextCode | text.Length;
        var last = text.IsEmpty ? (byte)0 : text[^1];
        for (var at = First(listpack); at < end;)
        {
            var first = *at;
            if (first == code && (text.IsEmpty || at[text.Length] == last)
                && text.SequenceEqual(new ReadOnlySpan<byte>(at + 1, text.Length))) return at;
            at += EntryLength(at, first);
        }

        return null;
    }

    /// <summary>Bytes of an entry; quickly for numbers up to 127 and short texts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int EntryLength(byte* at, byte first)
    {
        if (first < ShortTextCode) return 2;
        return first < NumberCodes ? (first & LongestShortText) + 2 : Listpack.EntryLength(at);
    }
}
