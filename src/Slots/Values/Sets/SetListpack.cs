using System.Runtime.CompilerServices;

namespace Starling.Slots.Values.Sets;

/// <summary>The listpack of a small set: looking for a member, by index or by what it is. Its entries are sound.</summary>
internal static unsafe class SetListpack
{
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
    public static byte* Find(byte* listpack, scoped in ListNeedle needle)
    {
        var end = End(listpack);
        for (var at = First(listpack); at < end; at += Listpack.EntryLength(at))
            if (Listpack.Read(at).Equals(needle)) return at;
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

    /// <summary>True when no two of a few elements of a sound listpack are equal; takes quadratic time.</summary>
    public static bool AreUnique(byte* listpack)
    {
        Span<byte> scratch = stackalloc byte[ListElement.ScratchLength];
        var end = End(listpack);
        for (var at = First(listpack); at < end; at += Listpack.EntryLength(at))
        {
            var needle = new ListNeedle(Listpack.Read(at).Text(scratch));
            for (var other = First(listpack); other < at; other += Listpack.EntryLength(other))
                if (Listpack.Read(other).Equals(needle)) return false;
        }

        return true;
    }
}
