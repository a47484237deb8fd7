namespace Starling.Node.Commands;

/// <summary>The order of SORT; elements that it does not tell apart stay in the order that they had.</summary>
/// <param name="alpha">Compares texts, not numbers.</param>
/// <param name="byWeight">Compares the texts that BY has found, not the elements.</param>
/// <param name="exact">
/// Compares texts to the last byte: what is stored is the same on every node. Otherwise as C's <c>strcoll</c> does in
/// its own locale, to which a zero byte is the end.
/// </param>
/// <param name="descending">The other way round.</param>
internal readonly struct SortOrder(bool alpha, bool byWeight, bool exact, bool descending) : IComparer<SortItem>
{
    /// <inheritdoc/>
    public int Compare(SortItem x, SortItem y)
    {
        var order = alpha ? CompareTexts(x, y) : CompareNumbers(x, y);
        if (order == 0) return x.Index.CompareTo(y.Index);
        return order < 0 == descending ? 1 : -1;
    }

    /// <summary>The smaller number first; of equal ones the element that is less as a text.</summary>
    private static int CompareNumbers(in SortItem x, in SortItem y)
    {
        if (x.Number < y.Number) return -1;
        return x.Number > y.Number ? 1 : x.Element.Span.SequenceCompareTo(y.Element.Span);
    }

    private int CompareTexts(in SortItem x, in SortItem y)
    {
        if (!byWeight) return Compare(x.Element.Span, y.Element.Span);
        if (!x.HasWeight || !y.HasWeight) return x.HasWeight.CompareTo(y.HasWeight);
        return Compare(x.Weight.Span, y.Weight.Span);
    }

    private int Compare(ReadOnlySpan<byte> x, ReadOnlySpan<byte> y) =>
        exact ? x.SequenceCompareTo(y) : UpToZero(x).SequenceCompareTo(UpToZero(y));

    private static ReadOnlySpan<byte> UpToZero(ReadOnlySpan<byte> text)
    {
        var zero = text.IndexOf((byte)0);
        return zero < 0 ? text : text[..zero];
    }
}
