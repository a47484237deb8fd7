namespace Starling.Slots.Values;

/// <summary>
/// The elements of a value of any kind that has some, for who need not know which kind it is (SORT). Valid under the
/// key's stripe until the key is changed. The default has no element.
/// </summary>
public readonly ref struct ValueElements
{
    private readonly ValueOperations? _operations;
    private readonly ValueView _value;

    internal ValueElements(ValueOperations operations, ValueView value)
    {
        _operations = operations;
        _value = value;
    }

    /// <summary>How many there are.</summary>
    public long Count => _operations?.CountElements(_value) ?? 0;

    /// <summary>
    /// They have an order that is part of the value: the same on every node. Otherwise their order is anybody's choice.
    /// </summary>
    public bool AreOrdered => _operations?.AreElementsOrdered ?? true;

    /// <summary>Visits some elements in their order.</summary>
    /// <param name="index">The first of them.</param>
    /// <param name="count">How many; they are all there.</param>
    /// <param name="backward">Goes towards the first element.</param>
    /// <param name="visitor">Gets them.</param>
    public void Visit(long index, long count, bool backward, IElementVisitor visitor)
    {
        if (count == 0) return;
        Invariant.That(index >= 0 && index < Count && count > 0 && count <= (backward ? index + 1 : Count - index));
        _operations!.VisitElements(_value, index, count, backward, visitor);
    }
}
