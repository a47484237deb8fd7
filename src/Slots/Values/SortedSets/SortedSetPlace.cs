namespace Starling.Slots.Values.SortedSets;

/// <summary>Where an element of a sorted set is; the default for nowhere. Dead after any change of the set.</summary>
internal readonly unsafe struct SortedSetPlace(byte* address, int index, double score)
{
    /// <summary>Of a small set the entry of the member, of a large one the element's block.</summary>
    public byte* Address { get; } = address;

    /// <summary>Of a small set: how many elements come before.</summary>
    public int Index { get; } = index;

    /// <summary>The score.</summary>
    public double Score { get; } = score;

    /// <summary>The element is there.</summary>
    public bool IsFound => Address != null;
}
