namespace Starling.Node.Commands;

/// <summary>An element that SORT sorts.</summary>
internal struct SortItem
{
    /// <summary>The element.</summary>
    public TextArena.Place Element;

    /// <summary>The text that BY has found for it.</summary>
    public TextArena.Place Weight;

    /// <summary>BY has found something.</summary>
    public bool HasWeight;
}
