namespace Starling.Node.Commands;

/// <summary>An element that SORT sorts.</summary>
internal struct SortItem
{
    /// <summary>A copy of the element.</summary>
    public ReadOnlyMemory<byte> Element;

    /// <summary>A copy of the text that BY has found for it.</summary>
    public ReadOnlyMemory<byte> Weight;

    /// <summary>The number by which it is sorted.</summary>
    public double Number;

    /// <summary>Its place before the sorting.</summary>
    public int Index;

    /// <summary>BY has found something.</summary>
    public bool HasWeight;
}
