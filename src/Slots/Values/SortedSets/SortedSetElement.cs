namespace Starling.Slots.Values.SortedSets;

/// <summary>An element of a sorted set. Dead after any change of the set.</summary>
public readonly ref struct SortedSetElement
{
    internal SortedSetElement(ListElement member, double score)
    {
        Member = member;
        Score = score;
    }

    /// <summary>The member.</summary>
    public ListElement Member { get; }

    /// <summary>Its score; never NaN.</summary>
    public double Score { get; }
}
