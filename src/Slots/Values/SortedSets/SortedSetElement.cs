namespace Starling.Slots.Values.SortedSets;

/// <summary>An element of a sorted set. Dead after any change of the set.</summary>
public readonly ref struct SortedSetElement
{
    private readonly bool _isPacked;

    internal SortedSetElement(ListElement member, double score, bool isPacked)
    {
        Member = member;
        Score = score;
        _isPacked = isPacked;
    }

    /// <summary>The most bytes that <see cref="KeptScore"/> needs.</summary>
    public const int ScratchLength = DoubleText.MaxLength;

    /// <summary>The member.</summary>
    public ListElement Member { get; }

    /// <summary>Its score; never NaN.</summary>
    public double Score { get; }

    /// <summary>
    /// The text of the score as ZSCAN shows it: as it is kept, so that a small set shows large integers with all digits.
    /// </summary>
    public ReadOnlySpan<byte> KeptScore(Span<byte> scratch) =>
        _isPacked ? ScoreText.Of(Score, scratch) : scratch[..DoubleText.Format(Score, scratch)];
}
