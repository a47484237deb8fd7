using System.Buffers.Binary;

namespace Starling.Node.Commands;

/// <summary>
/// The order of SORT, which sorts numbers: those of the elements, or what texts begin with. Elements whose numbers are equal
/// are compared as a whole; the ones that it does not tell apart stay in the order that they had.
/// </summary>
/// <param name="texts">The texts of the elements.</param>
/// <param name="items">The elements.</param>
/// <param name="alpha">Compares texts, not numbers.</param>
/// <param name="byWeight">Compares the texts that BY has found, not the elements.</param>
/// <param name="exact">
/// Compares texts to the last byte: what is stored is the same on every node. Otherwise as C's <c>strcoll</c> does in
/// its own locale, to which a zero byte is the end.
/// </param>
/// <param name="descending">The other way round.</param>
internal sealed class SortOrder(TextArena texts, SortItem[] items, bool alpha, bool byWeight, bool exact, bool descending)
    : IComparer<int>
{
    /// <summary>What a number is sorted by: less for less.</summary>
    public static ulong KeyOf(double number)
    {
        var bits = BitConverter.DoubleToUInt64Bits(number + 0.0); // -0 is 0
        return (bits >> 63) != 0 ? ~bits : bits | 1UL << 63;
    }

    /// <summary>What a text is sorted by before it is looked at as a whole: less for less, or the same.</summary>
    public ulong KeyOf(ReadOnlySpan<byte> text)
    {
        Span<byte> first = stackalloc byte[sizeof(ulong)];
        first.Clear();
        if (text.Length > first.Length) text = text[..first.Length];
        (exact ? text : UpToZero(text)).CopyTo(first);
        return BinaryPrimitives.ReadUInt64BigEndian(first);
    }

    /// <summary>Sorts.</summary>
    /// <param name="keys">What the elements are sorted by, in the order of the elements.</param>
    /// <param name="order">0, 1 and so on; gets the order.</param>
    public void Sort(Span<ulong> keys, Span<int> order)
    {
        keys.Sort(order);
        if (descending)
        {
            keys.Reverse();
            order.Reverse();
        }

        for (int from = 0, end; from < keys.Length; from = end)
        {
            for (end = from + 1; end < keys.Length && keys[end] == keys[from]; end++)
            {
            }

            if (end > from + 1) order[from..end].Sort(this);
        }
    }

    /// <inheritdoc/>
    public int Compare(int x, int y)
    {
        var order = alpha ? CompareTexts(items[x], items[y]) : texts[items[x].Element].SequenceCompareTo(texts[items[y].Element]);
        if (order == 0) return x.CompareTo(y);
        return order < 0 == descending ? 1 : -1;
    }

    private int CompareTexts(in SortItem x, in SortItem y)
    {
        if (!byWeight) return Compare(texts[x.Element], texts[y.Element]);
        if (!x.HasWeight || !y.HasWeight) return x.HasWeight.CompareTo(y.HasWeight);
        return Compare(texts[x.Weight], texts[y.Weight]);
    }

    private int Compare(ReadOnlySpan<byte> x, ReadOnlySpan<byte> y) =>
        exact ? x.SequenceCompareTo(y) : UpToZero(x).SequenceCompareTo(UpToZero(y));

    private static ReadOnlySpan<byte> UpToZero(ReadOnlySpan<byte> text)
    {
        var zero = text.IndexOf((byte)0);
        return zero < 0 ? text : text[..zero];
    }
}
