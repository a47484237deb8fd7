namespace Starling.Slots.Values;

/// <summary>Gets the elements of a value, one after the other.</summary>
public interface IElementVisitor
{
    /// <summary>Gets one element, which is dead when this returns. Must not change the value.</summary>
    void Visit(ListElement element);
}
