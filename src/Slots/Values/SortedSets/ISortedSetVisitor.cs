namespace Starling.Slots.Values.SortedSets;

/// <summary>Gets elements from <see cref="SortedSetValue.Scan"/>.</summary>
public interface ISortedSetVisitor
{
    /// <summary>Gets one element, which is dead when this returns. Must not change the set.</summary>
    void Visit(SortedSetElement element);
}
